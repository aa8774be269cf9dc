/**
 * The work on one mask: brush and class, what is protected, and the change in progress. Tools use it without
 * knowing the editor; the editor uses it without knowing the tools' arithmetic.
 */
import { forEachHeatRow } from "../shared/heatmap.js";
import { fillWhereAtLeast, indexSegments } from "./raster/fill.js";
import { protectTable } from "./raster/raster.js";
import { growClass, shrinkClass, smoothClass } from "./raster/reshape.js";

/**
 * @typedef {import("./mask_document.js").MaskDocument} MaskDocument
 * @typedef {import("./history.js").Patch} Patch
 * @typedef {import("../shared/heatmap.js").Heatmap} Heatmap
 * @typedef {import("../shared/viewport.js").Viewport} Viewport
 * @typedef {import("./raster/rect.js").Rect} Rect
 * @typedef {import("./raster/raster.js").Raster} Raster
 * @typedef {import("./raster/raster.js").ProtectTable} ProtectTable
 * @typedef {import("./raster/brush.js").Brush} Brush
 * @typedef {import("./raster/fill.js").Segments} Segments
 *
 * @typedef {object} Options
 * @property {boolean} onlyBackground     painting a class changes background pixels only
 * @property {Set<number>} lockedClasses  pixels of these classes keep their class
 * @property {boolean} isMagnetic         polygon and lasso follow the edges of the picture
 * @property {number|null} superpixels    about how many in the picture; null: in proportion to it
 *
 * @typedef {Partial<Omit<Options, "lockedClasses">> & {lockedClasses?: Iterable<number>}} OptionChanges
 *
 * @typedef {"stroke"|"undo"|"redo"|"replace"} ChangeKind
 *
 * @typedef {object} WorkbenchHooks
 * @property {(rect: Rect|null) => void} touched  pixels may have changed, perhaps only temporarily
 * @property {(patch: Patch, kind: ChangeKind) => void} committed
 * @property {() => void} redraw                  the tool's marks have changed
 * @property {(text: string) => void} say         a sentence for people
 * @property {(index: number) => string} cssColour
 * @property {(mask: Uint8Array|null, rect: Rect|null) => void} preview  show this mask instead; null: the live one
 * @property {(isRefining: boolean, isPending: boolean) => void} refining  the state of the Smart tool
 * @property {(rect: Rect, width: number, height: number) => ImageData|null} pixels  a part of the picture, in this size
 */

export const MAX_BRUSH_PX = 500;
const SMOOTH_PX = 3;

/** @typedef {keyof typeof RESHAPINGS} Reshaping */
const RESHAPINGS = {
  grow: { run: growClass, label: "Grow", isWriting: true },
  shrink: { run: shrinkClass, label: "Shrink", isWriting: false },
  smooth: {
    run: (/** @type {Raster} */ raster, /** @type {number} */ value, /** @type {ProtectTable} */ protect) =>
      smoothClass(raster, value, protect, SMOOTH_PX),
    label: "Smooth",
    isWriting: true,
  },
};

export class Workbench {
  #hooks;
  #swappedClass = 1;
  /** @type {Uint16Array|Uint32Array|null} */
  #labels = null;
  /** @type {Segments|null} */
  #indexed = null;

  /**
   * @param {Viewport} viewport
   * @param {WorkbenchHooks} hooks
   */
  constructor(viewport, hooks) {
    this.viewport = viewport;
    this.#hooks = hooks;
    /** @type {MaskDocument|null} */
    this.document = null;
    /** @type {Readonly<Brush>} */
    this.brush = { size: 20, shape: "round" };
    this.activeClass = 1;
    /** @type {Readonly<Options>} */
    this.options = { onlyBackground: false, lockedClasses: new Set(), isMagnetic: false, superpixels: null };
    /** Asks the engine behind the Smart tool; the page sets it. @type {import("./smart/session.js").Refine} */
    this.refine = () => Promise.reject(new Error("The Smart tool is not connected to an engine here."));
  }

  /** @param {MaskDocument} document */
  open(document) {
    this.document = document;
    this.setSuperpixels(null);
  }

  /**
   * @param {Partial<Brush>} changes  the size is rounded and kept within 1..MAX_BRUSH_PX
   * @throws {RangeError} when there is no such shape
   */
  setBrush({ size = this.brush.size, shape = this.brush.shape }) {
    if (shape !== "round" && shape !== "square") {
      throw new RangeError(`There is no brush shape "${shape}"; choose round or square.`);
    }
    const whole = Math.round(Number.isFinite(size) ? size : this.brush.size);
    this.brush = { size: Math.min(MAX_BRUSH_PX, Math.max(1, whole)), shape };
  }

  /**
   * @param {number} index
   * @throws {RangeError} when it is not a class index
   */
  setActiveClass(index) {
    if (!Number.isInteger(index) || index < 0 || index > 255) {
      throw new RangeError(`${index} is not a class index; it must be a whole number from 0 to 255.`);
    }
    if (index !== 0) this.#swappedClass = index;
    this.activeClass = index;
  }

  /** The class that X leads to: background, or the last class before it. */
  get otherClass() {
    return this.activeClass === 0 ? this.#swappedClass : 0;
  }

