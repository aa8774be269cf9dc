/** Make the areas of one class a pixel larger or smaller, or their outline smoother. */
import { unionRect } from "./rect.js";

/**
 * @typedef {import("./raster.js").Raster} Raster
 * @typedef {import("./raster.js").ProtectTable} ProtectTable
 * @typedef {import("./rect.js").Rect} Rect
 */

/**
 * Pixels that touch the class, across corners too, become of the class.
 * @param {Raster} raster
 * @param {number} value the class
 * @param {ProtectTable} protect
 * @returns {Rect|null}
 */
export function growClass(raster, value, protect) {
  const { counts } = windowCounts(raster, value, 1);
  return change(raster, (index, i) => (index !== value && counts[i] > 0 && !protect[index] ? value : index));
}

/**
 * Pixels of the class that touch another one, across corners too, become what is beside them. The border of the
 * picture is no other class.
 * @param {Raster} raster
 * @param {number} value the class
 * @param {ProtectTable} protect
 * @returns {Rect|null}
 */
export function shrinkClass(raster, value, protect) {
  if (protect[value]) return null;
  const { counts, sizes } = windowCounts(raster, value, 1);
  return release(raster, value, (i) => counts[i] < sizes[i]);
}

/**
 * A pixel is of the class where the class has at least half of the window around it.
 * @param {Raster} raster
 * @param {number} value the class
 * @param {ProtectTable} protect
 * @param {number} radius of the window, in pixels
 * @returns {Rect|null}
 */
export function smoothClass(raster, value, protect, radius) {
  const { counts, sizes } = windowCounts(raster, value, radius);
  const isMost = (/** @type {number} */ i) => 2 * counts[i] >= sizes[i];
  const released = protect[value] ? null : release(raster, value, (i) => !isMost(i));
  const taken = change(raster, (index, i) =>
    index !== value && isMost(i) && !protect[index] ? value : index,
  );
  return unionRect(released, taken);
}

/**
 * How many pixels of the window around each pixel are of the class, and how many pixels the window has inside the
 * picture.
 * @param {Raster} raster
 * @param {number} value
 * @param {number} radius
 */
function windowCounts({ mask, width, height }, value, radius) {
  const sums = new Int32Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y++) {
    let inRow = 0;
    for (let x = 0; x < width; x++) {
      if (mask[y * width + x] === value) inRow++;
      sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + inRow;
    }
  }
  const counts = new Int32Array(width * height);
  const sizes = new Int32Array(width * height);
  for (let y = 0; y < height; y++) {
    const top = Math.max(0, y - radius) * (width + 1);
    const bottom = Math.min(height, y + radius + 1) * (width + 1);
    const rows = (bottom - top) / (width + 1);
    for (let x = 0; x < width; x++) {
      const left = Math.max(0, x - radius);
      const right = Math.min(width, x + radius + 1);
      const i = y * width + x;
      counts[i] = sums[bottom + right] - sums[top + right] - sums[bottom + left] + sums[top + left];
      sizes[i] = rows * (right - left);
    }
  }
  return { counts, sizes };
}

/**
 * Give pixels of the class to the nearest other class, from the outline inwards.
 * @param {Raster} raster
 * @param {number} value
 * @param {(i: number) => boolean} isReleased
 * @returns {Rect|null}
 */
function release({ mask, width, height }, value, isReleased) {
  /** @type {number[]} */
  let open = [];
  for (let i = 0; i < mask.length; i++) if (mask[i] === value && isReleased(i)) open.push(i);
  /** @type {Rect|null} */
  let rect = null;
  while (open.length) {
    /** @type {[number, number][]} */
    const given = [];
    const later = [];
    for (const i of open) {
      const label = neighbourOf(mask, width, height, i, value);
      if (label === null) later.push(i);
      else given.push([i, label]);
    }
    if (!given.length) break; // the class is everywhere
    for (const [i, label] of given) {
      mask[i] = label;
      rect = around(rect, i % width, Math.floor(i / width));
    }
    open = later;
  }
  return rect;
}

/**
 * The other class beside a pixel: above, left, right, below, then across corners; null if all are of the class.
 * @param {Uint8Array} mask
 * @param {number} width
 * @param {number} height
 * @param {number} i
 * @param {number} value
 * @returns {number|null}
 */
function neighbourOf(mask, width, height, i, value) {
  const x = i % width;
  const y = (i - x) / width;
  for (const [dx, dy] of NEIGHBOURS) {
    if (x + dx < 0 || x + dx >= width || y + dy < 0 || y + dy >= height) continue;
    const label = mask[i + dy * width + dx];
    if (label !== value) return label;
  }
  return null;
}

const NEIGHBOURS = [
  [0, -1],
  [-1, 0],
  [1, 0],
  [0, 1],
  [-1, -1],
  [1, -1],
  [-1, 1],
  [1, 1],
];

/**
 * @param {Raster} raster
 * @param {(index: number, i: number) => number} next
 * @returns {Rect|null}
 */
function change({ mask, width }, next) {
  /** @type {Rect|null} */
  let rect = null;
  for (let i = 0; i < mask.length; i++) {
    const index = next(mask[i], i);
    if (index === mask[i]) continue;
    mask[i] = index;
    rect = around(rect, i % width, Math.floor(i / width));
  }
  return rect;
}

/** @param {Rect|null} rect @param {number} x @param {number} y @returns {Rect} */
function around(rect, x, y) {
  if (!rect) return { x0: x, y0: y, x1: x + 1, y1: y + 1 };
  rect.x0 = Math.min(rect.x0, x);
  rect.y0 = Math.min(rect.y0, y);
  rect.x1 = Math.max(rect.x1, x + 1);
  rect.y1 = Math.max(rect.y1, y + 1);
  return rect;
}
