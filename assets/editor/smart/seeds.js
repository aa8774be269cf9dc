/**
 * Seeds: places that a person marks with their class. Functions that make, find and move them, in image pixels.
 *
 * @typedef {import("../raster/brush.js").Point} Point
 *
 * @typedef {import("../../shared/openapi").ClickSeed} ClickSeed
 * @typedef {import("../../shared/openapi").ScribbleSeed} ScribbleSeed  points: y, x
 * @typedef {import("../../shared/openapi").BoxSeed} BoxSeed
 * @typedef {ClickSeed|ScribbleSeed|BoxSeed} Seed
 * @typedef {{width: number, height: number}} Size
 */

/** Points of a scribble; the server takes twice as many. */
const MOST_POINTS = 1000;

/**
 * @param {Point} point
 * @param {number} label  0: background
 * @param {Size} size
 * @returns {ClickSeed}
 */
export function clickSeed(point, label, size) {
  const [y, x] = pixelAt(point, size);
  return { kind: "click", y, x, label, at: now() };
}

/**
 * @param {Point[]} points  at least one
 * @param {number} label
 * @param {Size} size
 * @returns {ScribbleSeed}
 */
export function scribbleSeed(points, label, size) {
  /** @type {[number, number][]} */
  const pixels = [];
  for (const point of points) {
    const [y, x] = pixelAt(point, size);
    const last = pixels[pixels.length - 1];
    if (!last || last[0] !== y || last[1] !== x) pixels.push([y, x]);
  }
  const step = Math.ceil(pixels.length / MOST_POINTS);
  return {
    kind: "scribble",
    points: pixels.filter((_, k) => k % step === 0 || k === pixels.length - 1),
    label,
    at: now(),
  };
}

/**
 * @param {Point} a
 * @param {Point} b  the opposite corner
 * @param {number} label
 * @param {Size} size
 * @returns {BoxSeed}
 */
export function boxSeed(a, b, label, size) {
  const [y0, x0] = pixelAt(a, size);
  const [y1, x1] = pixelAt(b, size);
  return {
    kind: "box",
    top: Math.min(y0, y1),
    left: Math.min(x0, x1),
    bottom: Math.max(y0, y1) + 1,
    right: Math.max(x0, x1) + 1,
    label,
    at: now(),
  };
}

/**
 * The same seed elsewhere; it stays inside the picture.
 * @param {Seed} seed
 * @param {number} dx  image pixels
 * @param {number} dy
 * @param {Size} size
 * @returns {Seed}
 */
export function moveSeed(seed, dx, dy, { width, height }) {
  const points = pointsOf(seed);
  const ys = points.map(([y]) => y);
  const xs = points.map(([, x]) => x);
  const right = Math.round(Math.min(width - 1 - Math.max(...xs), Math.max(-Math.min(...xs), dx)));
  const down = Math.round(Math.min(height - 1 - Math.max(...ys), Math.max(-Math.min(...ys), dy)));
  const at = now();
  if (seed.kind === "click") return { ...seed, y: seed.y + down, x: seed.x + right, at };
  if (seed.kind === "scribble") {
    return { ...seed, points: seed.points.map(([y, x]) => [y + down, x + right]), at };
  }
  return {
    ...seed,
    top: seed.top + down,
    bottom: seed.bottom + down,
    left: seed.left + right,
    right: seed.right + right,
    at,
  };
}

/**
 * The topmost seed within reach of a point: its mark, its line or its border; -1: none.
 * @param {Seed[]} seeds
 * @param {Point} point
 * @param {number} reach  image pixels
 */
export function seedAt(seeds, point, reach) {
  return seeds.findLastIndex((seed) => {
    const outline = pointsOf(seed);
    if (seed.kind === "box") outline.push(outline[0]);
    return outline.some(([y, x], k) => {
      const [y0, x0] = outline[Math.max(0, k - 1)];
      return distanceToLine(point, x0 + 0.5, y0 + 0.5, x + 0.5, y + 0.5) <= reach;
    });
  });
}

/**
 * The pixels of a click or scribble, the corners of a box: [y, x].
 * @param {Seed} seed
 * @returns {[number, number][]}
 */
export function pointsOf(seed) {
  if (seed.kind === "click") return [[seed.y, seed.x]];
  if (seed.kind === "scribble") return [...seed.points];
  const { top, left, bottom, right } = seed;
  return [
    [top, left],
    [top, right - 1],
    [bottom - 1, right - 1],
    [bottom - 1, left],
  ];
}

/**
 * @param {Point} point
 * @param {Size} size
 * @returns {[number, number]} y, x
 */
function pixelAt({ x, y }, { width, height }) {
  return [Math.min(height - 1, Math.max(0, Math.floor(y))), Math.min(width - 1, Math.max(0, Math.floor(x)))];
}

/**
 * @param {Point} point
 * @param {number} x0
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 */
function distanceToLine({ x, y }, x0, y0, x1, y1) {
  const length = (x1 - x0) ** 2 + (y1 - y0) ** 2;
  const along = length && Math.min(1, Math.max(0, ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length));
  return Math.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0));
}

const now = () => new Date().toISOString();
