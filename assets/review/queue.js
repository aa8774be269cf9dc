/**
 * The queue: the pictures to review, their order, filters and status.
 */
import { changePicture, count, element, listPicture } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import { address } from "../shared/place.js";
import { QueueFilters, STATUS_TEXT } from "../shared/queue_filters.js";
import * as api from "./api.js";

/** @import { DatasetOut, ItemRow } from "../shared/openapi" */

const PAGE = 60;
const FAR_PAGE = 500; // the most that the server sends at once
const FAR_PAGES = 6; // a picture further down is opened without its neighbours

/**
 * Events: `choose` an item's id, `filter` (somebody chose another filter or order; the queue is loaded anew).
 * @extends {Emitter<{choose: number, filter: undefined}>}
 */
export class Queue extends Emitter {
  #generation = 0;
  /** @type {Promise<void>|null} */
  #loading = null;
  /** @type {DatasetOut|null} */
  dataset = null;
  /** @type {Map<number, string>} */
  classNames = new Map();
  /** @type {ItemRow[]} */
  items = [];
  /** @type {string|null} */
  next = null;
  total = 0;
  /** Id of the current picture. @type {number|null} */
  current = null;
  filters = new QueueFilters();
  list = element("div", { class: "pr-queue-list", role: "listbox", "aria-label": "Pictures" });
  count = element("span", { class: "pr-queue-count" });
  note = element("p", { class: "pr-queue-note", hidden: true });
  /** Filters that the gallery offers; here they are shown where one is chosen. */
  #rare = element("div", { class: "pr-filter-row" }, this.filters.doubtSelect, this.filters.sizeSelect);
  root = element(
    "aside",
    { class: "pr-queue", "aria-label": "Queue" },
    element(
      "div",
      { class: "pr-filters" },
      element("div", { class: "pr-filter-row" }, this.filters.ownerSelect),
      element("div", { class: "pr-filter-row" }, this.filters.statusSelect, this.filters.orderSelect),
      element("div", { class: "pr-filter-row" }, this.filters.classSelect, this.filters.splitSelect),
      element("div", { class: "pr-filter-row" }, this.filters.nameInput),
      this.#rare,
      element("div", { class: "pr-filter-row" }, this.filters.authorSelect, this.count),
    ),
    this.note,
    this.list,
  );

  constructor() {
    super();
    this.filters.on("change", async () => {
      if (await this.reload()) this.emit("filter");
    });
    this.list.addEventListener("scroll", () => {
      if (this.list.scrollTop + this.list.clientHeight > this.list.scrollHeight - 400) this.loadMore();
    });
  }

  /** @param {DatasetOut} dataset */
  async open(dataset) {
    this.dataset = dataset;
    this.classNames = new Map(dataset.classes.map(({ index, name }) => [index, name]));
    this.filters.open(dataset);
    await this.reload();
  }

  /** Show the pictures with this tag that nobody has finished. @param {number} classIndex */
  showUnfinished(classIndex) {
    this.filters.showUnfinished(classIndex);
  }

  /** @returns {Promise<boolean>} false if it was loaded again meanwhile */
  async reload() {
    const generation = ++this.#generation;
    this.#loading = null;
    this.items = [];
    this.next = null;
    this.list.replaceChildren();
    this.#rare.hidden = !this.filters.hasRare;
    this.list.scrollTop = 0;
    await this.loadMore(true);
    return generation === this.#generation;
  }

  /** @param {boolean} [isFirst] @param {number} [limit] */
  loadMore(isFirst = false, limit = PAGE) {
    if (!isFirst && this.next === null) return Promise.resolve();
    this.#loading ??= this.#load(isFirst, limit).finally(() => (this.#loading = null));
    return this.#loading;
  }

  /** Load pages until a picture is in the list. @param {number} id */
  async loadUntil(id) {
    for (let page = 0; page < FAR_PAGES && this.next !== null && !this.#has(id); page++) {
      await this.loadMore(false, FAR_PAGE);
    }
  }

