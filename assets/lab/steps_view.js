/**
 * The way of a mask: each scale and view, their sum, normalised, edges and walk, threshold, CRF. What the mask
 * would be if the way ended at a stage is measured and compared with the stage before.
 */
import { changes, measure } from "./labels.js";
import { normalised, plane } from "./maps.js";

export const SHOWN = [
  { value: "heat", text: "Heat", title: "The chosen class's map at each stage; the line is the threshold" },
  {
    value: "mask",
    text: "Mask",
    title: "All tags at once: the mask that each stage would give at this threshold",
  },
  {
    value: "change",
    text: "What changed",
    title: "Against the stage before. Green: became a class. Red: became background. Blue: another class",
  },
];

/**
 * @typedef {Object} Stage
 * @property {string} key
 * @property {string} section its step of the way
 * @property {string} title
 * @property {string} tip
 * @property {import("./maps.js").Plane[]} [maps] of the tags, 0..1
 * @property {Uint8Array} [mask] where the stage is a mask
 * @property {import("./maps.js").Plane} [map] shown alone, never measured
 */

/**
 * @param {import("./picture.js").Look} look
 * @param {number} k position of the tag
 * @param {boolean} eachView whether picture and mirror image are shown apart, too
 * @returns {Stage[]}
 */
export function stagesOf(look, k, eachView) {
  const { model } = look.header;
  const scales = model.scales;
  const stages = [];
  const first = "1 · Each scale";
  scales.forEach((scale, s) => {
    const viewCount = look.arrays.views.shape[1];
    for (let v = 0; eachView && v < viewCount; v++) {
      stages.push({
        key: `view ${s} ${v}`,
        section: first,
        title: `×${scale}${v ? ", mirrored" : ""}`,
        tip: `Equation 1 at ${scale} times the picture's size${v ? ", of the mirror image turned back" : ""}; positive part over its own maximum`,
        map: look.once(`view ${s} ${v} ${k}`, () => normalised(look.plane("views", s, v, k))),
      });
    }
    stages.push({
      key: `scale ${s}`,
      section: first,
      title: eachView ? `×${scale}, both views` : `Scale ×${scale}`,
      tip: "The positive part of the mean of the views, over its maximum: what this scale alone would give",
      maps: look.normalisedPlanes("scales", s),
    });
  });
  const second = "2 · Sum, normalised";
  stages.push({
    key: "sum",
    section: second,
    title: "Sum",
    tip: "All scales added, each class over its maximum",
    maps: look.normalisedPlanes("total"),
  });
  if (look.arrays.spread) {
    stages.push({
      key: "spread",
      section: second,
      title: "Spread",
      tip: `Each cell becomes the mean of the cells with like features, likeness to the power of ${model.affinity_power}; over its maximum`,
      maps: look.planes("own"),
    });
  }
  if (model.shares.length > 1) {
    for (let source = 2; source <= model.shares.length; source++) {
      stages.push({
        key: `source ${source}`,
        section: second,
        title: `Classifier ${source}`,
        tip: `The model is a weighted mean; this classifier's share is ${model.shares[source - 1]}`,
        maps: look.planes(`source_${source}`),
      });
    }
    stages.push({
      key: "mean",
      section: second,
      title: "Mean",
      tip: `Shares ${model.shares.join(" and ")}, over the maximum`,
      maps: look.planes("cams"),
    });
  }
  if (look.arrays.self_trained) {
    stages.push({
      key: "self-trained",
      section: "3 · Self-training",
      title: "Self-trained",
      tip: "How much rather this class than background, by the classifier of pixels that learned the confident labels of all pictures: 0.5 is even odds. It takes the place of the CAM",
      maps: look.planes("self_trained"),
    });
  }
  if (look.arrays.edges) {
    const third = `${look.arrays.self_trained ? 4 : 3} · Edges, random walk`;
    const scaled = model.walk_background
      ? "those of background too: how much rather this class than background"
      : "over the maximum of all classes";
    stages.push({
      key: "edges",
      section: third,
      title: "Edges",
      tip: "AffinityNet's edges, the sigmoid of its edge branch: the walk is stopped where it is bright",
      map: look.plane("edges"),
    });
    stages.push({
      key: "walk",
      section: third,
      title: "Random walk",
      tip: `The maps before it times one minus the edge, spread along paths without edges, ${scaled}`,
      maps: look.final,
    });
  }
  return stages;
}

/**
 * @param {import("./picture.js").Look} look
 * @param {{k: number, threshold: number, shown: string, eachView: boolean, reference: number, isPending: boolean, useCrf: boolean}} options
 * @returns {import("./pane.js").View[]}
 */
