/** One class over the dataset: stages, threshold curves, the tags beside it, its best and worst pictures. */
import { element } from "../shared/dom.js";
import { svg, ticks } from "../shared/chart.js";
import * as api from "./api.js";
import { percent, table, thumbnail } from "./tables.js";

const WIDTH = 420;
const HEIGHT = 230;
const LEFT = 40;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 36;
const LINES = [
  { name: "iou", text: "IoU" },
  { name: "precision", text: "precision" },
  { name: "recall", text: "recall" },
];
const STAGES = [
  ["stage", "Where the way to the mask would end"],
  [
    "pictures",
    "Pictures with truth that the stage is measured on. A segmentation network is measured on the split that it predicts",
  ],
  ["threshold", "Background threshold that was fixed beforehand; without one the stage makes masks itself"],
  ["IoU", "Of this class over all measured pictures, in percent, at the fixed threshold: honest"],
  ["precision", "Share of what is painted as the class that is right; low: it runs over (over-activation)"],
  ["recall", "Share of the class that is painted as it; low: only a part lights up (under-activation)"],
  [
    "oracle IoU",
    "At the threshold that is best for this class. It is chosen with the ground truth: a bound, never a result",
  ],
  ["at", "That threshold"],
];
const BESIDE = [
  ["tagged beside it", "Another tag of its pictures; those first that have most to do with its mistakes"],
  ["pictures", "Measured pictures with both tags"],
  [
    "loses to it",
    "Share of the class's true pixels in these pictures that are painted as the other, in percent",
  ],
  ["takes from it", "Share of what is painted as the class in these pictures that is the other, in percent"],
  ["IoU with", "IoU of the class over the pictures that have both tags, in percent"],
  ["without", "IoU of the class over its other pictures, in percent"],
];

/** Events: `open` (detail: item id), `filter` (detail: class index). */
export class ClassPage extends EventTarget {
  constructor() {
    super();
    this.root = element("section", { class: "lb-survey-card lb-class-page", hidden: true });
  }

  close() {
    this.root.hidden = true;
    this._asked = null;
  }

  /** @param {number} datasetId @param {number} index @param {string} source */
  async show(datasetId, index, source) {
    const asked = (this._asked = {});
    let page;
    try {
      page = await api.classPage(datasetId, index, source);
    } catch (error) {
      this.root.hidden = false;
      this.root.replaceChildren(element("p", { class: "st-muted", text: error.message }));
      return;
    }
    if (asked !== this._asked) return;
    const open = (id) => this.dispatchEvent(new CustomEvent("open", { detail: id }));
    const strip = (pictures) =>
      element(
        "div",
        { class: "lb-gallery" },
        ...pictures.map((one) =>
          thumbnail({
            ...one,
            datasetId,
            note: `${percent(one.class_iou)} %`,
            noteTip: `IoU of ${page.name} in this picture; mean over its classes ${percent(one.iou)} %`,
            open,
          }),
        ),
      );
    const curves = page.stages.filter(({ curve }) => curve);
    this.root.hidden = false;
    this.root.replaceChildren(
      element(
        "div",
        { class: "lb-bar" },
        element("h3", { text: `Class: ${page.name}`, tabIndex: -1 }),
        element("span", { class: "st-muted", text: `${page.pictures.toLocaleString()} measured pictures` }),
        element("span", { class: "st-spring" }),
        index
          ? element("button", {
              class: "st-button",
              type: "button",
              text: "Its pictures in the table",
              on: { click: () => this.dispatchEvent(new CustomEvent("filter", { detail: index })) },
            })
          : null,
        element("button", {
          class: "st-button",
          type: "button",
          text: "Close",
          on: { click: () => this.close() },
        }),
      ),
      table(
        STAGES,
        page.stages.map(({ title, pictures, threshold, iou, precision, recall, oracle }) => [
          title,
          pictures.toLocaleString(),
          threshold === null ? "–" : threshold.toFixed(2),
          percent(iou),
          percent(precision),
          percent(recall),
          oracle ? percent(oracle.iou) : "–",
          oracle ? oracle.threshold.toFixed(2) : "–",
        ]),
      ),
      element("div", { class: "lb-curves" }, ...curves.map((stage) => thresholdChart(stage, page.name))),
      ...(page.together.length
        ? [
            table(
              BESIDE,
              page.together.map((one) => [
                one.name,
                one.pictures.toLocaleString(),
                percent(one.lost),
                percent(one.stolen),
                percent(one.iou_with),
                percent(one.iou_without),
              ]),
              "st-table lb-beside",
            ),
          ]
        : [
            element("p", {
              class: "st-muted",
              text: index ? "No other tag stands beside it in a measured picture." : "",
            }),
          ]),
      element("h4", { text: "Worst pictures", title: `By the IoU of ${page.name} in each` }),
      page.worst.length
        ? strip(page.worst)
        : element("p", {
            class: "st-muted",
            text: "No measured picture is tagged with it. Accept masks in Review, or import ground truth.",
          }),
      ...(page.best.length ? [element("h4", { text: "Best pictures" }), strip(page.best)] : []),
    );
    this.root.querySelector("h3").focus({ preventScroll: true });
    this.root.scrollIntoView({ block: "start" });
  }
}

