/** One connected piece of a class, which can be moved and removed as a whole. */
import { floodFill } from "./fill.js";
import { PROTECT_NOTHING, writeSpan } from "./raster.js";

/**
 * @typedef {import("./raster.js").Raster} Raster
 * @typedef {import("./raster.js").ProtectTable} ProtectTable
 * @typedef {import("./rect.js").Rect} Rect
 *
 * @typedef {object} Region
 * @property {number} value  class index
 * @property {Rect} rect     the tight rectangle around it
 * @property {Int32Array} spans  y, first x, end of x: three numbers for each run of pixels
 */

/**
 * The 4-connected region of one class that holds a pixel.
 * @param {Raster} raster
 * @param {number} x whole pixel
 * @param {number} y
 * @returns {Region|null} null outside the image and on background
 */
export function regionAt({ mask, width, height }, x, y) {
  if (x < 0 || y < 0 || x >= width || y >= height) return null;
  const value = mask[y * width + x];
  if (value === 0) return null;
  const without = mask.slice();
  const rect = floodFill({ mask: without, width, height }, x, y, 0, PROTECT_NOTHING);
  if (!rect) return null;
  /** @type {number[]} */
  const spans = [];
  for (let row = rect.y0; row < rect.y1; row++) {
    for (let column = rect.x0; column < rect.x1; column++) {
      const start = column;
      while (column < rect.x1 && mask[row * width + column] !== without[row * width + column]) column++;
      if (column > start) spans.push(row, start, column);
    }
  }
  return { value, rect, spans: Int32Array.from(spans) };
}

/** @param {Region} region @param {number} dx whole pixels @param {number} dy @returns {Region} */
export function shifted({ value, rect, spans }, dx, dy) {
  const next = spans.slice();
  for (let k = 0; k < next.length; k += 3) {
    next[k] += dy;
    next[k + 1] += dx;
    next[k + 2] += dx;
  }
  return {
    value,
    rect: { x0: rect.x0 + dx, y0: rect.y0 + dy, x1: rect.x1 + dx, y1: rect.y1 + dy },
    spans: next,
  };
}

/**
 * Write a class into the pixels of a region; those outside the image are left out.
 * @param {Raster} raster
 * @param {Region} region
 * @param {number} value
 * @param {ProtectTable} protect
 */
export function fillRegion(raster, { spans }, value, protect) {
  const { width, height } = raster;
  for (let k = 0; k < spans.length; k += 3) {
    const y = spans[k];
    if (y < 0 || y >= height) continue;
    writeSpan(raster, y, Math.max(0, spans[k + 1]), Math.min(width, spans[k + 2]), value, protect);
  }
}

/** @param {Region} region @param {number} x whole pixel @param {number} y @returns {boolean} */
export function contains({ spans }, x, y) {
  for (let k = 0; k < spans.length; k += 3)
    if (spans[k] === y && spans[k + 1] <= x && x < spans[k + 2]) return true;
  return false;
}

/**
 * The tight rectangle around all pixels of a class.
 * @param {Raster} raster
 * @param {number} value
 * @returns {Rect|null} null where there is none
 */
export function boundsOf({ mask, width, height }, value) {
  const rect = { x0: width, y0: height, x1: 0, y1: 0 };
  for (let y = 0; y < height; y++) {
    const row = mask.subarray(y * width, (y + 1) * width);
    const first = row.indexOf(value);
    if (first < 0) continue;
    rect.x0 = Math.min(rect.x0, first);
    rect.x1 = Math.max(rect.x1, row.lastIndexOf(value) + 1);
    rect.y0 = Math.min(rect.y0, y);
    rect.y1 = y + 1;
  }
  return rect.x0 < rect.x1 ? rect : null;
}
