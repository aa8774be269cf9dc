/**
 * The mask editor: one picture, one `Uint8Array` of class indices, and the tools to correct it.
 *
 * The page owns loading and saving; the editor fetches nothing and listens for keys only where it is asked to
 * (`handleKey`, `attachKeys`). Its events are described in `editor_view.js`.
 */
import { firstClass } from "./classes.js";
import { EditorTools } from "./editor_tools.js";
import { HoverReporter, describePoint } from "./hover.js";
import { Keyboard } from "./keyboard.js";
import { MaskDocument } from "./mask_document.js";
import { PointerInput } from "./pointer.js";
import { boundsOf } from "./raster/region.js";
import { decodePicture } from "./render/picture.js";
import { observeDevicePixels } from "./stage.js";
import { makeToolbar } from "./ui/toolbar.js";

/**
 * @typedef {import("./tools/tools.js").ToolName} ToolName
 */

const NO_MASK = new Uint8Array(0);

export class MaskEditor extends EditorTools {
  /** Tells overlapping loads apart. */
  #loads = 0;
  #keyboard;
  #hovered;
  #pointer;
  #unobserve;

  /**
   * @param {HTMLElement} host  the editor fills it and follows its size
   * @param {{readOnly?: boolean}} [options]
   */
  constructor(host, { readOnly = false } = {}) {
    super(host, readOnly);
    /** @type {number|null} */
    this.id = null;
    this.#keyboard = new Keyboard(this, () => this.#updateCursor());
    this.#hovered = new HoverReporter((point) => {
      this.emit("hover", describePoint(point, this, this.renderer.heat?.heat ?? null));
    });
    this.#pointer = new PointerInput(this.stage, this.viewport, {
      pans: () => this.#keyboard.isSpaceDown || this.toolbox.current.pans,
      canPaint: () => this.canPaint(),
      press: (point, erases, modifiers) => this.toolbox.current.press(point, erases, modifiers),
      drag: (points) => this.toolbox.current.drag(points),
      release: (point) => this.toolbox.current.release(point),
      abort: () => this.toolbox.current.cancel(),
      hover: (point) => {
        this.toolbox.current.hover(point);
        this.#hovered.moveTo(point);
      },
      doubleClick: () => this.toolbox.current.confirm(),
      viewportMoved: () => this.viewportMoved(),
      blurred: () => this.#keyboard.release(),
    });
    this.#unobserve = observeDevicePixels(this.stage, (width, height, ratio) => {
      this.viewport.resize(width, height, ratio);
      this.renderer.resize();
      this.viewportMoved();
    });
    this.#updateCursor();
    /** Made once; the page puts it where it belongs. */
    this.toolbar = makeToolbar(this);
  }

  // ---------------------------------------------------------------- picture and mask

  /** The live mask: class indices, row-major. Read it, never write it; empty before the first `load`. */
  get mask() {
    return this.bench.document?.mask ?? NO_MASK;
  }

  get width() {
    return this.bench.document?.width ?? 0;
  }

  get height() {
    return this.bench.document?.height ?? 0;
  }

  /** Counts committed changes since `load`, undo and redo included. */
  get revision() {
    return this.bench.document?.revision ?? 0;
  }

  /**
   * Show a picture and its mask. A stroke in progress is first committed to the previous picture; of two
   * overlapping calls, the later one wins.
   * @param {import("./render/picture.js").Item} item
   * @throws {RangeError} when the mask has another size or a colour cannot be read
   */
  async load({ id, width, height, image, mask = null, classes, activeClass }) {
    const turn = ++this.#loads;
    this.emit("busy", { busy: true });
    try {
      await decodePicture(image);
      if (turn !== this.#loads) return;
      this.settle();
      const document = new MaskDocument(width, height, mask);
      this.renderer.open(document, image, classes);
      this.bench.open(document);
      this.toolbox.smart.session.reset();
      this.id = id;
      this.classes = classes;
      this.viewport.setImage(width, height, { keepsZoom: this.keepsZoom });
      this.overview.open(image);
    } finally {
      if (turn === this.#loads) this.emit("busy", { busy: false });
    }
    this.setActiveClass(activeClass ?? firstClass(classes, this.activeClass));
    this.#showGuides();
    this.emit("historychange");
    this.viewportMoved();
  }

  /**
   * Replace the whole mask, for instance by an older revision.
   * @param {Uint8Array} mask  copied
   * @param {{undoable?: boolean, label?: string}} [options]  not undoable: history is cleared, no `stroke` event
   * @throws {RangeError} when the mask has another size
   */
  setMask(mask, { undoable = true, label = "Replace mask" } = {}) {
    this.settle();
    this.bench.replace(mask, { undoable, label });
    this.toolbox.smart.session.reset();
    this.emit("historychange");
  }

  get canUndo() {
    return this.toolbox.current.isPending || (this.bench.document?.history.canUndo ?? false);
  }

  get canRedo() {
    return this.bench.document?.history.canRedo ?? false;
  }

  /** Undo the last change; with a polygon in progress, its last corner. */
  undo() {
    if (this.toolbox.current.undoStep()) return;
    this.settle();
    this.bench.undo();
  }

  redo() {
    this.settle();
    this.bench.redo();
  }

  /** A stroke or a pan is in progress. */
  get isPointerDown() {
    return this.#pointer.mode !== "idle";
  }

  /**
   * End the stroke in progress and apply the change of the Smart tool; an unfinished polygon is discarded. Every
   * change from outside calls this first.
   */
  settle() {
    this.#pointer.finish();
    this.toolbox.settle();
  }

  // ---------------------------------------------------------------- heatmap and superpixels

  /**
   * Give a class to all pixels where the heatmap, bilinear at full resolution, reaches the threshold.
   * @param {number} classIndex  class to paint, normally that of the heatmap
   * @param {number} threshold   0..1
   * @param {{replace?: boolean}} [options]  replace: pixels of the class below it become background
   */
  thresholdToMask(classIndex, threshold, { replace = false } = {}) {
    this.settle();
    const heat = this.renderer.heat?.heat;
    if (!heat) this.emit("message", { text: "No heatmap is shown; choose a class with a heatmap first." });
    else if (this.canPaint()) {
      this.bench.paintHeat(heat, classIndex, threshold, replace);
      this.toolbox.smart.session.reset();
    }
  }

  /**
   * @param {Uint16Array|Uint32Array|null} labels  superpixel of each pixel, counted from 0; null: not loaded
   * @throws {RangeError} when the array has another size
   */
  setSuperpixels(labels) {
    this.bench.setSuperpixels(labels);
    this.#showGuides();
  }

  // ---------------------------------------------------------------- tools

  get tool() {
    return this.toolbox.name;
  }

  /**
   * @param {ToolName} name
   * @throws {RangeError} when there is no such tool
   */
  setTool(name) {
    this.toolbox.require(name);
    if (this.readOnly || name === this.tool) return;
    this.settle();
    this.toolbox.current.hover(null);
    this.toolbox.choose(name);
    this.toolbox.current.hover(this.#hovered.point);
    if (name === "cleanup") this.canPaint(); // its preview is seen
    this.toolbox.current.enter();
    this.#updateCursor();
    this.#showGuides();
    this.renderer.invalidate("overlay");
    this.emit("toolchange", { tool: name });
  }

  /** Grow or shrink the active class by a pixel, or smooth its outline. @param {import("./workbench.js").Reshaping} how */
  reshape(how) {
    this.settle();
    if (this.canPaint()) this.bench.reshape(how);
  }

  /** Show what is selected, else the pixels of the active class, as large as possible. */
  zoomToSelection() {
    const { document } = this.bench;
    const rect = this.toolbox.move.selected?.rect ?? (document && boundsOf(document, this.activeClass));
    if (!rect) {
      this.emit("message", { text: "The current class has no pixel in this picture; choose one that has." });
      return;
    }
    this.viewport.show(rect);
    this.viewportMoved();
  }

  /** Move the selected region by whole pixels. @param {number} dx @param {number} dy @returns {boolean} whether there is one */
  nudge(dx, dy) {
    return this.tool === "move" && this.canPaint() && this.toolbox.move.nudge(dx, dy);
  }

  /**
   * Ask for superpixels of another size.
   * @param {number|null} superpixels  about so many in the picture; null: in proportion to it
   */
  setSuperpixelCount(superpixels) {
    this.setOptions({ superpixels });
    if (this.bench.document) this.setSuperpixels(null);
  }

  /** Close the polygon, or apply the change of the Smart tool. @returns {boolean} whether there was anything */
  confirmTool() {
    return this.toolbox.withPending((tool) => tool.confirm());
  }

  /** @returns {boolean} whether there was a polygon to shorten or a seed to delete */
  removeLastPoint() {
    const { current } = this.toolbox;
    if (!current.canRemove) return false;
    current.removeLast();
    return true;
  }

  /** Discard the stroke, the polygon or the Smart tool's change in progress. @returns {boolean} whether there was one */
  cancelTool() {
    if (this.#pointer.mode === "paint") {
      this.#pointer.abort();
      return true;
    }
    return this.toolbox.withPending((tool) => tool.cancel());
  }

  // ---------------------------------------------------------------- Smart tool

  /** @param {import("./smart/session.js").Refine} refine  asks the engine */
  setRefine(refine) {
    this.bench.refine = refine;
  }

  /** Of the Smart tool so far, in order. */
  get seeds() {
    return this.toolbox.smart.session.seeds;
  }

  /** Whether the Smart tool's engine is computing a change. */
  get isRefining() {
    return this.toolbox.smart.session.isRefining;
  }

  /** Wait for the engine, then apply its change. @returns {Promise<boolean>} whether there was one */
  async finishRefining() {
    const { revision } = this;
    await this.toolbox.smart.session.idle();
    this.settle();
    return this.revision !== revision;
  }

  /** Restart from the heatmaps, keeping the seeds. @param {number} threshold */
  smartFromHeat(threshold) {
    if (!this.canPaint()) return;
    this.setTool("smart");
    this.toolbox.smart.startFromHeat(threshold);
  }

  // ---------------------------------------------------------------- keys and life

  /**
   * React to a key. Call it for keydown and keyup (Space is held), before the page's own keys.
   * @param {KeyboardEvent} event
   * @returns {boolean} handled: the page should leave it alone; its default is already prevented
   */
  handleKey(event) {
    return this.#keyboard.handle(event);
  }

  /** Handle the keys of a page without keys of its own. @param {EventTarget} target */
  attachKeys(target) {
    this.#keyboard.attach(target);
  }

  /** Commit what is in progress, then remove everything from the page. */
  destroy() {
    this.#loads++;
    this.settle();
    this.#keyboard.destroy();
    this.#pointer.destroy();
    this.#hovered.destroy();
    this.#unobserve();
    this.renderer.destroy();
    this.overview.destroy();
    this.stage.parentElement?.remove();
    this.toolbar.remove();
  }

  // ---------------------------------------------------------------- inside

  /**
   * @param {import("./history.js").Patch} patch
   * @param {import("./workbench.js").ChangeKind} kind
   * @protected
   */
  committed({ label, rect, refinement }, kind) {
    if (refinement && (kind === "undo" || kind === "redo"))
      this.toolbox.smart.session.restore(refinement, kind);
    this.emit("stroke", {
      id: this.id,
      label,
      rect,
      revision: this.revision,
      kind,
      step: refinement?.step ?? null,
    });
    this.emit("historychange");
    this.renderer.invalidate("overlay"); // the corners of a polygon come and go with it
  }

  /**
   * @param {boolean} isRefining
   * @param {boolean} isPending
   * @protected
   */
  showRefining(isRefining, isPending) {
    this.stage.classList.toggle("pz-refining", isRefining);
    this.stage.classList.toggle("pz-pending", isPending && !isRefining);
    this.emit("refining", { isRefining, isPending });
  }

  /** Show a hidden mask and class, so that nobody paints blindly. */
  canPaint() {
    if (this.readOnly) this.emit("message", { text: "This picture is open for reading only." });
    else if (!this.view.maskVisible) this.setView({ maskVisible: true });
    if (this.view.hiddenClasses.has(this.activeClass)) this.toggleClass(this.activeClass);
    return !this.readOnly && this.bench.document !== null;
  }

  #updateCursor() {
    this.stage.style.cursor = this.#keyboard.isSpaceDown ? "grab" : this.toolbox.current.cursor;
  }

  /** Superpixel borders are shown while their tool is current. */
  #showGuides() {
    const isCurrent = this.tool === "superpixel";
    this.renderer.segments = isCurrent ? this.bench.segments : null;
    this.renderer.invalidate("guides");
    if (isCurrent && this.bench.document && !this.bench.segments) {
      this.emit("superpixelswanted", { id: this.id, count: this.options.superpixels });
    }
  }

  /** @protected */
  viewportMoved() {
    super.viewportMoved();
    this.#pointer.refreshHover();
  }
}
