/** Every class at once: the tags, the classes without a tag that respond most, and the background. */
import { count } from "../shared/dom.js";
import { mapped, maximum, normalised, reach } from "./maps.js";

/**
 * @import { Plane } from "./maps.js"
 * @import { Picture } from "./picture.js"
 * @import { Scale } from "./scale_panel.js"
 * @import { Choice, View } from "./view.js"
 *
 * @typedef {"class"|"picture"|"dataset"|"scores"} ScaleName
 */

/** @type {Choice<ScaleName>[]} */
export const SCALES = [
  {
    value: "class",
    text: "each class, 0–1",
    title: "Each map divided by its own maximum, as for the mask; it hides how strong a class is",
  },
  {
    value: "picture",
    text: "one scale for all",
    title:
      "Sums over scales and views, all divided by the largest one of the picture: weak classes look weak",
  },
  {
    value: "dataset",
    text: "over the dataset",
    title:
      "Sums divided by the largest one of the class in the pictures tagged with it: a map that is weak for its class looks weak",
  },
  {
    value: "scores",
    text: "raw scores",
    title: "Equation 1 at scale 1, negative values included; white is zero",
  },
];

const LOGIT_TIP =
  "Mean of equation 1 over the picture at scale 1 (equation 2): the classifier's logit. Logits of the zero-shot model can only be compared within one picture";

/** A map divided by its own maximum. @param {Picture} picture @param {number} c position of the class @returns {Plane} */
const alone = (picture, c) => picture.once(`alone ${c}`, () => normalised(picture.plane("raw", c)));

/**
 * A map divided by the largest one of its class in the dataset; by its own maximum where that is not known.
 * @param {Picture} picture
 * @param {number} c position of the class
 * @param {Scale|undefined} known
 * @returns {Partial<View>}
 */
function overDataset(picture, c, known) {
  if (!known) {
    return {
      map: alone(picture, c),
      note: "not measured",
      noteTip:
        "The model has not processed a picture with this tag yet, so the map is divided by its own maximum",
    };
  }
  const raw = picture.plane("raw", c);
  const largest = picture.classes[c].maximum;
  return {
    map: picture.once(`dataset ${c} ${known.maximum}`, () =>
      mapped(raw, (value) => Math.max(0, value) / known.maximum),
    ),
    note: `max ${(largest / known.maximum).toFixed(2)}`,
    noteTip: `The largest sum of this picture, ${largest.toFixed(2)}, divided by the largest one of the class, ${known.maximum.toFixed(2)}, over ${count(known.pictures, "picture")} with this tag`,
  };
}

/**
 * @param {Picture} picture
 * @param {ScaleName} scale
 * @param {number} shown how many classes without a tag
 * @param {Map<number, Scale>|null} scales of the classes over the dataset, by index
 * @returns {View[]}
 */
export function classViews(picture, scale, shown, scales) {
  const strongest = picture.once("strongest", () =>
    Math.max(1e-5, ...picture.classes.map((_, c) => maximum(picture.plane("raw", c)))),
  );
  const farthest = picture.once("farthest", () =>
    Math.max(1e-5, ...picture.classes.map((_, c) => reach(picture.plane("scores", c)))),
  );
  /** @param {number} c @returns {Partial<View>} */
  const mapOf = (c) => {
    if (scale === "picture") return { map: picture.plane("raw", c), range: [0, strongest] };
    if (scale === "dataset") return overDataset(picture, c, scales?.get(picture.classes[c].index));
    if (scale === "scores")
      return { map: picture.plane("scores", c), range: [-farthest, farthest], signed: true };
    const map = picture.classes[c].tagged ? picture.planes("cams")[c] : alone(picture, c);
    return { map, outlined: map };
  };
  const tagCount = picture.tags.length;
  /** @type {View[]} */
  const views = picture.classes.slice(0, tagCount + shown).map((one, c) => ({
    key: `class ${one.index}`,
    heading: one.tagged ? "Tags of the picture" : "Not tagged, the highest logit first: a tag may be missing",
    title: one.weak ? `${one.name} (a guess)` : one.name,
    tip: one.tagged ? one.seen_as : `${one.seen_as} This is the map it would have as a tag of the picture`,
    note: `logit ${one.logit.toFixed(2)}`,
    noteTip: LOGIT_TIP,
    ...mapOf(c),
  }));
  views.splice(tagCount, 0, {
    key: "background",
    heading: "Tags of the picture",
    title: "background",
    tip: "One minus the strongest tag. No classifier sees the background: a pixel is background where no tag exceeds the threshold, outside the line",
    note: "1 − strongest tag",
    map: picture.background,
    outlined: picture.strongest,
  });
  return views;
}
