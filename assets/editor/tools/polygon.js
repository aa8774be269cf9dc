/**
 * Polygon: click corner by corner; Enter, a double click or a click on the first corner fills it. Until something
 * else changes the mask, its corners can be dragged, added and removed.
 */
import { applyPatch } from "../history.js";
import { fillPolygon } from "../raster/polygon.js";
import { fullRect } from "../raster/rect.js";
import { Magnet } from "./magnet.js";
import { outlineOf, shadeArea, strokeMark } from "./marks.js";
import { cornerAt, pointsOf, straight, wayAt, withCorner, withInserted, withoutCorner } from "./outline.js";
import { Tool } from "./tool.js";

/**
 * @typedef {import("./tool.js").Point} Point
 * @typedef {import("./outline.js").Corner} Corner
 * @typedef {import("./outline.js").Outline} Outline
 *
 * @typedef {object} Adjusting  a finished polygon whose corner is being dragged
 * @property {Outline} outline
 * @property {Uint8Array} base  the mask as it was without the polygon
 * @property {number} index     of the corner
 */

/** CSS pixels around a corner within which a click means the corner. */
const CORNER_REACH_PX = 9;
const WAY_REACH_PX = 5;
/** Two clicks within this are one: the second half of a double click. */
const SAME_RADIUS_PX = 3;
const CORNER_PX = 3.5;
const LEAST_CORNERS = 3;

export class PolygonTool extends Tool {
  #magnet;
  /** @type {Corner[]} */
  #corners = [];
  /** @type {Point|null} */
  #pointer = null;
  #erases = false;
  /** @type {Adjusting|null} */
  #adjusting = null;
  /** The corner of the finished polygon that Backspace removes. */
  #selected = -1;
  #lastId = 0;
  /** The finished polygon whose corners were put away. */
  #putAway = 0;

  /** @param {import("./tool.js").Bench} bench */
  constructor(bench) {
    super(bench);
    this.#magnet = new Magnet(bench);
  }

  get label() {
    return "Polygon";
  }

  get isPending() {
    return this.#corners.length > 0;
  }

  get isAdjusting() {
    return this.#finished !== null;
  }

  get canRemove() {
    return this.isPending || (this.#selected >= 0 && this.#finished !== null);
  }

  /** The polygon that is the last change of the mask. @returns {Outline|null} */
  get #finished() {
    const last = this.bench.document?.history.entries.at(-1)?.outline;
    return last && !this.isPending && last.id !== this.#putAway ? last : null;
  }

