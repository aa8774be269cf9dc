/** Areas inside an outline, for the polygon and the lasso. */
import { writeSpan } from "./raster.js";

/**
 * @typedef {import("./raster.js").Raster} Raster
 * @typedef {import("./raster.js").ProtectTable} ProtectTable
 * @typedef {import("./rect.js").Rect} Rect
 * @typedef {import("./brush.js").Point} Point
 */

/**
 * Fill the pixels whose centre lies inside a closed outline by the even-odd rule (what is enclosed twice is
 * outside). The last point is joined to the first. Left and top edges belong to the area, right and bottom do
 * not, so two areas that share an edge share no pixel.
 * @param {Raster} raster
 * @param {Point[]} points
 * @param {number} value
 * @param {ProtectTable} protect
 * @returns {Rect|null}
 */
export function fillPolygon(raster, points, value, protect) {
  const { width, height } = raster;
  const crossings = rowCrossings(points, height);
  if (!crossings) return null;
  const { firstRow, offsets, xs } = crossings;
  let x0 = width;
  let x1 = 0;
  let y0 = height;
  let y1 = 0;
  for (let row = 0; row + 1 < offsets.length; row++) {
    const inRow = xs.subarray(offsets[row], offsets[row + 1]).sort();
    const y = firstRow + row;
    for (let k = 0; k + 1 < inRow.length; k += 2) {
      const start = Math.max(0, Math.ceil(inRow[k] - 0.5));
      const end = Math.min(width, Math.ceil(inRow[k + 1] - 0.5));
      if (start >= end) continue;
      writeSpan(raster, y, start, end, value, protect);
      x0 = Math.min(x0, start);
      x1 = Math.max(x1, end);
      y0 = Math.min(y0, y);
      y1 = y + 1;
    }
  }
  return x0 < x1 ? { x0, y0, x1, y1 } : null;
}

/**
 * Where the outline crosses the centre line of each row: xs[offsets[r]..offsets[r + 1]] for row firstRow + r.
 * Counting first and filling second costs the sum of the edges' heights, however many points a lasso has.
 * @param {Point[]} points
 * @param {number} height
 * @returns {{firstRow: number, offsets: Int32Array, xs: Float64Array}|null}
 */
function rowCrossings(points, height) {
  let top = Infinity;
  let bottom = -Infinity;
  for (const { y } of points) {
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  const firstRow = Math.max(0, Math.ceil(top - 0.5));
  const endRow = Math.min(height, Math.ceil(bottom - 0.5));
  if (points.length < 3 || firstRow >= endRow) return null;

  const offsets = new Int32Array(endRow - firstRow + 1);
  forEachCrossing(points, firstRow, endRow, (row) => offsets[row + 1]++);
  for (let row = 1; row < offsets.length; row++) offsets[row] += offsets[row - 1];
  const xs = new Float64Array(offsets[offsets.length - 1]);
  const next = offsets.slice();
  forEachCrossing(points, firstRow, endRow, (row, x) => {
    xs[next[row]++] = x;
  });
  return { firstRow, offsets, xs };
}

/**
 * @param {Point[]} points
 * @param {number} firstRow
 * @param {number} endRow
 * @param {(row: number, x: number) => void} visit  row counts from firstRow
 */
function forEachCrossing(points, firstRow, endRow, visit) {
  let a = points[points.length - 1];
  for (const b of points) {
    const [upper, lower] = a.y <= b.y ? [a, b] : [b, a];
    const start = Math.max(firstRow, Math.ceil(upper.y - 0.5));
    const end = Math.min(endRow, Math.ceil(lower.y - 0.5));
    const slope = (lower.x - upper.x) / (lower.y - upper.y);
    for (let y = start; y < end; y++) visit(y - firstRow, upper.x + (y + 0.5 - upper.y) * slope);
    a = b;
  }
}
