/**
 * The mask editor: one picture, one `Uint8Array` of class indices, and the tools to correct it.
 *
 * The page owns loading and saving; the editor fetches nothing and listens for keys only where it is asked to
 * (`handleKey`, `attachKeys`). Its events are described in `editor_view.js`.
 */
import { classForDigit, cssColourOf, firstClass } from "./classes.js";
import { EditorView } from "./editor_view.js";
import { HoverReporter, describePoint } from "./hover.js";
import { Keyboard } from "./keyboard.js";
import { MaskDocument } from "./mask_document.js";
import { PointerInput } from "./pointer.js";
import { decodePicture } from "./render/picture.js";
import { observeDevicePixels } from "./stage.js";
import { Toolbox } from "./tools/tools.js";
import { makeToolbar } from "./ui/toolbar.js";
import { Workbench } from "./workbench.js";

/**
 * @typedef {import("./raster/brush.js").Brush} Brush
 * @typedef {import("./classes.js").ClassInfo} ClassInfo
 * @typedef {import("./tools/tools.js").ToolName} ToolName
 */

const NO_MASK = new Uint8Array(0);

export class MaskEditor extends EditorView {
  /** Tells overlapping loads apart. */
  #loads = 0;
  #bench;
  #toolbox;
  #keyboard;
  #hovered;
  #pointer;
  #unobserve;

