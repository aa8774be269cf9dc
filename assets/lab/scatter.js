/** Two numbers of every picture as points; a rectangle drawn over them chooses pictures. */
import { element } from "../review/dom.js";
import { svg, ticks } from "../runs/chart.js";

const WIDTH = 560;
const HEIGHT = 340;
const LEFT = 46;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 36;

/** Events: `choose` (detail: ids within the rectangle, null when it is taken away), `open` (detail: id). */
export class Scatter extends EventTarget {
  constructor() {
    super();
    this.drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "lb-scatter" });
    this.root = element("figure", {}, this.drawing);
    this._brush();
  }

  /** @param {{ids: number[], x: number[], y: number[]}} points @param {string} xLabel @param {string} yLabel */
  show(points, xLabel, yLabel) {
    this.points = points;
    this.range = [extent(points.x), extent(points.y)];
    const [[x0, x1], [y0, y1]] = this.range;
    this.px = (value) => LEFT + ((value - x0) / (x1 - x0)) * (WIDTH - LEFT - RIGHT);
    this.py = (value) => HEIGHT - BOTTOM - ((value - y0) / (y1 - y0)) * (HEIGHT - TOP - BOTTOM);
    this.drawing.setAttribute("aria-label", `${yLabel} against ${xLabel} of ${points.ids.length} pictures. Drag a rectangle to list its pictures.`);
    this.rectangle = svg("rect", { class: "lb-brush", visibility: "hidden" });
    this.circles = points.ids.map((id, i) => svg("circle", { class: "lb-point", cx: this.px(points.x[i]).toFixed(1), cy: this.py(points.y[i]).toFixed(1), r: 3, "data-id": id }));
    this.drawing.replaceChildren(
      ...ticks(y0, y1, 5).flatMap((value) => [svg("line", { class: "lb-grid", x1: LEFT, x2: WIDTH - RIGHT, y1: this.py(value), y2: this.py(value) }), label(LEFT - 6, this.py(value) + 4, String(value), "end")]),
      ...ticks(x0, x1, 6).map((value) => label(this.px(value), HEIGHT - BOTTOM + 16, String(value), "middle")),
      label((LEFT + WIDTH) / 2, HEIGHT - 4, xLabel, "middle"),
      label(LEFT + 4, TOP + 10, yLabel, "start"),
      this.rectangle,
      ...this.circles,
    );
  }

  _at(event) {
    const box = this.drawing.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * WIDTH, ((event.clientY - box.top) / box.height) * HEIGHT];
  }

  _brush() {
    let from = null;
    this.drawing.addEventListener("pointerdown", (event) => {
      if (!this.points) return;
      from = this._at(event);
      this.drawing.setPointerCapture(event.pointerId);
    });
    this.drawing.addEventListener("pointermove", (event) => {
      if (!from) return;
      const [x, y] = this._at(event);
      const box = { x: Math.min(x, from[0]), y: Math.min(y, from[1]), width: Math.abs(x - from[0]), height: Math.abs(y - from[1]) };
      for (const [name, value] of Object.entries(box)) this.rectangle.setAttribute(name, value);
      this.rectangle.setAttribute("visibility", "visible");
    });
    this.drawing.addEventListener("pointerup", (event) => {
      if (!from) return;
      const [x, y] = this._at(event);
      const isClick = Math.hypot(x - from[0], y - from[1]) < 4;
      if (isClick) this._click(event, x, y);
      else this._choose(Math.min(x, from[0]), Math.max(x, from[0]), Math.min(y, from[1]), Math.max(y, from[1]));
      from = null;
    });
  }

  _click(event, x, y) {
    let nearest = null;
    let distance = 8;
    this.points.ids.forEach((id, i) => {
      const away = Math.hypot(this.px(this.points.x[i]) - x, this.py(this.points.y[i]) - y);
      if (away < distance) [nearest, distance] = [id, away];
    });
    if (nearest !== null) this.dispatchEvent(new CustomEvent("open", { detail: nearest }));
    else {
      this.rectangle.setAttribute("visibility", "hidden");
      this.circles.forEach((circle) => circle.classList.remove("lb-chosen-point"));
      this.dispatchEvent(new CustomEvent("choose", { detail: null }));
    }
  }

  _choose(left, right, top, bottom) {
    const chosen = [];
    this.points.ids.forEach((id, i) => {
      const x = this.px(this.points.x[i]);
      const y = this.py(this.points.y[i]);
      const isInside = x >= left && x <= right && y >= top && y <= bottom;
      this.circles[i].classList.toggle("lb-chosen-point", isInside);
      if (isInside) chosen.push(id);
    });
    this.dispatchEvent(new CustomEvent("choose", { detail: chosen }));
  }
}

/** @param {number[]} values @returns {[number, number]} with a little room around them */
function extent(values) {
  if (!values.length) return [0, 1];
  const low = Math.min(...values);
  const high = Math.max(...values);
  const room = (high - low || 0.1) * 0.05;
  return [low - room, high + room];
}

const label = (x, y, text, anchor) => {
  const node = svg("text", { class: "lb-tick", x, y, "text-anchor": anchor });
  node.textContent = text;
  return node;
};
