/** Every class at once: the tags, the best classes that the picture is not tagged with, and the background. */
import { count } from "../shared/dom.js";
import { mapped, maximum, normalised, reach } from "./maps.js";

export const SCALES = [
  {
    value: "class",
    text: "each class, 0–1",
    title: "Each map over its own maximum, as the mask sees it: how strong a class is is lost",
  },
  {
    value: "picture",
    text: "one scale for all",
    title: "Sums over scales and views, all over the largest of the picture: weak classes look weak",
  },
  {
    value: "dataset",
    text: "over the dataset",
    title:
      "Sums over the largest that the class reaches where pictures are tagged with it: what is weak for its class looks weak",
  },
  {
    value: "scores",
    text: "raw scores",
    title: "Equation 1 at scale 1, negative values included; white is zero",
  },
];

const LOGIT_TIP =
  "Mean of equation 1 over the picture at scale 1 (equation 2): the classifier's logit. Compare only within one picture for the zero-shot model";

/** A class on the scale of its largest map in the dataset; on its own where that is not known. */
function overDataset(look, c, known) {
  if (!known) {
    return {
      map: look.once(`alone ${c}`, () => normalised(look.plane("raw", c))),
      note: "not measured",
      noteTip:
        "No picture that is tagged with this class has been looked at yet: its map is over its own maximum",
    };
  }
  const raw = look.plane("raw", c);
  return {
    map: look.once(`dataset ${c} ${known.maximum}`, () =>
      mapped(raw, (value) => Math.max(0, value) / known.maximum),
    ),
    note: `max ${(look.classes[c].maximum / known.maximum).toFixed(2)}`,
    noteTip: `Largest sum here, ${look.classes[c].maximum.toFixed(2)}, over the largest of the class, ${known.maximum.toFixed(2)}, over ${count(known.pictures, "picture")} with this tag`,
  };
}

/**
 * @param {import("./picture.js").Look} look
 * @param {string} scale a value of `SCALES`
 * @param {number} shown how many classes without a tag
 * @param {Map<number, {maximum: number, pictures: number}>|null} scales of the classes over the dataset, by index
 * @returns {import("./pane.js").View[]}
 */
export function classViews(look, scale, shown, scales) {
  const strongest = look.once("strongest", () =>
    Math.max(1e-5, ...look.classes.map((_, c) => maximum(look.plane("raw", c)))),
  );
  const farthest = look.once("farthest", () =>
    Math.max(1e-5, ...look.classes.map((_, c) => reach(look.plane("scores", c)))),
  );
  const mapOf = (c) => {
    if (scale === "picture") return { map: look.plane("raw", c), range: [0, strongest] };
    if (scale === "dataset") return overDataset(look, c, scales?.get(look.classes[c].index));
    if (scale === "scores")
      return { map: look.plane("scores", c), range: [-farthest, farthest], signed: true };
    const map = look.classes[c].tagged
      ? look.planes("cams")[c]
      : look.once(`alone ${c}`, () => normalised(look.plane("raw", c)));
    return { map, outlined: map };
  };
  const count = look.tags.length;
  const views = look.classes.slice(0, count + shown).map((one, c) => ({
    key: `class ${one.index}`,
    heading: one.tagged ? "Tags of the picture" : "Not tagged: the strongest first. A tag may be missing",
    title: one.weak ? `${one.name} (a guess)` : one.name,
    tip: one.tagged
      ? one.seen_as
      : `${one.seen_as} Its map is what it would be were the picture tagged with it as well`,
    note: `logit ${one.logit.toFixed(2)}`,
    noteTip: LOGIT_TIP,
    ...mapOf(c),
  }));
  views.splice(count, 0, {
    key: "background",
    heading: "Tags of the picture",
    title: "background",
    tip: "One minus the strongest tag. No classifier sees the background: a pixel is background where no tag exceeds the threshold, which is what the line encloses",
    note: "1 − strongest tag",
    map: look.background,
    outlined: look.strongest,
  });
  return views;
}
