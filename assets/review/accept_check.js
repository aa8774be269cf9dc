/** What is probably an oversight in a mask that is about to be accepted, or unusual in this dataset. */
import { Pieces } from "../editor/raster/pieces.js";
import { DEFAULT_SHARE } from "../editor/tools/cleanup.js";
import { count } from "../shared/dom.js";

const MOST_PIXELS = 4_000_000; // finding pieces in larger masks would be felt
const VOID = 255;

/**
 * @import { HintBody, MaskHintsOut, UsualOut } from "../shared/openapi"
 *
 * @typedef {HintBody & {text: string}} Hint  a sentence; class 0: about the whole mask
 *
 * @typedef {object} Judged
 * @property {Uint8Array} mask class indices
 * @property {number} width
 * @property {number} height
 * @property {number[]} tags class indices of the picture; empty: not known
 * @property {Map<number, string>} names of the classes by index
 * @property {MaskHintsOut|null} compared  what is usual in this dataset; null: not known
 * @property {string} cleanupKey
 *
 * @typedef {object} Extent  of a class
 * @property {number} pixels
 * @property {number} x  centre of its pixels, as a share of the picture's width
 * @property {number} y
 */

/**
 * @param {Judged} judged
 * @returns {Hint[]} those that nobody has confirmed yet
 */
export function hintsAbout(judged) {
  const extents = extentsOf(judged);
  const confirmed = new Set(judged.compared?.confirmed.map((hint) => keyOf(hint)));
  return [
    ...hintsAboutTags(judged, extents),
    ...unusual(judged, extents),
    ...hintsAboutPieces(judged),
  ].filter((hint) => !confirmed.has(keyOf(hint)));
}

/** @param {HintBody} hint */
const keyOf = ({ class_index: index, kind }) => `${kind} ${index}`;

/**
 * The classes of a mask, without background and void.
 * @param {Pick<Judged, "mask"|"width"|"height">} judged
 * @returns {Map<number, Extent>}
 */
export function extentsOf({ mask, width, height }) {
  const pixels = new Float64Array(256);
  const across = new Float64Array(256);
  const down = new Float64Array(256);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const index = mask[i];
      if (index === 0) continue;
      pixels[index]++;
      across[index] += x + 0.5;
      down[index] += y + 0.5;
    }
  }
  /** @type {Map<number, Extent>} */
  const extents = new Map();
  for (let index = 1; index < VOID; index++) {
    const found = pixels[index];
    if (found) {
      extents.set(index, {
        pixels: found,
        x: across[index] / found / width,
        y: down[index] / found / height,
      });
    }
  }
  return extents;
}

/** @param {Judged} judged @param {Map<number, Extent>} extents @returns {Hint[]} */
function hintsAboutTags({ tags, names }, extents) {
  if (!tags.length) return []; // nothing to compare with
  const named = (/** @type {number} */ index) => names.get(index) ?? `class ${index}`;
  if (!extents.size) {
    const text = `The mask is empty, but the picture has the tags: ${tags.map(named).join(", ")}.`;
    return [{ class_index: 0, kind: "empty", text }];
  }
  /** @type {Hint[]} */
  const hints = [];
  for (const index of extents.keys()) {
    if (tags.includes(index)) continue;
    const text = `The mask has a class that is no tag of the picture: ${named(index)}.`;
    hints.push({ class_index: index, kind: "untagged", text });
  }
  for (const index of tags) {
    if (extents.has(index)) continue;
    const text = `The mask has no pixel of the tag ${named(index)}.`;
    hints.push({ class_index: index, kind: "absent", text });
  }
  return hints;
}

/** @param {Judged} judged @param {Map<number, Extent>} extents @returns {Hint[]} */
function unusual({ mask, names, compared }, extents) {
  /** @type {Hint[]} */
  const hints = [];
  for (const usual of compared?.classes ?? []) {
    const { class_index: index } = usual;
    const extent = extents.get(index);
    if (!extent) continue;
    const name = names.get(index) ?? `class ${index}`;
    const share = extent.pixels / mask.length;
    if (share < usual.least || share > usual.most)
      hints.push({ class_index: index, kind: "size", text: sizeSentence(name, share, usual) });
    const place = placeOf(extent, usual);
    if (place) {
      const text = `${name} is unusually far ${place}, compared with ${count(usual.masks, "accepted mask")}.`;
      hints.push({ class_index: index, kind: "place", text });
    }
  }
  return hints;
}

/** @param {string} name @param {number} share @param {UsualOut} usual */
const sizeSentence = (name, share, { masks, low, high }) =>
  `${name} covers ${percent(share)} of the picture; in nine of ten of ${count(masks, "accepted mask")} it covers ${percent(low)} to ${percent(high)}.`;

/** @param {number} share */
const percent = (share) => `${Number((100 * share).toPrecision(2))} %`;

/** @param {Extent} extent @param {UsualOut} usual @returns {string} empty: a usual place */
function placeOf({ x, y }, { left, right, top, bottom }) {
  const across = x < left ? "left" : x > right ? "right" : "";
  const down = y < top ? "up" : y > bottom ? "down" : "";
  return [down, across].filter(Boolean).join(" and ");
}

/** @param {Judged} judged @returns {Hint[]} */
function hintsAboutPieces({ mask, width, height, cleanupKey }) {
  if (mask.length > MOST_PIXELS) return [];
  const leastPx = DEFAULT_SHARE * mask.length;
  const small = new Pieces(mask, width, height).without(leastPx, new Uint8Array(256)).count;
  if (!small) return [];
  const text = `The mask has ${count(small, "small piece")} (specks or holes): Clean up (${cleanupKey}) shows and removes them.`;
  return [{ class_index: 0, kind: "specks", text }];
}
