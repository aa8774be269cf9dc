/** Lasso: draw around an area with the pointer down; releasing it fills the area. */
import { fillPolygon } from "../raster/polygon.js";
import { Magnet } from "./magnet.js";
import { outlineOf, shadeArea, strokeMark } from "./marks.js";
import { Tool } from "./tool.js";

/** @typedef {import("./tool.js").Point} Point */

/** Points closer together than this are left out. */
const MIN_STEP_PX = 0.25;
/** The beginning of a magnetic way this long, in CSS pixels, stays where it is ("cooling" in the paper). */
const FIXED_PX = 60;
const FIXED_SHARE = 0.6;

export class LassoTool extends Tool {
  #magnet;
  /** @type {Point[]} */
  #points = [];
  /** With magnetic edges: from the last of the points to the pointer. @type {Point[]} */
  #loose = [];
  #isMagnetic = false;
  #value = 0;

  /** @param {import("./tool.js").Bench} bench */
  constructor(bench) {
    super(bench);
    this.#magnet = new Magnet(bench);
  }

  get label() {
    return "Lasso";
  }

  press(
    /** @type {Point} */ point,
    /** @type {boolean} */ erases,
    /** @type {import("./tool.js").Modifiers} */ { alt = false } = {},
  ) {
    this.#value = erases ? 0 : this.bench.activeClass;
    this.#isMagnetic = this.#magnet.isOn && !alt;
    this.#points = [this.#isMagnetic ? this.#magnet.snap(point) : point];
    this.#loose = [];
  }

  drag(/** @type {Point[]} */ points) {
    if (this.#isMagnetic) this.#followEdges(points[points.length - 1]);
    else {
      for (const point of points) {
        const last = this.#points.at(-1);
        if (!last || Math.hypot(point.x - last.x, point.y - last.y) >= MIN_STEP_PX) this.#points.push(point);
      }
    }
    this.bench.redraw();
  }

  release(/** @type {Point} */ point) {
    this.drag([point]);
    const outline = [...this.#points, ...this.#loose];
    if (this.#isMagnetic) outline.push(...this.#magnet.way(outline[outline.length - 1], outline[0]));
    this.#points = [];
    this.#loose = [];
    this.bench.change(this.#value, (raster, value, protect) => fillPolygon(raster, outline, value, protect));
    this.bench.commit(this.label);
    this.bench.redraw();
  }

  cancel() {
    this.#points = [];
    this.#loose = [];
    super.cancel();
  }

  paint(
    /** @type {CanvasRenderingContext2D} */ context,
    /** @type {import("./tool.js").Viewport} */ viewport,
  ) {
    const points = [...this.#points, ...this.#loose];
    if (points.length < 2) return;
    const path = outlineOf(points, viewport);
    const colour = this.#value === 0 ? "#ffffff" : this.bench.cssColour(this.#value);
    shadeArea(context, path, colour);
    strokeMark(context, path, colour, viewport.pixelRatio);
  }

  /** @param {Point} point */
  #followEdges(point) {
    const last = this.#points[this.#points.length - 1];
    const way = this.#magnet.way(last, point);
    const isLong = Math.hypot(point.x - last.x, point.y - last.y) * this.bench.viewport.zoom >= FIXED_PX;
    // Its beginning lies on the edge; its end still follows the hand.
    const fixed = isLong ? Math.floor(FIXED_SHARE * way.length) : 0;
    this.#points.push(...way.slice(0, fixed));
    this.#loose = way.slice(fixed);
  }
}
