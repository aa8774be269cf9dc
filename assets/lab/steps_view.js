/**
 * The steps to a mask as views. Each step is measured by the mask that it would give at the threshold, and compared
 * with the step before it, or with the best of the alternatives that it combines.
 */
import { changes, measure } from "./labels.js";
import { normalised, plane } from "./maps.js";
import { lastSteps, mapSteps } from "./mask_steps.js";
import { percent, signed } from "./numbers.js";

/**
 * @import { Change, Measured } from "./labels.js"
 * @import { Plane, Stack } from "./maps.js"
 * @import { MaskSettings, MaskStep } from "./mask_steps.js"
 * @import { Picture } from "./picture.js"
 * @import { Choice, View } from "./view.js"
 *
 * @typedef {"heat"|"mask"|"change"} ShownName
 *
 * @typedef {object} Chosen
 * @property {number} k position of the tag
 * @property {ShownName} shown
 * @property {boolean} eachView whether picture and mirror image are shown separately, too
 *
 * @typedef {MaskSettings & Chosen} Options
 *
 * @typedef {object} Measurement of a step that has a mask
 * @property {string} name
 * @property {Uint8Array} labels
 * @property {Measured|null} measured null without a reference mask
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
      "Compared with the step before; what combines alternatives, such as the sum of scales, with the best of them. Green: became a class. Red: became background. Blue: another class",
  },
];

/** @param {Picture} picture @param {Options} options @returns {View[]} */
export function stepViews(picture, options) {
  const { k, threshold, shown, eachView, reference } = options;
  const truth = picture.references[reference]?.mask ?? null;
  const labelsOf = (/** @type {string} */ key, /** @type {Plane[]} */ maps) =>
    picture.latest(`labels ${key}`, [maps, threshold], () => picture.labels(maps, threshold));
  const steps = mapSteps(picture, k, eachView);
  const last = steps.findLast(({ maps }) => maps);
  const thresholded = labelsOf(last?.key ?? "final", last?.maps ?? picture.final);
  /** By key. @type {Map<string, Measurement>} */
  const made = new Map();
  /** @type {Measurement|null} */
  let before = null;
  /** @type {string|null} */
  let section = null;
  return [...steps, ...lastSteps(picture, thresholded, options)].map((step) => {
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
    const measured = truth
      ? picture.latest(`measured ${step.key}`, [truth, labels], () => measure(truth, labels))
      : null;
    /** @type {Measurement} */
    const own = { name: step.name ?? step.title, labels, measured };
    const former = step.comparedWith ? best(step.comparedWith, made) : before;
    const change = former
      ? picture.latest(`change ${step.key}`, [former.labels, labels], () => changes(former.labels, labels))
      : null;
    Object.assign(view, noteOf(picture, k, step, own, former, change));
    made.set(step.key, own);
    before = own;
    if (shown === "change" && change) return { ...view, kinds: change.kinds };
    if (shown !== "heat" || !step.maps) return { ...view, labels };
    return { ...view, map: step.maps[k], outlined: step.maps[k] };
  });
}

/**
 * The best of some steps; the first of them where nothing is measured.
 * @param {string[]} keys @param {Map<string, Measurement>} made @returns {Measurement|null}
 */
function best(keys, made) {
  const found = keys.flatMap((key) => made.get(key) ?? []);
  return found.reduce(
    (/** @type {Measurement|null} */ top, one) => (top && iouOf(top) >= iouOf(one) ? top : one),
    null,
  );
}

/** @param {Measurement} one @returns {number} -1 where nothing is measured */
const iouOf = ({ measured }) => measured?.mean ?? -1;

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
 * @param {MaskStep} step
 * @param {Measurement} own
 * @param {Measurement|null} former what it is compared with
 * @param {Change|null} change since then
 * @returns {Pick<View, "note"|"noteTip">}
 */
function noteOf(picture, k, step, { measured }, former, change) {
  const parts = [];
  const tips = [];
  if (measured) {
    const beforeIou = former?.measured?.mean ?? null;
    const isNew = beforeIou !== null && measured.mean !== null && change?.share !== 0;
    const over = step.comparedWith ? former?.name : undefined;
    parts.push(`IoU ${percent(measured.mean)}${isNew ? gain(measured.mean ?? 0, beforeIou, over) : ""}`);
    tips.push(
      "Mean IoU in percent over the classes of either mask, background included, of the mask that this step would give.",
    );
    if (isNew)
      tips.push(`In brackets the gain over ${former?.name}${over ? ", the best of what it combines" : ""}.`);
    tips.push(...classScores(picture, k, measured));
  }
  if (change && former) {
    const share = (100 * change.share).toFixed(1);
    tips.push(`${share} % of the pixels differ from ${former.name}.`);
    if (!measured) parts.push(`${share} % changed`);
  }
  if (step.isPending) parts.push("computing …");
  return { note: parts.join(" · "), noteTip: tips.join(" ") };
}

/**
 * A gain in percentage points, e.g. " (+1.2)".
 * @param {number} mean 0..1
 * @param {number} before
 * @param {string} [over] what it is a gain over, where that is not the step before
 * @returns {string}
 */
export function gain(mean, before, over) {
  return ` (${signed(mean - before)}${over ? ` over ${over}` : ""})`;
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