/** IoU, precision and recall over the threshold, with the honest and the oracle point. */
function thresholdChart({ title, threshold, curve, oracle }, name) {
  const px = (value) => LEFT + value * (WIDTH - LEFT - RIGHT);
  const py = (value) => HEIGHT - BOTTOM - value * (HEIGHT - TOP - BOTTOM);
  const words = (x, y, content, anchor = "middle", className = "lb-tick") => {
    const node = svg("text", { class: className, x, y, "text-anchor": anchor });
    node.textContent = content;
    return node;
  };
  const drawing = svg("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: "img",
    class: "lb-curve",
    "aria-label": `${name}: IoU, precision and recall of ${title} over the threshold`,
  });
  for (const value of ticks(0, 1, 4))
    drawing.append(
      svg("line", { class: "lb-grid", x1: LEFT, x2: WIDTH - RIGHT, y1: py(value), y2: py(value) }),
      words(LEFT - 6, py(value) + 4, String(Math.round(100 * value)), "end"),
    );
  for (const value of ticks(0, 1, 5)) drawing.append(words(px(value), HEIGHT - BOTTOM + 16, String(value)));
  drawing.append(words((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4, "background threshold"));
  for (const { name: kind } of LINES) {
    const points = curve
      .filter((one) => one[kind] !== null)
      .map((one) => `${px(one.threshold).toFixed(1)},${py(one[kind]).toFixed(1)}`);
    drawing.append(svg("polyline", { class: `lb-line lb-line-${kind}`, points: points.join(" ") }));
  }
  const honest = curve.reduce((best, one) =>
    Math.abs(one.threshold - threshold) < Math.abs(best.threshold - threshold) ? one : best,
  );
  const mark = (point, className, content) => {
    if (!point || point.iou === null) return;
    const circle = svg("circle", { class: className, cx: px(point.threshold), cy: py(point.iou), r: 5 });
    const tip = svg("title", {});
    tip.textContent = content;
    circle.append(tip);
    drawing.append(circle);
  };
  mark(
    oracle,
    "lb-oracle",
    `Oracle: ${percent(oracle?.iou)} % at ${oracle?.threshold.toFixed(2)}, chosen with the ground truth`,
  );
  mark(
    honest,
    "lb-honest",
    `Honest: ${percent(honest.iou)} % at ${honest.threshold.toFixed(2)}, fixed beforehand`,
  );
  const key = (className, content, tip) =>
    element("span", { class: `lb-key ${className}`, text: content, title: tip });
  return element(
    "figure",
    {},
    element("figcaption", { class: "st-muted", text: title }),
    drawing,
    element(
      "p",
      { class: "lb-keys" },
      ...LINES.map(({ name: kind, text }) => key(`lb-key-${kind}`, text)),
      key("lb-key-honest", "honest", "At the threshold that was fixed beforehand"),
      key("lb-key-oracle", "oracle", "At the threshold that the ground truth says is best for this class"),
    ),
  );
}
