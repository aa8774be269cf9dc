/** The Gallery page: all pictures of a dataset in a grid, with the filters of Review, and the same done to many. */
import { count, element, fillSelect, isTyping } from "../shared/dom.js";
import { LAST_DATASET, address } from "../shared/place.js";
import { QueueFilters } from "../shared/queue_filters.js";
import * as api from "./api.js";
import { BulkBar } from "./bulk_bar.js";
import { Grid } from "./grid.js";
import { Listing } from "./listing.js";
import { Selection } from "./selection.js";

/**
 * @import { DatasetOut } from "../shared/openapi"
 * @import { Size } from "./grid.js"
 */

/** @param {HTMLElement} root */
export function mount(root) {
  Object.assign(window, { puzzlecamGallery: new Gallery(root) }); // for the browser's console
}

class Gallery {
  /** @type {DatasetOut[]} */
  #datasets = [];
  /** @type {DatasetOut|null} */
  #dataset = null;
  /** Whether the pictures that come next are of another list. */
  #isNew = true;
  /** The picture that the page was left at. @type {number|null} */
  #returned = null;
  filters = new QueueFilters();
  listing = new Listing();
  selection = new Selection();
  grid = new Grid(this.listing, this.selection);
  bar = new BulkBar(this.listing, this.selection);
  /** @type {HTMLSelectElement} */
  #datasetSelect = element("select", {
    class: "st-input",
    "aria-label": "Dataset",
    on: { change: () => this.#choose(Number(this.#datasetSelect.value)) },
  });
  /** @type {HTMLSelectElement} */
  #sizeSelect = element("select", {
    class: "st-input",
    "aria-label": "Size of the pictures",
    on: { change: () => (this.grid.size = /** @type {Size} */ (this.#sizeSelect.value)) },
  });
  #count = element("span", { class: "gl-count st-muted" });
  #empty = element("p", { class: "gl-empty", hidden: true });

  /** @param {HTMLElement} root */
  constructor(root) {
    const { filters } = this;
    filters.nameInput.placeholder = "Part of a name ( / )";
    fillSelect(
      this.#sizeSelect,
      ["Small", "Medium", "Large"].map((text) => ({ value: text.toLowerCase(), text })),
      this.grid.size,
    );
    root.replaceChildren(
      element(
        "header",
        { class: "gl-header" },
        this.#datasetSelect,
        filters.ownerSelect,
        filters.statusSelect,
        filters.classSelect,
        filters.splitSelect,
        filters.authorSelect,
        filters.doubtSelect,
        filters.sizeSelect,
        filters.orderSelect,
        filters.nameInput,
        this.#sizeSelect,
        this.#count,
      ),
      this.bar.root,
      this.#empty,
      this.grid.root,
      element("p", {
        class: "gl-help st-muted",
        text: "Arrow keys move, Space selects, Shift selects a range, Enter opens in Review. / finds a name.",
      }),
    );
    this.#wire();
    this.#start();
  }

  #wire() {
    this.grid.reviewAddress = (id) => address(`/?dataset=${this.#dataset?.id}&item=${id}`);
    this.grid.on("open", (id) => {
      // So that “Back” returns to this picture.
      history.replaceState(history.state, "", `?dataset=${this.#dataset?.id}&item=${id}`);
      location.assign(this.grid.reviewAddress(id));
    });
    this.filters.on("change", () => this.#load());
    this.bar.on("done", () => this.#load({ isSame: true }));
    this.listing.on("ids", () => this.#showIds());
    this.listing.on("problem", (text) => this.bar.say(text, true));
    document.addEventListener("keydown", (event) => this.#onKey(event));
  }

  async #start() {
    try {
      ({ datasets: this.#datasets } = await api.datasets());
    } catch (error) {
      this.#showEmpty(api.messageOf(error));
      return;
    }
    if (!this.#datasets.length) {
      this.#showEmpty("There is no dataset yet. Import one on the Datasets page.");
      return;
    }
    fillSelect(
      this.#datasetSelect,
      this.#datasets.map(({ id, name }) => ({ value: String(id), text: name })),
    );
    const asked = new URLSearchParams(location.search);
    this.#returned = Number(asked.get("item")) || null;
    this.#choose(Number(asked.get("dataset") ?? localStorage.getItem(LAST_DATASET)));
    this.grid.root.focus({ preventScroll: true });
  }

  /** @param {number} id */
  #choose(id) {
    const dataset = this.#datasets.find((one) => one.id === id) ?? this.#datasets[0];
    this.#dataset = dataset;
    this.#datasetSelect.value = String(dataset.id);
    localStorage.setItem(LAST_DATASET, String(dataset.id));
    const names = new Map(dataset.classes.map(({ index, name }) => [index, name]));
    this.grid.tagNames = (tags) =>
      tags.map((index) => names.get(index) ?? `class ${index}`).join(", ") || "no tags";
    this.filters.open(dataset);
    this.bar.open(dataset);
    return this.#load();
  }

  /** @param {{isSame?: boolean}} [options] whether the pictures keep their place and stay selected */
  async #load({ isSame = false } = {}) {
    if (!this.#dataset) return;
    this.#isNew = true;
    if (!isSame) {
      this.selection.replace([]);
      this.grid.root.scrollTop = 0;
    }
    const loaded = this.listing.load(this.#dataset.id, this.filters.wanted);
    this.selection.emit("change"); // nothing can be done until they are there
    await loaded;
  }

  #showIds() {
    const { ids, isLoading, total } = this.listing;
    if (this.#isNew && !isLoading) {
      this.selection.replace(ids);
      this.#isNew = false;
    } else if (this.#isNew) {
      this.selection.extend(ids);
    }
    this.#count.textContent = count(total, "picture");
    this.#showEmpty(ids.length ? null : this.filters.emptySentence);
    const place = this.#returned === null ? -1 : ids.indexOf(this.#returned);
    if (place >= 0) {
      this.#returned = null;
      this.selection.move(place);
      requestAnimationFrame(() => this.grid.reveal(place));
    }
  }

  /** @param {string|null} sentence */
  #showEmpty(sentence) {
    this.#empty.hidden = sentence === null;
    this.#empty.textContent = sentence ?? "";
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.key === "Escape" && event.target === this.filters.nameInput) this.grid.root.focus();
    if (isTyping(event) || event.altKey) return;
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      if (key !== "a") return;
      this.selection.all();
    } else if (key === "/") this.filters.nameInput.focus();
    else if (key === "escape") this.selection.none();
    else if (event.repeat || !this.bar.handleKey(key)) return;
    event.preventDefault();
  }
}
