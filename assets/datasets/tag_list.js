/** Tags of a dataset from a file again: choose it, see what would change, change it. */
import { element } from "../shared/dom.js";
import * as api from "./api.js";

/** @import { TagListIn, TagListOut } from "../shared/openapi" */

const AGAIN_MS = 500;
const MOST_BYTES = 1_900_000;

export class TagList {
  #datasetId;
  #changed;
  /** @type {TagListIn|null} */
  #list = null;
  #file = element("input", {
    type: "file",
    accept: ".csv,.json,.txt",
    "aria-label": "File with tags",
    on: { change: () => this.#preview() },
  });
  #onlyAdd = element("input", { type: "checkbox", on: { change: () => this.#preview() } });
  #apply = element("button", {
    class: "st-button st-primary",
    type: "button",
    text: "Change the tags",
    disabled: true,
    on: { click: () => this.#change() },
  });
  #said = element("p", { role: "status" });
  #details = element("ul", { class: "ds-changes" });
  root = element(
    "section",
    { "aria-label": "Tags from a file" },
    element("h2", { text: "Tags from a file" }),
    element("p", {
      class: "st-muted",
      text: "A CSV file with the columns image,tags, or JSON. Pictures that are not in it keep their tags. Nothing changes before you have seen what would.",
    }),
    element(
      "div",
      { class: "ds-bar" },
      this.#file,
      element("label", {}, this.#onlyAdd, " Only add tags, remove none"),
      element("span", { class: "st-spring" }),
      this.#apply,
    ),
    this.#said,
    this.#details,
  );

  /** @param {() => number} datasetId of the chosen dataset @param {() => unknown} changed called after a change */
  constructor(datasetId, changed) {
    this.#datasetId = datasetId;
    this.#changed = changed;
  }

  /** Another dataset was chosen. */
  clear() {
    this.#file.value = "";
    this.#list = null;
    this.#apply.disabled = true;
    this.#say("");
    this.#details.replaceChildren();
  }

  async #preview() {
    const file = this.#file.files?.[0];
    if (!file) return;
    this.#apply.disabled = true;
    this.#details.replaceChildren();
    if (file.size > MOST_BYTES) {
      this.#say("The file is too large for this page. Use “dataset tags” on the command line.", true);
      return;
    }
    const kind = file.name.toLowerCase().endsWith(".json") ? "json" : "csv";
    const list = /** @type {TagListIn} */ ({
      kind,
      text: await file.text(),
      only_add: this.#onlyAdd.checked,
    });
    this.#list = list;
    try {
      const answer = await api.previewTags(this.#datasetId(), list);
      if (this.#list !== list) return;
      this.#show(answer);
      this.#apply.disabled = !answer.changed;
    } catch (error) {
      if (this.#list === list) this.#say(api.messageOf(error), true);
    }
  }

  async #change() {
    if (!this.#list) return;
    this.#apply.disabled = true;
    const id = this.#datasetId();
    try {
      let work = await api.applyTags(id, this.#list);
      while (work.state === "running") {
        this.#say(`${work.done.toLocaleString()} of ${work.total.toLocaleString()} pictures are changed.`);
        await new Promise((done) => setTimeout(done, AGAIN_MS));
        work = await api.tagWork(id);
      }
      if (id !== this.#datasetId()) return;
      if (work.result) this.#show(work.result);
      else this.#say(work.problem ?? "", true);
      this.#changed();
    } catch (error) {
      this.#say(api.messageOf(error), true);
    }
  }

  /** @param {TagListOut} report */
  #show(report) {
    this.#say(report.sentence);
    const more = report.changed - report.examples.length;
    this.#details.replaceChildren(
      ...report.examples.map(({ name, added, removed }) =>
        element("li", {
          text: `${name}: ${[...added.map((tag) => `+ ${tag}`), ...removed.map((tag) => `− ${tag}`)].join(", ")}`,
        }),
      ),
      ...(more > 0 ? [element("li", { text: `… and ${more.toLocaleString()} more` })] : []),
      ...report.problems.map(({ file, reason, remedy }) =>
        element("li", { class: "ds-problem", text: `${file}: ${reason}. ${remedy}.` }),
      ),
    );
  }

  /** @param {string} text @param {boolean} [isBad] */
  #say(text, isBad = false) {
    this.#said.textContent = text;
    this.#said.dataset.tone = isBad ? "bad" : "";
  }
}