  /** @returns {import("./outline.js").Route} */
  get #route() {
    return this.#magnet.isOn ? (from, to) => this.#magnet.way(from, to) : straight;
  }

  press(
    /** @type {Point} */ point,
    /** @type {boolean} */ erases,
    /** @type {import("./tool.js").Modifiers} */ { alt = false } = {},
  ) {
    this.#pointer = point;
    const finished = this.#finished;
    if (finished && this.#take(finished, point, erases)) return;
    this.#selected = -1;
    if (this.#corners.length === 0) this.#erases = erases;
    if (this.#closesAt(point)) {
      this.confirm();
      return;
    }
    const last = this.#corners.at(-1);
    if (!last || this.#screenDistance(point, last.at) >= SAME_RADIUS_PX) {
      const isMagnetic = this.#magnet.isOn && !alt;
      const at = isMagnetic ? this.#magnet.snap(point) : point;
      this.#corners.push({ at, way: last && isMagnetic ? this.#magnet.way(last.at, at) : [at] });
    }
    this.bench.redraw();
  }

  drag(/** @type {Point[]} */ points) {
    const point = points[points.length - 1];
    if (this.#adjusting) this.#moveTo(point);
    else this.hover(point);
  }

  release() {
    const adjusting = this.#adjusting;
    this.#adjusting = null;
    if (adjusting) this.bench.commit("Polygon corner", { outline: adjusting.outline });
  }

  confirm() {
    const corners = this.#corners;
    if (corners.length === 0) this.#putCornersAway();
    this.#corners = [];
    this.bench.redraw();
    if (corners.length < LEAST_CORNERS) {
      if (corners.length > 1) this.bench.say("A polygon needs at least three corners.");
      return;
    }
    const last = corners[corners.length - 1].at;
    corners[0] = { at: corners[0].at, way: this.#route(last, corners[0].at) };
    const outline = { id: ++this.#lastId, corners, value: this.#value() };
    this.bench.change(outline.value, (raster, value, protect) =>
      fillPolygon(raster, pointsOf(corners), value, protect),
    );
    this.bench.commit(this.label, { outline });
  }

  undoStep() {
    const { isPending } = this;
    if (isPending) this.removeLast();
    return isPending;
  }

  removeLast() {
    const finished = this.#finished;
    if (finished && this.#selected >= 0) this.#removeCorner(finished, this.#selected);
    else this.#corners.pop();
    this.bench.redraw();
  }

  cancel() {
    if (!this.isPending && !this.#adjusting) this.#putCornersAway();
    this.#corners = [];
    this.#adjusting = null;
    super.cancel();
  }

  hover(/** @type {Point|null} */ point) {
    this.#pointer = point;
    if (this.isPending || this.isAdjusting) this.bench.redraw();
  }

  paint(
    /** @type {CanvasRenderingContext2D} */ context,
    /** @type {import("./tool.js").Viewport} */ viewport,
  ) {
    const finished = this.#adjusting?.outline ?? this.#finished;
    if (this.isPending) this.#paintOpen(context, viewport);
    else if (finished) this.#paintFinished(context, viewport, finished);
  }

  /** @param {CanvasRenderingContext2D} context @param {import("./tool.js").Viewport} viewport */
  #paintOpen(context, viewport) {
    const colour = this.#colour(this.#value());
    const closes = this.#pointer !== null && this.#closesAt(this.#pointer);
    const corners = this.#corners;
    const points = pointsOf(corners);
    const last = corners[corners.length - 1].at;
    if (closes) points.push(...this.#route(last, corners[0].at));
    else if (this.#pointer) points.push(...this.#route(last, this.#pointer));
    const path = outlineOf(points, viewport);
    if (closes) path.closePath();
    shadeArea(context, path, colour);
    strokeMark(context, path, colour, viewport.pixelRatio);
    corners.forEach(({ at }, i) =>
      paintCorner(context, viewport, at, { colour, isLarge: i === 0 && closes, isWhite: i === 0 }),
    );
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {import("./tool.js").Viewport} viewport
   * @param {Outline} outline
   */
  #paintFinished(context, viewport, { corners, value }) {
    const colour = this.#colour(value);
    const path = outlineOf(pointsOf(corners), viewport);
    path.closePath();
    strokeMark(context, path, colour, viewport.pixelRatio);
    const under = this.#pointer ? cornerAt(corners, this.#pointer, this.#reach(CORNER_REACH_PX)) : -1;
    corners.forEach(({ at }, i) =>
      paintCorner(context, viewport, at, { colour, isLarge: i === under, isWhite: i === this.#selected }),
    );
  }

  /**
   * Begin to drag a corner of the finished polygon, or a new one on its outline; the right button removes a corner.
   * @param {Outline} outline
   * @param {Point} point
   * @param {boolean} removes
   * @returns {boolean} whether there is one
   */
  #take(outline, point, removes) {
    let { corners } = outline;
    let index = cornerAt(corners, point, this.#reach(CORNER_REACH_PX));
    if (index >= 0 && removes) {
      this.#removeCorner(outline, index);
      return true;
    }
    if (index < 0 && !removes) {
      index = wayAt(corners, point, this.#reach(WAY_REACH_PX));
      if (index >= 0) corners = withInserted(corners, index, point, this.#route);
    }
    if (index < 0) return false;
    this.#selected = index;
    this.#adjusting = { outline: { ...outline, corners }, base: this.#baseOf(outline.id), index };
    this.#refill(this.#adjusting);
    return true;
  }

  /** @param {Point} point */
  #moveTo(point) {
    const adjusting = this.#adjusting;
    if (!adjusting) return;
    this.#pointer = point;
    const { outline, index } = adjusting;
    const corners = withCorner(outline.corners, index, point, this.#route);
    adjusting.outline = { ...outline, corners };
    this.#refill(adjusting);
  }

  /** @param {Outline} outline @param {number} index */
  #removeCorner(outline, index) {
    this.#selected = -1;
    if (outline.corners.length <= LEAST_CORNERS) {
      this.bench.say("A polygon needs at least three corners.");
      return;
    }
    const next = { ...outline, corners: withoutCorner(outline.corners, index, this.#route) };
    this.#refill({ outline: next, base: this.#baseOf(outline.id), index: -1 });
    this.bench.commit("Polygon corner", { outline: next });
  }

  /** The mask as it was before a polygon. @param {number} id */
  #baseOf(id) {
    const { document } = this.bench;
    const base = document ? document.mask.slice() : new Uint8Array(0);
    for (const patch of [...(document?.history.entries ?? [])].reverse()) {
      if (patch.outline?.id !== id) break;
      applyPatch(base, patch, "before");
    }
    return base;
  }

  /** @param {Adjusting} adjusting */
  #refill({ outline, base }) {
    this.bench.change(outline.value, (raster, value, protect) => {
      raster.mask.set(base);
      fillPolygon(raster, pointsOf(outline.corners), value, protect);
      return fullRect(raster.width, raster.height);
    });
    this.bench.redraw();
  }

  #putCornersAway() {
    this.#putAway = this.#finished?.id ?? this.#putAway;
    this.#selected = -1;
    this.bench.redraw();
  }

  #value() {
    return this.#erases ? 0 : this.bench.activeClass;
  }

  /** @param {number} value */
  #colour(value) {
    return value === 0 ? "#ffffff" : this.bench.cssColour(value);
  }

  /** @param {number} px CSS pixels @returns {number} image pixels: a hand's precision does not depend on the zoom */
  #reach(px) {
    return px / this.bench.viewport.zoom;
  }

  /**
   * @param {Point} point
   */
  #closesAt(point) {
    const { length } = this.#corners;
    return length >= LEAST_CORNERS && this.#screenDistance(point, this.#corners[0].at) <= CORNER_REACH_PX;
  }

  /**
   * In CSS pixels.
   * @param {Point} a
   * @param {Point} b
   */
  #screenDistance(a, b) {
    return Math.hypot(a.x - b.x, a.y - b.y) * this.bench.viewport.zoom;
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./tool.js").Viewport} viewport
 * @param {Point} at
 * @param {{colour: string, isLarge: boolean, isWhite: boolean}} look
 */
function paintCorner(context, viewport, at, { colour, isLarge, isWhite }) {
  const { x, y } = viewport.toScreen(at.x, at.y);
  const ratio = viewport.pixelRatio;
  const dot = new Path2D();
  dot.arc(x, y, (isLarge ? 2 : 1) * CORNER_PX * ratio, 0, 2 * Math.PI);
  context.fillStyle = isWhite ? "#ffffff" : colour;
  strokeMark(context, dot, colour, ratio);
  context.fill(dot);
}
