/**
 * Brush strokes. A stroke is a chain of segments; a segment is everything the brush covers while its centre
 * moves in a straight line, so a fast hand leaves no gaps.
 */
import { writeSpan } from "./raster.js";

/**
 * @typedef {import("./raster.js").Raster} Raster
 * @typedef {import("./raster.js").ProtectTable} ProtectTable
 * @typedef {import("./rect.js").Rect} Rect
 * @typedef {{size: number, shape: "round"|"square"}} Brush  size: diameter or side in image pixels, a whole number >= 1
 * @typedef {{x: number, y: number}} Point  image coordinates; pixel (0, 0) covers 0..1 and has its centre at 0.5
 */

/** Absorbs rounding where a pixel centre lies exactly on the brush's edge. */
const EPSILON = 1e-9;

/**
 * Where the brush's centre goes for a pointer position: pixel centres for odd sizes, pixel corners for even
 * ones, so that one size always leaves one and the same footprint.
 * @param {Point} point
 * @param {number} size
 * @returns {Point}
 */
export function snapToBrush(point, size) {
  return size % 2
    ? { x: Math.floor(point.x) + 0.5, y: Math.floor(point.y) + 0.5 }
    : { x: Math.round(point.x), y: Math.round(point.y) };
}

/**
 * Paint all pixels whose centre the brush covers on its way from one point to another (the same point: a dab).
 * @param {Raster} raster
 * @param {Point} from
 * @param {Point} to
 * @param {Brush} brush
 * @param {number} value
 * @param {ProtectTable} protect
 * @returns {Rect|null}
 */
export function paintSegment(raster, from, to, brush, value, protect) {
  const { width, height } = raster;
  const a = snapToBrush(from, brush.size);
  const b = snapToBrush(to, brush.size);
  const radius = brush.size / 2;
  const reach = brush.shape === "square" ? squareReach : roundReach;
  const y0 = Math.max(0, firstCentre(Math.min(a.y, b.y) - radius));
  const y1 = Math.min(height - 1, lastCentre(Math.max(a.y, b.y) + radius));
  let x0 = width;
  let x1 = 0;
  let top = height;
  let bottom = 0;
  for (let y = y0; y <= y1; y++) {
    const range = reach(a, b, radius, y + 0.5);
    if (!range) continue;
    const start = Math.max(0, firstCentre(range[0]));
    const end = Math.min(width, lastCentre(range[1]) + 1);
    if (start >= end) continue;
    writeSpan(raster, y, start, end, value, protect);
    x0 = Math.min(x0, start);
    x1 = Math.max(x1, end);
    top = Math.min(top, y);
    bottom = y + 1;
  }
  return x0 < x1 ? { x0, y0: top, x1, y1: bottom } : null;
}

/** @param {number} edge the first pixel whose centre is at or right of (below) the edge */
const firstCentre = (edge) => Math.ceil(edge - 0.5 - EPSILON);
/** @param {number} edge the last pixel whose centre is at or left of (above) the edge */
const lastCentre = (edge) => Math.floor(edge - 0.5 + EPSILON);

/**
 * Horizontal extent, at height y, of a disc swept from a to b: two discs and the slab between them. The swept
 * shape is convex, so one range says it all.
 * @param {Point} a
 * @param {Point} b
 * @param {number} radius
 * @param {number} y
 * @returns {[number, number]|null}
 */
function roundReach(a, b, radius, y) {
  let low = Infinity;
  let high = -Infinity;
  for (const centre of [a, b]) {
    const half = radius * radius - (y - centre.y) ** 2;
    if (half < -EPSILON) continue;
    const dx = Math.sqrt(Math.max(0, half));
    low = Math.min(low, centre.x - dx);
    high = Math.max(high, centre.x + dx);
  }
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  if (length > 0) {
    const ux = (b.x - a.x) / length;
    const uy = (b.y - a.y) / length;
    const dy = y - a.y;
    const along = solve(ux, dy * uy, 0, length);
    const across = solve(-uy, dy * ux, -radius, radius);
    const start = Math.max(along[0], across[0]);
    const end = Math.min(along[1], across[1]);
    if (start <= end) {
      low = Math.min(low, a.x + start);
      high = Math.max(high, a.x + end);
    }
  }
  return low <= high ? [low, high] : null;
}

/**
 * The range of d with low <= slope * d + offset <= high; empty ranges come back reversed.
 * @param {number} slope
 * @param {number} offset
 * @param {number} low
 * @param {number} high
 * @returns {[number, number]}
 */
function solve(slope, offset, low, high) {
  if (Math.abs(slope) < EPSILON) {
    return offset >= low - EPSILON && offset <= high + EPSILON
      ? [-Infinity, Infinity]
      : [Infinity, -Infinity];
  }
  const first = (low - offset) / slope;
  const second = (high - offset) / slope;
  return first < second ? [first, second] : [second, first];
}

/**
 * Horizontal extent, at height y, of a square swept from a to b.
 * @param {Point} a
 * @param {Point} b
 * @param {number} radius half the side
 * @param {number} y
 * @returns {[number, number]|null}
 */
function squareReach(a, b, radius, y) {
  const [start, end] = solve(b.y - a.y, a.y - y, -radius, radius);
  const t0 = Math.max(0, start);
  const t1 = Math.min(1, end);
  if (t0 > t1 + EPSILON) return null;
  const xa = a.x + t0 * (b.x - a.x);
  const xb = a.x + t1 * (b.x - a.x);
  return [Math.min(xa, xb) - radius, Math.max(xa, xb) + radius];
}
