/** Tables, numbers and thumbnails of the whole-dataset views. */
import { element, listPicture } from "../shared/dom.js";
import * as api from "./api.js";

export const percent = (value) => (value === null || value === undefined ? "–" : (100 * value).toFixed(1));
export const fixed = (value) => (value === null || value === undefined ? "–" : value.toFixed(3));
/** @param {number|null} value @returns {string} with its sign, in percent points */
export const signed = (value) =>
  value === null || value === undefined
    ? "–"
    : `${{ 1: "+", "-1": "−", 0: "±" }[direction(value)]}${Math.abs(100 * value).toFixed(1)}`;
/** @param {number|null} value @returns {-1|0|1} 0 where nothing of it is to be seen in `signed` */
export const direction = (value) =>
  value === null || value === undefined || Math.abs(value) < 0.0005 ? 0 : Math.sign(value);

/** @param {[string, string][]} head texts and tooltips @param {(string|Object)[][]} rows cells as `cell` takes them */
export function table(head, rows, className = "st-table") {
  return element(
    "table",
    { class: className },
    element(
      "thead",
      {},
      element("tr", {}, ...head.map(([text, title]) => element("th", { text, title, scope: "col" }))),
    ),
    element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells.map(cell)))),
  );
}

/** @param {string|Node|{text: string, title?: string, run?: () => void, class?: string}} content */
export function cell(content) {
  if (typeof content === "string") return element("td", { text: content });
  if (content instanceof Node) return element("td", {}, content);
  const { text, title, run } = content;
  return run
    ? element(
        "td",
        {},
        element("button", { class: "st-link", type: "button", text, title, on: { click: run } }),
      )
    : element("td", { text, title, class: content.class });
}

/**
 * A small picture: click to look at it, and a link into Review.
 * @param {{id: number, datasetId: number, name?: string, note?: string, noteTip?: string, open: (id: number) => void}} one
 */
export function thumbnail({ id, datasetId, name, note, noteTip, open }) {
  const title = name ? `${name}: look at it` : "Look at it";
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
      href: `/?dataset=${datasetId}&item=${id}`,
      text: "Review",
      title: "Open it in Review",
    }),
  );
}

/** Previous and Next with what is shown. @param {{offset: number, page: number, total: number, go: (offset: number) => void, empty?: string}} options */
export function pager({ offset, page, total, go, empty = "No picture fits." }) {
  const last = Math.min(total, offset + page);
  const turn = (text, title, to, isOff) =>
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
    turn("Previous", "The page before", Math.max(0, offset - page), offset === 0),
    turn("Next", "The next page", offset + page, last >= total),
    element("span", {
      class: "st-muted",
      text: total
        ? `${(offset + 1).toLocaleString()} to ${last.toLocaleString()} of ${total.toLocaleString()}`
        : empty,
    }),
  );
}