  /** The id of the picture with a number, counted from 1, with the present filters. @param {number} number */
  async idAt(number) {
    const listed = this.items[number - 1];
    if (listed) return listed.id;
    if (!this.dataset || number > this.total) return null;
    // Those that are listed come first, also those that have left the filter since.
    const isListed = new Set(this.items.map(({ id }) => id));
    let place = number - 1 - this.items.length;
    /** @type {string|null} */
    let after = null;
    do {
      /** @type {import("../shared/openapi").GalleryOut} */
      const page = await api.itemIds(this.dataset.id, { ...this.filters.wanted, after });
      const further = page.ids.filter((id) => !isListed.has(id));
      if (place < further.length) return further[place];
      place -= further.length;
      after = page.next;
    } while (after !== null);
    return null;
  }

  /** Id of the picture to start with: the first one that was not skipped; null when the queue is empty. */
  get first() {
    return (this.items.find(({ status }) => status !== "skipped") ?? this.items[0])?.id ?? null;
  }

  /** @param {number} id */
  #has(id) {
    return this.items.some((item) => item.id === id);
  }

  /** @param {boolean} isFirst @param {number} limit */
  async #load(isFirst, limit) {
    if (!this.dataset) return;
    const generation = this.#generation;
    let page;
    try {
      page = await api.items(this.dataset.id, {
        ...this.filters.wanted,
        after: isFirst ? null : this.next,
        limit,
      });
    } catch (error) {
      if (generation === this.#generation)
        this.list.append(element("p", { class: "pr-empty", text: api.messageOf(error) }));
      return;
    }
    const returned = isFirst ? await this.#returned() : [];
    if (generation !== this.#generation) return;
    this.next = page.next;
    // The studio no longer counts those of the list that have left the filter since.
    this.total = page.total + this.#gone;
    this.#showUnknown(page.doubt_unknown);
    for (const item of [...returned, ...page.items]) {
      if (this.#has(item.id)) continue;
      this.items.push(item);
      this.list.append(this.#row(item));
    }
    if (!this.items.length)
      this.list.append(element("p", { class: "pr-empty", text: this.filters.emptySentence }));
    this.#mark();
  }

  /** Pictures that a reviewer returned to this person: they come first. @returns {Promise<ItemRow[]>} */
  async #returned() {
    const { dataset, filters } = this;
    const { wanted } = filters;
    if (!dataset || dataset.second_look === "off" || wanted.status !== "todo" || wanted.owner === "nobody")
      return [];
    try {
      const asked = { ...wanted, status: "returned", owner: "me", limit: PAGE };
      return (await api.items(dataset.id, asked)).items;
    } catch {
      return []; // they are in the list, too, at their usual place
    }
  }

  /** @param {number|null} unknown pictures without a doubt, in the order of doubt */
  #showUnknown(unknown) {
    this.note.hidden = !unknown;
    if (!unknown) return;
    const link = address(`/datasets?dataset=${this.dataset?.id}`);
    this.note.replaceChildren(
      `The doubt of ${count(unknown, "picture")} is not known yet: they come last. `,
      element("a", { href: link, text: "Compute it", title: "Opens the Datasets page" }),
    );
  }

  /** @param {ItemRow} item */
  #row(item) {
    const tags = this.#tagNames(item.tags);
    const row = element(
      "button",
      {
        class: "pr-queue-item",
        type: "button",
        role: "option",
        title: `${item.name}: ${tags}`,
        data: { id: item.id },
        on: { click: () => this.emit("choose", item.id) },
      },
      listPicture(api.thumbnailUrl(item.id, item.revision), { class: "pr-thumb", width: 72, height: 50 }),
      element(
        "span",
        { class: "pr-queue-text" },
        element("span", { class: "pr-queue-name", text: item.name }),
        element("span", { class: "pr-star", text: "★", title: "Bookmarked", hidden: !item.bookmarked }),
        element("span", { class: "pr-queue-tags", text: tags }),
        element("span", {
          class: "st-pill pr-status",
          data: { status: item.status },
          text: STATUS_TEXT[item.status],
        }),
      ),
    );
    return row;
  }

  /** @param {number[]} tags */
  #tagNames(tags) {
    return tags.map((index) => this.classNames.get(index) ?? `class ${index}`).join(", ") || "no tags";
  }

  /** @param {number} id @returns {HTMLElement|null} */
  #rowOf(id) {
    return this.list.querySelector(`[data-id="${Number(id)}"]`);
  }

  /** @param {number} id */
  setCurrent(id) {
    this.current = id;
    this.#mark();
    this.#rowOf(id)?.scrollIntoView({ block: "nearest" });
    const position = this.items.findIndex((item) => item.id === id);
    if (position >= 0 && position > this.items.length - 10) this.loadMore();
  }

  /** How many pictures of the list the status filter no longer keeps. */
  get #gone() {
    return this.items.filter(({ status }) => !this.filters.keepsStatus(status)).length;
  }

  #mark() {
    const place = this.items.findIndex(({ id }) => id === this.current);
    const pictures = count(this.total, "picture");
    const left = this.total - this.#gone;
    const rest = left < this.total ? ` · ${left.toLocaleString()} left` : "";
    this.count.textContent = place < 0 ? pictures : `${(place + 1).toLocaleString()} of ${pictures}${rest}`;
    this.count.title = "Place of this picture in the queue; left: those that the status filter still keeps";
    for (const row of this.list.querySelectorAll(".pr-queue-item")) {
      row.setAttribute("aria-selected", String(Number(row.getAttribute("data-id")) === this.current));
    }
  }

  /** Show the new tags of a picture in its row. @param {Pick<ItemRow, "id"|"tags">} changed */
  updateTags({ id, tags }) {
    const item = this.items.find((candidate) => candidate.id === id);
    const row = this.#rowOf(id);
    if (!item || !row) return;
    item.tags = tags;
    row.title = `${item.name}: ${this.#tagNames(tags)}`;
    const shown = /** @type {HTMLElement} */ (row.querySelector(".pr-queue-tags"));
    shown.textContent = this.#tagNames(tags);
  }

  /** @param {Pick<ItemRow, "id"|"bookmarked">} changed */
  updateBookmark({ id, bookmarked }) {
    const item = this.items.find((candidate) => candidate.id === id);
    const star = this.#rowOf(id)?.querySelector(".pr-star");
    if (item) item.bookmarked = bookmarked;
    if (star instanceof HTMLElement) star.hidden = !bookmarked;
  }

  /** Show the new state of a picture in its row. @param {Pick<ItemRow, "id"|"status"|"revision">} changed */
  update({ id, status, revision }) {
    const item = this.items.find((candidate) => candidate.id === id);
    if (!item || (revision ?? 0) < (item.revision ?? 0)) return; // an older answer that came late
    Object.assign(item, { status, revision });
    this.#mark();
    const row = this.#rowOf(id);
    if (!row) return;
    const badge = /** @type {HTMLElement} */ (row.querySelector(".pr-status"));
    badge.dataset.status = status;
    badge.textContent = STATUS_TEXT[status];
    changePicture(/** @type {HTMLImageElement} */ (row.querySelector("img")), api.thumbnailUrl(id, revision));
  }

  /**
   * @param {number} id
   * @param {1|-1} step
   * @returns {Promise<number|null>} the neighbour's id; null at the end
   */
  async neighbour(id, step) {
    const position = this.items.findIndex((item) => item.id === id);
    if (position < 0) return this.items[0]?.id ?? null;
    if (position + step >= this.items.length) await this.loadMore();
    if (position + step >= this.items.length) await this.#loadPassed();
    return this.items[position + step]?.id ?? null;
  }

  /**
   * Load pictures whose doubt became known meanwhile: they belong before those that are already loaded. The list
   * does not change while somebody works, so they are added at its end.
   */
  async #loadPassed() {
    if (this.filters.orderSelect.value !== "doubt" || this.next !== null) return;
    const known = this.items.length;
    await this.loadMore(true);
    while (this.items.length === known && this.next !== null) await this.loadMore(false, FAR_PAGE);
  }

  /** Ids of the pictures that come next. @param {number} id @param {number} count */
  upcoming(id, count) {
    const position = this.items.findIndex((item) => item.id === id);
    return this.items.slice(position + 1, position + 1 + count).map((item) => item.id);
  }
}
