/** Progress by day as small plots, a line for each person. */
import { svg, ticks } from "../shared/chart.js";
import { element } from "../shared/dom.js";
import { tick } from "../shared/format.js";

/**
 * @import { WorkDay } from "../shared/openapi"
 *
 * @typedef {{x: number, y: number, text: string}} Point  x in days since 1970
 * @typedef {{name: string, points: Point[]}} Line
 */

const WIDTH = 380;
const HEIGHT = 150;
const LEFT = 34;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 20;
const DAY_MS = 86_400_000;
/** As many people as there are colours that differ on light and on dark. */
const COLOURS = ["#3b82f6", "#f59e0b", "#10b981", "#ef4444", "#a855f7", "#06b6d4", "#84cc16", "#ec4899"];

/** What is drawn of a day; null where there is nothing to say. @type {[string, (one: WorkDay) => number|null][]} */
const PLOTS = [
  ["Pictures finished", ({ finished }) => finished],
  ["Minutes a picture", ({ finished, minutes }) => (finished && minutes ? minutes / finished : null)],
  ["Clicks and strokes a picture", ({ finished, clicks, strokes }) => effort(finished, clicks + strokes)],
  ["Corrected, %", ({ finished, corrected }) => (finished ? (100 * corrected) / finished : null)],
  ["Returned of second looks, %", ({ looks, returned }) => (looks ? (100 * returned) / looks : null)],
];

/** @param {number} finished @param {number} changes @returns {number|null} */
function effort(finished, changes) {
  return finished && changes ? changes / finished : null;
}

/** @param {WorkDay[]} days @returns {HTMLElement} */
export function workPlots(days) {
  const names = mostActive(days);
  const root = element("div", { class: "pp-plots" });
  if (!names.length) return root;
  root.append(
    element(
      "div",
      { class: "pp-legend" },
      ...names.map((name, number) => element("span", {}, element("i", { style: colour(number) }), name)),
    ),
  );
  for (const [title, valueOf] of PLOTS) {
    const lines = names.map((name) => ({ name, points: pointsOf(days, name, valueOf) }));
    if (lines.some(({ points }) => points.length)) root.append(plot(title, lines));
  }
  return root;
}

/** @param {WorkDay[]} days @returns {string[]} names, those who finished most first */
function mostActive(days) {
  /** @type {Map<string, number>} */
  const finished = new Map();
  for (const one of days) finished.set(one.name, (finished.get(one.name) ?? 0) + one.finished);
  return [...finished]
    .sort((a, b) => b[1] - a[1])
    .slice(0, COLOURS.length)
    .map(([name]) => name);
}

/** @param {WorkDay[]} days @param {string} name @param {(one: WorkDay) => number|null} valueOf @returns {Point[]} */
function pointsOf(days, name, valueOf) {
  return days
    .filter((one) => one.name === name)
    .map((one) => ({ x: Date.parse(one.day) / DAY_MS, y: valueOf(one), text: one.day }))
    .filter(/** @returns {one is Point} */ (one) => one.y !== null);
}

/** @param {string} title @param {Line[]} lines */
function plot(title, lines) {
  const points = lines.flatMap((line) => line.points);
  const xs = points.map(({ x }) => x);
  const [first, last] = [Math.min(...xs), Math.max(...xs)];
  const most = Math.max(...points.map(({ y }) => y)) || 1;
  const px = (/** @type {number} */ x) =>
    last === first
      ? (LEFT + WIDTH - RIGHT) / 2
      : LEFT + ((x - first) / (last - first)) * (WIDTH - LEFT - RIGHT);
  const py = (/** @type {number} */ y) => HEIGHT - BOTTOM - (y / (most * 1.05)) * (HEIGHT - TOP - BOTTOM);
  const drawing = svg("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: "img",
    "aria-label": inWords(title, lines),
  });
  for (const value of ticks(0, most, 3)) {
    drawing.append(
      svg("line", { class: "pp-grid", x1: LEFT, x2: WIDTH - RIGHT, y1: py(value), y2: py(value) }),
      label(LEFT - 6, py(value) + 4, tick(value), "end"),
    );
  }
  for (const [x, anchor] of /** @type {[number, string][]} */ (
    last === first
      ? [[first, "middle"]]
      : [
          [first, "start"],
          [last, "end"],
        ]
  ))
    drawing.append(label(px(x), HEIGHT - 4, day(x), anchor));
  lines.forEach(({ name, points: own }, number) => {
    const path = own.map(({ x, y }, index) => `${index ? "L" : "M"}${px(x).toFixed(1)},${py(y).toFixed(1)}`);
    if (own.length > 1)
      drawing.append(svg("path", { class: "pp-line", style: colour(number), d: path.join("") }));
    for (const { x, y, text } of own) {
      const dot = svg("circle", { class: "pp-dot", style: colour(number), cx: px(x), cy: py(y), r: 3 });
      const said = svg("title", {});
      said.textContent = `${name}, ${text}: ${tick(y)}`;
      dot.append(said);
      drawing.append(dot);
    }
  });
  return element("figure", {}, element("figcaption", { text: title }), drawing);
}

/** @param {string} title @param {Line[]} lines @returns {string} what a screen reader says */
const inWords = (title, lines) =>
  [
    title,
    ...lines.map(({ name, points }) => `${name}: ${points.map(({ y }) => tick(y)).join(", ") || "none"}`),
  ].join("; ");

/** @param {number} x @param {number} y @param {string} text @param {string} anchor */
function label(x, y, text, anchor) {
  const node = svg("text", { x, y, "text-anchor": anchor });
  node.textContent = text;
  return node;
}

/** @param {number} number of a person */
const colour = (number) => `--pp-colour: ${COLOURS[number]}`;

/** @param {number} x in days since 1970 */
const day = (x) =>
  new Date(x * DAY_MS).toLocaleDateString(undefined, { month: "short", day: "numeric", timeZone: "UTC" });
