/**
 * The steps to a mask: each scale and view, their sum, normalised, edges and random walk, threshold, CRF. Each step is
 * measured by the mask that it would give at the threshold, and compared with the step before.
 */
import { changes, measure } from "./labels.js";
import { normalised, plane } from "./maps.js";
import { percent } from "./tables.js";

/**
 * @import { Change, Measured } from "./labels.js"
 * @import { Plane, Stack } from "./maps.js"
 * @import { Picture } from "./picture.js"
 * @import { Choice, View } from "./view.js"
 *
 * @typedef {"heat"|"mask"|"change"} ShownName
 *
 * @typedef {object} MaskStep
 * @property {string} key
 * @property {string} section
 * @property {string} title
 * @property {string} tip
 * @property {Plane[]} [maps] of the tags, 0..1
 * @property {Uint8Array|null} [mask] where the step is a mask; null while it is computed
 * @property {Plane} [map] shown alone, never measured
 * @property {boolean} [isPending] whether a newer mask is being computed
 * @property {boolean} [isReference]
 *
 * @typedef {object} Options
 * @property {number} k position of the tag
 * @property {number} threshold
 * @property {ShownName} shown
 * @property {boolean} eachView whether picture and mirror image are shown separately, too
 * @property {number} reference position of the reference mask
 * @property {boolean} isPending whether a newer mask is being computed
 * @property {boolean} useCrf
 */

/** @type {Choice<ShownName>[]} */
export const SHOWN = [
  {
    value: "heat",
    text: "Heatmap",
    title: "The map of the chosen class at each step; the line is the threshold",
  },
  {
    value: "mask",
    text: "Mask",
    title: "All tags at once: the mask that each step would give at this threshold",
  },
  {
    value: "change",
    text: "What changed",
    title:
      "Compared with the step before. Green: became a class. Red: became background. Blue: another class",
  },
];

/**
 * The steps that make maps.
 * @param {Picture} picture
 * @param {number} k position of the tag
 * @param {boolean} eachView whether picture and mirror image are shown separately, too
 * @returns {MaskStep[]}
 */
export function mapSteps(picture, k, eachView) {
  return [...scaleSteps(picture, k, eachView), ...sumSteps(picture), ...learnedSteps(picture)];
}

/** @param {Picture} picture @param {number} k @param {boolean} eachView @returns {MaskStep[]} */
function scaleSteps(picture, k, eachView) {
  const section = "1 · Each scale";
  const viewCount = picture.arrays.views.shape[1];
  return picture.header.model.scales.flatMap((scale, s) => {
    /** @type {MaskStep[]} */
    const steps = [];
    for (let v = 0; eachView && v < viewCount; v++) {
      steps.push({
        key: `view ${s} ${v}`,
        section,
        title: `×${scale}${v ? ", mirrored" : ""}`,
        tip: `Equation 1 at ${scale} times the picture's size${v ? ", of the mirror image, mirrored back" : ""}; positive part divided by its own maximum`,
        map: picture.once(`view ${s} ${v} ${k}`, () => normalised(picture.plane("views", s, v, k))),
      });
    }
    steps.push({
      key: `scale ${s}`,
      section,
      title: eachView ? `×${scale}, both views` : `Scale ×${scale}`,
      tip: "The positive part of the mean of the views, divided by its maximum: what this scale alone would give",
      maps: picture.normalisedPlanes("scales", s),
    });
    return steps;
  });
}

