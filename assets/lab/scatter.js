/**
 * Two numbers of every picture as points; a rectangle drawn over them chooses pictures.
 *
 * Axes and rectangle are SVG; the points lie on a canvas over it: ten thousand nodes would make the page slow.
 */
import { element } from "../shared/dom.js";
import { svg, ticks } from "../shared/chart.js";
import { extent, nearest, next, within } from "./points.js";

const WIDTH = 560;
const HEIGHT = 340;
const LEFT = 46;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 36;
const MANY = 2000; // above it points are smaller and fainter, so that crowds are seen
const CHOSEN = "#d97706";
const REACH = 8;
const KEYS = { ArrowRight: ["x", 1], ArrowLeft: ["x", -1], ArrowUp: ["y", 1], ArrowDown: ["y", -1] };

/** Events: `choose` (detail: ids within the rectangle, null when it is taken away), `open` (detail: id). */
export class Scatter extends EventTarget {
  constructor() {
    super();
    this.drawing = svg("svg", {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      class: "lb-scatter",
      role: "application",
      tabindex: "0",
    });
    this.canvas = element("canvas", { class: "lb-scatter-points", "aria-hidden": "true" });
    this.said = element("p", { class: "st-muted lb-scatter-said", "aria-live": "polite", text: "\u00a0" });
    this.root = element(
      "figure",
      {},
      element("div", { class: "lb-scatter-stack" }, this.drawing, this.canvas),
      this.said,
    );
    this.chosen = new Set();
    this.at = null; // index of the point that the keys stand on
    this.crowd = null; // all points drawn once: keys and rectangles only lay theirs over it
    this.drawing.addEventListener("keydown", (event) => this._key(event));
    this._brush();
    new ResizeObserver(() => this._draw()).observe(this.canvas);
    new MutationObserver(() => this._draw()).observe(document.body, { attributeFilter: ["class"] }); // light and dark
  }

  /** @param {{ids: number[], x: number[], y: number[]}} points @param {string} xLabel @param {string} yLabel */
  show(points, xLabel, yLabel) {
    const [[x0, x1], [y0, y1]] = [extent(points.x), extent(points.y)];
    const px = (value) => LEFT + ((value - x0) / (x1 - x0)) * (WIDTH - LEFT - RIGHT);
    const py = (value) => HEIGHT - BOTTOM - ((value - y0) / (y1 - y0)) * (HEIGHT - TOP - BOTTOM);
    Object.assign(this, { points, xLabel, yLabel, at: null, from: null });
    this.px = Float32Array.from(points.x, px);
    this.py = Float32Array.from(points.y, py);
    this.chosen.clear();
    this.said.textContent = "\u00a0";
    this.drawing.setAttribute(
      "aria-label",
      `${yLabel} against ${xLabel} of ${points.ids.length} pictures. Drag a rectangle, or hold Shift with the arrow keys, to list its pictures; arrow keys go from point to point, Enter opens the picture, Escape takes the rectangle away.`,
    );
    this.rectangle = svg("rect", { class: "lb-brush", visibility: "hidden" });
    this.drawing.replaceChildren(
      ...ticks(y0, y1, 5).flatMap((value) => [
        svg("line", { class: "lb-grid", x1: LEFT, x2: WIDTH - RIGHT, y1: py(value), y2: py(value) }),
        label(LEFT - 6, py(value) + 4, String(value), "end"),
      ]),
      ...ticks(x0, x1, 6).map((value) => label(px(value), HEIGHT - BOTTOM + 16, String(value), "middle")),
      label((LEFT + WIDTH) / 2, HEIGHT - 4, xLabel, "middle"),
      label(LEFT + 4, TOP + 10, yLabel, "start"),
      this.rectangle,
    );
    this._draw();
  }

