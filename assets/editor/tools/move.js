/**
 * Move: a press selects a connected region of the mask, dragging moves it; what it leaves becomes background.
 * Shift and the arrow keys move it by a pixel, Delete removes it.
 */
import { contains, fillRegion, regionAt, shifted } from "../raster/region.js";
import { unionRect } from "../raster/rect.js";
import { strokeMark } from "./marks.js";
import { Tool } from "./tool.js";

/**
 * @typedef {import("./tool.js").Point} Point
 * @typedef {import("../raster/region.js").Region} Region
 *
 * @typedef {object} Dragging
 * @property {Point} from
 * @property {Region} region   where it was
 * @property {Uint8Array} base  the mask without it
 * @property {boolean} hasMoved
 */

const SHADE = "rgb(255 255 255 / 0.35)";
/** A hand trembles this many CSS pixels without wanting to move anything. */
const STILL_PX = 3;

export class MoveTool extends Tool {
  /** @type {Region|null} */
  #region = null;
  /** The mask that the region was selected in: another one has no selection. */
  #document;
  #revision = 0;
  /** @type {Dragging|null} */
  #dragging = null;

  /** @param {import("./tool.js").Bench} bench */
  constructor(bench) {
    super(bench);
    this.cursor = "move";
    this.#document = bench.document;
  }

  get label() {
    return "Move region";
  }

  get isAdjusting() {
    return this.selected !== null;
  }

  get canRemove() {
    return this.selected !== null;
  }

  /** The selected region; another change of the mask ends the selection. @returns {Region|null} */
  get selected() {
    const { document } = this.bench;
    return document === this.#document && document?.revision === this.#revision ? this.#region : null;
  }

  press(/** @type {Point} */ point) {
    const { document, options } = this.bench;
    if (!document) return;
    const x = Math.floor(point.x);
    const y = Math.floor(point.y);
    const selected = this.selected;
    const region = selected && contains(selected, x, y) ? selected : regionAt(document, x, y);
    this.#select(null);
    if (!region) return;
    if (options.lockedClasses.has(region.value)) {
      this.bench.say("This class is locked in this picture; open its lock to move it.");
      return;
    }
    this.#select(region);
    this.#dragging = { from: point, region, base: this.#without(region), hasMoved: false };
  }

  drag(/** @type {Point[]} */ points) {
    const dragging = this.#dragging;
    if (!dragging) return;
    const { from } = dragging;
    const to = points[points.length - 1];
    dragging.hasMoved ||= Math.hypot(to.x - from.x, to.y - from.y) * this.bench.viewport.zoom > STILL_PX;
    if (dragging.hasMoved) this.#place(dragging, Math.round(to.x - from.x), Math.round(to.y - from.y));
  }

  release() {
    const dragging = this.#dragging;
    this.#dragging = null;
    if (dragging?.hasMoved) this.#commit(this.label);
  }

  /** Move the selected region. @param {number} dx image pixels @param {number} dy @returns {boolean} whether there is one */
  nudge(dx, dy) {
    const region = this.selected;
    if (!region) return false;
    this.#place({ region, base: this.#without(region) }, dx, dy);
    this.#commit(this.label);
    return true;
  }

  removeLast() {
    const region = this.selected;
    if (!region) return;
    this.bench.change(0, (raster, value, protect) => {
      fillRegion(raster, region, value, protect);
      return region.rect;
    });
    this.#commit("Remove region");
    this.#select(null);
  }

  confirm() {
    this.#select(null);
  }

  cancel() {
    this.#region = this.#dragging?.region ?? null;
    if (!this.#dragging) this.#select(null);
    this.#dragging = null;
    super.cancel();
  }

  paint(
    /** @type {CanvasRenderingContext2D} */ context,
    /** @type {import("./tool.js").Viewport} */ viewport,
  ) {
    const region = this.#dragging ? this.#region : this.selected;
    if (!region) return;
    const { rect, spans } = region;
    const { scale, originX, originY } = viewport;
    context.fillStyle = SHADE;
    for (let k = 0; k < spans.length; k += 3) {
      const y = Math.round(originY + spans[k] * scale);
      const below = Math.round(originY + (spans[k] + 1) * scale);
      context.fillRect(
        originX + spans[k + 1] * scale,
        y,
        (spans[k + 2] - spans[k + 1]) * scale,
        Math.max(0, below - y),
      );
    }
    const box = new Path2D();
    const start = viewport.toScreen(rect.x0, rect.y0);
    box.rect(start.x, start.y, (rect.x1 - rect.x0) * scale, (rect.y1 - rect.y0) * scale);
    strokeMark(context, box, this.bench.cssColour(region.value), viewport.pixelRatio);
  }

  /** @param {Region|null} region */
  #select(region) {
    this.#region = region;
    this.#document = this.bench.document;
    this.#revision = this.bench.document?.revision ?? 0;
    this.bench.redraw();
  }

  /** @param {string} label */
  #commit(label) {
    const region = this.#region;
    this.bench.commit(label);
    this.#select(region); // in the mask as it is now
  }

  /** The mask with background in place of a region. @param {Region} region */
  #without(region) {
    const { document, options } = this.bench;
    const mask = document ? document.mask.slice() : new Uint8Array(0);
    if (document) {
      const { width, height } = document;
      const protect = new Uint8Array(256);
      for (const index of options.lockedClasses) protect[index] = 1;
      fillRegion({ mask, width, height }, region, 0, protect);
    }
    return mask;
  }

  /**
   * @param {Pick<Dragging, "region"|"base">} from
   * @param {number} dx
   * @param {number} dy
   */
  #place({ region, base }, dx, dy) {
    const before = this.#region ?? region;
    const moved = shifted(region, dx, dy);
    this.bench.change(region.value, (raster, value, protect) => {
      const { width, height, mask } = raster;
      const changed = unionRect(unionRect(region.rect, before.rect), moved.rect);
      const y0 = Math.max(0, changed?.y0 ?? 0);
      const y1 = Math.min(height, changed?.y1 ?? height);
      mask.set(base.subarray(y0 * width, y1 * width), y0 * width);
      fillRegion(raster, moved, value, protect);
      return changed;
    });
    this.#region = moved;
    this.bench.redraw();
  }
}
