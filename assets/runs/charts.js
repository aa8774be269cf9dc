/** Line and bar charts as SVG. Colours are CSS variables, so that light and dark both read well. */
import { svg, ticks } from "../shared/chart.js";
import { element } from "../shared/dom.js";
import { tick } from "../shared/format.js";

const WIDTH = 520;
const HEIGHT = 220;
const LEFT = 44;
const RIGHT = 10;
const TOP = 10;
const BOTTOM = 26;
const COLOURS = 8;

/** @typedef {{name: string, x: number[], y: (number|null)[]}} Series */

/**
 * A chart with a legend and a readout under the pointer.
 * @param {{title: string, xLabel: string, series: Series[], xEnd?: number}} options `xEnd`: where the axis ends
 * @returns {HTMLElement}
 */
export function lineChart({ title, xLabel, series, xEnd }) {
  const xs = series.flatMap(({ x }) => x);
  const ys = series.flatMap(({ y }) => y).filter(isNumber);
  const root = element("figure", { class: "rn-chart" }, element("figcaption", { text: title }));
  if (!ys.length) {
    root.append(element("p", { class: "st-muted", text: "Nothing to draw yet." }));
    return root;
  }
  const x0 = 0;
  const x1 = Math.max(xEnd ?? 0, ...xs, 1);
  const y0 = Math.min(0, ...ys);
  const y1 = Math.max(...ys) * 1.05 || 1;
  const px = (/** @type {number} */ value) => LEFT + ((value - x0) / (x1 - x0)) * (WIDTH - LEFT - RIGHT);
  const py = (/** @type {number} */ value) =>
    HEIGHT - BOTTOM - ((value - y0) / (y1 - y0)) * (HEIGHT - TOP - BOTTOM);
  const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title });
  for (const value of ticks(y0, y1, 4)) {
    drawing.append(
      svg("line", { class: "rn-grid", x1: LEFT, x2: WIDTH - RIGHT, y1: py(value), y2: py(value) }),
      text(LEFT - 6, py(value) + 4, tick(value), "end"),
    );
  }
  for (const value of ticks(x0, x1, 6)) drawing.append(text(px(value), HEIGHT - 8, tick(value), "middle"));
  series.forEach(({ x, y }, number) => {
    const path = points(x, y)
      .map((run) => {
        const [first, ...rest] = run.map(([a, b]) => `${px(a).toFixed(1)},${py(b).toFixed(1)}`);
        if (!rest.length) return `M${first}m-4,0h8`; // a single value would draw no line
        return `M${first}${rest.map((one) => `L${one}`).join("")}`;
      })
      .join("");
    if (path) drawing.append(svg("path", { class: `rn-line rn-colour-${number % COLOURS}`, d: path }));
  });
  const cursor = svg("line", {
    class: "rn-cursor",
    y1: TOP,
    y2: HEIGHT - BOTTOM,
    x1: 0,
    x2: 0,
    visibility: "hidden",
  });
  drawing.append(cursor);
  const readings = series.map(() => element("span", { class: "rn-reading" }));
  const where = element("span", { class: "st-muted", text: xLabel });
  const legend = element(
    "div",
    { class: "rn-legend" },
    ...series.map(({ name }, number) =>
      element(
        "span",
        { class: "rn-key" },
        element("i", { class: `rn-swatch rn-colour-${number % COLOURS}` }),
        `${name} `,
        readings[number],
      ),
    ),
    where,
  );
  const show = (/** @type {number} */ x) => {
    series.forEach((one, number) => {
      const at = nearest(one.x, x);
      const value = at < 0 ? null : one.y[at];
      readings[number].textContent = value === null || value === undefined ? "" : value.toPrecision(3);
    });
    where.textContent = `${xLabel} ${Math.round(x)}`;
  };
  drawing.addEventListener("pointermove", (event) => {
    const box = drawing.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * WIDTH;
    const x = x0 + ((at - LEFT) / (WIDTH - LEFT - RIGHT)) * (x1 - x0);
    if (x < x0 || x > x1) return;
    cursor.setAttribute("visibility", "visible");
    cursor.setAttribute("x1", String(at));
    cursor.setAttribute("x2", String(at));
    show(x);
  });
  const rest = () => {
    cursor.setAttribute("visibility", "hidden");
    show(Math.max(...xs));
  };
  drawing.addEventListener("pointerleave", rest);
  rest();
  root.append(drawing, legend);
  return root;
}

/**
 * Groups of horizontal bars from 0 to 1.
 * @param {{title: string, names: string[], rows: {label: string, values: (number|null)[]}[]}} options
 * @returns {HTMLElement}
 */
export function barChart({ title, names, rows }) {
  const bars = rows.map(({ label, values }) =>
    element(
      "div",
      { class: "rn-bar-row" },
      element("span", { class: "rn-bar-label", text: label, title: label }),
      element(
        "div",
        { class: "rn-bars" },
        ...values.map((value, number) =>
          element(
            "div",
            {
              class: "rn-bar",
              title: `${names[number]}: ${value === null ? "absent" : (100 * value).toFixed(1)}`,
            },
            element("i", {
              class: `rn-colour-${number % COLOURS}`,
              style: `width:${value === null ? 0 : 84 * value}%`,
            }),
            element("span", { text: value === null ? "–" : (100 * value).toFixed(1) }),
          ),
        ),
      ),
    ),
  );
  const legend = element(
    "div",
    { class: "rn-legend" },
    ...names.map((name, number) =>
      element(
        "span",
        { class: "rn-key" },
        element("i", { class: `rn-swatch rn-colour-${number % COLOURS}` }),
        name,
      ),
    ),
  );
  return element("figure", { class: "rn-chart" }, element("figcaption", { text: title }), legend, ...bars);
}

/** @param {number|null|undefined} value @returns {value is number} */
const isNumber = (value) => Number.isFinite(value);

/** Pieces without gaps. @param {number[]} x @param {(number|null)[]} y @returns {[number, number][][]} */
function points(x, y) {
  const pieces = [];
  /** @type {[number, number][]} */
  let piece = [];
  x.forEach((at, number) => {
    const value = y[number];
    if (!isNumber(value)) {
      if (piece.length) pieces.push(piece);
      piece = [];
    } else piece.push([at, value]);
  });
  if (piece.length) pieces.push(piece);
  return pieces;
}

/**
 * Index of the value next to `x` in rising `xs`; -1 when there is none.
 * @param {number[]} xs
 * @param {number} x
 */
function nearest(xs, x) {
  let best = -1;
  xs.forEach((value, number) => {
    if (best < 0 || Math.abs(value - x) < Math.abs(xs[best] - x)) best = number;
  });
  return best;
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} content
 * @param {"middle"|"end"} anchor
 */
const text = (x, y, content, anchor) => {
  const node = svg("text", { class: "rn-tick", x, y, "text-anchor": anchor });
  node.textContent = content;
  return node;
};
