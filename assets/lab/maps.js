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
  const height = shape.at(-2);
  const width = shape.at(-1);
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

/** The positive part over its maximum. @param {Plane} map @returns {Plane} values 0..1 */
export function normalised(map) {
  const divisor = Math.max(0, maximum(map)) + EPSILON;
  return mapped(map, (value) => Math.max(0, value) / divisor);
}

/** @param {Plane} a @param {Plane} b of the same size @returns {Plane} a - b */
export const signedDifference = (a, b) => mapped(a, (value, i) => value - b.data[i]);

/** The largest of several maps, cell by cell. @param {Plane[]} maps at least one @returns {Plane} */
export const strongestOf = (maps) => mapped(maps[0], (_, i) => Math.max(...maps.map(({ data }) => data[i])));

/**
 * A map of n x n tiles, each resampled by itself so that no tile sees its neighbour, on the picture's extent.
 * @param {Plane} cells on the padded picture
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
  const locate = (position, first, count) => {
    const at = Math.min(first + count - 1, Math.max(first, position - 0.5));
    const low = Math.floor(at);
    return { low, high: Math.min(first + count - 1, low + 1), weight: at - low };
  };
  const along = (size, total, share, side) =>
    Array.from({ length: size }, (_, i) => {
      const position = (((i + 0.5) / size) * total) / share;
      const tile = Math.min(n - 1, Math.floor(position / side));
      return locate(position, tile * side, side);
    });
  const ys = along(height, cells.height, cellsShare[0], rows);
  const xs = along(width, cells.width, cellsShare[1], columns);
  ys.forEach((y, row) => {
    xs.forEach((x, column) => {
      const at = (r, c) => cells.data[r * cells.width + c];
      const upper = at(y.low, x.low) * (1 - x.weight) + at(y.low, x.high) * x.weight;
      const lower = at(y.high, x.low) * (1 - x.weight) + at(y.high, x.high) * x.weight;
      data[row * width + column] = upper * (1 - y.weight) + lower * y.weight;
    });
  });
  return { width, height, data };
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