/** @param {Picture} picture @returns {MaskStep[]} */
function sumSteps(picture) {
  const { model } = picture.header;
  const section = "2 · Sum, normalised";
  /** @type {MaskStep[]} */
  const steps = [
    {
      key: "sum",
      section,
      title: "Sum",
      tip: "All scales added, each class divided by its maximum",
      maps: picture.normalisedPlanes("total"),
    },
  ];
  if (picture.arrays.spread) {
    steps.push({
      key: "spread",
      section,
      title: "Spread",
      tip: `Each cell becomes the mean of the cells with similar features, similarity to the power of ${model.affinity_power}; divided by its maximum`,
      maps: picture.planes("own"),
    });
  }
  if (model.shares.length < 2) return steps;
  for (let source = 2; source <= model.shares.length; source++) {
    steps.push({
      key: `source ${source}`,
      section,
      title: `Classifier ${source}`,
      tip: `The model is a weighted mean of classifiers; the share of this one is ${model.shares[source - 1]}`,
      maps: picture.planes(`source_${source}`),
    });
  }
  steps.push({
    key: "mean",
    section,
    title: "Mean",
    tip: `Shares ${model.shares.join(" and ")}, divided by the maximum`,
    maps: picture.planes("cams"),
  });
  return steps;
}

/** Self-training, edges and random walk, where the model has them. @param {Picture} picture @returns {MaskStep[]} */
function learnedSteps(picture) {
  const { arrays, header } = picture;
  /** @type {MaskStep[]} */
  const steps = [];
  if (arrays.self_trained) {
    steps.push({
      key: "self-trained",
      section: "3 · Self-training",
      title: "Self-trained",
      tip: "How likely this class is compared with background, according to the pixel classifier, which learned the confident labels of all pictures; 0.5 is the decision boundary. It replaces the CAM",
      maps: picture.planes("self_trained"),
    });
  }
  if (arrays.edges) {
    const section = `${arrays.self_trained ? 4 : 3} · Edges, random walk`;
    const scaled = header.model.walk_background
      ? "those of background too: how likely this class is compared with background"
      : "divided by the maximum of all classes";
    steps.push(
      {
        key: "edges",
        section,
        title: "Edges",
        tip: "AffinityNet's edge map, the sigmoid of its edge branch: the random walk stops where it is bright",
        map: picture.plane("edges"),
      },
      {
        key: "walk",
        section,
        title: "Random walk",
        tip: `The maps before it times one minus the edge, spread along paths without edges, ${scaled}`,
        maps: picture.final,
      },
    );
  }
  return steps;
}

/**
 * The steps that make a mask.
 * @param {Picture} picture
 * @param {Uint8Array} thresholded
 * @param {Options} options
 * @returns {MaskStep[]}
 */
function lastSteps(picture, thresholded, { threshold, reference, isPending, useCrf }) {
  const number = 3 + Number(Boolean(picture.arrays.self_trained)) + Number(Boolean(picture.arrays.edges));
  const section = `${number} · Mask`;
  /** @type {MaskStep[]} */
  const steps = [
    {
      key: "threshold",
      section,
      title: `Threshold ${threshold.toFixed(2)}`,
      tip: "The strongest tag of each pixel where it exceeds the threshold, else background",
      mask: thresholded,
    },
  ];
  const least = picture.header.model.min_piece_share;
  const specks = `pieces below ${Number((100 * least).toFixed(3))} % of the picture go to what surrounds them`;
  if (useCrf && picture.header.model.no_crf === null) {
    steps.push({
      key: "crf",
      section,
      title: "Dense CRF",
      tip:
        "The thresholded mask moved to the colour edges of the picture, computed by the server" +
        (least > 0 ? `; then ${specks}` : ""),
      mask: picture.maskSteps?.mask ?? null,
      isPending: isPending || !picture.maskSteps,
    });
  } else if (least > 0)
    steps.push({
      key: "pieces",
      section,
      title: "Without specks",
      tip: `In the thresholded mask ${specks}`,
      mask: picture.maskSteps?.mask ?? null,
      isPending: isPending || !picture.maskSteps,
    });
  const truth = picture.references[reference];
  if (truth)
    steps.push({
      key: "truth",
      section,
      title: truth.title,
      tip: "The reference mask; void pixels do not count",
      mask: truth.mask,
      isReference: true,
    });
  return steps;
}