  _draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!this.points || !width) return;
    const scale = (width * devicePixelRatio) / WIDTH;
    [this.canvas.width, this.canvas.height] = [
      Math.round(width * devicePixelRatio),
      Math.round(height * devicePixelRatio),
    ];
    const context = this.canvas.getContext("2d");
    const isMany = this.px.length > MANY;
    const radius = (isMany ? 2 : 3) * scale;
    const accent = getComputedStyle(this.root).getPropertyValue("--st-accent");
    const put = (on, image, i) =>
      on.drawImage(image, this.px[i] * scale - image.width / 2, this.py[i] * scale - image.height / 2);
    const drawn = `${accent} ${this.canvas.width} ${this.canvas.height}`;
    if (this.crowd?.points !== this.points || this.crowd.drawn !== drawn) {
      const picture = new OffscreenCanvas(this.canvas.width, this.canvas.height);
      const usual = dot(radius, accent, isMany ? 0.3 : 0.55);
      for (let i = 0; i < this.px.length; i += 1) put(picture.getContext("2d"), usual, i);
      this.crowd = { points: this.points, drawn, picture };
    }
    context.drawImage(this.crowd.picture, 0, 0);
    const chosen = dot(radius, CHOSEN, 0.9);
    for (const i of this.chosen) put(context, chosen, i);
    if (this.at === null) return;
    context.strokeStyle = getComputedStyle(this.root).color;
    context.lineWidth = 2 * scale;
    context.beginPath();
    context.arc(this.px[this.at] * scale, this.py[this.at] * scale, 6 * scale, 0, 2 * Math.PI);
    context.stroke();
  }

  _at(event) {
    const box = this.drawing.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * WIDTH,
      ((event.clientY - box.top) / box.height) * HEIGHT,
    ];
  }

  _brush() {
    let from = null;
    this.drawing.addEventListener("pointerdown", (event) => {
      if (!this.points) return;
      from = this._at(event);
      this.drawing.setPointerCapture(event.pointerId);
    });
    this.drawing.addEventListener("pointermove", (event) => {
      if (from) this._mark(from, this._at(event));
    });
    this.drawing.addEventListener("pointercancel", () => {
      from = null;
    });
    this.drawing.addEventListener("pointerup", (event) => {
      if (!from) return;
      const to = this._at(event);
      if (Math.hypot(to[0] - from[0], to[1] - from[1]) >= 4) this._choose(from, to);
      else {
        const hit = nearest(this.px, this.py, ...to, REACH);
        if (hit === null) this._clear();
        else this.dispatchEvent(new CustomEvent("open", { detail: this.points.ids[hit] }));
      }
      from = null;
    });
  }

  _key(event) {
    if (!this.points?.ids.length || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      if (this.at === null && !this.chosen.size) return;
      this.at = null;
      this.from = null;
      this._clear();
    } else if (event.key === "Enter") {
      if (this.at !== null) this.dispatchEvent(new CustomEvent("open", { detail: this.points.ids[this.at] }));
    } else if (KEYS[event.key]) this._step(...KEYS[event.key], event.shiftKey);
    else return;
    event.preventDefault();
  }

  /** To the next point to the right or upwards (sign 1), or back; stretched from where Shift was first held. */
  _step(axis, sign, isStretched) {
    const before = this.at;
    // Heights on the screen grow downwards.
    this.at = axis === "x" ? next(this.px, this.py, before, sign) : next(this.py, this.px, before, -sign);
    const { ids, x, y } = this.points;
    this.said.textContent = `${this.xLabel} ${x[this.at].toFixed(3)}, ${this.yLabel} ${y[this.at].toFixed(3)}. Enter opens picture ${ids[this.at]}.`;
    if (!isStretched) {
      this.from = null;
      this._draw();
      return;
    }
    this.from ??= before ?? this.at;
    const corner = (i) => [this.px[i], this.py[i]];
    this._mark(corner(this.from), corner(this.at));
    this._choose(corner(this.from), corner(this.at));
  }

  _mark(a, b) {
    const box = {
      x: Math.min(a[0], b[0]),
      y: Math.min(a[1], b[1]),
      width: Math.abs(a[0] - b[0]),
      height: Math.abs(a[1] - b[1]),
    };
    for (const [name, value] of Object.entries(box)) this.rectangle.setAttribute(name, value);
    this.rectangle.setAttribute("visibility", "visible");
  }

  _clear() {
    this.rectangle.setAttribute("visibility", "hidden");
    this.chosen.clear();
    this.said.textContent = "\u00a0";
    this._draw();
    this.dispatchEvent(new CustomEvent("choose", { detail: null }));
  }

  _choose(a, b) {
    this.chosen = new Set(within(this.px, this.py, a, b));
    this._draw();
    this.dispatchEvent(
      new CustomEvent("choose", { detail: [...this.chosen].map((i) => this.points.ids[i]) }),
    );
  }
}

/** A point, drawn once and put down many times. */
function dot(radius, colour, opacity) {
  const size = Math.ceil(2 * radius) + 2;
  const canvas = new OffscreenCanvas(size, size);
  const context = canvas.getContext("2d");
  context.globalAlpha = opacity;
  context.fillStyle = colour;
  context.beginPath();
  context.arc(size / 2, size / 2, radius, 0, 2 * Math.PI);
  context.fill();
  return canvas;
}

const label = (x, y, text, anchor) => {
  const node = svg("text", { class: "lb-tick", x, y, "text-anchor": anchor });
  node.textContent = text;
  return node;
};