  /**
   * @param {HTMLElement} host  the editor fills it and follows its size
   * @param {{readOnly?: boolean}} [options]
   */
  constructor(host, { readOnly = false } = {}) {
    super(host);
    this.readOnly = readOnly;
    /** @type {number|null} */
    this.id = null;
    /** @type {ClassInfo[]} */
    this.classes = [];

    this.renderer.paintOverlay = (context, viewport) => this.#toolbox.current.paint(context, viewport);
    this.#bench = new Workbench(this.viewport, {
      touched: (rect) => this.renderer.invalidateMask(rect),
      committed: (patch, kind) => this.#committed(patch, kind),
      redraw: () => this.renderer.invalidate("overlay"),
      say: (text) => this.emit("message", { text }),
      cssColour: (index) => cssColourOf(this.classes, index),
      preview: (mask, rect) => this.renderer.setPreview(mask, rect),
      refining: (isRefining, isPending) => this.#showRefining(isRefining, isPending),
    });
    this.#toolbox = new Toolbox(this.#bench, readOnly ? "pan" : "brush", (name) => this.setTool(name));
    this.#keyboard = new Keyboard(this, () => this.#updateCursor());
    this.#hovered = new HoverReporter((point) => {
      this.emit("hover", describePoint(point, this, this.renderer.heat?.heat ?? null));
    });
    this.#pointer = new PointerInput(this.stage, this.viewport, {
      pans: () => this.#keyboard.isSpaceDown || this.#toolbox.current.pans,
      canPaint: () => this.#canPaint(),
      press: (point, erases, modifiers) => this.#toolbox.current.press(point, erases, modifiers),
      drag: (points) => this.#toolbox.current.drag(points),
      release: (point) => this.#toolbox.current.release(point),
      abort: () => this.#toolbox.current.cancel(),
      hover: (point) => {
        this.#toolbox.current.hover(point);
        this.#hovered.moveTo(point);
      },
      doubleClick: () => this.#toolbox.current.confirm(),
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
    return this.#bench.document?.mask ?? NO_MASK;
  }

  get width() {
    return this.#bench.document?.width ?? 0;
  }

  get height() {
    return this.#bench.document?.height ?? 0;
  }

  /** Counts committed changes since `load`, undo and redo included. */
  get revision() {
    return this.#bench.document?.revision ?? 0;
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
      this.#bench.open(document);
      this.#toolbox.smart.session.reset();
      this.id = id;
      this.classes = classes;
      this.viewport.setImage(width, height);
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
    this.#bench.replace(mask, { undoable, label });
    this.#toolbox.smart.session.reset();
    this.emit("historychange");
  }

  get canUndo() {
    return this.#toolbox.current.isPending || (this.#bench.document?.history.canUndo ?? false);
  }

  get canRedo() {
    return this.#bench.document?.history.canRedo ?? false;
  }

  /** Undo the last change; with a polygon in progress, its last corner. */
  undo() {
    if (this.#toolbox.current.undoStep()) return;
    this.settle();
    this.#bench.undo();
  }

  redo() {
    this.settle();
    this.#bench.redo();
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
    this.#toolbox.settle();
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
    else if (this.#canPaint()) {
      this.#bench.paintHeat(heat, classIndex, threshold, replace);
      this.#toolbox.smart.session.reset();
    }
  }

  /**
   * @param {Uint16Array|Uint32Array|null} labels  superpixel of each pixel, counted from 0; null: not loaded
   * @throws {RangeError} when the array has another size
   */
  setSuperpixels(labels) {
    this.#bench.setSuperpixels(labels);
    this.#showGuides();
  }

  // ---------------------------------------------------------------- tools

  get tool() {
    return this.#toolbox.name;
  }

  /**
   * @param {ToolName} name
   * @throws {RangeError} when there is no such tool
   */
  setTool(name) {
    this.#toolbox.require(name);
    if (this.readOnly || name === this.tool) return;
    this.settle();
    this.#toolbox.current.hover(null);
    this.#toolbox.choose(name);
    this.#toolbox.current.hover(this.#hovered.point);
    if (name === "cleanup") this.#canPaint(); // its preview is seen
    this.#toolbox.current.enter();
    this.#updateCursor();
    this.#showGuides();
    this.renderer.invalidate("overlay");
    this.emit("toolchange", { tool: name });
  }

  /** @returns {Readonly<Brush>} */
  get brush() {
    return this.#bench.brush;
  }

  /** @param {Partial<Brush>} changes  size in image pixels, rounded and kept within 1..500 */
  setBrush(changes) {
    this.#bench.setBrush(changes);
    this.renderer.invalidate("overlay");
    this.emit("optionschange");
  }

  /** Make the brush about a tenth larger or smaller. @param {1|-1} direction */
  stepBrush(direction) {
    const { size } = this.brush;
    this.setBrush({ size: size + direction * Math.max(1, Math.round(size / 10)) });
  }

  get activeClass() {
    return this.#bench.activeClass;
  }

  /** @param {number} index */
  setActiveClass(index) {
    this.#bench.setActiveClass(index);
    if (this.view.shownClass !== null) this.setView({ shownClass: index });
    this.renderer.invalidate("overlay");
    this.emit("classchange", { classIndex: index });
  }

  /** Change between the active class and background. */
  swapClass() {
    this.setActiveClass(this.#bench.otherClass);
  }

  /** Grow or shrink the active class by a pixel, or smooth its outline. @param {import("./workbench.js").Reshaping} how */
  reshape(how) {
    this.settle();
    if (this.#canPaint()) this.#bench.reshape(how);
  }

  /** @param {number} digit 1..19, from 10 on with Shift: the class of that hotkey, else counting classes other than background */
  chooseClass(digit) {
    this.setActiveClass(classForDigit(this.classes, digit)?.index ?? this.activeClass);
  }

  get options() {
    return this.#bench.options;
  }

  /** @param {{onlyBackground?: boolean, lockedClasses?: Iterable<number>}} changes */
  setOptions(changes) {
    if ("onlyBackground" in changes) {
      this.#toolbox.smart.settle();
      this.#toolbox.smart.session.reset(); // the mask was made with the other option
    }
    this.#bench.setOptions(changes);
    this.#toolbox.current.refresh();
    this.emit("optionschange");
  }

  /** What the tool Clean up does, and how many pieces go. */
  get cleanup() {
    const { settings, leastPx, count } = this.#toolbox.cleanup;
    return { ...settings, leastPx, count };
  }

  /** @param {Partial<import("./tools/cleanup.js").CleanupSettings>} changes */
  setCleanup(changes) {
    this.#toolbox.cleanup.change(changes);
    this.emit("optionschange");
  }

  /** Close the polygon, or apply the change of the Smart tool. @returns {boolean} whether there was anything */
  confirmTool() {
    return this.#toolbox.withPending((tool) => tool.confirm());
  }

  /** @returns {boolean} whether there was a polygon to shorten or a seed to delete */
  removeLastPoint() {
    const { current } = this.#toolbox;
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
    return this.#toolbox.withPending((tool) => tool.cancel());
  }

  // ---------------------------------------------------------------- Smart tool

  /** @param {import("./smart/session.js").Refine} refine  asks the engine */
  setRefine(refine) {
    this.#bench.refine = refine;
  }

  /** Of the Smart tool so far, in order. */
  get seeds() {
    return this.#toolbox.smart.session.seeds;
  }

  /** Whether the Smart tool's engine is computing a change. */
  get isRefining() {
    return this.#toolbox.smart.session.isRefining;
  }

  /** Wait for the engine, then apply its change. @returns {Promise<boolean>} whether there was one */
  async finishRefining() {
    const { revision } = this;
    await this.#toolbox.smart.session.idle();
    this.settle();
    return this.revision !== revision;
  }

  /** Restart from the heatmaps, keeping the seeds. @param {number} threshold */
  smartFromHeat(threshold) {
    if (!this.#canPaint()) return;
    this.setTool("smart");
    this.#toolbox.smart.startFromHeat(threshold);
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
    this.stage.parentElement?.remove();
    this.toolbar.remove();
  }

  // ---------------------------------------------------------------- inside

  /**
   * @param {import("./history.js").Patch} patch
   * @param {import("./workbench.js").ChangeKind} kind
   */
  #committed({ label, rect, refinement }, kind) {
    if (refinement && (kind === "undo" || kind === "redo"))
      this.#toolbox.smart.session.restore(refinement, kind);
    this.emit("stroke", {
      id: this.id,
      label,
      rect,
      revision: this.revision,
      kind,
      step: refinement?.step ?? null,
    });
    this.emit("historychange");
  }

  /**
   * @param {boolean} isRefining
   * @param {boolean} isPending
   */
  #showRefining(isRefining, isPending) {
    this.stage.classList.toggle("pz-refining", isRefining);
    this.stage.classList.toggle("pz-pending", isPending && !isRefining);
    this.emit("refining", { isRefining, isPending });
  }

  /** Show a hidden mask, so that nobody paints blindly. */
  #canPaint() {
    if (this.readOnly) this.emit("message", { text: "This picture is open for reading only." });
    else if (!this.view.maskVisible) this.setView({ maskVisible: true });
    return !this.readOnly && this.#bench.document !== null;
  }

  #updateCursor() {
    this.stage.style.cursor = this.#keyboard.isSpaceDown ? "grab" : this.#toolbox.current.cursor;
  }

  /** Superpixel borders are shown while their tool is current. */
  #showGuides() {
    const isCurrent = this.tool === "superpixel";
    this.renderer.segments = isCurrent ? this.#bench.segments : null;
    this.renderer.invalidate("guides");
    if (isCurrent && this.#bench.document && !this.#bench.segments) {
      this.emit("superpixelswanted", { id: this.id });
    }
  }

  /** @protected */
  viewportMoved() {
    super.viewportMoved();
    this.#pointer.refreshHover();
  }
}
