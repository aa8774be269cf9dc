/** A closed outline of corners, with the ways between them: straight, or along the edges of the picture. */

/**
 * @typedef {import("./tool.js").Point} Point
 *
 * @typedef {object} Corner
 * @property {Point} at
 * @property {Point[]} way  from the corner before it; without that one, with this one
 *
 * @typedef {object} Outline  what a polygon was filled with, kept in the history
 * @property {number} id      the same for all versions of one polygon
 * @property {readonly Corner[]} corners  at least 3
 * @property {number} value   class index
 *
 * @typedef {(from: Point, to: Point) => Point[]} Route
 */

/** @type {Route} */
export const straight = (_, to) => [to];

/** @param {readonly Corner[]} corners @returns {Point[]} the whole outline, from the way to the first corner on */
export const pointsOf = (corners) => corners.flatMap(({ way }) => way);

/**
 * The corners with another one at a place, and the ways to and from it made anew.
 * @param {readonly Corner[]} corners
 * @param {number} index
 * @param {Point} at
 * @param {Route} route
 * @returns {Corner[]}
 */
export function withCorner(corners, index, at, route) {
  const next = corners.slice();
  next[index] = { at, way: [at] };
  return rerouted(next, [index, index + 1], route);
}

/**
 * @param {readonly Corner[]} corners
 * @param {number} index  the new corner comes before the one with this index
 * @param {Point} at
 * @param {Route} route
 */
export function withInserted(corners, index, at, route) {
  const next = corners.slice();
  next.splice(index, 0, { at, way: [at] });
  return rerouted(next, [index, index + 1], route);
}

/** @param {readonly Corner[]} corners @param {number} index @param {Route} route */
export function withoutCorner(corners, index, route) {
  return rerouted(
    corners.filter((_, k) => k !== index),
    [index],
    route,
  );
}

/**
 * @param {readonly Corner[]} corners
 * @param {number[]} indices  whose ways are made anew; counted around
 * @param {Route} route
 * @returns {Corner[]}
 */
function rerouted(corners, indices, route) {
  const next = corners.slice();
  for (const index of indices) {
    const k = index % next.length;
    const { at } = next[k];
    next[k] = { at, way: route(next[(k + next.length - 1) % next.length].at, at) };
  }
  return next;
}

/**
 * The corner near a point.
 * @param {readonly Corner[]} corners
 * @param {Point} point
 * @param {number} reach  image pixels
 * @returns {number} -1: none
 */
export function cornerAt(corners, point, reach) {
  let found = -1;
  let least = reach;
  corners.forEach(({ at }, k) => {
    const distance = Math.hypot(at.x - point.x, at.y - point.y);
    if (distance > least) return;
    least = distance;
    found = k;
  });
  return found;
}

/**
 * The corner whose way passes near a point.
 * @param {readonly Corner[]} corners
 * @param {Point} point
 * @param {number} reach  image pixels
 * @returns {number} -1: none
 */
export function wayAt(corners, point, reach) {
  let from = corners[corners.length - 1].at;
  for (let k = 0; k < corners.length; k++) {
    for (const to of corners[k].way) {
      if (distanceToLine(point, from, to) <= reach) return k;
      from = to;
    }
  }
  return -1;
}

/** @param {Point} p @param {Point} a @param {Point} b */
function distanceToLine(p, a, b) {
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  if (length === 0) return Math.hypot(p.x - a.x, p.y - a.y);
  const along = ((p.x - a.x) * (b.x - a.x) + (p.y - a.y) * (b.y - a.y)) / length ** 2;
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(p.x - a.x - t * (b.x - a.x), p.y - a.y - t * (b.y - a.y));
}
