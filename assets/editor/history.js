/**
 * Undo and redo, one entry per stroke. An entry holds the runs of pixels that changed, with the class before and
 * after: a few kilobytes for a brush stroke, whatever the size of the picture.
 */

/**
 * @typedef {import("./raster/rect.js").Rect} Rect
 *
 * @typedef {object} Patch
 * @property {string} label         what was done, for people
 * @property {Rect|null} rect       the tight rectangle around all changed pixels; null: only the seeds changed
 * @property {Uint32Array} starts   index of each run's first pixel
 * @property {Uint32Array} lengths  pixels in each run
 * @property {Uint16Array} classes  class before * 256 + class after
 * @property {boolean} [byHand]      painted by a person, pixel by pixel
 * @property {import("./tools/outline.js").Outline} [outline]  the polygon that was filled
 * @property {import("./smart/session.js").Refinement} [refinement]  the Smart tool's seeds before and after
 */

const BYTES_PER_RUN = 10;
const DEFAULT_LIMIT_BYTES = 128 * 2 ** 20;

/**
 * The difference between two masks inside a rectangle, or null where there is none.
 * @param {Uint8Array} before  begins at a multiple of 4 bytes in its buffer, as every array of its own does
 * @param {Uint8Array} after   likewise, same length
 * @param {number} width  of the image, in pixels
 * @param {Rect} rect
 * @param {string} label
 * @returns {Patch|null}
 */
export function makePatch(before, after, width, rect, label) {
  const seek = differenceFinder(before, after);
  /** @type {number[]} */
  const starts = [];
  /** @type {number[]} */
  const lengths = [];
  /** @type {number[]} */
  const classes = [];
  const tight = { x0: rect.x1, y0: rect.y1, x1: rect.x0, y1: rect.y0 };
  for (let y = rect.y0; y < rect.y1; y++) {
    const rowStart = y * width;
    const end = rowStart + rect.x1;
    let start = seek(rowStart + rect.x0, end);
    if (start === end) continue;
    tight.x0 = Math.min(tight.x0, start - rowStart);
    tight.y0 = Math.min(tight.y0, y);
    tight.y1 = y + 1;
    while (start < end) {
      const was = before[start];
      const is = after[start];
      let stop = start + 1;
      while (stop < end && before[stop] === was && after[stop] === is) stop++;
      starts.push(start);
      lengths.push(stop - start);
      classes.push(was * 256 + is);
      tight.x1 = Math.max(tight.x1, stop - rowStart);
      start = seek(stop, end);
    }
  }
  if (starts.length === 0) return null;
  return {
    label,
    rect: tight,
    starts: Uint32Array.from(starts),
    lengths: Uint32Array.from(lengths),
    classes: Uint16Array.from(classes),
  };
}

/**
 * A search for the first index from `i` on at which two arrays differ, `end` if they do not: four pixels at a
 * time, because most of a dirty rectangle is unchanged.
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 * @returns {(i: number, end: number) => number}
 */
function differenceFinder(a, b) {
  const wordsA = new Uint32Array(a.buffer, a.byteOffset, a.length >> 2);
  const wordsB = new Uint32Array(b.buffer, b.byteOffset, b.length >> 2);
  return (i, end) => {
    while (i < end && i & 3 && a[i] === b[i]) i++;
    if (!(i & 3)) {
      let word = i >> 2;
      const lastWord = end >> 2;
      while (word < lastWord && wordsA[word] === wordsB[word]) word++;
      i = Math.max(i, word << 2);
    }
    while (i < end && a[i] === b[i]) i++;
    return i;
  };
}

/**
 * Write one side of a patch into a mask.
 * @param {Uint8Array} mask
 * @param {Patch} patch
 * @param {"before"|"after"} side
 */
export function applyPatch(mask, { starts, lengths, classes }, side) {
  const shift = side === "before" ? 8 : 0;
  for (let k = 0; k < starts.length; k++) {
    mask.fill((classes[k] >> shift) & 255, starts[k], starts[k] + lengths[k]);
  }
}

/** Two stacks of patches with a limit on memory: the oldest entries go first, the newest always stays. */
export class History {
  /** @type {Patch[]} */
  #done = [];
  /** @type {Patch[]} */
  #undone = [];
  #bytes = 0;

  /** @param {number} [limitBytes] */
  constructor(limitBytes = DEFAULT_LIMIT_BYTES) {
    this.limitBytes = limitBytes;
  }

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  /** What can be undone, oldest first. @returns {readonly Patch[]} */
  get entries() {
    return this.#done;
  }

  /** @param {Patch} patch */
  push(patch) {
    for (const dropped of this.#undone) this.#bytes -= sizeOf(dropped);
    this.#undone = [];
    this.#done.push(patch);
    this.#bytes += sizeOf(patch);
    let excess = 0;
    while (this.#bytes > this.limitBytes && excess < this.#done.length - 1) {
      this.#bytes -= sizeOf(this.#done[excess++]);
    }
    this.#done.splice(0, excess);
  }

  /** The patch whose "before" is to be written, or null. */
  undo() {
    return move(this.#done, this.#undone);
  }

  /** The patch whose "after" is to be written, or null. */
  redo() {
    return move(this.#undone, this.#done);
  }

  clear() {
    this.#done = [];
    this.#undone = [];
    this.#bytes = 0;
  }
}

/** @param {Patch} patch */
const sizeOf = (patch) => patch.starts.length * BYTES_PER_RUN;

/**
 * @param {Patch[]} from
 * @param {Patch[]} to
 * @returns {Patch|null}
 */
function move(from, to) {
  const patch = from.pop();
  if (!patch) return null;
  to.push(patch);
  return patch;
}
