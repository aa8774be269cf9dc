/**
 * What the steps to a mask are: each scale and view, their sum, self-training, edges and random walk, threshold, CRF.
 *
 * Scales are alternatives, and so are classifiers: each is measured by itself. What combines them is compared with
 * the best of them, every other step with the one before.
 */
import { normalised } from "./maps.js";

/**
 * @import { Plane } from "./maps.js"
 * @import { Picture } from "./picture.js"
 *
 * @typedef {object} MaskStep
 * @property {string} key
 * @property {string} section
 * @property {string} title
 * @property {string} [name] in a sentence; the title if left out
 * @property {string} tip
 * @property {string[]} [comparedWith] keys of alternatives that it combines, none for an alternative; the step before
 *   if left out
 * @property {Plane[]} [maps] of the tags, 0..1
 * @property {Uint8Array|null} [mask] where the step is a mask; null while it is computed
 * @property {Plane} [map] shown alone, never measured
 * @property {boolean} [isPending] whether a newer mask is being computed
 * @property {boolean} [isReference]
 *
 * @typedef {object} MaskSettings
 * @property {number} threshold
 * @property {number} reference position of the reference mask
 * @property {boolean} isPending whether a newer mask is being computed
 * @property {boolean} useCrf
 */

/**
 * The steps that make maps.
 * @param {Picture} picture
 * @param {number} k position of the tag
 * @param {boolean} eachView whether picture and mirror image are shown separately, too
 * @returns {MaskStep[]}
 */
export function mapSteps(picture, k, eachView) {
  return [
    ...scaleSteps(picture, k, eachView),
    ...sumSteps(picture),
    ...learnedSteps(picture),
    ...liveSteps(picture, k),
  ];
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
      name: `×${scale}`,
      tip: "The positive part of the mean of the views, divided by its maximum: what this scale alone would give",
      comparedWith: [],
      maps: picture.normalisedPlanes("scales", s),
    });
    return steps;
  });
}

/** Positions of the scales, the one nearest the picture's own size first. @param {number[]} scales */
function nearestFirst(scales) {
  const distance = (/** @type {number} */ s) => Math.abs(Math.log(scales[s]));
  return scales.map((_, s) => s).sort((a, b) => distance(a) - distance(b));
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
      tip: "All scales added, each class divided by its maximum; compared with the best single scale",
      comparedWith: nearestFirst(model.scales).map((s) => `scale ${s}`),
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
  const classifiers = [steps[steps.length - 1].key];
  for (let source = 2; source <= model.shares.length; source++) {
    classifiers.push(`source ${source}`);
    steps.push({
      key: `source ${source}`,
      section,
      title: `Classifier ${source}`,
      comparedWith: [],
      tip: `The model is a weighted mean of classifiers; the share of this one is ${model.shares[source - 1]}`,
      maps: picture.planes(`source_${source}`),
    });
  }
  steps.push({
    key: "mean",
    section,
    title: "Mean",
    tip: `Shares ${model.shares.join(" and ")}, divided by the maximum; compared with the better classifier`,
    comparedWith: classifiers,
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
        maps: picture.arrays.live ? picture.planes("walked") : picture.final,
      },
    );
  }
  return steps;
}

/** Number of the first section after self-training, edges and random walk. @param {Picture} picture */
const afterTraining = ({ arrays }) =>
  3 + Number(Boolean(arrays.self_trained)) + Number(Boolean(arrays.edges));

/** What accepted masks have taught, where the model is the live one. @param {Picture} picture @param {number} k @returns {MaskStep[]} */
function liveSteps(picture, k) {
  if (!picture.arrays.live) return [];
  const section = `${afterTraining(picture)} · Live model`;
  return [
    {
      key: "learned",
      section,
      title: "Learned score",
      tip: "What accepted masks have taught about this class, without the map before it: above 0.5 it raises the map, below it lowers it, at 0.5 it changes nothing",
      map: picture.plane("learned", k),
    },
    {
      key: "live",
      section,
      title: "Combined",
      tip: "The map before it and the learned score, added as log odds. The threshold stays the same",
      maps: picture.final,
    },
  ];
}

/**
 * The steps that make a mask.
 * @param {Picture} picture
 * @param {Uint8Array} thresholded
 * @param {MaskSettings} settings
 * @returns {MaskStep[]}
 */
export function lastSteps(picture, thresholded, { threshold, reference, isPending, useCrf }) {
  const number = afterTraining(picture) + Number(Boolean(picture.arrays.live));
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
