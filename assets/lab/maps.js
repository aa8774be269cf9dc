/**
 * Arithmetic on raw arrays: slices of them, normalising, differences. Pure functions.
 */
import { forEachHeatRow } from "../shared/heatmap.js";

/**
 * @typedef {{width: number, height: number, data: Float32Array}} Plane one map, row by row
 * @typedef {{shape: number[], data: Float32Array}} Stack any number of maps; the last two axes are rows and columns
 */

/** Added to the maximum before dividing, as `trainer.cams.compute` does. */
export const EPSILON = 1e-5;

/**
 * One map of a stack.
 * @param {Stack} stack
 * @param {...number} position along the leading axes
 * @returns {Plane}
 */
export function plane({ shape, data }, ...position) {
  const [height, width] = shape.slice(-2);
  let index = 0;
  position.forEach((at, axis) => {
    index = index * shape[axis] + at;
  });
  return { width, height, data: data.subarray(index * width * height, (index + 1) * width * height) };
}

/** @param {Stack} stack of (K, h, w) @returns {Plane[]} */
export const planes = (stack) => Array.from({ length: stack.shape[0] }, (_, k) => plane(stack, k));

/** @param {Plane} map @returns {number} */
export function maximum({ data }) {
  let most = -Infinity;
  for (const value of data) if (value > most) most = value;
  return data.length ? most : 0;
}

/** @param {Plane} map @returns {number} the largest distance from zero */
export function reach({ data }) {
  let most = 0;
  for (const value of data) if (Math.abs(value) > most) most = Math.abs(value);
  return most;
}

/** @param {Plane} map @param {(value: number, i: number) => number} change @returns {Plane} */
export function mapped({ width, height, data }, change) {
  const out = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) out[i] = change(data[i], i);
  return { width, height, data: out };
}

/** The positive part divided by its maximum. @param {Plane} map @returns {Plane} values 0..1 */
export function normalised(map) {
  const divisor = Math.max(0, maximum(map)) + EPSILON;
  return mapped(map, (value) => Math.max(0, value) / divisor);
}

/** @param {Plane} a @param {Plane} b of the same size @returns {Plane} a - b */
export const signedDifference = (a, b) => mapped(a, (value, i) => value - b.data[i]);

/** The largest of several maps, cell by cell. @param {Plane[]} maps at least one @returns {Plane} */
export const strongestOf = (maps) => mapped(maps[0], (_, i) => Math.max(...maps.map(({ data }) => data[i])));

/**
 * A map of n x n tiles, each resampled by itself so that no tile reads from its neighbour, over the picture.
 * @param {Plane} cells of the padded picture
 * @param {number} n
 * @param {[number, number]} cellsShare height and width of the padded picture as shares of the picture
 * @param {number} width of the result
 * @param {number} height
 * @returns {Plane}
 */
export function tilesApart(cells, n, cellsShare, width, height) {
  const rows = cells.height / n;
  const columns = cells.width / n;
  const data = new Float32Array(width * height);
  const ys = tileSamples(height, cells.height, cellsShare[0], rows, n);
  const xs = tileSamples(width, cells.width, cellsShare[1], columns, n);
  const at = (/** @type {number} */ row, /** @type {number} */ column) =>
    cells.data[row * cells.width + column];
  ys.forEach((y, row) => {
    xs.forEach((x, column) => {
      const upper = at(y.low, x.low) * (1 - x.weight) + at(y.low, x.high) * x.weight;
      const lower = at(y.high, x.low) * (1 - x.weight) + at(y.high, x.high) * x.weight;
      data[row * width + column] = upper * (1 - y.weight) + lower * y.weight;
    });
  });
  return { width, height, data };
}

/**
 * For each position along one axis of the result, the two cells of its tile to interpolate between.
 * @param {number} size of the result
 * @param {number} cells of the padded picture
 * @param {number} share of the padded picture in the picture
 * @param {number} side of a tile in cells
 * @param {number} n tiles
 * @returns {{low: number, high: number, weight: number}[]}
 */
function tileSamples(size, cells, share, side, n) {
  return Array.from({ length: size }, (_, i) => {
    const position = (((i + 0.5) / size) * cells) / share;
    const first = Math.min(n - 1, Math.floor(position / side)) * side;
    const last = first + side - 1;
    const at = Math.min(last, Math.max(first, position - 0.5));
    const low = Math.floor(at);
    return { low, high: Math.min(last, low + 1), weight: at - low };
  });
}

/**
 * A map on another grid, bilinear between the centres of its cells. The map itself where it has that size.
 * @param {Plane} map @param {number} width @param {number} height @returns {Plane}
 */
export function resampled(map, width, height) {
  if (map.width === width && map.height === height) return map;
  const data = new Float32Array(width * height);
  forEachHeatRow(map, width, height, (y, row) => data.set(row, y * width));
  return { width, height, data };
}
