/** The numbers that are measured of each picture. */

/** @import { Row } from "../shared/openapi" */
/** @typedef {"iou"|"disagreement"|"coverage"|"entropy"|"undecided"|"score"|"flips"} NumberName */
/** @typedef {NumberName|"name"} ColumnName */

/** @type {NumberName[]} */
export const NUMBERS = ["iou", "disagreement", "coverage", "entropy", "undecided", "score", "flips"];
/** @type {ColumnName[]} */
export const COLUMNS = ["name", ...NUMBERS];

/** @param {ColumnName} name */
export const columnTitle = (name) => (name === "iou" ? "IoU" : name);

/** Names of a picture's tags. @param {Row} row @param {Map<number, string>} names by class index */
export const tagNames = (row, names) => row.tags.map((index) => names.get(index)).join(", ");
