/** The frame of the Review page: where each part goes, and the header with its few controls. */
import { element, fillSelect } from "../shared/dom.js";
import { STATUS_TEXT } from "./queue.js";

/**
 * @param {HTMLElement} root
 * @param {Object} page the parts to place: queue, classPanel, heatPanel, statusBar; and `decide`, `step`, `showHistory`, `showHelp`
 * @returns {Layout}
 */
export function buildLayout(root, page) {
  return new Layout(root, page);
}

/** Events: `dataset` (detail: id), `annotator` (detail: name). */
class Layout extends EventTarget {
  #busyTimer;

  constructor(root, page) {
    super();
    this.stage = element("div", { class: "pr-stage" });
    this.toolbar = element("div", { class: "pr-toolbar" });
    this.sentence = element("div", { class: "pr-stage-sentence", role: "status", hidden: true });
    this.busy = element("div", { class: "pr-busy", hidden: true, "aria-label": "Loading" });
    root.className = "st-page pr-root";
    root.replaceChildren(
      this.#header(page),
      page.queue.root,
      element(
        "main",
        { class: "pr-main" },
        this.toolbar,
        element("div", { class: "pr-stage-frame" }, this.stage, this.sentence, this.busy),
        page.statusBar.root,
        this.#decisions(page),
      ),
      element("aside", { class: "pr-side" }, page.classPanel.root, page.heatPanel.root),
    );
  }

  #header(page) {
    this.datasetSelect = element("select", {
      class: "st-input",
      "aria-label": "Dataset",
      on: {
        change: () =>
          this.dispatchEvent(new CustomEvent("dataset", { detail: Number(this.datasetSelect.value) })),
      },
    });
    this.itemName = element("strong", { class: "pr-item-name" });
    this.itemFacts = element("span", { class: "pr-item-facts" });
    this.itemStatus = element("span", { class: "st-pill pr-status" });
    this.itemHistory = element("button", {
      class: "st-button",
      type: "button",
      text: "History",
      title: "Every mask that this picture had, and the way back to it (Y)",
      on: { click: () => page.showHistory() },
    });
    this.progressText = element("span", { class: "pr-progress-text" });
    this.progressBar = element("progress", { max: 1, value: 0, "aria-label": "Done" });
    this.annotator = element("input", {
      class: "st-input pr-annotator",
      type: "text",
      maxlength: "64",
      "aria-label": "Your name",
      title: "Your name: it is stored with everything you save",
      on: {
        change: () => this.dispatchEvent(new CustomEvent("annotator", { detail: this.annotator.value })),
      },
    });
    this.health = element("span", { class: "st-pill pr-health", hidden: true });
    return element(
      "header",
      { class: "pr-header" },
      this.datasetSelect,
      this.itemName,
      this.itemFacts,
      this.itemStatus,
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
        title: "All keys (?)",
        "aria-label": "All keys",
        on: { click: () => page.showHelp() },
      }),
    );
  }

  #decisions(page) {
    const button = (text, key, title, run, kind = "") =>
      element(
        "button",
        { class: `st-button ${kind}`, type: "button", title, on: { click: run } },
        text,
        element("kbd", { text: key }),
      );
    return element(
      "footer",
      { class: "pr-decisions" },
      button("Previous", "←", "Previous picture", () => page.step(-1)),
      button("Next", "→", "Next picture, without a decision", () => page.step(1)),
      element("span", { class: "st-spring" }),
      button("Revert", "V", "Go back to the proposal", () => page.decide("revert")),
      button("Skip", "N", "Decide later", () => page.decide("skip")),
      button("Reject", "R", "There is no usable mask here", () => page.decide("reject"), "st-danger"),
      button("Accept", "A", "The mask is right: accept and go on", () => page.decide("accept"), "st-primary"),
    );
  }

  /** @param {{id: number, name: string}[]} datasets @param {number} chosen */
  showDatasets(datasets, chosen) {
    fillSelect(
      this.datasetSelect,
      datasets.map(({ id, name }) => ({ value: String(id), text: name })),
      String(chosen),
    );
  }

  /** @param {Object|null} item null: no picture is open @param {Object} [dataset] */
  showItem(item, dataset) {
    for (const node of [this.itemName, this.itemFacts, this.itemStatus, this.itemHistory])
      node.hidden = item === null;
    if (item === null) return;
    this.itemName.textContent = item.name;
    this.itemName.title = item.name;
    this.itemFacts.textContent = [`${item.width} × ${item.height}`, item.split].filter(Boolean).join(" · ");
    this.showStatus(item.status);
    document.title = `${item.name} · ${dataset.name} · Puzzle-CAM studio`;
  }

  /** @param {string} status */
  showStatus(status) {
    this.itemStatus.dataset.status = status;
    this.itemStatus.textContent = STATUS_TEXT[status] ?? status;
  }

  /** @param {{done: number, total: number, decisions: number, per_hour: number}} progress */
  showProgress({ done, total, decisions, per_hour: perHour }) {
    this.progressText.textContent =
      `${done} of ${total} done` + (decisions > 2 ? ` · ${Math.round(perHour)} an hour` : "");
    this.progressText.title = "Pictures accepted or corrected; your decisions an hour, over the last hour";
    this.progressBar.max = Math.max(1, total);
    this.progressBar.value = done;
  }

  /** @param {string} name */
  showAnnotator(name) {
    this.annotator.value = name;
  }

  /** @param {{crf_available: boolean, crf_reason: string}} health */
  showHealth({ crf_available: hasCrf, crf_reason: reason }) {
    this.health.hidden = hasCrf;
    this.health.textContent = "CRF off";
    this.health.title = reason;
  }

  /**
   * @param {string|null} text instead of a picture
   * @param {{text: string, run: () => void}} [action] what to do about it
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

  /** @param {boolean} isBusy */
  setBusy(isBusy) {
    clearTimeout(this.#busyTimer);
    if (isBusy)
      this.#busyTimer = setTimeout(() => (this.busy.hidden = false), 200); // no flicker when it is quick
    else this.busy.hidden = true;
  }
}
