/** Lasso: draw around an area with the pointer down; releasing it fills the area. */
import { fillPolygon } from "../raster/polygon.js";
import { outlineOf, shadeArea, strokeMark } from "./marks.js";
import { Tool } from "./tool.js";

/** @typedef {import("./tool.js").Point} Point */

/** Points closer together than this are left out. */
const MIN_STEP_PX = 0.25;

export class LassoTool extends Tool {
  /** @type {Point[]} */
  #points = [];
  #value = 0;

  get label() {
    return "Lasso";
  }

  press(/** @type {Point} */ point, /** @type {boolean} */ erases) {
    this.#value = erases ? 0 : this.bench.activeClass;
    this.#points = [point];
  }

  drag(/** @type {Point[]} */ points) {
    for (const point of points) {
      const last = this.#points[this.#points.length - 1];
      if (!last || Math.hypot(point.x - last.x, point.y - last.y) >= MIN_STEP_PX) this.#points.push(point);
    }
    this.bench.redraw();
  }

  release(/** @type {Point} */ point) {
    this.drag([point]);
    const outline = this.#points;
    this.#points = [];
    this.bench.change(this.#value, (raster, value, protect) => fillPolygon(raster, outline, value, protect));
    this.bench.commit(this.label);
    this.bench.redraw();
  }

  cancel() {
    this.#points = [];
    super.cancel();
  }

  paint(
    /** @type {CanvasRenderingContext2D} */ context,
    /** @type {import("./tool.js").Viewport} */ viewport,
  ) {
    if (this.#points.length < 2) return;
    const path = outlineOf(this.#points, viewport);
    const colour = this.#value === 0 ? "#ffffff" : this.bench.cssColour(this.#value);
    shadeArea(context, path, colour);
    strokeMark(context, path, colour, viewport.pixelRatio);
  }
}
