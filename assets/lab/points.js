/** Points on a plane: which is near, which is next, which lie in a rectangle. Indices into their coordinates. */

/** @typedef {[number, number]} Point x and y */

/** @param {ArrayLike<number>} values @returns {[number, number]} lowest and highest, with a little room around them */
export function extent(values) {
  if (!values.length) return [0, 1];
  let [low, high] = [values[0], values[0]];
  for (let i = 1; i < values.length; i += 1) {
    if (values[i] < low) low = values[i];
    if (values[i] > high) high = values[i];
  }
  const room = (high - low || 0.1) * 0.05;
  return [low - room, high + room];
}

/**
 * The nearest point that is closer than `reach`.
 * @param {ArrayLike<number>} xs
 * @param {ArrayLike<number>} ys
 * @param {Point} place
 * @param {number} reach
 * @returns {number|null}
 */
export function nearest(xs, ys, [x, y], reach) {
  let closest = reach;
  /** @type {number|null} */
  let found = null;
  for (let i = 0; i < xs.length; i += 1) {
    const away = Math.hypot(xs[i] - x, ys[i] - y);
    if (away < closest) [found, closest] = [i, away];
  }
  return found;
}

/**
 * The next point along an axis, ties by the other axis and then by index; the last one where there is no next.
 * @param {ArrayLike<number>} along
 * @param {ArrayLike<number>} across
 * @param {number|null} from null: the first one
 * @param {1|-1} sign direction
 * @returns {number} 0 where there are no points
 */
export function next(along, across, from, sign) {
  const compare = (/** @type {number} */ a, /** @type {number} */ b) =>
    sign * (along[a] - along[b] || across[a] - across[b] || a - b);
  /** @type {number|null} */
  let found = null;
  for (let i = 0; i < along.length; i += 1) {
    if (from !== null && compare(i, from) <= 0) continue;
    if (found === null || compare(i, found) < 0) found = i;
  }
  return found ?? from ?? 0;
}

/**
 * Points in the rectangle between two corners, its border included.
 * @param {ArrayLike<number>} xs
 * @param {ArrayLike<number>} ys
 * @param {Point} a
 * @param {Point} b
 * @returns {number[]}
 */
export function within(xs, ys, [ax, ay], [bx, by]) {
  const [left, right, top, bottom] = [Math.min(ax, bx), Math.max(ax, bx), Math.min(ay, by), Math.max(ay, by)];
  const found = [];
  for (let i = 0; i < xs.length; i += 1)
    if (xs[i] >= left && xs[i] <= right && ys[i] >= top && ys[i] <= bottom) found.push(i);
  return found;
}
