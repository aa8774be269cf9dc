/**
 * Live-wire: the cheapest way between two pixels, which follows the edges of a picture (intelligent scissors,
 * Mortensen and Barrett, SIGGRAPH 1995).
 */

/**
 * @typedef {object} EdgeMap  how much every pixel of a small picture looks like an edge
 * @property {number} width
 * @property {number} height
 * @property {Float32Array} strength  length of the gradient, 0..1: 1 is the strongest of the picture
 * @property {Uint8Array} crossing    1 where the Laplacian changes its sign, else 0
 * @property {Float32Array} gx        unit vector along the gradient; 0, 0 where the picture is flat
 * @property {Float32Array} gy
 *
 * @typedef {object} Wires  the cheapest ways from one pixel to all others
 * @property {number} width
 * @property {Int32Array} before  index of the pixel before each one on its way; -1 at the start
 */

/** Weights of zero crossing, gradient direction and gradient length: section 3.1 of the paper. */
const WEIGHT_CROSSING = 0.43;
const WEIGHT_DIRECTION = 0.43;
const WEIGHT_STRENGTH = 0.14;
/** Costs are whole numbers, so that Dijkstra's queue is an array of lists. */
const STEPS = 48;
const STRAIGHT = 5;
const DIAGONAL = 7; // 5 times the square root of 2
const MOST = DIAGONAL * (STEPS + 1);
/** The eight neighbours: offset, direction, length. */
const STEP_X = [1, -1, 0, 0, 1, 1, -1, -1];
const STEP_Y = [0, 0, 1, -1, 1, -1, 1, -1];
const LENGTHS = STEP_X.map((dx, k) => (dx && STEP_Y[k] ? DIAGONAL : STRAIGHT));
const UNIT_X = STEP_X.map((dx, k) => dx / Math.hypot(dx, STEP_Y[k]));
const UNIT_Y = STEP_Y.map((dy, k) => dy / Math.hypot(dy, STEP_X[k]));
/** Added to every step: on flat ground the way is the straight one. */
const LENGTH_COST = 1;

/**
 * @param {Uint8ClampedArray} rgba  height x width x 4
 * @param {number} width
 * @param {number} height
 * @returns {EdgeMap}
 */
export function edgeMap(rgba, width, height) {
  const size = width * height;
  const strength = new Float32Array(size);
  const laplacian = new Float32Array(size);
  const gx = new Float32Array(size);
  const gy = new Float32Array(size);
  let most = 0;
  for (let y = 0; y < height; y++) {
    const up = (y > 0 ? y - 1 : y) * width;
    const at = y * width;
    const down = (y + 1 < height ? y + 1 : y) * width;
    for (let x = 0; x < width; x++) {
      const left = x > 0 ? x - 1 : x;
      const right = x + 1 < width ? x + 1 : x;
      // The channel with the longest gradient counts: edges between colours of the same lightness are edges.
      let longest = 0;
      for (let channel = 0; channel < 3; channel++) {
        const a = rgba[4 * (up + left) + channel];
        const b = rgba[4 * (up + x) + channel];
        const c = rgba[4 * (up + right) + channel];
        const d = rgba[4 * (at + left) + channel];
        const f = rgba[4 * (at + right) + channel];
        const g = rgba[4 * (down + left) + channel];
        const h = rgba[4 * (down + x) + channel];
        const i = rgba[4 * (down + right) + channel];
        const dx = c + 2 * f + i - a - 2 * d - g;
        const dy = g + 2 * h + i - a - 2 * b - c;
        const squared = dx * dx + dy * dy;
        if (squared <= longest) continue;
        longest = squared;
        gx[at + x] = dx;
        gy[at + x] = dy;
        laplacian[at + x] = a + b + c + d + f + g + h + i - 8 * rgba[4 * (at + x) + channel];
      }
      if (longest === 0) continue;
      const length = Math.sqrt(longest);
      strength[at + x] = length;
      gx[at + x] /= length;
      gy[at + x] /= length;
      if (length > most) most = length;
    }
  }
  if (most > 0) for (let k = 0; k < size; k++) strength[k] /= most;
  return { width, height, strength, crossing: zeroCrossings(laplacian, width, height), gx, gy };
}

