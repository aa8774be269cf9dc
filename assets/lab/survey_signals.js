/** How well each signal finds bad masks. */
import { element } from "../shared/dom.js";
import { fixed } from "./numbers.js";
import { table } from "./tables.js";

/**
 * @import { SurveyOut } from "../shared/openapi"
 * @import { Column } from "./tables.js"
 */

/** @type {Column[]} */
const COLUMNS = [
  ["signal", "What is measured of a picture without a reference mask"],
  ["suspicious", "Which end of the signal comes first; fixed beforehand"],
  [
    "Spearman",
    "Rank correlation of the signal, with its suspicious end high, with one minus the IoU: 1 orders pictures from worst to best, 0 is a random order",
  ],
  [
    "AUROC",
    "How likely a bad mask (IoU below 50 %) comes before a good one: 1 is the perfect order, 0.5 a random one",
  ],
];

/** Content of the card. @param {SurveyOut} survey @returns {HTMLElement[]} */
export function signalRanking({ ranking, signals, measured }) {
  const heading = element("h3", { text: "Do the signals find bad masks?" });
  if (!measured)
    return [
      heading,
      element("p", {
        class: "st-muted",
        text: "No picture has both a proposal of this model and a reference mask. Accept masks in Review, or import the dataset again with masks as ground truth.",
      }),
    ];
  return [
    heading,
    table(
      COLUMNS,
      ranking.map(({ name, order, spearman, auroc }) => [
        { text: name, title: signals[name] },
        order,
        fixed(spearman),
        fixed(auroc),
      ]),
    ),
    element("p", {
      class: "st-muted",
      text: `On ${measured.toLocaleString()} pictures with a reference mask. A random order has 0 and 0.5, the perfect one 1 and 1.`,
    }),
  ];
}
