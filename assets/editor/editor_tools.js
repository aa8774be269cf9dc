/** The tools of the editor and what they are set to: brush, class, options. The editor adds picture, mask and input. */
import { classForDigit, cssColourOf } from "./classes.js";
import { EditorView } from "./editor_view.js";
import { nextCount } from "./tools/superpixel.js";
import { Toolbox } from "./tools/tools.js";
import { Workbench } from "./workbench.js";

/**
 * @typedef {import("./raster/brush.js").Brush} Brush
 * @typedef {import("./classes.js").ClassInfo} ClassInfo
 */

export class EditorTools extends EditorView {
  /**
   * @param {HTMLElement} host
   * @param {boolean} readOnly
   */
  constructor(host, readOnly) {
    super(host);
    this.readOnly = readOnly;
    /** @type {ClassInfo[]} */
    this.classes = [];
    this.renderer.paintOverlay = (context, viewport) => this.toolbox.current.paint(context, viewport);
    /** @protected */
    this.bench = new Workbench(this.viewport, {
      touched: (rect) => this.renderer.invalidateMask(rect),
      committed: (patch, kind) => this.committed(patch, kind),
      redraw: () => this.renderer.invalidate("overlay"),
      say: (text) => this.emit("message", { text }),
      cssColour: (index) => cssColourOf(this.classes, index),
      preview: (mask, rect) => this.renderer.setPreview(mask, rect),
      refining: (isRefining, isPending) => this.showRefining(isRefining, isPending),
      pixels: (rect, width, height) => this.renderer.pixels(rect, width, height),
    });
    /** @protected */
    this.toolbox = new Toolbox(this.bench, readOnly ? "pan" : "brush", (name) => this.setTool(name));
  }

  /** @param {import("./tools/tools.js").ToolName} _name */
  setTool(_name) {}

  /** @param {number|null} _superpixels */
  setSuperpixelCount(_superpixels) {}

  /** @returns {Readonly<Brush>} */
  get brush() {
    return this.bench.brush;
  }

  /** @param {Partial<Brush>} changes  size in image pixels, rounded and kept within 1..500 */
  setBrush(changes) {
    this.bench.setBrush(changes);
    this.renderer.invalidate("overlay");
    this.emit("optionschange");
  }

  /** Make the brush about a tenth larger or smaller, or the superpixels while they are the tool. @param {1|-1} direction */
  stepBrush(direction) {
    if (this.toolbox.name === "superpixel") {
      this.setSuperpixelCount(nextCount(this.options.superpixels, direction));
      return;
    }
    const { size } = this.brush;
    this.setBrush({ size: size + direction * Math.max(1, Math.round(size / 10)) });
  }

  get activeClass() {
    return this.bench.activeClass;
  }

  /** @param {number} index */
  setActiveClass(index) {
    this.bench.setActiveClass(index);
    if (this.view.shownClass !== null) this.setView({ shownClass: index });
    this.renderer.invalidate("overlay");
    this.emit("classchange", { classIndex: index });
  }

  /** Change between the active class and background. */
  swapClass() {
    this.setActiveClass(this.bench.otherClass);
  }

  /** @param {number} digit 1..19, from 10 on with Shift: the class of that hotkey, else counting classes other than background */
  chooseClass(digit) {
    this.setActiveClass(classForDigit(this.classes, digit)?.index ?? this.activeClass);
  }

  get options() {
    return this.bench.options;
  }

  /** @param {import("./workbench.js").OptionChanges} changes */
  setOptions(changes) {
    if ("onlyBackground" in changes) {
      this.toolbox.smart.settle();
      this.toolbox.smart.session.reset(); // the mask was made with the other option
    }
    this.bench.setOptions(changes);
    if ("isMagnetic" in changes || "superpixels" in changes) this.emit("habitchange");
    this.toolbox.current.refresh();
    this.emit("optionschange");
  }

  /** What the tool Clean up does, and how many pieces go. */
  get cleanup() {
    const { settings, leastPx, count } = this.toolbox.cleanup;
    return { ...settings, leastPx, count };
  }

  /** @param {Partial<import("./tools/cleanup.js").CleanupSettings>} changes */
  setCleanup(changes) {
    this.toolbox.cleanup.change(changes);
    this.emit("optionschange");
  }

  /**
   * The mask has changed.
   * @param {import("./history.js").Patch} _patch
   * @param {import("./workbench.js").ChangeKind} _kind
   * @protected
   */
  committed(_patch, _kind) {}

  /**
   * @param {boolean} _isRefining
   * @param {boolean} _isPending
   * @protected
   */
  showRefining(_isRefining, _isPending) {}
}
