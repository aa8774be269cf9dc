/**
 * What every raster function works on: a row-major array of class indices and who may be overwritten.
 *
 * The functions of this folder change `mask` in place, clip to the image, and return the rectangle they may
 * have changed (null: nothing). They know nothing of screens, colours or undo.
 *
 * @typedef {import("./rect.js").Rect} Rect
 *
 * @typedef {object} Raster
 * @property {Uint8Array} mask   class indices, length width * height; 0 background, 1..K classes, 255 void
 * @property {number} width      image pixels
 * @property {number} height     image pixels
 *
 * @typedef {Uint8Array} ProtectTable 256 entries; protect[c] = 1 means that a pixel of class c is not overwritten
 */

/** A table that protects nothing. @type {Readonly<ProtectTable>} */
export const PROTECT_NOTHING = new Uint8Array(256);

/** The void class: training and measuring ignore its pixels. */
export const VOID = 255;

/**
 * The table for "only over background" and "lock this class".
 *
 * Only locks restrict painting background (erasing): it would never change anything over background.
 *
 * @param {{onlyBackground: boolean, lockedClasses: Iterable<number>}} options
 * @param {number} value  the class index about to be written
 * @returns {ProtectTable}
 */
export function protectTable({ onlyBackground, lockedClasses }, value) {
  const table = new Uint8Array(256);
  if (onlyBackground && value !== 0) table.fill(1, 1);
  for (const index of lockedClasses) table[index] = 1;
  return table;
}

/**
 * Write one class into the pixels xStart <= x < xEnd of row y; the caller has clipped them.
 * @param {Raster} raster
 * @param {number} y
 * @param {number} xStart
 * @param {number} xEnd
 * @param {number} value
 * @param {ProtectTable} protect
 */
export function writeSpan({ mask, width }, y, xStart, xEnd, value, protect) {
  const end = y * width + xEnd;
  for (let i = y * width + xStart; i < end; i++) {
    if (!protect[mask[i]]) mask[i] = value;
  }
}
