/** Points on a plane: which is near, which is next, which lie in a rectangle. Indices into their coordinates. */

/** @param {ArrayLike<number>} values @returns {[number, number]} with a little room around them */
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

/** The nearest point that is closer than `reach`. @returns {number|null} */
export function nearest(px, py, x, y, reach) {
  let [found, closest] = [null, reach];
  for (let i = 0; i < px.length; i += 1) {
    const away = Math.hypot(px[i] - x, py[i] - y);
    if (away < closest) [found, closest] = [i, away];
  }
  return found;
}

/**
 * The point that follows along an axis, ties by the other axis and then by index; the last one stays where it is.
 * @param {ArrayLike<number>} along @param {ArrayLike<number>} across @param {number|null} from null: the first one
 * @param {1|-1} sign direction
 */
export function next(along, across, from, sign) {
  const compare = (a, b) => sign * (along[a] - along[b] || across[a] - across[b] || a - b);
  let found = null;
  for (let i = 0; i < along.length; i += 1) {
    if (from !== null && compare(i, from) <= 0) continue;
    if (found === null || compare(i, found) < 0) found = i;
  }
  return found ?? from;
}

/** Points in the rectangle between two corners, its border included. @returns {number[]} */
export function within(px, py, [ax, ay], [bx, by]) {
  const [left, right, top, bottom] = [Math.min(ax, bx), Math.max(ax, bx), Math.min(ay, by), Math.max(ay, by)];
  const found = [];
  for (let i = 0; i < px.length; i += 1)
    if (px[i] >= left && px[i] <= right && py[i] >= top && py[i] <= bottom) found.push(i);
  return found;
}
