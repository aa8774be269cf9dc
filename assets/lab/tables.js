/** Tables and thumbnails of the Lab. */
import { element, listPicture } from "../shared/dom.js";
import { address } from "../shared/place.js";
import * as api from "./api.js";

/**
 * @typedef {[name: string, tip: string]} Column
 *
 * @typedef {object} TableCell
 * @property {string} text
 * @property {string} [title]
 * @property {() => void} [run] makes it a button
 * @property {string} [class]
 */

/**
 * @param {Column[]} columns
 * @param {(string|TableCell)[][]} rows
 * @param {{className?: string, rowClasses?: string[]}} [options]
 */
export function table(columns, rows, { className = "st-table", rowClasses = [] } = {}) {
  return element(
    "table",
    { class: className },
    element(
      "thead",
      {},
      element("tr", {}, ...columns.map(([text, title]) => element("th", { text, title, scope: "col" }))),
    ),
    element(
      "tbody",
      {},
      ...rows.map((cells, row) => element("tr", { class: rowClasses[row] }, ...cells.map(cell))),
    ),
  );
}

/** @param {string|TableCell} content */
function cell(content) {
  if (typeof content === "string") return element("td", { text: content });
  const { text, title, run } = content;
  if (!run) return element("td", { text, title, class: content.class });
  const button = element("button", { class: "st-link", type: "button", text, title, on: { click: run } });
  return element("td", {}, button);
}

/**
 * @typedef {object} Thumbnail
 * @property {number} id
 * @property {number} datasetId
 * @property {string} [name]
 * @property {string} [note]
 * @property {string} [noteTip]
 * @property {(id: number) => void} open
 */

/** A small picture that opens it in the Lab, and a link that opens it in Review. @param {Thumbnail} one */
export function thumbnail({ id, datasetId, name, note, noteTip, open }) {
  const title = name ? `Open ${name}` : "Open the picture";
  return element(
    "span",
    { class: "lb-thumb" },
    element(
      "button",
      { type: "button", title, on: { click: () => open(id) } },
      listPicture(api.thumbnailUrl(id, 0), { alt: name ?? `Picture ${id}` }),
    ),
    note ? element("span", { class: "lb-thumb-note", text: note, title: noteTip }) : null,
    element("a", {
      class: "st-muted",
      href: address(`/?dataset=${datasetId}&item=${id}`),
      text: "Review",
      title: "Open it in Review",
    }),
  );
}

/**
 * Buttons for the page before and after, and which rows are shown.
 * @param {{offset: number, page: number, total: number, go: (offset: number) => void}} options `page`: rows of one
 */
export function pager({ offset, page, total, go }) {
  const last = Math.min(total, offset + page);
  const turn = (
    /** @type {string} */ text,
    /** @type {string} */ title,
    /** @type {number} */ to,
    /** @type {boolean} */ isOff,
  ) =>
    element("button", {
      class: "st-button",
      type: "button",
      text,
      title,
      disabled: isOff,
      on: { click: () => go(to) },
    });
  return element(
    "div",
    { class: "lb-bar" },
    turn("Previous", "The previous page", Math.max(0, offset - page), offset === 0),
    turn("Next", "The next page", offset + page, last >= total),
    element("span", {
      class: "st-muted",
      text: total
        ? `${(offset + 1).toLocaleString()} to ${last.toLocaleString()} of ${total.toLocaleString()}`
        : "No picture matches.",
    }),
  );
}
