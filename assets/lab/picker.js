/** Which picture: dataset, order, class, and the list. */
import { count, element, fillSelect, listPicture } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import { LAST_DATASET } from "../shared/place.js";
import * as api from "./api.js";

/**
 * @import { DatasetOut, ItemRow } from "../shared/openapi"
 *
 * @typedef {object} Events
 * @property {number|null} choose  id of a picture, null where none matches
 * @property {number[]} hover      ids of pictures that may be chosen next
 * @property {DatasetOut} dataset  another dataset was opened
 * @property {undefined} whole          the whole dataset is asked for
 */

const PAGE = 60;
const ORDERS = [
  { value: "doubt", text: "By doubt" },
  { value: "disagreement", text: "Tiles disagree" },
  { value: "name", text: "By name" },
  { value: "random", text: "Random" },
];
const ORDER_TIP =
  "By doubt: the most doubtful first, as in Review: where much of the picture is close to the threshold between object and background, or, for a self-trained run, where its maps are low. Tiles disagree: where the whole map and the tiled map differ most";
const DISAGREEMENT_TIP =
  "How much the whole and the tiled map differ, the largest of the tags; known once the model has processed the picture";
const DOUBT_TIP =
  "For a self-trained run, 100 % minus the mean of its maps above the threshold; for other models, the share of the picture whose strongest map is within 0.1 of the threshold. Known once “propose”, a publication or Measure has processed the picture";
const HOVERED_MS = 80; // over a picture, before it is computed ahead
/** @type {Partial<Record<string, number>>} */
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

/** @extends {Emitter<Events>} */
export class Picker extends Emitter {
  /** Id of the picture that is shown. @type {number|null} */
  #chosen = null;
  /** @type {Map<number, {row: HTMLElement, item: ItemRow}>} */
  #rows = new Map();
  /** @type {DatasetOut[]} */
  #datasets = [];
  /** @type {DatasetOut|null} */
  #opened = null;
  /** Where the next page begins; null after the last one. @type {string|null} */
  #next = null;
  #isLoading = false;
  #hovering = 0;

