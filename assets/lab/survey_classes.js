/** What is right of each class, the worst first. */
import { count, element } from "../shared/dom.js";
import { percent } from "./numbers.js";
import { table } from "./tables.js";

/**
 * @import { ShareOfPixels, StageOut, SurveyOut } from "../shared/openapi"
 * @import { Column } from "./tables.js"
 */

const SEGMENTATION = "segmentation";
/** @type {Column[]} */
const COLUMNS = [
  ["class", ""],
  ["IoU", "Over all measured pictures, in percent"],
  ["precision", "Share of what is painted that is right: low where the map runs over its objects"],
  ["recall", "Share of the class that is painted: low where only a part of each object lights up"],
  ["painted as", "What most of its missed pixels are painted as, with their share of the class"],
  ["takes from", "What most of the pixels are that it paints wrongly, with their share of what is painted"],
];

/** Content of the card. @param {SurveyOut} survey @param {(index: number) => void} choose @returns {HTMLElement[]} */
export function classTable({ classes, stages }, choose) {
  const rows = [...classes]
    .sort((a, b) => a.iou - b.iou)
    .map(({ index, name, iou, precision, recall, missed, stolen }) => [
      { text: name, title: "Show everything about this class", run: () => choose(index) },
      percent(iou),
      percent(precision),
      percent(recall),
      shares(missed),
      shares(stolen),
    ]);
  return [
    element("h3", { text: "Classes, the worst first" }),
    element("p", {
      class: "st-muted",
      text: `Mean IoU over the classes, in percent: ${means(stages)}`,
      title:
        "Of each stage at its fixed threshold, over all pixels of all measured pictures, background included",
    }),
    table(COLUMNS, rows),
  ];
}

/** @param {ShareOfPixels[]} list */
const shares = (list) => list.map(({ name, share }) => `${name} ${percent(share)}`).join(", ") || "–";

/** The mean IoU stage by stage; that of the segmentation network has other pictures. @param {StageOut[]} stages */
function means(stages) {
  const known = stages.filter(({ miou }) => miou !== null);
  const mean = (/** @type {StageOut} */ { title, miou }) => `${title} ${percent(miou)}`;
  const steps = known.filter(({ name }) => name !== SEGMENTATION).map(mean);
  const network = known
    .filter(({ name }) => name === SEGMENTATION)
    .map((stage) => `; ${mean(stage)} (${count(stage.pictures, "picture")})`);
  return `${steps.join(" → ")}${network.join("")}`;
}