  /** @param {OptionChanges} changes */
  setOptions(changes) {
    const { lockedClasses, ...options } = { ...this.options, ...changes };
    this.options = { ...options, lockedClasses: new Set(lockedClasses) };
  }

  /**
   * @param {Uint16Array|Uint32Array|null} labels one a pixel, counted from 0; null: not loaded
   * @throws {RangeError} when the array has another size
   */
  setSuperpixels(labels) {
    if (labels && labels.length !== this.document?.mask.length) {
      throw new RangeError(
        `The superpixels have ${labels.length} values, the picture has ${this.document?.mask.length ?? 0} pixels; ` +
          "fetch those of this picture.",
      );
    }
    this.#labels = labels;
    this.#indexed = null;
  }

  /** The superpixels with their boxes, null when not loaded. @returns {Segments|null} */
  get segments() {
    if (this.#labels && this.document) {
      // Indexing takes about 100 ms at 12 megapixels, so it waits until somebody uses the tool.
      this.#indexed ??= indexSegments(this.#labels, this.document.width, this.document.height);
    }
    return this.#indexed;
  }

  /**
   * Run a raster function on the live mask; what it changes belongs to the change in progress.
   * @param {number} value class to write
   * @param {(raster: Raster, value: number, protect: ProtectTable) => Rect|null} paint
   */
  change(value, paint) {
    if (!this.document) return;
    const rect = paint(this.document, value, protectTable(this.options, value));
    this.document.touch(rect);
    this.#hooks.touched(rect);
  }

  /**
   * End the change in progress: one entry in the history, unless no pixel differs.
   * @param {string} label
   * @param {{byHand?: boolean, outline?: import("./tools/outline.js").Outline}} [options]  not by hand: the Smart tool
   *   may change it again
   */
  commit(label, { byHand = true, outline } = {}) {
    const patch = this.document?.commit(label, { byHand, outline });
    if (patch) this.#hooks.committed(patch, "stroke");
  }

  /**
   * Apply the change of the Smart tool: always an entry in the history, because the seeds are part of it.
   * @param {Uint8Array} mask
   * @param {import("./smart/session.js").Refinement} refinement
   */
  applyRefined(mask, refinement) {
    const { document } = this;
    if (!document) return;
    document.replace(mask);
    const patch = document.commit("Smart", { refinement });
    if (!patch) return;
    this.#hooks.touched(patch.rect);
    this.#hooks.committed(patch, "stroke");
  }

  /**
   * @param {Uint8Array|null} mask
   * @param {Rect|null} rect  where it differs from the live one
   */
  preview(mask, rect) {
    this.#hooks.preview(mask, rect);
  }

  /**
   * @param {boolean} isRefining
   * @param {boolean} isPending
   */
  reportRefining(isRefining, isPending) {
    this.#hooks.refining(isRefining, isPending);
  }

  /** Undo the change in progress. */
  rollback() {
    this.#hooks.touched(this.document?.rollback() ?? null);
  }

  undo() {
    this.#report(this.document?.undo() ?? null, "undo");
  }

  redo() {
    this.#report(this.document?.redo() ?? null, "redo");
  }

  /**
   * Replace the whole mask.
   * @param {Uint8Array} mask
   * @param {{undoable: boolean, label: string}} options  not undoable: the history is cleared, and nobody is told
   */
  replace(mask, { undoable, label }) {
    const { document } = this;
    if (!document) throw new Error("No picture is loaded; call load() before setMask().");
    document.replace(mask);
    const patch = document.commit(label, { undoable });
    if (!patch) return;
    this.#hooks.touched(patch.rect);
    if (undoable) this.#hooks.committed(patch, "replace");
  }

  /**
   * Give a class to the pixels where the heatmap reaches a threshold.
   * @param {Heatmap} heat
   * @param {number} classIndex
   * @param {number} threshold
   * @param {boolean} replace  pixels of the class below the threshold become background
   */
  paintHeat(heat, classIndex, threshold, replace) {
    this.change(classIndex, (raster, value, protect) =>
      fillWhereAtLeast(
        raster,
        (visit) => forEachHeatRow(heat, raster.width, raster.height, visit),
        threshold,
        value,
        protect,
        { replace },
      ),
    );
    this.commit("Heatmap threshold", { byHand: false });
  }

  /** Grow or shrink the current class by a pixel, or smooth its outline. @param {Reshaping} how */
  reshape(how) {
    const { run, label, isWriting } = RESHAPINGS[how];
    const value = this.activeClass;
    // What a class gives up is written with other classes, which only locks forbid.
    this.change(isWriting ? value : 0, (raster, _, protect) => run(raster, value, protect));
    this.commit(label);
  }

  redraw() {
    this.#hooks.redraw();
  }

  /**
   * A part of the picture.
   * @param {Rect} rect  image pixels
   * @param {number} width  of the answer
   * @param {number} height
   */
  pixels(rect, width, height) {
    return this.#hooks.pixels(rect, width, height);
  }

  /** @param {string} text */
  say(text) {
    this.#hooks.say(text);
  }

  /** @param {number} index */
  cssColour(index) {
    return this.#hooks.cssColour(index);
  }

  /**
   * @param {Patch|null} patch
   * @param {ChangeKind} kind
   */
  #report(patch, kind) {
    if (!patch) return;
    this.#hooks.touched(patch.rect);
    this.#hooks.committed(patch, kind);
  }
}
