/**
 * Two numbers of every picture as points; a rectangle drawn over them chooses pictures.
 *
 * Axes and rectangle are SVG; the points lie on a canvas over it: ten thousand nodes would make the page slow.
 */
import { element } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import { svg, ticks } from "../shared/chart.js";
import { contextOf, newCanvas } from "./canvas.js";
import { extent, nearest, next, within } from "./points.js";

/**
 * @import { PointsOut } from "../shared/openapi"
 * @import { Point } from "./points.js"
 *
 * @typedef {object} Shown
 * @property {PointsOut} points
 * @property {string} xLabel
 * @property {string} yLabel
 * @property {Float32Array} px of each point, in units of the drawing
 * @property {Float32Array} py
 *
 * @typedef {{points: PointsOut, drawn: string, canvas: HTMLCanvasElement}} Crowd all points, drawn once
 */

const WIDTH = 560;
const HEIGHT = 340;
const LEFT = 46;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 36;
const MANY = 2000; // above it points are smaller and fainter, so that crowds are visible
const CHOSEN = "#d97706";
const REACH = 8;
const CLICK = 4; // units of the drawing: what moves less is a click, not a rectangle
/** @type {Partial<Record<string, ["x"|"y", 1|-1]>>} */
const KEYS = { ArrowRight: ["x", 1], ArrowLeft: ["x", -1], ArrowUp: ["y", 1], ArrowDown: ["y", -1] };
const BLANK = "\u00a0";

/**
 * Event `choose`: ids within the rectangle, null when it is removed; event `open`: id of a picture.
 * @extends {Emitter<{choose: number[]|null, open: number}>}
 */
export class Scatter extends Emitter {
  /** @type {Shown|null} */
  #shown = null;
  /** Indices of the points in the rectangle. @type {Set<number>} */
  #chosen = new Set();
  /** Index of the point that the keys are at. @type {number|null} */
  #at = null;
  /** Index of the point where the rectangle of the keys begins. @type {number|null} */
  #from = null;
  /** Kept, so that keys and rectangles only draw their own points over it. @type {Crowd|null} */
  #crowd = null;
  #rectangle = svg("rect", { class: "lb-brush", visibility: "hidden" });

