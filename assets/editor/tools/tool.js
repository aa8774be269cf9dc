/**
 * What a tool is. Tools turn pointer movements in image coordinates into raster calls; they own no pixels, no
 * history and no listeners.
 */

/**
 * @typedef {import("../raster/brush.js").Point} Point
 * @typedef {import("../raster/rect.js").Rect} Rect
 * @typedef {import("../../shared/viewport.js").Viewport} Viewport
 * @typedef {import("../workbench.js").Workbench} Bench
 * @typedef {{shift?: boolean, alt?: boolean}} Modifiers  keys that are held
 */

export class Tool {
  /** @param {Bench} bench */
  constructor(bench) {
    this.bench = bench;
    /** The pointer moves the picture instead of painting. */
    this.pans = false;
    this.cursor = "crosshair";
  }

  /** The label of this tool's entries in the history. @returns {string} */
  get label() {
    return "Edit";
  }

  /** Whether something is in progress that goes on after the pointer is released (a polygon). */
  get isPending() {
    return false;
  }

  /** Whether it shows handles of something finished, which Enter and Esc put away. */
  get isAdjusting() {
    return false;
  }

  /**
   * The pointer goes down.
   * @param {Point} _point
   * @param {boolean} _erases  paint background instead of the active class
   * @param {Modifiers} [_modifiers]
   */
  press(_point, _erases, _modifiers) {}

  /** The pointer moves while down. @param {Point[]} _points in order, at least one */
  drag(_points) {}

  /** The pointer goes up, or was lost: what was drawn stays. @param {Point} _point */
  release(_point) {}

  /** Discard what is in progress, pixels included. */
  cancel() {
    this.bench.rollback();
    this.bench.redraw();
  }

  /** The tool was chosen. */
  enter() {}

  /** Locks or other options have changed. */
  refresh() {}

  /** Enter or a double click. */
  confirm() {}

  /** Something else begins: end what goes on after the pointer is released. */
  settle() {
    this.cancel();
  }

  /** Undo while the tool is current. @returns {boolean} whether the tool undid something of its own */
  undoStep() {
    return false;
  }

  /** Whether there is something for Backspace to delete. */
  get canRemove() {
    return this.isPending;
  }

  /** Backspace. */
  removeLast() {}

  /** The pointer is over the picture, or has left it (null). @param {Point|null} _point */
  hover(_point) {}

  /**
   * Draw the tool's marks.
   * @param {CanvasRenderingContext2D} _context  in device pixels
   * @param {Viewport} _viewport
   */
  paint(_context, _viewport) {}
}
