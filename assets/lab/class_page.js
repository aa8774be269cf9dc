/** One class over the dataset: stages, threshold curves, the other tags of its pictures, its best and worst ones. */
import { messageOf } from "../shared/api.js";
import { element } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import * as api from "./api.js";
import { percent } from "./numbers.js";
import { table, thumbnail } from "./tables.js";
import { thresholdChart } from "./threshold_chart.js";

/**
 * @import { ClassPage as Page, OtherTag, PictureOfClass, StageOfClass } from "../shared/openapi"
 * @import { Column } from "./tables.js"
 */

/** @type {Column[]} */
const STAGES = [
  ["stage", "The step of the pipeline whose result is measured"],
  [
    "pictures",
    "Pictures with a reference mask that the stage is measured on. A segmentation network is measured on the split that it predicts",
  ],
  ["threshold", "Background threshold that was fixed beforehand; a stage without one makes masks itself"],
  ["IoU", "Of this class over all measured pictures, in percent, at the fixed threshold: honest"],
  [
    "precision",
    "Share of what is painted as the class that is right; low: it runs over its objects (over-activation)",
  ],
  [
    "recall",
    "Share of the class that is painted as it; low: only a part of each object lights up (under-activation)",
  ],
  [
    "oracle IoU",
    "At the threshold that is best for this class. It is chosen with the ground truth: an upper bound, never a result",
  ],
  ["at", "That threshold"],
];
/** @type {Column[]} */
const OTHER_TAGS = [
  ["other tag", "Another tag of its pictures; those first that have most to do with its mistakes"],
  ["pictures", "Measured pictures with both tags"],
  [
    "loses to it",
    "Share of the class's true pixels in these pictures that are painted as the other, in percent",
  ],
  ["takes from it", "Share of what is painted as the class in these pictures that is the other, in percent"],
  ["IoU with", "IoU of the class over the pictures that have both tags, in percent"],
  ["without", "IoU of the class over its other pictures, in percent"],
];

/**
 * Event `open`: id of a picture; event `filter`: index of the class.
 * @extends {Emitter<{open: number, filter: number}>}
 */
export class ClassPage extends Emitter {
  /** The last request. @type {object|null} */
  #asked = null;

  constructor() {
    super();
    this.root = element("section", { class: "lb-survey-card lb-class-page", hidden: true });
  }

  close() {
    this.root.hidden = true;
    this.#asked = null;
  }

  /** @param {number} datasetId @param {number} index @param {string} source */
  async show(datasetId, index, source) {
    const asked = (this.#asked = {});
    let page;
    try {
      page = await api.classPage(datasetId, index, source);
    } catch (error) {
      this.root.hidden = false;
      this.root.replaceChildren(element("p", { class: "st-muted", text: messageOf(error) }));
      return;
    }
    if (asked !== this.#asked) return;
    const heading = element("h3", { text: `Class: ${page.name}`, tabIndex: -1 });
    this.root.hidden = false;
    this.root.replaceChildren(
      this.#bar(page, heading),
      stageTable(page.stages),
      element(
        "div",
        { class: "lb-curves" },
        ...page.stages.flatMap((stage) =>
          stage.curve ? [thresholdChart(stage, stage.curve, page.name)] : [],
        ),
      ),
      page.together.length ? otherTagTable(page.together) : note(index ? "No other tag occurs with it." : ""),
      element("h4", { text: "Worst pictures", title: `By the IoU of ${page.name} in each` }),
      page.worst.length
        ? this.#strip(datasetId, page.name, page.worst)
        : note("No measured picture is tagged with it. Accept masks in Review, or import ground truth."),
      ...(page.best.length
        ? [element("h4", { text: "Best pictures" }), this.#strip(datasetId, page.name, page.best)]
        : []),
    );
    heading.focus({ preventScroll: true });
    this.root.scrollIntoView({ block: "start" });
  }

  /** @param {Page} page @param {HTMLElement} heading */
  #bar({ index, pictures }, heading) {
    const button = (/** @type {string} */ text, /** @type {() => void} */ click) =>
      element("button", { class: "st-button", type: "button", text, on: { click } });
    return element(
      "div",
      { class: "lb-bar" },
      heading,
      element("span", { class: "st-muted", text: `${pictures.toLocaleString()} measured pictures` }),
      element("span", { class: "st-spring" }),
      index ? button("Its pictures in the table", () => this.emit("filter", index)) : null,
      button("Close", () => this.close()),
    );
  }

  /** @param {number} datasetId @param {string} name of the class @param {PictureOfClass[]} pictures */
  #strip(datasetId, name, pictures) {
    const thumbnails = pictures.map((one) =>
      thumbnail({
        id: one.id,
        name: one.name,
        datasetId,
        note: `${percent(one.class_iou)} %`,
        noteTip: `IoU of ${name} in this picture; mean over its classes ${percent(one.iou)} %`,
        open: (id) => this.emit("open", id),
      }),
    );
    return element("div", { class: "lb-gallery" }, ...thumbnails);
  }
}

/** @param {StageOfClass[]} stages */
const stageTable = (stages) =>
  table(
    STAGES,
    stages.map(({ title, pictures, threshold, iou, precision, recall, oracle }) => [
      title,
      pictures.toLocaleString(),
      threshold === null ? "–" : threshold.toFixed(2),
      percent(iou),
      percent(precision),
      percent(recall),
      oracle ? percent(oracle.iou) : "–",
      oracle ? oracle.threshold.toFixed(2) : "–",
    ]),
  );

/** @param {OtherTag[]} tags */
const otherTagTable = (tags) =>
  table(
    OTHER_TAGS,
    tags.map((one) => [
      one.name,
      one.pictures.toLocaleString(),
      percent(one.lost),
      percent(one.stolen),
      percent(one.iou_with),
      percent(one.iou_without),
    ]),
    { className: "st-table lb-other-tags" },
  );

/** @param {string} text */
const note = (text) => element("p", { class: "st-muted", text });
