/** Polygon: click corner by corner; Enter, a double click or a click on the first corner fills it. */
import { fillPolygon } from "../raster/polygon.js";
import { outlineOf, shadeArea, strokeMark } from "./marks.js";
import { Tool } from "./tool.js";

/** @typedef {import("./tool.js").Point} Point */

/** CSS pixels around the first corner within which a click closes the polygon. */
const CLOSE_RADIUS_PX = 9;
/** Two clicks within this are one: the second half of a double click. */
const SAME_RADIUS_PX = 3;
const CORNER_PX = 3.5;

export class PolygonTool extends Tool {
  /** @type {Point[]} */
  #corners = [];
  /** @type {Point|null} */
  #pointer = null;
  #erases = false;

  get label() {
    return "Polygon";
  }

  get isPending() {
    return this.#corners.length > 0;
  }

  press(/** @type {Point} */ point, /** @type {boolean} */ erases) {
    this.#pointer = point;
    if (this.#corners.length === 0) this.#erases = erases;
    if (this.#closesAt(point)) {
      this.confirm();
      return;
    }
    const last = this.#corners[this.#corners.length - 1];
    if (!last || this.#screenDistance(point, last) >= SAME_RADIUS_PX) this.#corners.push(point);
    this.bench.redraw();
  }

  drag(/** @type {Point[]} */ points) {
    this.hover(points[points.length - 1]);
  }

  confirm() {
    const outline = this.#corners;
    this.#corners = [];
    this.bench.redraw();
    if (outline.length < 3) {
      if (outline.length > 1) this.bench.say("A polygon needs at least three corners.");
      return;
    }
    this.bench.change(this.#value(), (raster, value, protect) =>
      fillPolygon(raster, outline, value, protect),
    );
    this.bench.commit(this.label);
  }

  undoStep() {
    const { isPending } = this;
    if (isPending) this.removeLast();
    return isPending;
  }

  removeLast() {
    this.#corners.pop();
    this.bench.redraw();
  }

  cancel() {
    this.#corners = [];
    super.cancel();
  }

  hover(/** @type {Point|null} */ point) {
    this.#pointer = point;
    if (this.isPending) this.bench.redraw();
  }

  paint(
    /** @type {CanvasRenderingContext2D} */ context,
    /** @type {import("./tool.js").Viewport} */ viewport,
  ) {
    if (!this.isPending) return;
    const ratio = viewport.pixelRatio;
    const colour = this.#value() === 0 ? "#ffffff" : this.bench.cssColour(this.#value());
    const closes = this.#pointer !== null && this.#closesAt(this.#pointer);
    const open = this.#pointer && !closes ? [...this.#corners, this.#pointer] : this.#corners;
    const path = outlineOf(open, viewport);
    if (closes) path.closePath();
    shadeArea(context, path, colour);
    strokeMark(context, path, colour, ratio);
    this.#corners.forEach((corner, i) => {
      const { x, y } = viewport.toScreen(corner.x, corner.y);
      const dot = new Path2D();
      dot.arc(x, y, (i === 0 && closes ? 2 : 1) * CORNER_PX * ratio, 0, 2 * Math.PI);
      context.fillStyle = i === 0 ? "#ffffff" : colour;
      strokeMark(context, dot, colour, ratio);
      context.fill(dot);
    });
  }

  #value() {
    return this.#erases ? 0 : this.bench.activeClass;
  }

  /**
   * @param {Point} point
   */
  #closesAt(point) {
    return this.#corners.length >= 3 && this.#screenDistance(point, this.#corners[0]) <= CLOSE_RADIUS_PX;
  }

  /**
   * In CSS pixels: a hand's precision does not depend on the zoom.
   * @param {Point} a
   * @param {Point} b
   */
  #screenDistance(a, b) {
    return Math.hypot(a.x - b.x, a.y - b.y) * this.bench.viewport.zoom;
  }
}
