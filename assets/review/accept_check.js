/** What is probably an oversight in a mask that is about to be accepted. */
import { Pieces } from "../editor/raster/pieces.js";
import { DEFAULT_SHARE } from "../editor/tools/cleanup.js";
import { count } from "../shared/dom.js";

const MOST_PIXELS = 4_000_000; // finding pieces in larger masks would be felt

/**
 * @typedef {object} Judged
 * @property {Uint8Array} mask class indices
 * @property {number} width
 * @property {number} height
 * @property {number[]} tags class indices of the picture; empty: not known
 * @property {Map<number, string>} names of the classes by index
 */

/**
 * @param {Judged} judged
 * @returns {string|null} sentences about it, null where nothing is remarkable
 */
export function doubtAbout(judged) {
  return [doubtAboutTags(judged), doubtAboutPieces(judged)].filter(Boolean).join(" ") || null;
}

/** @param {Judged} judged */
function doubtAboutTags({ mask, tags, names }) {
  if (!tags.length) return null; // nothing to compare with
  const isPainted = new Uint8Array(256);
  for (let i = 0; i < mask.length; i++) isPainted[mask[i]] = 1;
  const painted = [...isPainted.keys()].filter((index) => isPainted[index] && index !== 0 && index !== 255);
  const named = (/** @type {number[]} */ indices) =>
    indices.map((index) => names.get(index) ?? `class ${index}`).join(", ");
  if (!painted.length) return `The mask is empty, but the picture has the tags: ${named(tags)}.`;
  const untagged = painted.filter((index) => !tags.includes(index));
  const missing = tags.filter((index) => !isPainted[index]);
  const said = [];
  if (untagged.length) said.push(`The mask has classes that are no tags of the picture: ${named(untagged)}.`);
  if (missing.length) said.push(`The mask has no pixel of these tags: ${named(missing)}.`);
  return said.join(" ");
}

/** @param {Judged} judged */
function doubtAboutPieces({ mask, width, height }) {
  if (mask.length > MOST_PIXELS) return null;
  const leastPx = DEFAULT_SHARE * mask.length;
  const small = new Pieces(mask, width, height).without(leastPx, new Uint8Array(256)).count;
  if (!small) return null;
  return `The mask has ${count(small, "small piece")} (specks or holes): Clean up (D) shows and removes them.`;
}
