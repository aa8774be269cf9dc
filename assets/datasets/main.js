/** The class list of a dataset, on the page Datasets: edit, merge, remove, undo. */
import { element, fillSelect } from "../shared/dom.js";
import * as api from "./api.js";
import { ClassRow } from "./class_row.js";
import { askTarget } from "./retire_dialog.js";
import { Manage } from "./manage.js";
import { TagList } from "./tag_list.js";

/** @import { ClassChangeOut, ClassListOut } from "../shared/openapi" */

const WORKING_MS = 500;
const HEADS = ["Index", "Colour", "Name", "Key", "Description", "Tagged", "Examples", ""];

/** @param {HTMLElement} root */
export function mount(root) {
  Object.assign(window, { puzzlecamClasses: new ClassLists(root) }); // for the browser's console
}

class ClassLists {
  /** @type {ClassListOut|null} */
  #list = null;
  /** @type {ClassRow[]} */
  #rows = [];
  #again = 0;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.dataset = element("select", {
      class: "st-input",
      "aria-label": "Dataset of the class list",
      on: {
        change: () => {
          this.tags.clear();
          return this.#load();
        },
      },
    });
    this.tags = new TagList(
      () => this.#datasetId,
      () => this.#load(),
    );
    this.body = element("tbody");
    this.said = element("p", { role: "status" });
    this.save = this.#button("Save", () => this.#save(), "st-button st-primary");
    this.discard = this.#button("Discard changes", () => this.#load());
    this.changes = element("ul", {
      class: "ds-changes",
      "aria-label": "Classes that were merged or removed",
    });
    this.root = root;
    root.className = "st-page ds-root";
    root.replaceChildren(
      element("div", { class: "ds-bar" }, element("h2", { text: "Classes" }), this.dataset),
      element(
        "table",
        { class: "ds-classes" },
        element(
          "thead",
          {},
          element("tr", {}, ...HEADS.map((text) => element("th", { scope: "col", text }))),
        ),
        this.body,
      ),
      element(
        "div",
        { class: "ds-bar" },
        this.#button("Add a class", () => this.#add()),
        this.#button("Distinct colours", () => this.#paint()),
        element("span", { class: "st-spring" }),
        this.discard,
        this.save,
      ),
      this.said,
      this.changes,
      element("p", {
        class: "st-muted",
        text: "The index of a class never changes, and exports are in the order of the indices. The order here is that of the pickers.",
      }),
      this.tags.root,
      new Manage(this.dataset).root,
    );
    this.#begin();
  }

  async #begin() {
    try {
      const { datasets } = await api.allDatasets();
      fillSelect(
        this.dataset,
        datasets.map(({ id, name }) => ({ value: String(id), text: name })),
        new URLSearchParams(location.search).get("dataset") ?? String(datasets[0]?.id ?? ""),
      );
      if (datasets.length) await this.#load();
      else this.said.textContent = "There is no dataset yet.";
    } catch (error) {
      this.#sayError(error);
    }
  }

  get #datasetId() {
    return Number(this.dataset.value);
  }

  async #load() {
    clearTimeout(this.#again);
    const id = this.#datasetId;
    this.root.inert = true; // what is typed now would be lost
    try {
      const list = await api.classes(id);
      if (id === this.#datasetId) this.#show(list);
    } catch (error) {
      this.#sayError(error);
    } finally {
      if (id === this.#datasetId) this.root.inert = false;
    }
  }

  /** @param {ClassListOut} list */
  #show(list) {
    clearTimeout(this.#again);
    this.#list = list;
    this.root.dataset.shown = this.dataset.selectedOptions[0]?.text ?? "";
    this.#rows = list.classes.map((one) => this.#row(one));
    this.#placeRows();
    this.#setChanged(false);
    this.changes.replaceChildren(...list.changes.map((one) => this.#change(one)));
    const { work } = list;
    const isWorking = work?.state === "running";
    this.said.removeAttribute("data-tone");
    this.said.textContent = isWorking
      ? `Masks are being changed: ${work.done.toLocaleString()} of ${work.total.toLocaleString()} pictures.`
      : (work?.sentence ?? "");
    this.body.inert = isWorking;
    if (isWorking) this.#again = setTimeout(() => this.#load(), WORKING_MS);
  }

  /** @param {import("../shared/openapi").ListedClassOut|null} known */
  #row(known) {
    return new ClassRow(known, {
      changed: () => this.#setChanged(true),
      move: (row, step) => this.#move(row, step),
      retire: (row) => this.#retire(row),
    });
  }

  #placeRows() {
    this.body.replaceChildren(...this.#rows.map(({ root }) => root));
  }

  /** @param {boolean} isChanged */
  #setChanged(isChanged) {
    this.save.disabled = this.discard.disabled = !isChanged;
  }

  #add() {
    const row = this.#row(null);
    this.#rows.push(row);
    this.#placeRows();
    this.#setChanged(true);
    row.name.focus();
  }

  /** @param {ClassRow} row @param {1|-1} step */
  #move(row, step) {
    const from = this.#rows.indexOf(row);
    const to = from + step;
    if (to < 0 || to >= this.#rows.length) return;
    this.#rows.splice(from, 1);
    this.#rows.splice(to, 0, row);
    this.#placeRows();
    this.#setChanged(true);
  }

  #paint() {
    this.#rows.forEach((row, place) => {
      const color = this.#list?.distinct_colors[place];
      if (color) row.paint(color);
    });
    this.#setChanged(true);
  }

  async #save() {
    if (!this.#list) return;
    try {
      this.#show(
        await api.store(this.#datasetId, {
          revision: this.#list.revision,
          classes: this.#rows.map(({ wanted }) => wanted),
        }),
      );
      this.said.textContent = "Saved. Pages that are open show it when they are loaded again.";
    } catch (error) {
      this.#sayError(error);
    }
  }

  /** @param {ClassRow} row */
  async #retire(row) {
    const { known } = row;
    if (!known) {
      this.#rows.splice(this.#rows.indexOf(row), 1);
      this.#placeRows();
      return;
    }
    if (!this.save.disabled) {
      this.said.textContent = "Save or discard your changes first.";
      return;
    }
    const others = (this.#list?.classes ?? []).filter(({ index }) => index !== known.index);
    const target = await askTarget(this.#datasetId, known, others);
    if (target === null) return;
    try {
      this.#show(await api.retire(this.#datasetId, known.index, target));
    } catch (error) {
      this.#sayError(error);
    }
  }

  /** @param {ClassChangeOut} change */
  #change({ id, text, author, created_at: at, state, can_undo: canUndo }) {
    const undo = canUndo
      ? this.#button("Undo", async () => {
          try {
            this.#show(await api.undo(this.#datasetId, id));
          } catch (error) {
            this.#sayError(error);
          }
        })
      : null;
    const when = new Date(at).toLocaleString();
    const undone = state === "undone" ? ", undone" : "";
    return element("li", {}, `${text}${author ? `, by ${author}` : ""}, ${when}${undone} `, undo);
  }

  /** @param {unknown} error */
  #sayError(error) {
    this.said.dataset.tone = "bad";
    this.said.textContent = api.messageOf(error);
  }

  /** @param {string} text @param {() => unknown} click @param {string} [className] */
  #button(text, click, className = "st-button") {
    return element("button", { class: className, type: "button", text, on: { click } });
  }
}
