/**
 * Clean up: pieces below a size go to what surrounds them. It previews at once; Enter, a click or whatever comes
 * next applies the change as one step, Esc drops it. Then the tool before it is current again.
 */
import { makePatch } from "../history.js";
import { Pieces } from "../raster/pieces.js";
import { fullRect } from "../raster/rect.js";
import { Tool } from "./tool.js";

/**
 * @typedef {object} CleanupSettings
 * @property {number} share    of the picture's area; smaller pieces go
 * @property {boolean} specks  pieces of classes go
 * @property {boolean} holes   pieces of background go
 */

export const DEFAULT_SHARE = 0.001; // as proposals are made

export class CleanupTool extends Tool {
  #leave;
  /** Of the mask as it was when the tool was chosen. @type {Pieces|null} */
  #pieces = null;
  /** Of the document at that moment. */
  #revision = 0;
  /** @type {Uint8Array|null} */
  #preview = null;

  /**
   * @param {import("./tool.js").Bench} bench
   * @param {() => void} leave  makes the tool before it current again
   */
  constructor(bench, leave) {
    super(bench);
    this.#leave = leave;
    this.cursor = "default";
    /** @type {Readonly<CleanupSettings>} */
    this.settings = { share: DEFAULT_SHARE, specks: true, holes: true };
    /** Pieces that go. */
    this.count = 0;
  }

  get label() {
    return "Clean up";
  }

  get isPending() {
    return this.#pieces !== null;
  }

  get canRemove() {
    return false;
  }

  /** Pieces with fewer pixels go. */
  get leastPx() {
    const { document } = this.bench;
    return document ? this.settings.share * document.width * document.height : 0;
  }

  enter() {
    const { document } = this.bench;
    if (!document) {
      queueMicrotask(() => this.#leave());
      return;
    }
    this.#revision = document.revision;
    this.#pieces = new Pieces(document.mask, document.width, document.height);
    this.refresh();
  }

  /** @param {Partial<CleanupSettings>} changes */
  change(changes) {
    this.settings = { ...this.settings, ...changes };
    this.refresh();
  }

  /** Preview the mask with the present settings, locks and options. */
  refresh() {
    const { document, options } = this.bench;
    if (!document || !this.#pieces) return;
    const { specks, holes } = this.settings;
    const stays = new Uint8Array(256);
    if (!specks || options.onlyBackground) stays.fill(1, 1);
    if (!holes) stays[0] = 1;
    for (const index of options.lockedClasses) stays[index] = 1;
    const { mask, count } = this.#pieces.without(this.leastPx, stays);
    this.count = count;
    this.#preview = count ? mask : null;
    const rect = fullRect(document.width, document.height);
    const patch = count ? makePatch(document.mask, mask, document.width, rect, "") : null;
    this.bench.preview(this.#preview, patch?.rect ?? null);
    this.bench.reportRefining(false, true);
  }

  press() {
    // After the press has been handled: another tool is current then.
    queueMicrotask(() => this.confirm());
  }

  confirm() {
    this.settle();
  }

  settle() {
    // The answer to the last click of the Smart tool came meanwhile.
    if (this.#pieces && this.bench.document?.revision !== this.#revision) this.enter();
    const preview = this.#preview;
    this.#end();
    if (preview) {
      this.bench.change(0, (raster) => {
        raster.mask.set(preview);
        return fullRect(raster.width, raster.height);
      });
      this.bench.commit(this.label);
    }
    this.#leave();
  }

  cancel() {
    this.#end();
    this.#leave();
  }

  undoStep() {
    this.cancel();
    return true;
  }

  #end() {
    this.#pieces = null;
    this.#preview = null;
    this.bench.preview(null, null);
    this.bench.reportRefining(false, false);
  }
}
