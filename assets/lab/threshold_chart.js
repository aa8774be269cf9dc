/** IoU, precision and recall of one class over the background threshold, with the honest and the oracle point. */
import { svg, ticks } from "../shared/chart.js";
import { element } from "../shared/dom.js";
import { percent } from "./numbers.js";

/** @import { CurvePoint, StageOfClass } from "../shared/openapi" */

const WIDTH = 420;
const HEIGHT = 230;
const LEFT = 40;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 36;
/** @type {{kind: "iou"|"precision"|"recall", text: string}[]} */
const LINES = [
  { kind: "iou", text: "IoU" },
  { kind: "precision", text: "precision" },
  { kind: "recall", text: "recall" },
];

/** @param {number} value 0..1 */
const px = (value) => LEFT + value * (WIDTH - LEFT - RIGHT);
/** @param {number} value 0..1 */
const py = (value) => HEIGHT - BOTTOM - value * (HEIGHT - TOP - BOTTOM);

/**
 * @param {StageOfClass} stage
 * @param {CurvePoint[]} curve of the stage
 * @param {string} name of the class
 */
export function thresholdChart({ title, threshold, oracle }, curve, name) {
  const drawing = svg("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: "img",
    class: "lb-curve",
    "aria-label": `${name}: IoU, precision and recall of ${title} over the threshold`,
  });
  for (const value of ticks(0, 1, 4))
    drawing.append(
      svg("line", { class: "lb-grid", x1: LEFT, x2: WIDTH - RIGHT, y1: py(value), y2: py(value) }),
      label(LEFT - 6, py(value) + 4, String(Math.round(100 * value)), "end"),
    );
  for (const value of ticks(0, 1, 5))
    drawing.append(label(px(value), HEIGHT - BOTTOM + 16, String(value), "middle"));
  drawing.append(label((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4, "background threshold", "middle"));
  for (const { kind } of LINES) drawing.append(line(curve, kind));
  if (oracle) drawing.append(...mark(oracle, "lb-oracle", "Oracle", "chosen with the ground truth"));
  const honest = threshold === null ? null : nearestTo(curve, threshold);
  if (honest) drawing.append(...mark(honest, "lb-honest", "Honest", "fixed beforehand"));
  const key = (/** @type {string} */ className, /** @type {string} */ text, /** @type {string} */ tip = "") =>
    element("span", { class: `lb-key ${className}`, text, title: tip });
  return element(
    "figure",
    {},
    element("figcaption", { class: "st-muted", text: title }),
    drawing,
    element(
      "p",
      { class: "lb-keys" },
      ...LINES.map(({ kind, text }) => key(`lb-key-${kind}`, text)),
      key("lb-key-honest", "honest", "At the threshold that was fixed beforehand"),
      key(
        "lb-key-oracle",
        "oracle",
        "At the threshold that is best for this class according to the ground truth",
      ),
    ),
  );
}

/** @param {CurvePoint[]} curve @param {"iou"|"precision"|"recall"} kind */
function line(curve, kind) {
  const points = curve.flatMap((one) => {
    const value = one[kind];
    return value === null ? [] : [`${px(one.threshold).toFixed(1)},${py(value).toFixed(1)}`];
  });
  return svg("polyline", { class: `lb-line lb-line-${kind}`, points: points.join(" ") });
}

/** @param {CurvePoint[]} curve @param {number} threshold @returns {CurvePoint|undefined} */
function nearestTo(curve, threshold) {
  const distance = (/** @type {CurvePoint} */ one) => Math.abs(one.threshold - threshold);
  return [...curve].sort((a, b) => distance(a) - distance(b))[0];
}

/** @param {CurvePoint} point @param {string} className @param {string} name @param {string} how it was chosen */
function mark({ threshold, iou }, className, name, how) {
  if (iou === null) return [];
  const circle = svg("circle", { class: className, cx: px(threshold), cy: py(iou), r: 5 });
  const tip = svg("title", {});
  tip.textContent = `${name}: ${percent(iou)} % at ${threshold.toFixed(2)}, ${how}`;
  circle.append(tip);
  return [circle];
}

/** @param {number} x @param {number} y @param {string} text @param {"middle"|"end"} anchor */
function label(x, y, text, anchor) {
  const node = svg("text", { class: "lb-tick", x, y, "text-anchor": anchor });
  node.textContent = text;
  return node;
}
