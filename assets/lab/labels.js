/**
 * Masks of class indices in the browser: thresholding as `trainer.masks.pseudo_labels.threshold_labels` does it, and
 * measuring as `trainer.masks.metrics` does. Pure functions.
 */
import { forEachHeatRow } from "../shared/heatmap.js";

/** @import { Plane } from "./maps.js" */

export const BACKGROUND = 0;
export const VOID = 255;

/**
 * @param {Plane[]} maps 0..1, one a class
 * @param {number[]} indices class index of each map
 * @param {number} threshold a pixel is background unless a map exceeds it
 * @param {number} width of the picture
 * @param {number} height
 * @returns {Uint8Array} class indices, row by row
 */
export function thresholdLabels(maps, indices, threshold, width, height) {
  const labels = new Uint8Array(width * height);
  const best = new Float32Array(width * height).fill(threshold);
  maps.forEach((map, k) => {
    const index = indices[k];
    forEachHeatRow(map, width, height, (y, row) => {
      const start = y * width;
      for (let x = 0; x < width; x++) {
        if (row[x] > best[start + x]) {
          best[start + x] = row[x];
          labels[start + x] = index;
        }
      }
    });
  });
  return labels;
}

/**
 * @typedef {object} ClassScores of one class, 0..1
 * @property {number} iou
 * @property {number|null} precision
 * @property {number|null} recall
 *
 * @typedef {object} Measured
 * @property {number|null} mean IoU over the classes that are in either mask, background included; 0..1
 * @property {Map<number, ClassScores>} classes by index
 *
 * @typedef {object} Change
 * @property {Uint8Array} kinds for each pixel 0 same, 1 gained a class, 2 lost it, 3 another class
 * @property {number} share of the pixels that differ
 */

/**
 * Intersection over union of a mask with the truth; pixels whose truth is void do not count.
 * @param {Uint8Array} truth
 * @param {Uint8Array} mask
 * @returns {Measured}
 */
export function measure(truth, mask) {
  const both = new Float64Array(256);
  const inTruth = new Float64Array(256);
  const inMask = new Float64Array(256);
  for (let i = 0; i < truth.length; i++) {
    if (truth[i] === VOID) continue;
    inTruth[truth[i]]++;
    inMask[mask[i]]++;
    if (truth[i] === mask[i]) both[truth[i]]++;
  }
  /** @type {Map<number, ClassScores>} */
  const classes = new Map();
  let sum = 0;
  for (let index = 0; index < 256; index++) {
    const union = inTruth[index] + inMask[index] - both[index];
    if (!union) continue;
    const iou = both[index] / union;
    sum += iou;
    classes.set(index, {
      iou,
      precision: inMask[index] ? both[index] / inMask[index] : null,
      recall: inTruth[index] ? both[index] / inTruth[index] : null,
    });
  }
  return { mean: classes.size ? sum / classes.size : null, classes };
}

/**
 * Where two masks differ.
 * @param {Uint8Array} before
 * @param {Uint8Array} after
 * @returns {Change}
 */
export function changes(before, after) {
  const kinds = new Uint8Array(after.length);
  let count = 0;
  for (let i = 0; i < after.length; i++) {
    if (before[i] === after[i]) continue;
    count++;
    kinds[i] = before[i] === BACKGROUND ? 1 : after[i] === BACKGROUND ? 2 : 3;
  }
  return { kinds, share: after.length ? count / after.length : 0 };
}