/** @param {Picture} picture @param {Options} options @returns {View[]} */
export function stepViews(picture, options) {
  const { k, threshold, shown, eachView, reference } = options;
  const truth = picture.references[reference]?.mask ?? null;
  const labelsOf = (/** @type {string} */ key, /** @type {Plane[]} */ maps) =>
    picture.latest(`labels ${key}`, [maps, threshold], () => picture.labels(maps, threshold));
  const made = mapSteps(picture, k, eachView);
  const last = made.findLast(({ maps }) => maps);
  const thresholded = labelsOf(last?.key ?? "final", last?.maps ?? picture.final);
  /** @type {Uint8Array|null} */
  let before = null;
  /** @type {number|null} */
  let beforeIou = null;
  /** @type {string|null} */
  let section = null;
  return [...made, ...lastSteps(picture, thresholded, options)].map((step) => {
    /** @type {View} */
    const view = {
      key: step.key,
      step: step.section === section ? "" : step.section,
      title: step.title,
      tip: step.tip,
    };
    section = step.section;
    if (step.map) return { ...view, map: step.map };
    const labels = step.maps ? labelsOf(step.key, step.maps) : step.mask;
    if (!labels) return { ...view, note: "computing …" };
    if (step.isReference) return { ...view, labels };
    const former = before;
    const change = former
      ? picture.latest(`change ${step.key}`, [former, labels], () => changes(former, labels))
      : null;
    const measured = truth
      ? picture.latest(`measured ${step.key}`, [truth, labels], () => measure(truth, labels))
      : null;
    Object.assign(view, noteOf(picture, k, measured, beforeIou, change, step.isPending ?? false));
    before = labels;
    beforeIou = measured?.mean ?? null;
    if (shown === "change" && change) return { ...view, kinds: change.kinds };
    if (shown === "mask" || !step.maps) return { ...view, labels };
    return { ...view, map: step.maps[k], outlined: step.maps[k] };
  });
}

/**
 * What is shown of a picture until every step is known.
 * @param {string[]} tags names
 * @param {Stack} scores equation 1 at scale 1 of each of them
 * @returns {View[]}
 */
export function firstViews(tags, scores) {
  return tags.map((name, k) => ({
    key: `first ${k}`,
    title: `${name}, ×1`,
    tip: "Equation 1 at scale 1, of the first classifier; positive part divided by its maximum. The other steps are being computed",
    map: normalised(plane(scores, k)),
  }));
}

/**
 * @param {Picture} picture
 * @param {number} k position of the tag
 * @param {Measured|null} measured
 * @param {number|null} beforeIou
 * @param {Change|null} change
 * @param {boolean} isPending
 * @returns {Pick<View, "note"|"noteTip">}
 */
function noteOf(picture, k, measured, beforeIou, change, isPending) {
  const parts = [];
  const tips = [];
  if (measured) {
    const isNew = beforeIou !== null && measured.mean !== null && change?.share !== 0;
    parts.push(
      `IoU ${percent(measured.mean)}${isNew ? gain(/** @type {number} */ (measured.mean), beforeIou) : ""}`,
    );
    tips.push(
      "Mean IoU in percent over the classes of either mask, background included, of the mask that this step would give; in brackets the gain over the step before.",
    );
    tips.push(...classScores(picture, k, measured));
  }
  if (change) {
    const share = (100 * change.share).toFixed(1);
    tips.push(`${share} % of the pixels differ from the step before.`);
    if (!measured) parts.push(`${share} % changed`);
  }
  if (isPending) parts.push("computing …");
  return { note: parts.join(" · "), noteTip: tips.join(" ") };
}

/** @param {number} mean 0..1 @param {number} before @returns {string} e.g. " (+1.2)", in percentage points */
export function gain(mean, before) {
  const points = 100 * (mean - before);
  return ` (${points >= 0 ? "+" : "−"}${Math.abs(points).toFixed(1)})`;
}

/**
 * The chosen class alone, in words.
 * @param {Picture} picture @param {number} k position of the tag @param {Measured} measured @returns {string[]}
 */
export function classScores(picture, k, measured) {
  const { index, name } = picture.tags[k];
  const own = measured.classes.get(index);
  if (!own) return [];
  return [
    `${name}: IoU ${percent(own.iou)}, precision ${percent(own.precision)}, recall ${percent(own.recall)}.`,
  ];
}
