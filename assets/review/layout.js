/** The layout of the Review page, and its header. */
import { element, fillSelect } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import { STATUS_TEXT } from "../shared/queue_filters.js";

/**
 * @import { DatasetOut, Health, ItemOut, ItemState, ProgressOut } from "../shared/openapi"
 * @import { Decision } from "./api.js"
 *
 * @typedef {{text: string, run: () => unknown}} Action  a button behind a sentence
 * @typedef {{root: HTMLElement}} Part
 * @typedef {{queue: Part, classPanel: Part, heatPanel: Part, livePanel: Part, objectsPanel: Part, statusBar: Part, tagLine: Part, lookPanel: Part}} Parts
 *
 * @typedef {object} LayoutEvents
 * @property {number} dataset     chosen, its id
 * @property {string} annotator   another name
 * @property {Decision} decide
 * @property {1|-1} step          to a neighbour in the queue
 * @property {undefined} history
 * @property {undefined} bookmark  the current picture, or no more
 * @property {undefined} help
 */

/** @extends {Emitter<LayoutEvents>} */
export class Layout extends Emitter {
  #busyTimer = 0;
  stage = element("div", { class: "pr-stage" });
  toolbar = element("div", { class: "pr-toolbar" });
  sentence = element("div", { class: "pr-stage-sentence", role: "status", hidden: true });
  warning = element("div", { class: "pr-warning", role: "alert", hidden: true });
  busy = element("div", { class: "pr-busy", hidden: true, "aria-label": "Loading" });
  place = element("div", { class: "pr-place", role: "status", hidden: true });
  /** @type {HTMLSelectElement} */
  datasetSelect = element("select", {
    class: "st-input",
    "aria-label": "Dataset",
    on: {
      change: () => this.emit("dataset", Number(this.datasetSelect.value)),
    },
  });
  itemName = element("strong", { class: "pr-item-name" });
  itemFacts = element("span", { class: "pr-item-facts" });
  itemStatus = element("span", { class: "st-pill pr-status" });
  itemHistory = element("button", {
    class: "st-button",
    type: "button",
    text: "History",
    title: "Earlier masks of this picture; each can be restored",
    data: { action: "history" },
    on: { click: () => this.emit("history") },
  });
  bookmark = element("button", {
    class: "st-button pr-bookmark",
    type: "button",
    text: "☆",
    title: "Bookmark: only you see it; the status filter “Bookmarks” finds it",
    "aria-label": "Bookmark",
    "aria-pressed": "false",
    data: { action: "bookmark" },
    on: { click: () => this.emit("bookmark") },
  });
  progressText = element("span", { class: "pr-progress-text" });
  progressBar = element("progress", { max: 1, value: 0, "aria-label": "Done" });
  /** @type {HTMLInputElement} */
  annotator = element("input", {
    class: "st-input pr-annotator",
    type: "text",
    maxlength: "64",
    "aria-label": "Your name",
    title: "Your name is stored with everything you save",
    on: {
      change: () => this.emit("annotator", this.annotator.value),
    },
  });
  health = element("span", { class: "st-pill pr-health", hidden: true });

  /** Those that need a picture. @type {HTMLButtonElement[]} */
  #deciders = [];
  decisions = this.#decisions();
  #panels;

  /** @param {HTMLElement} root @param {Parts} parts */
  constructor(root, parts) {
    super();
    this.root = root;
    this.#panels = [this.toolbar, parts.classPanel.root, parts.heatPanel.root];
    this.setUsable(false);
    root.className = "st-page pr-root";
    root.replaceChildren(
      this.#header(),
      parts.queue.root,
      element(
        "main",
        { class: "pr-main" },
        this.toolbar,
        element("div", { class: "pr-stage-frame" }, this.stage, this.sentence, this.busy, this.place),
        this.warning,
        parts.lookPanel.root,
        parts.tagLine.root,
        parts.statusBar.root,
        this.decisions,
      ),
      element(
        "aside",
        { class: "pr-side" },
        parts.classPanel.root,
        parts.heatPanel.root,
        parts.objectsPanel.root,
        parts.livePanel.root,
      ),
    );
  }