/**
 * Of two neighbours with opposite signs, the one closer to zero is the crossing.
 * @param {Float32Array} values
 * @param {number} width
 * @param {number} height
 */
function zeroCrossings(values, width, height) {
  const crossing = new Uint8Array(values.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const here = values[at];
      if (x + 1 < width && here * values[at + 1] < 0)
        crossing[Math.abs(here) <= Math.abs(values[at + 1]) ? at : at + 1] = 1;
      if (y + 1 < height && here * values[at + width] < 0)
        crossing[Math.abs(here) <= Math.abs(values[at + width]) ? at : at + width] = 1;
    }
  }
  return crossing;
}

/**
 * Dijkstra's cheapest ways from one pixel to all others.
 * @param {EdgeMap} edges
 * @param {number} startX
 * @param {number} startY
 * @returns {Wires}
 */
export function wiresFrom({ width, height, strength, crossing, gx, gy }, startX, startY) {
  const size = width * height;
  const here = new Float32Array(size);
  for (let k = 0; k < size; k++)
    here[k] = WEIGHT_CROSSING * (1 - crossing[k]) + WEIGHT_STRENGTH * (1 - strength[k]);
  const cost = new Int32Array(size).fill(2 ** 31 - 1);
  const before = new Int32Array(size).fill(-1);
  const isDone = new Uint8Array(size);
  /** @type {number[][]} */
  const waiting = Array.from({ length: MOST + 1 }, () => []);
  const start = startY * width + startX;
  cost[start] = 0;
  waiting[0].push(start);
  let left = 1;
  for (let price = 0; left > 0; price++) {
    const bucket = waiting[price % (MOST + 1)];
    for (let from = bucket.pop(); from !== undefined; from = bucket.pop()) {
      left--;
      if (isDone[from] || cost[from] !== price) continue;
      isDone[from] = 1;
      const x = from % width;
      const fromX = gx[from];
      const fromY = gy[from];
      for (let k = 0; k < 8; k++) {
        const dx = STEP_X[k];
        const to = from + STEP_Y[k] * width + dx;
        if (to < 0 || to >= size || x + dx < 0 || x + dx >= width || isDone[to]) continue;
        // An edge runs across its gradient; the cosine stands for the angle of the paper's equation 3.
        const ux = UNIT_X[k];
        const uy = UNIT_Y[k];
        const along = Math.abs(ux * fromX + uy * fromY) + Math.abs(ux * gx[to] + uy * gy[to]);
        const share = here[to] + (WEIGHT_DIRECTION / 2) * along;
        const reached = price + LENGTHS[k] * (LENGTH_COST + Math.floor(share * (STEPS - 1) + 0.5));
        if (reached >= cost[to]) continue;
        cost[to] = reached;
        before[to] = from;
        waiting[reached % (MOST + 1)].push(to);
        left++;
      }
    }
  }
  return { width, before };
}

/**
 * The way from the start of the wires to a pixel, both included.
 * @param {Wires} wires
 * @param {number} x
 * @param {number} y
 * @returns {{x: number, y: number}[]}
 */
export function wireTo({ width, before }, x, y) {
  const points = [];
  for (let at = y * width + x; at >= 0; at = before[at])
    points.push({ x: at % width, y: Math.floor(at / width) });
  return points.reverse();
}

/**
 * The strongest edge near a pixel; the pixel itself where nothing is stronger.
 * @param {EdgeMap} edges
 * @param {number} x
 * @param {number} y
 * @param {number} reach  pixels
 */
export function strongestNear({ width, height, strength }, x, y, reach) {
  let best = { x, y };
  let most = strength[y * width + x];
  for (let v = Math.max(0, y - reach); v <= Math.min(height - 1, y + reach); v++) {
    for (let u = Math.max(0, x - reach); u <= Math.min(width - 1, x + reach); u++) {
      if (Math.hypot(u - x, v - y) > reach || strength[v * width + u] <= most) continue;
      most = strength[v * width + u];
      best = { x: u, y: v };
    }
  }
  return best;
}
