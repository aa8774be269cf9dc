/** What each person did lately, and how long the rest takes. */
import { count, element } from "../shared/dom.js";
import { apiUrl } from "../shared/api.js";
import { barPlot } from "./bar_plot.js";
import { table } from "./parts.js";

/**
 * @import { WorkOut, WorkRow } from "../shared/openapi"
 */

/** @param {number} datasetId @param {WorkOut} work @returns {Node[]} */
export function workTable(datasetId, { people, unfinished, days_left: daysLeft, classes }) {
  const rows = people.map((one) => [
    one.name,
    one.finished.toLocaleString(),
    one.finished && one.minutes ? (one.minutes / one.finished).toFixed(1) : "",
    each(one.clicks, one),
    each(one.strokes, one),
    share(one.corrected, one.finished),
    returned(one),
  ]);
  const rest =
    daysLeft === null || !unfinished
      ? ""
      : ` At the pace of the last seven days they take about ${count(Math.ceil(daysLeft), "day")}.`;
  return [
    table(
      [
        "Name",
        "Pictures finished",
        "Minutes a picture",
        "Clicks a picture",
        "Strokes a picture",
        "Corrected",
        "Returned",
      ],
      rows,
      "Nobody has worked in the last 30 days.",
    ),
    element("p", {
      class: "st-muted",
      text: unfinished ? `${count(unfinished, "picture")} unfinished.${rest}` : "All pictures are finished.",
    }),
    element("a", {
      class: "st-button",
      href: apiUrl(`/datasets/${datasetId}/work.csv`),
      download: "work.csv",
      text: "Download by day (CSV)",
    }),
    ...leftByClass(datasetId, classes),
  ];
}

/** How long the rest of each class takes. @param {number} datasetId @param {WorkOut["classes"]} classes @returns {Node[]} */
function leftByClass(datasetId, classes) {
  const open = classes.filter((one) => one.unfinished);
  if (!open.some((one) => one.days_left !== null)) return []; // nothing was finished lately
  const bars = open
    .sort((a, b) => (b.days_left ?? 0) - (a.days_left ?? 0))
    .map(({ name, unfinished, days_left: days }) => ({
      name,
      value: days,
      text:
        days === null
          ? `${count(unfinished, "picture")}, none finished lately`
          : `${count(Math.ceil(days), "day")} (${count(unfinished, "picture")})`,
    }));
  return [
    element("a", {
      class: "st-button",
      href: apiUrl(`/datasets/${datasetId}/work/classes.csv`),
      download: "classes.csv",
      text: "Download by class (CSV)",
    }),
    barPlot("Left by class, days at the pace of the last seven days", bars),
  ];
}

/** @param {number} number @param {WorkRow} row @returns {string} the mean of a finished picture */
const each = (number, { finished }) => (finished && number ? (number / finished).toFixed(1) : "");

/** @param {number} part @param {number} whole */
const share = (part, whole) => (whole ? `${Math.round((100 * part) / whole)} %` : "");

/** @param {WorkRow} row */
const returned = ({ looks, returned: number }) =>
  looks ? `${number.toLocaleString()} of ${count(looks, "second look")}` : "";
