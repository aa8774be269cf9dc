/**
 * The connected pieces of a mask, and the mask without the small ones: specks disappear, holes are filled. The
 * same arithmetic as `trainer/masks/pieces.py`, where it is described.
 */
import { VOID } from "./raster.js";

/**
 * @typedef {object} Runs  maximal runs of one class in a row, in reading order
 * @property {Int32Array} starts   index of each run's first pixel
 * @property {Int32Array} ends     index behind its last pixel
 * @property {Int32Array} rows     number of the first run of each row, and behind them the number of runs
 */

export class Pieces {
  #mask;
  #runs;
  /** The piece of each run. */
  #pieces;
  /** The class of each piece. */
  #labels;
  /** Pixels of each piece. */
  #areas;
  /** Pairs of pieces that touch: a, b and the sides of pixels that they share. */
  #contacts;

  /**
   * Pixels are connected through their eight neighbours.
   * @param {Uint8Array} mask  copied
   * @param {number} width
   * @param {number} height
   */
  constructor(mask, width, height) {
    this.#mask = mask.slice();
    this.#runs = runsOf(this.#mask, width, height);
    const joined = joinRuns(this.#mask, this.#runs, width);
    this.#pieces = joined.pieces;
    this.#labels = new Uint8Array(joined.count);
    this.#areas = new Int32Array(joined.count);
    const { starts, ends } = this.#runs;
    for (let run = 0; run < starts.length; run++) {
      this.#labels[joined.pieces[run]] = this.#mask[starts[run]];
      this.#areas[joined.pieces[run]] += ends[run] - starts[run];
    }
    this.#contacts = contactsOf(this.#runs, joined.pieces, width);
  }

  /**
   * The mask without pieces below a size: each goes to the class with which it shares the longest outline.
   * @param {number} leastPx  pieces with fewer pixels are small
   * @param {Uint8Array} stays  256 entries; 1: pieces of this class stay, whatever their size. Void always stays
   * @returns {{mask: Uint8Array, count: number}} the mask, and how many pieces went
   */
  without(leastPx, stays) {
    const labels = this.#labels.slice();
    const isSmall = new Uint8Array(labels.length);
    const gives = new Uint8Array(labels.length);
    for (let piece = 0; piece < labels.length; piece++) {
      const label = labels[piece];
      if (this.#areas[piece] < leastPx && label !== VOID && !stays[label]) isSmall[piece] = 1;
      else if (label !== VOID) gives[piece] = 1;
    }
    let open = this.#contacts.filter(([a, b]) => isSmall[a] || isSmall[b]);
    let count = 0;
    for (;;) {
      const taken = longestOutlines(open, labels, isSmall, gives);
      if (!taken.size) break;
      for (const [piece, label] of taken) {
        labels[piece] = label;
        gives[piece] = 1;
      }
      count += taken.size;
      open = open.filter(([a, b]) => !gives[a] || !gives[b]);
    }
    const mask = this.#mask.slice();
    const { starts, ends } = this.#runs;
    for (let run = 0; run < starts.length; run++) {
      const piece = this.#pieces[run];
      if (isSmall[piece]) mask.fill(labels[piece], starts[run], ends[run]);
    }
    return { mask, count };
  }
}

/**
 * @param {Uint8Array} mask
 * @param {number} width
 * @param {number} height
 * @returns {Runs}
 */
function runsOf(mask, width, height) {
  let count = 0;
  for (let y = 0; y < height; y++) {
    const rowStart = y * width;
    for (let x = 0; x < width; x++) {
      if (x === 0 || mask[rowStart + x] !== mask[rowStart + x - 1]) count++;
    }
  }
  const runs = {
    starts: new Int32Array(count),
    ends: new Int32Array(count),
    rows: new Int32Array(height + 1),
  };
  let run = 0;
  for (let y = 0; y < height; y++) {
    runs.rows[y] = run;
    const rowStart = y * width;
    for (let x = 0; x < width; x++) {
      if (x > 0 && mask[rowStart + x] === mask[rowStart + x - 1]) continue;
      if (x > 0) runs.ends[run - 1] = rowStart + x;
      runs.starts[run++] = rowStart + x;
    }
    runs.ends[run - 1] = rowStart + width;
  }
  runs.rows[height] = run;
  return runs;
}

/**
 * Call `visit` for every pair of runs in neighbouring rows that touch.
 * @param {Runs} runs
 * @param {number} width
 * @param {number} reach  1: also across a corner; 0: only along a side
 * @param {(above: number, below: number, sides: number) => void} visit
 */
function forEachTouching({ starts, ends, rows }, width, reach, visit) {
  for (let y = 1; y + 1 < rows.length; y++) {
    let first = rows[y - 1];
    for (let below = rows[y]; below < rows[y + 1]; below++) {
      const start = starts[below] - width - reach;
      const end = ends[below] - width + reach;
      while (first < rows[y] && ends[first] <= start) first++;
      for (let above = first; above < rows[y] && starts[above] < end; above++) {
        visit(above, below, Math.min(ends[above], end) - Math.max(starts[above], start));
      }
    }
  }
}

/**
 * @param {Uint8Array} mask
 * @param {Runs} runs
 * @param {number} width
 * @returns {{pieces: Int32Array, count: number}} the piece of each run, numbered from 0
 */
function joinRuns(mask, runs, width) {
  const parents = Int32Array.from(runs.starts, (_, run) => run);
  const rootOf = (/** @type {number} */ run) => {
    while (parents[run] !== run) run = parents[run] = parents[parents[run]];
    return run;
  };
  forEachTouching(runs, width, 1, (above, below) => {
    if (mask[runs.starts[above]] !== mask[runs.starts[below]]) return;
    const a = rootOf(above);
    const b = rootOf(below);
    parents[Math.max(a, b)] = Math.min(a, b);
  });
  const pieces = new Int32Array(parents.length);
  let count = 0;
  // The root of a piece is its first run, so that it is numbered before the others.
  for (let run = 0; run < parents.length; run++) {
    const root = rootOf(run);
    pieces[run] = root === run ? count++ : pieces[root];
  }
  return { pieces, count };
}

/**
 * @param {Runs} runs
 * @param {Int32Array} pieces
 * @param {number} width
 * @returns {[number, number, number][]}
 */
function contactsOf(runs, pieces, width) {
  /** @type {[number, number, number][]} */
  const contacts = [];
  for (let y = 0; y + 1 < runs.rows.length; y++) {
    for (let run = runs.rows[y] + 1; run < runs.rows[y + 1]; run++)
      contacts.push([pieces[run - 1], pieces[run], 1]);
  }
  forEachTouching(runs, width, 0, (above, below, sides) => {
    if (pieces[above] !== pieces[below]) contacts.push([pieces[above], pieces[below], sides]);
  });
  return contacts;
}

/**
 * The class that each small piece takes in this round.
 * @param {[number, number, number][]} contacts
 * @param {Uint8Array} labels
 * @param {Uint8Array} isSmall
 * @param {Uint8Array} gives
 * @returns {Map<number, number>} by piece
 */
function longestOutlines(contacts, labels, isSmall, gives) {
  /** @type {Map<number, number>} sides by piece * 256 + class */
  const votes = new Map();
  const vote = (/** @type {number} */ piece, /** @type {number} */ other, /** @type {number} */ sides) => {
    if (!isSmall[piece] || gives[piece] || !gives[other]) return;
    const key = piece * 256 + labels[other];
    votes.set(key, (votes.get(key) ?? 0) + sides);
  };
  for (const [a, b, sides] of contacts) {
    vote(a, b, sides);
    vote(b, a, sides);
  }
  /** @type {Map<number, {label: number, sides: number}>} */
  const best = new Map();
  for (const [key, sides] of votes) {
    const label = key % 256;
    const piece = (key - label) / 256;
    const known = best.get(piece);
    if (!known || sides > known.sides || (sides === known.sides && label < known.label))
      best.set(piece, { label, sides });
  }
  return new Map([...best].map(([piece, { label }]) => [piece, label]));
}