  constructor() {
    super();
    this.drawing = svg("svg", {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      class: "lb-scatter",
      role: "application",
      tabindex: "0",
    });
    this.canvas = element("canvas", { class: "lb-scatter-points", "aria-hidden": "true" });
    this.status = element("p", { class: "st-muted lb-scatter-status", "aria-live": "polite", text: BLANK });
    this.root = element(
      "figure",
      {},
      element("div", { class: "lb-scatter-stack" }, this.drawing, this.canvas),
      this.status,
    );
    this.drawing.addEventListener("keydown", (event) => this.#key(event));
    this.#listen();
    new ResizeObserver(() => this.#draw()).observe(this.canvas);
    const onTheme = new MutationObserver(() => this.#draw()); // light or dark
    onTheme.observe(document.body, { attributeFilter: ["class"] });
  }

  /** @param {PointsOut} points @param {string} xLabel @param {string} yLabel */
  show(points, xLabel, yLabel) {
    const [[x0, x1], [y0, y1]] = [extent(points.x), extent(points.y)];
    const px = (/** @type {number} */ value) => LEFT + ((value - x0) / (x1 - x0)) * (WIDTH - LEFT - RIGHT);
    const py = (/** @type {number} */ value) =>
      HEIGHT - BOTTOM - ((value - y0) / (y1 - y0)) * (HEIGHT - TOP - BOTTOM);
    this.#shown = {
      points,
      xLabel,
      yLabel,
      px: Float32Array.from(points.x, px),
      py: Float32Array.from(points.y, py),
    };
    this.#at = null;
    this.#from = null;
    this.#chosen.clear();
    this.#rectangle.setAttribute("visibility", "hidden");
    this.status.textContent = BLANK;
    this.drawing.setAttribute(
      "aria-label",
      `${yLabel} against ${xLabel} of ${points.ids.length} pictures. Drag a rectangle, or hold Shift with the arrow keys, to list its pictures; arrow keys go from point to point, Enter opens the picture, Escape removes the rectangle.`,
    );
    this.drawing.replaceChildren(
      ...ticks(y0, y1, 5).flatMap((value) => [
        svg("line", { class: "lb-grid", x1: LEFT, x2: WIDTH - RIGHT, y1: py(value), y2: py(value) }),
        label(LEFT - 6, py(value) + 4, String(value), "end"),
      ]),
      ...ticks(x0, x1, 6).map((value) => label(px(value), HEIGHT - BOTTOM + 16, String(value), "middle")),
      label((LEFT + WIDTH) / 2, HEIGHT - 4, xLabel, "middle"),
      label(LEFT + 4, TOP + 10, yLabel, "start"),
      this.#rectangle,
    );
    this.#draw();
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!this.#shown || !width) return;
    const { px, py } = this.#shown;
    const scale = (width * devicePixelRatio) / WIDTH;
    this.canvas.width = Math.round(width * devicePixelRatio);
    this.canvas.height = Math.round(height * devicePixelRatio);
    const context = contextOf(this.canvas);
    const radius = (px.length > MANY ? 2 : 3) * scale;
    context.drawImage(this.#crowdOf(this.#shown, radius, scale), 0, 0);
    const chosen = dot(radius, CHOSEN, 0.9);
    for (const i of this.#chosen) put(context, chosen, px[i] * scale, py[i] * scale);
    if (this.#at === null) return;
    context.strokeStyle = getComputedStyle(this.root).color;
    context.lineWidth = 2 * scale;
    context.beginPath();
    context.arc(px[this.#at] * scale, py[this.#at] * scale, 6 * scale, 0, 2 * Math.PI);
    context.stroke();
  }

  /** @param {Shown} shown @param {number} radius @param {number} scale @returns {HTMLCanvasElement} */
  #crowdOf({ points, px, py }, radius, scale) {
    const { width, height } = this.canvas;
    const accent = getComputedStyle(this.root).getPropertyValue("--st-accent");
    const drawn = `${accent} ${width} ${height}`;
    if (this.#crowd?.points === points && this.#crowd.drawn === drawn) return this.#crowd.canvas;
    const canvas = newCanvas(width, height);
    const context = contextOf(canvas);
    const image = dot(radius, accent, px.length > MANY ? 0.3 : 0.55);
    for (let i = 0; i < px.length; i += 1) put(context, image, px[i] * scale, py[i] * scale);
    this.#crowd = { points, drawn, canvas };
    return canvas;
  }

  /** @param {PointerEvent} event @returns {Point} in units of the drawing */
  #pointOf(event) {
    const box = this.drawing.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * WIDTH,
      ((event.clientY - box.top) / box.height) * HEIGHT,
    ];
  }

  #listen() {
    /** @type {Point|null} */
    let from = null;
    this.drawing.addEventListener("pointerdown", (event) => {
      if (!this.#shown) return;
      from = this.#pointOf(event);
      this.drawing.setPointerCapture(event.pointerId);
    });
    this.drawing.addEventListener("pointermove", (event) => {
      if (from) this.#mark(from, this.#pointOf(event));
    });
    this.drawing.addEventListener("pointercancel", () => {
      from = null;
    });
    this.drawing.addEventListener("pointerup", (event) => {
      if (from && this.#shown) this.#release(this.#shown, from, this.#pointOf(event));
      from = null;
    });
  }

  /** @param {Shown} shown @param {Point} from @param {Point} to */
  #release(shown, from, to) {
    if (Math.hypot(to[0] - from[0], to[1] - from[1]) >= CLICK) {
      this.#choose(shown, from, to);
      return;
    }
    const hit = nearest(shown.px, shown.py, to, REACH);
    if (hit === null) this.#clear();
    else this.emit("open", shown.points.ids[hit]);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const shown = this.#shown;
    if (!shown?.points.ids.length || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = KEYS[event.key];
    if (event.key === "Escape") {
      if (this.#at === null && !this.#chosen.size) return;
      this.#at = null;
      this.#from = null;
      this.#clear();
    } else if (event.key === "Enter") {
      if (this.#at !== null) this.emit("open", shown.points.ids[this.#at]);
    } else if (step) this.#step(shown, ...step, event.shiftKey);
    else return;
    event.preventDefault();
  }

  /**
   * Go to the next point along an axis; with Shift, stretch a rectangle from where Shift was first held.
   * @param {Shown} shown @param {"x"|"y"} axis @param {1|-1} sign -1 to the left or down @param {boolean} isStretched
   */
  #step(shown, axis, sign, isStretched) {
    const { px, py, points, xLabel, yLabel } = shown;
    const before = this.#at;
    // Heights on the screen grow downwards.
    const down = sign === 1 ? -1 : 1;
    const at = axis === "x" ? next(px, py, before, sign) : next(py, px, before, down);
    this.#at = at;
    this.status.textContent = `${xLabel} ${points.x[at].toFixed(3)}, ${yLabel} ${points.y[at].toFixed(3)}. Enter opens picture ${points.ids[at]}.`;
    if (!isStretched) {
      this.#from = null;
      this.#draw();
      return;
    }
    this.#from ??= before ?? at;
    /** @type {Point[]} */
    const [from, to] = [this.#from, at].map((i) => [px[i], py[i]]);
    this.#mark(from, to);
    this.#choose(shown, from, to);
  }

  /** Draw the rectangle. @param {Point} a @param {Point} b */
  #mark(a, b) {
    const box = {
      x: Math.min(a[0], b[0]),
      y: Math.min(a[1], b[1]),
      width: Math.abs(a[0] - b[0]),
      height: Math.abs(a[1] - b[1]),
    };
    for (const [name, value] of Object.entries(box)) this.#rectangle.setAttribute(name, String(value));
    this.#rectangle.setAttribute("visibility", "visible");
  }

  #clear() {
    this.#rectangle.setAttribute("visibility", "hidden");
    this.#chosen.clear();
    this.status.textContent = BLANK;
    this.#draw();
    this.emit("choose", null);
  }

  /** @param {Shown} shown @param {Point} a @param {Point} b */
  #choose({ px, py, points }, a, b) {
    this.#chosen = new Set(within(px, py, a, b));
    this.#draw();
    this.emit(
      "choose",
      [...this.#chosen].map((i) => points.ids[i]),
    );
  }
}

/** A point, drawn once and put down many times. @param {number} radius @param {string} colour @param {number} opacity */
function dot(radius, colour, opacity) {
  const size = Math.ceil(2 * radius) + 2;
  const canvas = newCanvas(size, size);
  const context = contextOf(canvas);
  context.globalAlpha = opacity;
  context.fillStyle = colour;
  context.beginPath();
  context.arc(size / 2, size / 2, radius, 0, 2 * Math.PI);
  context.fill();
  return canvas;
}

/** @param {CanvasRenderingContext2D} context @param {HTMLCanvasElement} image @param {number} x @param {number} y */
const put = (context, image, x, y) => context.drawImage(image, x - image.width / 2, y - image.height / 2);

/** @param {number} x @param {number} y @param {string} text @param {"start"|"middle"|"end"} anchor */
function label(x, y, text, anchor) {
  const node = svg("text", { class: "lb-tick", x, y, "text-anchor": anchor });
  node.textContent = text;
  return node;
}