  constructor() {
    super();
    const select = (/** @type {string} */ label, /** @type {() => void} */ change) =>
      element("select", { class: "st-input", "aria-label": label, on: { change } });
    /** @type {HTMLSelectElement} */
    this.dataset = select("Dataset", () => this.openDataset(Number(this.dataset.value)));
    this.order = select("Order", () => this.reload());
    fillSelect(this.order, ORDERS, "doubt");
    this.order.title = ORDER_TIP;
    this.tag = select("Tagged with", () => this.reload());
    this.list = element("div", {
      class: "lb-picker-list",
      role: "listbox",
      "aria-label": "Pictures",
      tabindex: "0",
      on: { scroll: () => this.#loadMore(), keydown: (event) => this.#key(event) },
    });
    this.count = element("p", { class: "st-muted" });
    this.whole = element("button", {
      class: "lb-choice lb-whole",
      type: "button",
      text: "Whole dataset",
      title: "Measure all pictures: which signals find bad masks, which classes fail",
      on: { click: () => this.emit("whole") },
    });
    this.root = element(
      "nav",
      { class: "lb-picker", "aria-label": "Pictures" },
      this.dataset,
      this.whole,
      element("div", { class: "lb-picker-filters" }, this.order, this.tag),
      this.count,
      this.list,
    );
  }

  /** The dataset whose pictures are listed. */
  get opened() {
    if (!this.#opened) throw new Error("No dataset is open.");
    return this.#opened;
  }

  /** Names of its classes by index. @returns {Map<number, string>} */
  get names() {
    return new Map(this.opened.classes.map(({ index, name }) => [index, name]));
  }

  /** @param {DatasetOut[]} datasets at least one @param {number|null} wanted id */
  async setDatasets(datasets, wanted) {
    this.#datasets = datasets;
    const last = Number(localStorage.getItem(LAST_DATASET));
    const chosen = [wanted, last].find((id) => datasets.some((one) => one.id === id)) ?? datasets[0].id;
    fillSelect(
      this.dataset,
      datasets.map(({ id, name }) => ({ value: String(id), text: name })),
      String(chosen),
    );
    await this.openDataset(chosen, { choose: false });
  }

  /** @param {number} id @param {{choose?: boolean}} [options] whether its first picture is opened */
  async openDataset(id, options = {}) {
    this.#opened = this.#datasets.find((one) => one.id === id) ?? null;
    localStorage.setItem(LAST_DATASET, String(id));
    const classes = this.opened.classes.filter(({ index }) => index > 0);
    fillSelect(
      this.tag,
      [
        { value: "", text: "All classes" },
        ...classes.map(({ index, name }) => ({ value: String(index), text: name })),
      ],
      "",
    );
    this.emit("dataset", this.opened);
    await this.reload(options);
  }

  /** Load the list again. @param {{choose?: boolean}} [options] whether its first picture is opened */
  async reload({ choose = true } = {}) {
    this.list.replaceChildren();
    this.#rows.clear();
    this.#next = null;
    await this.#load();
    this.#chosenRow?.scrollIntoView({ block: "nearest" });
    if (choose && this.whole.getAttribute("aria-pressed") !== "true") this.chooseFirst();
  }

  get #chosenRow() {
    return this.#chosen === null ? undefined : this.#rows.get(this.#chosen)?.row;
  }

  /** Open the first picture that has tags. */
  chooseFirst() {
    const items = [...this.#rows.values()].map(({ item }) => item);
    const first = items.find(({ tags }) => tags.length) ?? items[0];
    this.emit("choose", first?.id ?? null);
  }

  /** Mark a picture as the one that is shown. @param {number|null} id null for the whole dataset */
  mark(id) {
    this.#chosenRow?.setAttribute("aria-selected", "false");
    this.#chosen = id;
    this.whole.setAttribute("aria-pressed", String(id === null));
    this.#chosenRow?.setAttribute("aria-selected", "true");
    this.#chosenRow?.scrollIntoView({ block: "nearest" });
  }

  /** Pictures below the one that is shown, as far as the list is loaded. @param {number} most @returns {number[]} */
  following(most) {
    const items = [...this.#rows.values()].map(({ item }) => item);
    const at = items.findIndex(({ id }) => id === this.#chosen);
    if (at < 0) return [];
    return items
      .slice(at + 1)
      .filter(({ tags }) => tags.length)
      .slice(0, most)
      .map(({ id }) => id);
  }

  async #load() {
    const page = await api.items(this.opened.id, {
      order: this.order.value,
      class: this.tag.value,
      after: this.#next,
      limit: PAGE,
    });
    this.#next = page.next;
    const unknown = page.doubt_unknown
      ? `, doubt of ${page.doubt_unknown.toLocaleString()} not known yet`
      : "";
    this.count.textContent = `${count(page.total, "picture")}${unknown}`;
    for (const item of page.items) {
      const row = this.#row(item);
      this.#rows.set(item.id, { row, item });
      this.list.append(row);
    }
  }

  /** @param {ItemRow} item */
  #row(item) {
    const tags = item.tags.map((index) => this.names.get(index)).join(", ") || "no tags";
    return element(
      "div",
      {
        class: "lb-picker-item",
        role: "option",
        "aria-selected": String(item.id === this.#chosen),
        title: item.name,
        on: {
          click: () => this.emit("choose", item.id),
          pointerenter: () => this.#hover(item),
          pointerleave: () => window.clearTimeout(this.#hovering),
        },
      },
      listPicture(api.thumbnailUrl(item.id, item.revision), { width: 56, height: 46 }),
      element(
        "span",
        {},
        element("b", { text: item.name }),
        element("small", { text: tags }),
        this.#signal(item),
      ),
    );
  }

  /** @param {ItemRow} item */
  #hover(item) {
    window.clearTimeout(this.#hovering);
    if (item.tags.length) this.#hovering = window.setTimeout(() => this.emit("hover", [item.id]), HOVERED_MS);
  }

  /** The value that the list is ordered by where it is known, else the status. @param {ItemRow} item */
  #signal({ disagreement, doubt, status }) {
    const isTiled = this.order.value === "disagreement";
    const known = isTiled
      ? disagreement !== null && `disagreement ${disagreement.toFixed(2)}`
      : doubt !== null && `doubt ${Math.round(100 * doubt)}\u00a0%`;
    const title = isTiled ? DISAGREEMENT_TIP : DOUBT_TIP;
    return element("small", { class: "st-muted", text: known || status, title });
  }

  async #loadMore() {
    const { list } = this;
    if (this.#next === null || this.#isLoading) return;
    if (list.scrollTop + list.clientHeight < list.scrollHeight - 300) return;
    this.#isLoading = true;
    await this.#load().finally(() => {
      this.#isLoading = false;
    });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const ids = [...this.#rows.keys()];
    const at = ids.findIndex((id) => id === this.#chosen);
    const next = ids[Math.min(ids.length - 1, Math.max(0, at + step))];
    if (next !== undefined && next !== this.#chosen) this.emit("choose", next);
  }
}