export function wayViews(look, { k, threshold, shown, eachView, reference, isPending, useCrf }) {
  const truth = look.references[reference]?.mask ?? null;
  const stages = stagesOf(look, k, eachView);
  const last = `${3 + Boolean(look.arrays.self_trained) + Boolean(look.arrays.edges)} · Mask`;
  const labelsOf = ({ key, maps }) => {
    // One set of labels a stage: those of the threshold before would fill the memory.
    const kept = look.once(`labels ${key}`, () => ({}));
    if (kept.maps !== maps || kept.threshold !== threshold)
      Object.assign(kept, { maps, threshold, labels: look.labels(maps, threshold) });
    return kept.labels;
  };
  const finalStage = stages.findLast(({ maps }) => maps);
  stages.push({
    key: "threshold",
    section: last,
    title: `Threshold ${threshold.toFixed(2)}`,
    tip: "The strongest tag of each pixel where it exceeds the threshold, else background",
    mask: labelsOf(finalStage),
  });
  if (useCrf && look.header.model.no_crf === null) {
    stages.push({
      key: "crf",
      section: last,
      title: "Dense CRF",
      tip: "The thresholded mask drawn to the colour edges of the picture, computed by the server",
      mask: look.made?.mask ?? null,
      isPending: isPending || !look.made,
    });
  }
  if (truth)
    stages.push({
      key: "truth",
      section: last,
      title: look.references[reference].title,
      tip: "What is measured against; void pixels do not count",
      mask: truth,
      isTruth: true,
    });
  let before = null;
  let beforeIou = null;
  let section = null;
  return stages.map((stage) => {
    const step = stage.section === section ? "" : stage.section;
    section = stage.section;
    const view = { key: stage.key, step, title: stage.title, tip: stage.tip };
    if (stage.isTruth) return { ...view, labels: truth };
    if (stage.map) return { ...view, map: stage.map };
    const labels = stage.mask !== undefined ? stage.mask : labelsOf(stage);
    if (!labels) return { ...view, note: "computing …" };
    const change = before ? look.once(`change ${stage.key}`, () => ({})) : null;
    if (change && (change.before !== before || change.after !== labels))
      Object.assign(change, { before, after: labels, ...changes(before, labels) });
    const measured = truth ? measuredOnce(look, stage.key, truth, labels) : null;
    Object.assign(view, noteOf(look, k, stage, measured, beforeIou, change));
    before = labels;
    beforeIou = measured?.mean ?? null;
    if (shown === "change" && change) return { ...view, kinds: change.kinds };
    if (shown === "mask" || stage.mask !== undefined) return { ...view, labels };
    return { ...view, map: stage.maps[k], outlined: stage.maps[k] };
  });
}

/**
 * What is shown of a picture until every step is known.
 * @param {string[]} tags names
 * @param {import("./maps.js").Stack} scores equation 1 at scale 1 of each of them
 * @returns {import("./pane.js").View[]}
 */
export function firstViews(tags, scores) {
  return tags.map((name, k) => ({
    key: `first ${k}`,
    title: `${name}, ×1`,
    tip: "Equation 1 at scale 1, of the first classifier; positive part over its maximum. The other steps are being computed",
    map: normalised(plane(scores, k)),
  }));
}

function measuredOnce(look, key, truth, labels) {
  const kept = look.once(`measured ${key}`, () => ({}));
  if (kept.truth !== truth || kept.labels !== labels)
    Object.assign(kept, { truth, labels, result: measure(truth, labels) });
  return kept.result;
}

const percent = (value) => (value === null || value === undefined ? "–" : (100 * value).toFixed(1));

function noteOf(look, k, stage, measured, beforeIou, change) {
  const parts = [];
  const tips = [];
  if (measured) {
    const gain =
      beforeIou === null || measured.mean === null || change?.share === 0
        ? null
        : 100 * (measured.mean - beforeIou);
    parts.push(
      `IoU ${percent(measured.mean)}${gain === null ? "" : ` (${gain >= 0 ? "+" : "−"}${Math.abs(gain).toFixed(1)})`}`,
    );
    tips.push(
      "Mean IoU in percent over the classes of either mask, background included, if the way ended here; in brackets against the stage before.",
    );
    const own = measured.classes.get(look.tags[k].index);
    if (own)
      tips.push(
        `${look.tags[k].name}: IoU ${percent(own.iou)}, precision ${percent(own.precision)}, recall ${percent(own.recall)}.`,
      );
  }
  if (change) {
    tips.push(`${(100 * change.share).toFixed(1)} % of the pixels changed from the stage before.`);
    if (!measured) parts.push(`${(100 * change.share).toFixed(1)} % changed`);
  }
  if (stage.isPending) parts.push("computing …");
  return { note: parts.join(" · "), noteTip: tips.join(" ") };
}
