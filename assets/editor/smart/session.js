/**
 * One correction by seeds: where it started, the seeds so far, and the one change that is previewed.
 *
 * The engine always gets the mask from before the first seed and all seeds, so that moving or deleting a seed has
 * the same result as never having set it. At most one change is previewed: the next one applies it.
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
 * @typedef {{before: State, after: State, step: Step}} Refinement  what a history entry of this tool holds
 *
 * @typedef {object} RefineRequest  what is sent to the engine
 * @property {Uint8Array} mask   never changed; the same array as long as the correction starts from the same mask
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
 * @property {number} revision         of the document, when the request was sent
 * @property {Uint8Array|null} preview null: being computed
 * @property {Step|null} step
 */

const RETRY_MS = 50;

export class SmartSession {
  #bench;
  #hooks;
  /** What has been applied. @type {State} */
  #applied = { start: null, seeds: [] };
  /** @type {(() => void)[]} */
  #waiting = [];

  /**
   * @param {Bench} bench
   * @param {{isCurrent: () => boolean, changed: () => void}} hooks  changed: seeds, preview or work in progress
   */
  constructor(bench, hooks) {
    this.#bench = bench;
    this.#hooks = hooks;
    /** @type {Pending|null} */
    this.pending = null;
  }

  /** Including those of the previewed change. @returns {readonly Seed[]} */
  get seeds() {
    return (this.pending?.state ?? this.#applied).seeds;
  }

  get isRefining() {
    return this.pending !== null && this.pending.preview === null;
  }

  /**
   * Ask for the mask with other seeds. A previewed change is applied first; a request in progress is cancelled,
   * because its seeds are among the new ones.
   * @param {Seed[]} seeds
   * @param {Start} [start]  another place to start from
   */
  propose(seeds, start) {
    const { document } = this.#bench;
    if (!document) return;
    const before = this.pending?.state.start ?? this.#applied.start;
    this.apply();
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

  /** Apply the previewed change. @returns {boolean} whether there was one */
  apply() {
    const { pending } = this;
    if (!pending?.preview) return false;
    const before = this.#applied;
    this.#applied = pending.state;
    this.#end();
    const refinement = { before, after: this.#applied, step: /** @type {Step} */ (pending.step) };
    this.#bench.applyRefined(pending.preview, refinement);
    return true;
  }

  /** Discard the change that is previewed or being computed. @returns {boolean} whether there was one */
  discard() {
    if (!this.pending) return false;
    this.pending.controller.abort();
    this.#end();
    return true;
  }

  /** Forget all seeds: the mask was replaced, or other options apply. */
  reset() {
    this.#applied = { start: null, seeds: [] };
    if (!this.discard()) this.#hooks.changed();
  }

  /**
   * An entry of the history was undone or redone.
   * @param {Refinement} refinement
   * @param {"undo"|"redo"} direction
   */
  restore(refinement, direction) {
    this.#applied = direction === "undo" ? refinement.before : refinement.after;
    if (!this.discard()) this.#hooks.changed();
  }

  /** Resolves when no request is in progress. @returns {Promise<void>} */
  idle() {
    return this.isRefining ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve();
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
        // The person went on painting with another tool.
        setTimeout(() => this.pending === pending && this.#ask(pending), RETRY_MS);
        return;
      }
      pending.preview = mask.slice();
      if (rect) paste(pending.preview, document.width, rect, pixels);
      pending.step = step;
      this.#show(pending);
    } catch (error) {
      if (this.pending !== pending) return; // cancelled, or replaced by a newer request
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
    if (!this.#hooks.isCurrent()) this.apply(); // another tool was chosen meanwhile
    this.#hooks.changed();
    this.#wake();
  }

  /** End the preview or the request in progress. */
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
