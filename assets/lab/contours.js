/** Outlines as paths in picture coordinates. */
import { forEachHeatRow } from "../shared/heatmap.js";

/** @import { Plane } from "./maps.js" */

/**
 * What outlines are drawn into, such as a `Path2D`.
 * @typedef {{moveTo(x: number, y: number): void, lineTo(x: number, y: number): void}} Path
 */

/**
 * Where a map crosses a level: marching squares on a grid of the picture's proportions.
 * @template {Path} P
 * @param {P} path that the lines are added to
 * @param {Plane} map
 * @param {number} level
 * @param {number} width of the picture
 * @param {number} height
 * @param {number} longestSide of the grid
 * @returns {P} the path
 */
export function addLevel(path, map, level, width, height, longestSide) {
  const scale = Math.min(1, longestSide / Math.max(width, height));
  const columns = Math.max(2, Math.round(width * scale));
  const rows = Math.max(2, Math.round(height * scale));
  const cell = { width: width / columns, height: height / rows };
  /** @type {Float32Array|null} */
  let above = null;
  forEachHeatRow(map, columns, rows, (y, row) => {
    if (above) {
      for (let x = 0; x + 1 < columns; x++)
        addSquare(path, above[x], above[x + 1], row[x], row[x + 1], level, x + 0.5, y - 0.5, cell);
    }
    above = row.slice();
  });
  return path;
}

/**
 * The lines through the square between four neighbours.
 * @param {Path} path
 * @param {number} a upper left value
 * @param {number} b upper right
 * @param {number} c lower left
 * @param {number} d lower right
 * @param {number} level
 * @param {number} x of the upper left, in cells
 * @param {number} y
 * @param {{width: number, height: number}} cell pixels of the picture
 */
function addSquare(path, a, b, c, d, level, x, y, cell) {
  const isAbove = a > level;
  if (b > level === isAbove && c > level === isAbove && d > level === isAbove) return;
  /** @type {[number, number][]} */
  const points = [];
  if (a > level !== b > level) points.push([x + crossing(a, b, level), y]);
  if (a > level !== c > level) points.push([x, y + crossing(a, c, level)]);
  if (b > level !== d > level) points.push([x + 1, y + crossing(b, d, level)]);
  if (c > level !== d > level) points.push([x + crossing(c, d, level), y + 1]);
  for (let i = 0; i + 1 < points.length; i += 2) {
    path.moveTo(points[i][0] * cell.width, points[i][1] * cell.height);
    path.lineTo(points[i + 1][0] * cell.width, points[i + 1][1] * cell.height);
  }
}

/** Where between two values a level lies, 0..1. @param {number} from @param {number} to @param {number} level */
const crossing = (from, to, level) => (level - from) / (to - from);

/**
 * The borders between pixels of different labels.
 * @template {Path} P
 * @param {P} path that the lines are added to
 * @param {Uint8Array} labels
 * @param {number} width
 * @param {number} height
 * @returns {P} the path
 */
export function addBorders(path, labels, width, height) {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      if (x + 1 < width && labels[i] !== labels[i + 1]) {
        path.moveTo(x + 1, y);
        path.lineTo(x + 1, y + 1);
      }
      if (y + 1 < height && labels[i] !== labels[i + width]) {
        path.moveTo(x, y + 1);
        path.lineTo(x + 1, y + 1);
      }
    }
  }
  return path;
}
