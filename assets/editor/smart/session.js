/**
 * One correction by seeds: where it started, the seeds so far, and the one change that is shown and not yet taken.
 *
 * The engine always gets the mask from before the first seed and all seeds, so that moving one or taking one away
 * is the same as never having set it. At most one change waits: the next one takes it.
 */
import { makePatch } from "../history.js";
import { fullRect } from "../raster/rect.js";
import { composePrior, handWork, protectedRuns } from "./hand_work.js";

/**
 * @typedef {import("./seeds.js").Seed} Seed
 * @typedef {import("../../shared/openapi").Step} Step
 * @typedef {import("../workbench.js").Workbench} Bench
 * @typedef {import("../raster/rect.js").Rect} Rect
 *
 * @typedef {object} Start
 * @property {Uint8Array|null} prior   the mask before the first seed; null: the heatmaps
 * @property {number|null} heatmap     their threshold
 *
 * @typedef {{start: Start|null, seeds: Seed[]}} State
 * @typedef {{before: State, after: State, step: Step}} Memo  what a history entry of this tool remembers
 *
 * @typedef {object} RefineRequest  what the engine is asked
 * @property {Uint8Array} mask   nobody changes it any more; the same array where the correction began with the same
 * @property {Seed[]} seeds
 * @property {number[]} lockedClasses
 * @property {boolean} onlyBackground
 * @property {number[]} protectedRuns
 * @property {number|null} heatmap
 *
 * @typedef {object} Refined
 * @property {Rect|null} rect      where the refined mask differs from the one that was sent
 * @property {Uint8Array} pixels   the refined mask inside it, row by row
 * @property {Step} step           to be stored with the mask
 *
 * @typedef {(request: RefineRequest, signal: AbortSignal) => Promise<Refined>} Refine  rejects with a sentence for people
 *
 * @typedef {object} Pending
 * @property {State} state
 * @property {AbortController} controller
 * @property {number} revision         of the document, when it was asked
 * @property {Uint8Array|null} preview null: the engine is at work
 * @property {Step|null} step
 */

const RETRY_MS = 50;

export class SmartSession {
  #bench;
  #hooks;
  /** What is in the mask. @type {State} */
  #taken = { start: null, seeds: [] };
  /** @type {(() => void)[]} */
  #waiting = [];

  /**
   * @param {Bench} bench
   * @param {{isInHand: () => boolean, changed: () => void}} hooks  changed: seeds, preview or work in progress
   */
  constructor(bench, hooks) {
    this.#bench = bench;
    this.#hooks = hooks;
    /** @type {Pending|null} */
    this.pending = null;
  }

  /** Those of the change that waits included. @returns {readonly Seed[]} */
  get seeds() {
    return (this.pending?.state ?? this.#taken).seeds;
  }

  get isThinking() {
    return this.pending !== null && this.pending.preview === null;
  }

  /**
   * Ask for the mask with other seeds. What is shown is taken first; what the engine is still at is given up,
   * its seeds being among the new ones.
   * @param {Seed[]} seeds
   * @param {Start} [start]  another place to start from
   */
  propose(seeds, start) {
    const { document } = this.#bench;
    if (!document) return;
    const before = this.pending?.state.start ?? this.#taken.start;
    this.take();
    this.pending?.controller.abort();
    this.pending = {
      state: { start: start ?? before ?? { prior: document.mask.slice(), heatmap: null }, seeds },
      controller: new AbortController(),
      revision: document.revision,
      preview: null,
      step: null,
    };
    this.#ask(this.pending);
    this.#hooks.changed();
  }

  /** Put the change that is shown into the mask. @returns {boolean} whether there was one */
  take() {
    const { pending } = this;
    if (!pending?.preview) return false;
    const before = this.#taken;
    this.#taken = pending.state;
    this.#end();
    const memo = { before, after: this.#taken, step: /** @type {Step} */ (pending.step) };
    this.#bench.takeRefined(pending.preview, memo);
    return true;
  }

  /** Give the change up that is shown or being computed. @returns {boolean} whether there was one */
  drop() {
    if (!this.pending) return false;
    this.pending.controller.abort();
    this.#end();
    return true;
  }

  /** Forget all seeds: the mask has become another one, or what holds has changed. */
  reset() {
    this.#taken = { start: null, seeds: [] };
    if (!this.drop()) this.#hooks.changed();
  }

  /**
   * An entry of the history was undone or done again.
   * @param {Memo} memo
   * @param {"undo"|"redo"} direction
   */
  travel(memo, direction) {
    this.#taken = direction === "undo" ? memo.before : memo.after;
    if (!this.drop()) this.#hooks.changed();
  }

  /** Resolves when the engine is not at work. @returns {Promise<void>} */
  idle() {
    return this.isThinking ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve();
  }

  /**
   * @param {Pending} pending
   */
  async #ask(pending) {
    const { document, options } = this.#bench;
    if (!document) return;
    const { start, seeds } = pending.state;
    const flags = handWork(document.history.entries, seeds, document.mask, document.width);
    const prior = start?.prior ?? document.mask.slice();
    const mask = composePrior(prior, document.mask, flags, options.lockedClasses);
    pending.revision = document.revision;
    try {
      const { rect, pixels, step } = await this.#bench.refine(
        {
          mask,
          seeds,
          lockedClasses: [...options.lockedClasses],
          onlyBackground: options.onlyBackground,
          protectedRuns: protectedRuns(flags),
          heatmap: start?.heatmap ?? null,
        },
        pending.controller.signal,
      );
      if (this.pending !== pending) return;
      if (document.revision !== pending.revision || document.isTouched) {
        // With another tool in hand the person went on painting.
        setTimeout(() => this.pending === pending && this.#ask(pending), RETRY_MS);
        return;
      }
      pending.preview = mask.slice();
      if (rect) paste(pending.preview, document.width, rect, pixels);
      pending.step = step;
      this.#show(pending);
    } catch (error) {
      if (this.pending !== pending) return; // given up, or a newer question took its place
      this.#end();
      this.#bench.say(error instanceof Error ? error.message : String(error));
    }
  }

  /**
   * @param {Pending} pending
   */
  #show({ preview }) {
    const { document } = this.#bench;
    if (!document || !preview) return;
    const patch = makePatch(
      document.mask,
      preview,
      document.width,
      fullRect(document.width, document.height),
      "",
    );
    this.#bench.preview(preview, patch?.rect ?? null);
    if (!this.#hooks.isInHand()) this.take(); // it was asked for before another tool was taken up
    this.#hooks.changed();
    this.#wake();
  }

  /** Nothing waits any more. */
  #end() {
    this.pending = null;
    this.#bench.preview(null, null);
    this.#hooks.changed();
    this.#wake();
  }

  #wake() {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/**
 * @param {Uint8Array} mask
 * @param {number} width
 * @param {Rect} rect
 * @param {Uint8Array} pixels
 */
function paste(mask, width, { x0, y0, x1, y1 }, pixels) {
  for (let y = y0; y < y1; y++) {
    const from = (y - y0) * (x1 - x0);
    mask.set(pixels.subarray(from, from + x1 - x0), y * width + x0);
  }
}
