/** A bar for each class, with the interval in which its value lies where that is known. */
import { svg } from "../shared/chart.js";
import { element } from "../shared/dom.js";

/**
 * @typedef {object} Bar
 * @property {string} name
 * @property {number|null} value  null: there is no value to draw
 * @property {number|null} [low]
 * @property {number|null} [high]
 * @property {string} text  the value in words
 */

const WIDTH = 640;
const ROW = 24;
const LEFT = 130;
const RIGHT = 230;
const MOST_LETTERS = 18;

/** @param {string} title @param {Bar[]} bars @param {number} [most] value of the longest bar that can be @returns {HTMLElement} */
export function barPlot(title, bars, most = Math.max(...bars.map(({ value }) => value ?? 0), 1e-9)) {
  const px = (/** @type {number} */ value) => LEFT + (value / most) * (WIDTH - LEFT - RIGHT);
  const drawing = svg("svg", {
    viewBox: `0 0 ${WIDTH} ${Math.max(1, bars.length) * ROW}`,
    role: "img",
    "aria-label": [title, ...bars.map(({ name, text }) => `${name}: ${text}`)].join("; "),
  });
  bars.forEach(({ name, value, low = null, high = null, text }, row) => {
    const middle = (row + 0.5) * ROW;
    const shown = name.length > MOST_LETTERS ? `${name.slice(0, MOST_LETTERS - 1)}…` : name;
    drawing.append(label(LEFT - 8, middle, shown, "end"));
    if (value !== null)
      drawing.append(
        svg("rect", {
          class: "pp-bar",
          x: LEFT,
          y: middle - 7,
          width: Math.max(1, px(value) - LEFT),
          height: 14,
          rx: 3,
        }),
      );
    if (low !== null && high !== null)
      drawing.append(svg("line", { class: "pp-range", x1: px(low), x2: px(high), y1: middle, y2: middle }));
    drawing.append(label(px(Math.max(value ?? 0, high ?? 0)) + 8, middle, text, "start"));
  });
  return element("figure", { class: "pp-bars" }, element("figcaption", { text: title }), drawing);
}

/** @param {number} x @param {number} y @param {string} text @param {string} anchor */
function label(x, y, text, anchor) {
  const node = svg("text", { x, y: y + 4, "text-anchor": anchor });
  node.textContent = text;
  return node;
}
