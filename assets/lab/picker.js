/** Which picture: dataset, order, class, and the list. */
import { count, element, fillSelect, listPicture } from "../shared/dom.js";
import * as api from "./api.js";

const PAGE = 60;
const ORDERS = [
  { value: "doubt", text: "By doubt" },
  { value: "disagreement", text: "Tiles disagree" },
  { value: "name", text: "By name" },
  { value: "random", text: "Random" },
];
const HOVERED_MS = 80; // over a picture, before it is told
const LAST_DATASET = "puzzlecam-dataset"; // as Review remembers it

/** Events: `choose` (detail: item id, null where none fits), `hover` (detail: ids of what may be chosen next), `dataset` (detail: the dataset), `whole` (the dataset is asked for). */
export class Picker extends EventTarget {
  constructor() {
    super();
    this.chosen = null;
    this.rows = new Map();
    const select = (label, onChange) =>
      element("select", { class: "st-input", "aria-label": label, on: { change: onChange } });
    this.dataset = select("Dataset", () => this.openDataset(Number(this.dataset.value)));
    this.order = select("Order", () => this.reload());
    fillSelect(this.order, ORDERS, "doubt");
    this.order.title =
      "By doubt: the most doubtful first, as in Review, where much of the picture is close to the threshold between object and background, or, of a self-trained run, where its maps are low. Tiles disagree: where the CAMs of the whole and of the tiled picture differ most";
    this.tag = select("Tagged with", () => this.reload());
    this.list = element("div", {
      class: "lb-picker-list",
      role: "listbox",
      "aria-label": "Pictures",
      tabindex: "0",
      on: { scroll: () => this._more(), keydown: (event) => this._key(event) },
    });
    this.count = element("p", { class: "st-muted" });
    this.whole = element("button", {
      class: "lb-choice lb-whole",
      type: "button",
      text: "Whole dataset",
      title: "All pictures measured: which signals find bad masks, which classes fail",
      on: { click: () => this.dispatchEvent(new CustomEvent("whole")) },
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

  /** @param {Object[]} datasets @param {number|null} wanted id */
  async setDatasets(datasets, wanted) {
    this.datasets = datasets;
    const last = Number(localStorage.getItem(LAST_DATASET));
    const chosen = [wanted, last].find((id) => datasets.some((one) => one.id === id)) ?? datasets[0].id;
    fillSelect(
      this.dataset,
      datasets.map(({ id, name }) => ({ value: String(id), text: name })),
      String(chosen),
    );
    await this.openDataset(chosen, { isFirst: true });
  }

  get names() {
    return new Map(this.opened.classes.map(({ index, name }) => [index, name]));
  }

  async openDataset(id, { isFirst = false } = {}) {
    this.opened = this.datasets.find((one) => one.id === id);
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
    this.dispatchEvent(new CustomEvent("dataset", { detail: this.opened }));
    await this.reload({ chooses: !isFirst });
  }

  /** Load the list anew. @param {{chooses?: boolean}} [options] whether its first picture is opened */
  async reload({ chooses = true } = {}) {
    this.list.replaceChildren();
    this.rows.clear();
    this.next = null;
    await this._load();
    this.rows.get(this.chosen)?.row.scrollIntoView({ block: "nearest" });
    if (chooses && this.whole.getAttribute("aria-pressed") !== "true") this.chooseFirst();
  }

  /** Open the first picture that has tags. */
  chooseFirst() {
    const first =
      [...this.rows.values()].find(({ item }) => item.tags.length)?.item ?? [...this.rows.values()][0]?.item;
    this.dispatchEvent(new CustomEvent("choose", { detail: first?.id ?? null }));
  }

  /** Mark a picture as the one that is shown. @param {number} id */
  mark(id) {
    this.rows.get(this.chosen)?.row.setAttribute("aria-selected", "false");
    this.chosen = id;
    this.whole.setAttribute("aria-pressed", String(id === null));
    const row = this.rows.get(id)?.row;
    row?.setAttribute("aria-selected", "true");
    row?.scrollIntoView({ block: "nearest" });
  }

  /** Pictures below the one that is shown, as far as the list is loaded. @param {number} most @returns {number[]} */
  following(most) {
    const ids = [...this.rows.keys()];
    const at = ids.indexOf(this.chosen);
    return at < 0
      ? []
      : ids
          .slice(at + 1)
          .filter((id) => this.rows.get(id).item.tags.length)
          .slice(0, most);
  }

  async _load() {
    const page = await api.items(this.opened.id, {
      order: this.order.value,
      class: this.tag.value,
      after: this.next,
      limit: PAGE,
    });
    this.next = page.next;
    this.count.textContent = count(page.total, "picture");
    for (const item of page.items) {
      const tags = item.tags.map((index) => this.names.get(index)).join(", ") || "no tags";
      const row = element(
        "div",
        {
          class: "lb-picker-item",
          role: "option",
          "aria-selected": String(item.id === this.chosen),
          title: item.name,
          on: {
            click: () => this.dispatchEvent(new CustomEvent("choose", { detail: item.id })),
            pointerenter: () => this._hover(item),
            pointerleave: () => clearTimeout(this._hovering),
          },
        },
        listPicture(api.thumbnailUrl(item.id, item.revision), { width: 56, height: 46 }),
        element(
          "span",
          {},
          element("b", { text: item.name }),
          element("small", { text: tags }),
          this._signal(item),
        ),
      );
      this.rows.set(item.id, { row, item });
      this.list.append(row);
    }
  }

  _hover(item) {
    clearTimeout(this._hovering);
    if (item.tags.length)
      this._hovering = setTimeout(
        () => this.dispatchEvent(new CustomEvent("hover", { detail: [item.id] })),
        HOVERED_MS,
      );
  }

  /** What the list is ordered by, where it is known; else the status. */
  _signal(item) {
    const isTiled = this.order.value === "disagreement";
    const value = isTiled ? item.disagreement : item.doubt;
    const text =
      value === null
        ? item.status
        : isTiled
          ? `disagreement ${value.toFixed(2)}`
          : `doubt ${Math.round(100 * value)}\u00a0%`;
    const title = isTiled
      ? "How much whole and tiled CAM differ, the largest of the tags; known once the picture was looked at"
      : "Of a self-trained run 100 % less the mean of its maps above the threshold, of other models the share of the picture whose strongest map is within 0.1 of it; known once “propose”, a publication or Measure has looked at the picture";
    return element("small", { class: "st-muted", text, title });
  }

  async _more() {
    const { list } = this;
    if (!this.next || this._isLoading || list.scrollTop + list.clientHeight < list.scrollHeight - 300) return;
    this._isLoading = true;
    await this._load().finally(() => {
      this._isLoading = false;
    });
  }

  _key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const ids = [...this.rows.keys()];
    const next = ids[Math.min(ids.length - 1, Math.max(0, ids.indexOf(this.chosen) + step))];
    if (next && next !== this.chosen) this.dispatchEvent(new CustomEvent("choose", { detail: next }));
  }
}