  #header() {
    return element(
      "header",
      { class: "pr-header" },
      this.datasetSelect,
      this.itemName,
      this.itemFacts,
      this.itemStatus,
      this.bookmark,
      this.itemHistory,
      element("span", { class: "st-spring" }),
      this.health,
      this.progressText,
      this.progressBar,
      this.annotator,
      element("button", {
        class: "st-button",
        type: "button",
        text: "?",
        title: "All keys",
        data: { action: "help" },
        "aria-label": "All keys",
        on: { click: () => this.emit("help") },
      }),
    );
  }

  #decisions() {
    /**
     * @param {string} text
     * @param {string} action
     * @param {string} title
     * @param {() => void} run
     * @param {string} [kind] further class of the button
     */
    const button = (text, action, title, run, kind = "") =>
      element(
        "button",
        { class: `st-button ${kind}`, type: "button", title, data: { action }, on: { click: run } },
        text,
        element("kbd", { data: { action } }),
      );
    this.#deciders = [
      button("Revert", "revert", "Go back to the proposal", () => this.emit("decide", "revert")),
      button("Skip", "skip", "Decide later", () => this.emit("decide", "skip")),
      button(
        "Reject",
        "reject",
        "The picture gets no usable mask",
        () => this.emit("decide", "reject"),
        "st-danger",
      ),
      button(
        "Accept",
        "accept",
        "The mask is right: accept it and go to the next picture",
        () => this.emit("decide", "accept"),
        "st-primary",
      ),
    ];
    return element(
      "footer",
      { class: "pr-decisions" },
      button("Previous", "previous", "Previous picture", () => this.emit("step", -1)),
      button("Next", "next", "Next picture, without a decision", () => this.emit("step", 1)),
      element("span", { class: "st-spring" }),
      ...this.#deciders,
    );
  }

  /** @param {boolean} isUsable whether there is a picture that tools and decisions can work on */
  setUsable(isUsable) {
    for (const button of this.#deciders) button.disabled = !isUsable;
    for (const panel of this.#panels) panel.inert = !isUsable;
  }

  /** @param {string|null} text about the picture, above the decisions */
  showWarning(text) {
    this.warning.hidden = text === null;
    this.warning.textContent = text;
  }

  /** @param {{id: number, name: string}[]} datasets @param {number|null} chosen */
  showDatasets(datasets, chosen) {
    const options = datasets.map(({ id, name }) => ({ value: String(id), text: name }));
    if (chosen === null) options.unshift({ value: "", text: "Choose a dataset" });
    fillSelect(this.datasetSelect, options, String(chosen ?? ""));
  }

  /** @param {ItemOut|null} item null: no picture is open @param {DatasetOut} [dataset] */
  showItem(item, dataset) {
    for (const node of [this.itemName, this.itemFacts, this.itemStatus, this.bookmark, this.itemHistory])
      node.hidden = item === null;
    if (item === null) return;
    this.itemName.textContent = item.name;
    this.itemName.title = item.name;
    this.itemFacts.textContent = [`${item.width} × ${item.height}`, item.split].filter(Boolean).join(" · ");
    this.showStatus(item.status);
    this.showBookmark(item);
    document.title = [item.name, dataset?.name, "Puzzle-CAM studio"].filter(Boolean).join(" · ");
  }

  /** @param {Pick<ItemOut, "bookmarked">} item */
  showBookmark({ bookmarked }) {
    this.bookmark.textContent = bookmarked ? "★" : "☆";
    this.bookmark.setAttribute("aria-pressed", String(bookmarked));
  }

  /** @param {ItemState["status"]} status */
  showStatus(status) {
    this.itemStatus.dataset.status = status;
    this.itemStatus.textContent = STATUS_TEXT[status];
  }

  /** @param {ProgressOut} progress */
  showProgress({ done, total, decisions, per_hour: perHour, measured_s: seconds }) {
    const minutes = Math.max(1, Math.round(seconds / 60));
    const span = minutes === 1 ? "minute" : `${minutes} minutes`;
    const pace = `${Math.round(perHour)} per hour in the last ${span}`;
    this.progressText.textContent = `${done} of ${total} done` + (decisions > 2 ? ` · ${pace}` : "");
    this.progressText.title = `Pictures accepted or corrected. Your pace: ${decisions} decisions in the last ${span}, counted from the first one of the last hour.`;
    this.progressBar.max = Math.max(1, total);
    this.progressBar.value = done;
  }

  /** @param {string} name @param {boolean} [isFixed] whether it is the name of an account */
  showAnnotator(name, isFixed = false) {
    this.annotator.value = name;
    this.annotator.readOnly = isFixed;
    if (isFixed)
      this.annotator.title = "You are signed in under this name; it is stored with everything you save";
  }

  /** @param {Health} health */
  showHealth({ crf_available: hasCrf, crf_reason: reason }) {
    this.health.hidden = hasCrf;
    this.health.textContent = "CRF off";
    this.health.title = reason;
  }

  /**
   * @param {string|null} text shown instead of a picture
   * @param {Action} [action] a button behind it
   */
  showSentence(text, action) {
    this.sentence.hidden = text === null;
    this.sentence.replaceChildren(element("p", { text: text ?? "" }));
    if (action) {
      this.sentence.append(
        element("button", {
          class: "st-button",
          type: "button",
          text: action.text,
          on: { click: action.run },
        }),
      );
    }
    if (text !== null) this.setBusy(false);
  }

  /** @param {string|null} text on how long a picture that is being opened still takes */
  showPlace(text) {
    this.place.hidden = text === null;
    this.place.textContent = text ?? "";
  }

  /** @param {boolean} isBusy */
  setBusy(isBusy) {
    clearTimeout(this.#busyTimer);
    if (isBusy)
      this.#busyTimer = setTimeout(() => (this.busy.hidden = false), 200); // no flicker when loading is fast
    else this.busy.hidden = true;
  }
}
