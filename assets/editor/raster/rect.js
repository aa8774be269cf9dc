/**
 * Half-open pixel rectangles: x0 <= x < x1 and y0 <= y < y1, in image pixels.
 *
 * @typedef {{x0: number, y0: number, x1: number, y1: number}} Rect
 */

/**
 * The smallest rectangle that holds both; either may be null.
 * @param {Rect|null} a
 * @param {Rect|null} b
 * @returns {Rect|null}
 */
export function unionRect(a, b) {
  if (!a) return b;
  if (!b) return a;
  return {
    x0: Math.min(a.x0, b.x0),
    y0: Math.min(a.y0, b.y0),
    x1: Math.max(a.x1, b.x1),
    y1: Math.max(a.y1, b.y1),
  };
}

/**
 * The part of the rectangle inside a width x height image, or null when nothing is left.
 * @param {Rect} rect
 * @param {number} width
 * @param {number} height
 * @returns {Rect|null}
 */
export function clipRect(rect, width, height) {
  const x0 = Math.max(0, rect.x0);
  const y0 = Math.max(0, rect.y0);
  const x1 = Math.min(width, rect.x1);
  const y1 = Math.min(height, rect.y1);
  return x0 < x1 && y0 < y1 ? { x0, y0, x1, y1 } : null;
}

/**
 * @param {number} width
 * @param {number} height
 * @returns {Rect}
 */
export function fullRect(width, height) {
  return { x0: 0, y0: 0, x1: width, y1: height };
}
