/** Fills areas that the picture defines: a connected patch of one class, a superpixel, a thresholded map. */
import { fullRect } from "./rect.js";

/**
 * @typedef {import("./raster.js").Raster} Raster
 * @typedef {import("./raster.js").ProtectTable} ProtectTable
 * @typedef {import("./rect.js").Rect} Rect
 */

/**
 * Fill the 4-connected region of one class that holds the pixel (x, y), scan line by scan line.
 * @param {Raster} raster
 * @param {number} x whole pixel; outside the image nothing happens
 * @param {number} y
 * @param {number} value
 * @param {ProtectTable} protect
 * @returns {Rect|null}
 */
export function floodFill({ mask, width, height }, x, y, value, protect) {
  if (x < 0 || y < 0 || x >= width || y >= height) return null;
  const region = mask[y * width + x];
  if (region === value || protect[region]) return null;
  const rect = { x0: x, y0: y, x1: x + 1, y1: y + 1 };
  const seeds = [y * width + x];
  while (seeds.length > 0) {
    const seed = /** @type {number} */ (seeds.pop());
    if (mask[seed] !== region) continue;
    const row = Math.floor(seed / width);
    const rowStart = row * width;
    let start = seed;
    let end = seed + 1;
    while (start > rowStart && mask[start - 1] === region) start--;
    while (end < rowStart + width && mask[end] === region) end++;
    mask.fill(value, start, end);
    if (row > 0) pushRuns(mask, region, start - width, end - width, seeds);
    if (row + 1 < height) pushRuns(mask, region, start + width, end + width, seeds);
    rect.x0 = Math.min(rect.x0, start - rowStart);
    rect.x1 = Math.max(rect.x1, end - rowStart);
    rect.y0 = Math.min(rect.y0, row);
    rect.y1 = Math.max(rect.y1, row + 1);
  }
  return rect;
}

/**
 * One seed for each run of the region between two indices of a row.
 * @param {Uint8Array} mask
 * @param {number} region
 * @param {number} start
 * @param {number} end
 * @param {number[]} seeds
 */
function pushRuns(mask, region, start, end, seeds) {
  let isInRun = false;
  for (let i = start; i < end; i++) {
    const belongs = mask[i] === region;
    if (belongs && !isInRun) seeds.push(i);
    isInRun = belongs;
  }
}

/**
 * Superpixels with the bounding box of each, so that painting one does not scan the whole image.
 * @typedef {object} Segments
 * @property {Uint16Array|Uint32Array} labels  length width * height, labels 0..count-1
 * @property {Int32Array} boxes                x0, y0, x1, y1 (half open) of label k at 4 * k
 */

/**
 * @param {Uint16Array|Uint32Array} labels
 * @param {number} width
 * @param {number} height
 * @returns {Segments}
 * @throws {RangeError} when the array has another size, or labels that cannot be counted through
 */
export function indexSegments(labels, width, height) {
  if (labels.length !== width * height) {
    throw new RangeError(
      `The superpixels have ${labels.length} values, the picture has ${width} x ${height} pixels; compute them anew.`,
    );
  }
  let last = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i] > last) last = labels[i];
  if (last >= labels.length) {
    throw new RangeError(
      `Superpixel label ${last} is larger than the picture has pixels; relabel them from 0.`,
    );
  }
  const boxes = new Int32Array(4 * (last + 1));
  for (let k = 0; k <= last; k++) boxes.set([width, height, 0, 0], 4 * k);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const k = 4 * labels[i];
      if (x < boxes[k]) boxes[k] = x;
      if (y < boxes[k + 1]) boxes[k + 1] = y;
      if (x >= boxes[k + 2]) boxes[k + 2] = x + 1;
      boxes[k + 3] = y + 1;
    }
  }
  return { labels, boxes };
}

/**
 * Fill the superpixel that holds the pixel (x, y).
 * @param {Raster} raster
 * @param {Segments} segments
 * @param {number} x whole pixel; outside the image nothing happens
 * @param {number} y
 * @param {number} value
 * @param {ProtectTable} protect
 * @returns {Rect|null}
 */
export function fillSegment({ mask, width, height }, { labels, boxes }, x, y, value, protect) {
  if (x < 0 || y < 0 || x >= width || y >= height) return null;
  const label = labels[y * width + x];
  const [x0, y0, x1, y1] = boxes.subarray(4 * label, 4 * label + 4);
  for (let row = y0; row < y1; row++) {
    const end = row * width + x1;
    for (let i = row * width + x0; i < end; i++) {
      if (labels[i] === label && !protect[mask[i]]) mask[i] = value;
    }
  }
  return { x0, y0, x1, y1 };
}

/**
 * Write a class wherever a map of the same size reaches a threshold.
 * @param {Raster} raster
 * @param {(visit: (y: number, row: Float32Array) => void) => void} forEachRow  hands over the map row by row
 * @param {number} threshold
 * @param {number} value
 * @param {ProtectTable} protect
 * @param {{replace?: boolean}} [options]  replace: what was `value` and lies below the threshold becomes background
 * @returns {Rect}
 */
export function fillWhereAtLeast(raster, forEachRow, threshold, value, protect, { replace = false } = {}) {
  const { mask, width, height } = raster;
  forEachRow((y, row) => {
    const line = mask.subarray(y * width, (y + 1) * width);
    for (let x = 0; x < width; x++) {
      const was = line[x];
      if (row[x] >= threshold) {
        if (!protect[was]) line[x] = value;
      } else if (replace && was === value && !protect[was]) {
        line[x] = 0;
      }
    }
  });
  return fullRect(width, height);
}
