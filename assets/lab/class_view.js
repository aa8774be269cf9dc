/** Every class at once: the tags, the best classes that the picture is not tagged with, and the background. */
import { maximum, normalised, reach } from "./maps.js";

export const SCALES = [
  { value: "class", text: "each class, 0–1", title: "Each map over its own maximum, as the mask sees it: how strong a class is is lost" },
  { value: "picture", text: "one scale for all", title: "Sums over scales and views, all over the largest of the picture: weak classes look weak" },
  { value: "scores", text: "raw scores", title: "Equation 1 at scale 1, negative values included; white is zero" },
];

/**
 * @param {import("./look.js").Look} look
 * @param {string} scale a value of `SCALES`
 * @param {number} shown how many classes without a tag
 * @returns {import("./pane.js").View[]}
 */
export function classViews(look, scale, shown) {
  const strongest = look.once("strongest", () => Math.max(1e-5, ...look.classes.map((_, c) => maximum(look.plane("raw", c)))));
  const farthest = look.once("farthest", () => Math.max(1e-5, ...look.classes.map((_, c) => reach(look.plane("scores", c)))));
  const mapOf = (c) => {
    if (scale === "picture") return { map: look.plane("raw", c), range: [0, strongest] };
    if (scale === "scores") return { map: look.plane("scores", c), range: [-farthest, farthest], signed: true };
    const map = look.classes[c].tagged ? look.planes("cams")[c] : look.once(`alone ${c}`, () => normalised(look.plane("raw", c)));
    return { map, outlined: map };
  };
  const count = look.tags.length;
  const views = look.classes.slice(0, count + shown).map((one, c) => ({
    key: `class ${one.index}`,
    heading: one.tagged ? "Tags of the picture" : "Not tagged: the strongest first. A tag may be missing",
    title: one.weak ? `${one.name} (a guess)` : one.name,
    tip: one.tagged ? one.seen_as : `${one.seen_as} Its map is what it would be were the picture tagged with it as well`,
    note: `logit ${one.logit.toFixed(2)}`,
    noteTip: "Mean of equation 1 over the picture at scale 1 (equation 2): the classifier's logit. Compare only within one picture for the zero-shot model",
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
