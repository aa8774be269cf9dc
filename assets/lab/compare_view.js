/** Two models or two epochs of a run, side by side and over each other: their maps, their masks, and what differs. */
import { changes, measure } from "./labels.js";
import { planes, resampled, signedDifference } from "./maps.js";
import { classScores, gain } from "./steps_view.js";
import { percent } from "./numbers.js";

/**
 * @import { SideHeader } from "../shared/openapi"
 * @import { SideAnswer } from "./api.js"
 * @import { Change, Measured } from "./labels.js"
 * @import { Plane } from "./maps.js"
 * @import { Picture } from "./picture.js"
 * @import { View } from "./view.js"
 *
 * @typedef {object} Side
 * @property {SideHeader} header
 * @property {Plane[]} maps of the tags, 0..1
 * @property {Uint8Array} mask on the grid of masks
 */

/** @param {Picture} picture @param {SideAnswer} answer @returns {Side} */
export const sideOf = (picture, { header, arrays }) => ({
  header,
  maps: planes(arrays.maps),
  mask: picture.atMaskSize(arrays.mask.data),
});

/**
 * @param {Picture} picture
 * @param {Side} a
 * @param {Side} b
 * @param {{k: number, reference: number, names: [string, string]}} options position of the tag and of the reference
 *   mask; both sides in words
 * @returns {View[]}
 */
export function compareViews(picture, a, b, { k, reference, names }) {
  const truth = picture.references[reference]?.mask ?? null;
  const change = picture.latest("compared masks", [a.mask, b.mask], () => changes(a.mask, b.mask));
  const [measuredA, measuredB] = [a, b].map((side) =>
    truth
      ? picture.latest(`measured side ${side.header.key}`, [truth, side.mask], () =>
          measure(truth, side.mask),
        )
      : null,
  );
  return [
    ...mapViews(picture, a, b, k, names),
    ...maskViews(
      maskView(picture, a, "A", names[0], k, measuredA, null),
      maskView(picture, b, "B", names[1], k, measuredB, measuredA),
      change,
    ),
  ];
}

const SLIDER = {
  note: "drag the line",
  noteTip: "Or press Shift with the left and right arrow keys on the picture",
};
const SIDES = /** @type {[string, string]} */ (["A", "B"]);

/**
 * @param {Picture} picture @param {Side} a @param {Side} b @param {number} k @param {[string, string]} names
 * @returns {View[]}
 */
function mapViews(picture, a, b, k, names) {
  const tag = picture.tags[k].name;
  const heading = `Maps of ${tag}`;
  const { difference, distance } = differenceOf(picture, a, b, k);
  const [mapA, mapB] = [a, b].map((side, i) => mapView(side, SIDES[i], names[i], tag, k));
  return [
    {
      ...mapA,
      ...SLIDER,
      rowOf: 4,
      key: "map slider",
      heading,
      title: "A | B",
      tip: "The map of A on the left of the line, that of B on the right",
      against: mapB,
      sides: SIDES,
    },
    { ...mapA, heading },
    { ...mapB, heading },
    {
      key: "map difference",
      heading,
      title: "B − A",
      tip: "Red: stronger in B. Blue: stronger in A. Maps of different sizes are compared on the finer grid",
      note: `mean |B − A| ${distance.toFixed(3)}`,
      noteTip: "Mean over the picture of the absolute difference of the two maps, 0 to 1",
      map: difference,
      range: [-1, 1],
      signed: true,
    },
  ];
}

/**
 * @param {View} maskA @param {View} maskB @param {Change} change
 * @returns {View[]}
 */
function maskViews(maskA, maskB, change) {
  const heading = "Masks of all tags, each with its model's own settings";
  return [
    {
      ...maskA,
      ...SLIDER,
      key: "mask slider",
      heading,
      title: "A | B: mask",
      tip: "The mask of A on the left of the line, that of B on the right",
      against: maskB,
      sides: SIDES,
    },
    { ...maskA, heading },
    { ...maskB, heading },
    {
      key: "mask change",
      heading,
      title: "From A to B",
      tip: "Green: background in A, a class in B. Red: a class in A, background in B. Blue: another class",
      note: `${(100 * change.share).toFixed(1)} % differ`,
      noteTip: "Share of the pixels that the two masks label differently",
      kinds: change.kinds,
    },
  ];
}

/** @param {Side} side @param {string} letter @param {string} name @param {string} tag @param {number} k @returns {View} */
function mapView({ header, maps }, letter, name, tag, k) {
  const logits = header.logits;
  return {
    key: `map ${letter}`,
    title: letter,
    tip: `Map of ${tag} that the mask is made from, 0 to 1. ${name}. The line is this model's own threshold`,
    note: logits ? `logit ${logits[k].toFixed(2)}` : "film",
    noteTip: logits
      ? "Mean of equation 1 over the picture at scale 1 (equation 2); two models may have different scales"
      : (header.note ?? ""),
    map: maps[k],
    outlined: maps[k],
    level: header.threshold,
  };
}

/**
 * @param {Picture} picture
 * @param {Side} side
 * @param {string} letter
 * @param {string} name
 * @param {number} k
 * @param {Measured|null} measured
 * @param {Measured|null} other the other side, which this one is compared with
 * @returns {View}
 */
function maskView(picture, { header, mask }, letter, name, k, measured, other) {
  const view = {
    key: `mask ${letter}`,
    title: `${letter}: mask`,
    tip: `${name}, all tags: threshold ${header.threshold}, ${header.uses_crf ? "dense CRF" : "no CRF"}`,
    labels: mask,
  };
  if (!measured)
    return {
      ...view,
      note: `threshold ${Number(header.threshold.toFixed(2))}`,
      noteTip: "A pixel is background unless a tag's map exceeds this",
    };
  const isCompared = other !== null && other.mean !== null && measured.mean !== null;
  const scope = `Mean IoU in percent over the classes of either mask, background included${other ? "; in brackets compared with A" : ""}.`;
  return {
    ...view,
    note: `IoU ${percent(measured.mean)}${isCompared ? gain(/** @type {number} */ (measured.mean), /** @type {number} */ (other.mean)) : ""}`,
    noteTip: [scope, ...classScores(picture, k, measured)].join(" "),
  };
}

/** @param {Picture} picture @param {Side} a @param {Side} b @param {number} k */
function differenceOf(picture, a, b, k) {
  const [mapA, mapB] = [a.maps[k], b.maps[k]];
  return picture.latest(`compared maps ${k}`, [mapA.data, mapB.data], () => {
    const { width, height } = mapA.data.length >= mapB.data.length ? mapA : mapB;
    const difference = signedDifference(resampled(mapB, width, height), resampled(mapA, width, height));
    const sum = difference.data.reduce((total, value) => total + Math.abs(value), 0);
    return { difference, distance: sum / difference.data.length };
  });
}
