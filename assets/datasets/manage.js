/** A dataset gets another name, is removed, or comes back. */
import { json, messageOf, request } from "../shared/api.js";
import { element, timeAgo } from "../shared/dom.js";

/** @import { RemovedDatasetOut } from "../shared/openapi" */

export class Manage {
  #select;
  #name = field("New name of the dataset");
  #typed = field("Name of the dataset, to remove it");
  #said = element("p", { role: "status" });
  #removed = element("ul", { class: "ds-changes", "aria-label": "Removed datasets" });
  root = element(
    "section",
    { "aria-label": "Rename or remove" },
    element("h2", { text: "Rename or remove" }),
    element(
      "div",
      { class: "ds-bar" },
      this.#name,
      button("Rename", () => this.#rename()),
    ),
    element(
      "div",
      { class: "ds-bar" },
      this.#typed,
      button("Remove the dataset", () => this.#remove()),
    ),
    element("p", {
      class: "st-muted",
      text: "Type the name of the dataset to remove it. It can be restored for 30 days. Then its masks and uploaded pictures are deleted.",
    }),
    this.#said,
    this.#removed,
  );

  /** @param {HTMLSelectElement} select of the dataset that the page shows */
  constructor(select) {
    this.#select = select;
    this.#load();
  }

  async #load() {
    try {
      /** @type {RemovedDatasetOut[]} */
      const removed = await json("/datasets/removed", { cache: "no-store" });
      this.#removed.replaceChildren(
        ...removed.map(({ id, name, removed_at: at, kept_until: until }) =>
          element(
            "li",
            {},
            `${name}, removed ${timeAgo(at)}, kept until ${new Date(until).toLocaleDateString()} `,
            button("Restore", () => this.#do(() => request(`/datasets/${id}/restore`, { method: "POST" }))),
          ),
        ),
      );
    } catch (error) {
      this.#sayError(error);
    }
  }

  #rename() {
    return this.#do(() =>
      request(`/datasets/${this.#select.value}/name`, { method: "PUT", body: { name: this.#name.value } }),
    );
  }

  #remove() {
    return this.#do(() =>
      request(`/datasets/${this.#select.value}/remove`, { body: { name: this.#typed.value } }),
    );
  }

  /** @param {() => Promise<unknown>} change */
  async #do(change) {
    try {
      await change();
    } catch (error) {
      this.#sayError(error);
      return;
    }
    location.assign(location.pathname); // everything on the page names datasets
  }

  /** @param {unknown} error */
  #sayError(error) {
    this.#said.dataset.tone = "bad";
    this.#said.textContent = messageOf(error);
  }
}

/** @param {string} label */
const field = (label) =>
  element("input", { class: "st-input", maxlength: 128, placeholder: label, "aria-label": label });

/** @param {string} text @param {() => unknown} click */
const button = (text, click) =>
  element("button", { class: "st-button", type: "button", text, on: { click } });
