/** The measured pictures as a table or as a gallery, sorted and filtered by the server. */
import { element, fillSelect } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import * as api from "./api.js";
import { COLUMNS, NUMBERS, columnTitle, tagNames } from "./survey_columns.js";
import { fixed, percent } from "./numbers.js";
import { pager, thumbnail } from "./tables.js";

/**
 * @import { DatasetOut, Row, SurveyOut } from "../shared/openapi"
 * @import { ColumnName } from "./survey_columns.js"
 *
 * @typedef {object} Wanted
 * @property {DatasetOut} dataset
 * @property {Map<number, string>} names of its classes, by index
 * @property {string} source
 * @property {SurveyOut["signals"]} signals what each one measures
 */

const PAGE = 50;

/**
 * Event `open`: id of a picture; event `tag`: another class was chosen.
 * @extends {Emitter<{open: number, tag: undefined}>}
 */
export class SurveyPictures extends Emitter {
  /** @type {Wanted|null} */
  #wanted = null;
  /** @type {ColumnName} */
  #sort = "iou";
  #isDescending = false;
  #offset = 0;
  /** The last request. @type {object|null} */
  #asked = null;

  constructor() {
    super();
    this.view = element("select", {
      class: "st-input lb-narrow",
      "aria-label": "Table or gallery",
      title: "As a table or as a gallery, in the same order",
      on: { change: () => this.#load() },
    });
    fillSelect(
      this.view,
      [
        { value: "table", text: "Table" },
        { value: "gallery", text: "Gallery" },
      ],
      "table",
    );
    this.order = element("select", { class: "st-input lb-narrow", "aria-label": "Sorted by" });
    this.order.addEventListener("change", () => this.#sortBy(/** @type {ColumnName} */ (this.order.value)));
    this.search = element("input", {
      class: "st-input lb-narrow",
      type: "search",
      placeholder: "Part of the name",
      "aria-label": "Part of the name",
      on: { input: () => this.reload() },
    });
    this.tag = element("select", {
      class: "st-input lb-narrow",
      "aria-label": "Class",
      on: { change: () => this.emit("tag") },
    });
    this.table = element("div", {});
    this.pager = element("div", {});
    this.root = element(
      "section",
      { class: "lb-survey-card" },
      element(
        "div",
        { class: "lb-bar" },
        element("h3", { text: "Pictures" }),
        this.tag,
        this.search,
        this.view,
        this.order,
      ),
      this.table,
      this.pager,
    );
  }

  /** @param {DatasetOut} dataset */
  setDataset({ classes }) {
    const known = classes.filter(({ index }) => index);
    fillSelect(
      this.tag,
      [
        { value: "", text: "All classes" },
        ...known.map(({ index, name }) => ({ value: String(index), text: name })),
      ],
      "",
    );
  }

  /** Sort by another number where the survey does not have this one. @param {boolean} hasIou @param {boolean} hasDisagreement */
  setKnown(hasIou, hasDisagreement) {
    if (!hasIou && this.#sort === "iou") [this.#sort, this.#isDescending] = ["disagreement", true];
    if (!hasDisagreement && this.#sort === "disagreement") this.#sort = "undecided";
  }

  /** Show the first page. @param {Wanted} wanted */
  show(wanted) {
    this.#wanted = wanted;
    this.reload();
  }

  reload() {
    this.#offset = 0;
    void this.#load();
  }

  async #load() {
    const wanted = this.#wanted;
    if (!wanted) return;
    const asked = (this.#asked = {});
    const page = await api.surveyRows(wanted.dataset.id, {
      sort: this.#sort,
      descending: this.#isDescending,
      class: this.tag.value,
      search: this.search.value,
      offset: this.#offset,
      limit: PAGE,
      source: wanted.source,
    });
    if (asked !== this.#asked) return;
    const isTable = this.view.value === "table";
    fillSelect(
      this.order,
      COLUMNS.map((name) => ({ value: name, text: `by ${columnTitle(name)}` })),
      this.#sort,
    );
    this.order.hidden = isTable;
    this.table.replaceChildren(isTable ? this.#rows(wanted, page.rows) : this.#gallery(wanted, page.rows));
    this.pager.replaceChildren(
      pager({
        offset: this.#offset,
        page: PAGE,
        total: page.total,
        go: (offset) => {
          this.#offset = offset;
          void this.#load();
        },
      }),
    );
  }

  /** @param {Wanted} wanted @param {Row[]} rows */
  #rows({ names, signals }, rows) {
    const head = element(
      "tr",
      {},
      ...COLUMNS.map((name) => this.#head(name, signals)),
      element("th", { text: "tags", scope: "col" }),
    );
    const lines = rows.map((row) => {
      const button = element("button", {
        class: "st-link",
        type: "button",
        text: row.name,
        title: "Open the picture",
        on: { click: () => this.emit("open", row.id) },
      });
      return element(
        "tr",
        {},
        element("td", {}, button),
        ...NUMBERS.map((name) =>
          element("td", { text: name === "iou" ? percent(row.iou) : fixed(row[name]) }),
        ),
        element("td", { text: tagNames(row, names) }),
      );
    });
    return element(
      "table",
      { class: "st-table lb-rows" },
      element("thead", {}, head),
      element("tbody", {}, ...lines),
    );
  }

  /** @param {ColumnName} name @param {SurveyOut["signals"]} signals */
  #head(name, signals) {
    const isSorted = name === this.#sort;
    const direction = this.#isDescending ? "descending" : "ascending";
    const arrow = this.#isDescending ? " ↓" : " ↑";
    return element(
      "th",
      {
        scope: "col",
        "aria-sort": isSorted ? direction : "none",
        title: signals[name] ?? (name === "iou" ? "Mean IoU of the mask, in percent" : ""),
      },
      element("button", {
        class: "lb-sort",
        type: "button",
        text: `${columnTitle(name)}${isSorted ? arrow : ""}`,
        on: { click: () => this.#sortBy(name) },
      }),
    );
  }

  /** @param {Wanted} wanted @param {Row[]} rows */
  #gallery({ dataset, names }, rows) {
    const sort = this.#sort;
    const open = (/** @type {number} */ id) => this.emit("open", id);
    const thumbnails = rows.map((row) =>
      thumbnail({
        id: row.id,
        datasetId: dataset.id,
        name: row.name,
        note: sort === "iou" || sort === "name" ? `IoU ${percent(row.iou)}` : `${sort} ${fixed(row[sort])}`,
        noteTip: `IoU ${percent(row.iou)} %; ${tagNames(row, names)}`,
        open,
      }),
    );
    return element("div", { class: "lb-gallery" }, ...thumbnails);
  }

  /** @param {ColumnName} name */
  #sortBy(name) {
    this.#isDescending = name === this.#sort ? !this.#isDescending : name !== "name" && name !== "iou";
    this.#sort = name;
    this.reload();
  }
}
