/** Outlines as paths in picture coordinates. */
import { forEachHeatRow } from "../shared/heatmap.js";

/**
 * Where a map crosses a level: marching squares on a grid of the picture's proportions.
 * @param {import("./maps.js").Plane} map
 * @param {number} level
 * @param {number} width of the picture
 * @param {number} height
 * @param {number} longestSide of the grid
 * @param {{moveTo: Function, lineTo: Function}} [path] that is drawn into
 * @returns {Path2D} the path
 */
export function levelPath(map, level, width, height, longestSide, path = new Path2D()) {
  const scale = Math.min(1, longestSide / Math.max(width, height));
  const columns = Math.max(2, Math.round(width * scale));
  const rows = Math.max(2, Math.round(height * scale));
  const sx = width / columns;
  const sy = height / rows;
  let above = null;
  forEachHeatRow(map, columns, rows, (y, row) => {
    if (above) {
      for (let x = 0; x + 1 < columns; x++)
        cell(path, above[x], above[x + 1], row[x], row[x + 1], level, x + 0.5, y - 0.5, sx, sy);
    }
    above = row.slice();
  });
  return path;
}

function cell(path, a, b, c, d, level, x, y, sx, sy) {
  const code = (a > level) | ((b > level) << 1) | ((c > level) << 2) | ((d > level) << 3);
  if (code === 0 || code === 15) return;
  const cross = (from, to) => (level - from) / (to - from);
  const points = [];
  if (a > level !== b > level) points.push([x + cross(a, b), y]);
  if (a > level !== c > level) points.push([x, y + cross(a, c)]);
  if (b > level !== d > level) points.push([x + 1, y + cross(b, d)]);
  if (c > level !== d > level) points.push([x + cross(c, d), y + 1]);
  for (let i = 0; i + 1 < points.length; i += 2) {
    path.moveTo(points[i][0] * sx, points[i][1] * sy);
    path.lineTo(points[i + 1][0] * sx, points[i + 1][1] * sy);
  }
}

/**
 * The borders between pixels of different labels.
 * @param {Uint8Array} labels
 * @param {number} width
 * @param {number} height
 * @param {{moveTo: Function, lineTo: Function}} [path] that is drawn into
 * @returns {Path2D} the path
 */
export function borderPath(labels, width, height, path = new Path2D()) {
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
