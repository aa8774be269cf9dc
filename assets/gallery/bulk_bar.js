/** What can be done to the selected pictures, how far it is, and undoing it. */
import { currentClasses } from "../shared/classes.js";
import { count, element, fillSelect } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import * as api from "./api.js";
import { LeadTools } from "./lead_tools.js";

/**
 * @import { BulkIn, BulkOut, DatasetOut } from "../shared/openapi"
 * @import { Listing } from "./listing.js"
 * @import { Selection } from "./selection.js"
 *
 * @typedef {BulkIn["action"]} Action
 */

const MOST = 100_000; // pictures that the server takes at once
const ASKED_ABOUT = 20; // from this many on, somebody is asked first
const AGAIN_MS = 400;
const KEYS = /** @type {Record<string, Action>} */ ({ a: "accept", r: "reject", n: "skip" });
const VERBS = {
  accept: "Accept",
  reject: "Reject",
  skip: "Skip",
  tag: "Add the tag to",
  untag: "Remove the tag from",
};

/**
 * The event `done` says that pictures have changed.
 * @extends {Emitter<{done: undefined}>}
 */
export class BulkBar extends Emitter {
  #listing;
  #selection;
  /** @type {DatasetOut|null} */
  #dataset = null;
  #again = 0;
  #isRunning = false;
  #selected = element("span", { class: "gl-selected" });
  #all = button("Select all", "Ctrl+A", () => this.#selection.all());
  #none = button("Deselect", "Esc", () => this.#selection.none());
  #buttons = [
    button("Accept", "A", () => this.act("accept"), "st-button st-primary"),
    button("Reject", "R", () => this.act("reject")),
    button("Skip", "N", () => this.act("skip")),
  ];
  #tag = element("select", { class: "st-input", "aria-label": "Tag", title: "Tag (T)" });
  #tagButtons = [button("Add", null, () => this.act("tag")), button("Remove", null, () => this.act("untag"))];
  #lead;
  #progress = element("progress", { max: 1, hidden: true, "aria-label": "Pictures that are done" });
  #said = element("span", { class: "gl-said", role: "status" });
  #left = element("details", { class: "gl-left", hidden: true });
  #undo = button("Undo", null, () => this.#send(() => api.undo(this.#datasetId)));
  root = element(
    "div",
    { class: "gl-bar", role: "toolbar", "aria-label": "Selected pictures" },
    this.#selected,
    this.#all,
    this.#none,
    element("span", { class: "gl-line" }),
    ...this.#buttons,
    element("span", { class: "gl-line" }),
    element("label", { class: "gl-tag" }, "Tag ", this.#tag),
    ...this.#tagButtons,
    element("span", { class: "st-spring" }),
    this.#progress,
    this.#said,
    this.#left,
    this.#undo,
  );

  /** @param {Listing} listing @param {Selection} selection */
  constructor(listing, selection) {
    super();
    this.#listing = listing;
    this.#selection = selection;
    this.#undo.hidden = true;
    this.#lead = new LeadTools(selection);
    this.#lead.on("said", ({ text, isBad }) => this.say(text, isBad));
    this.#lead.on("done", () => this.emit("done"));
    this.#tagButtons[1].after(this.#lead.root);
    selection.on("change", () => this.#show());
    listing.on("ids", () => this.#show());
    this.#show();
  }

  get #datasetId() {
    return this.#dataset?.id ?? 0;
  }

  /** @param {DatasetOut} dataset */
  async open(dataset) {
    clearTimeout(this.#again);
    this.#dataset = dataset;
    this.say("");
    fillSelect(
      this.#tag,
      currentClasses(dataset.classes)
        .filter(({ index }) => index !== 0)
        .map(({ index, name }) => ({ value: String(index), text: name })),
    );
    await Promise.all([this.#lead.open(dataset), this.#follow({ isNew: false })]);
  }

  /** @param {string} text @param {boolean} [isBad] */
  say(text, isBad = false) {
    this.#said.textContent = text;
    this.#said.dataset.tone = isBad ? "bad" : "";
    this.#left.hidden = true;
  }

  /** @param {string} key @returns {boolean} whether the key is one of the bar's */
  handleKey(key) {
    const action = KEYS[key];
    if (action) this.act(action);
    else if (key === "t") this.#tag.focus();
    return action !== undefined || key === "t";
  }

  /** @param {Action} action */
  act(action) {
    const ids = this.#selection.ids;
    if (!this.#dataset || this.#isRunning || this.#listing.isLoading) return;
    if (!ids.length) {
      this.say("Select pictures first: click them, or press Space.");
      return;
    }
    if (ids.length > MOST) {
      this.say(`Select at most ${MOST.toLocaleString()} pictures at once.`, true);
      return;
    }
    const what = `${VERBS[action]} ${count(ids.length, "picture")}?`;
    if (
      ids.length >= ASKED_ABOUT &&
      !window.confirm(`${what} You can undo this until the studio is restarted.`)
    )
      return;
    const { listedAt, rows } = this.#listing;
    const body = {
      action,
      class_index: action === "tag" || action === "untag" ? Number(this.#tag.value) : null,
      ids,
      shown: ids.map((id) => {
        const row = rows.get(id);
        return row ? (row.revision ?? 0) : null;
      }),
      listed_at: listedAt,
    };
    return this.#send(() => api.start(this.#datasetId, body));
  }

  /** @param {() => Promise<BulkOut>} request */
  async #send(request) {
    this.#isRunning = true;
    this.say("");
    this.#show();
    try {
      await request();
    } catch (error) {
      this.#isRunning = false;
      this.say(api.messageOf(error), true);
      this.#show();
      return;
    }
    await this.#follow({ isNew: true });
  }

  /** Show how far the last action is until it ends. @param {{isNew: boolean}} of one that was started on this page */
  async #follow({ isNew }) {
    const id = this.#datasetId;
    let answer;
    try {
      answer = await api.action(id);
    } catch (error) {
      this.say(api.messageOf(error), true);
      answer = null;
    }
    if (id !== this.#datasetId) return;
    const { work = null, can_undo: canUndo = false } = answer ?? {};
    this.#isRunning = work?.state === "running";
    this.#undo.hidden = !canUndo;
    this.#progress.hidden = !this.#isRunning;
    if (work && this.#isRunning) {
      this.#progress.value = work.total ? work.done / work.total : 0;
      this.#said.textContent = `${work.done.toLocaleString()} of ${count(work.total, "picture")}`;
      this.#again = setTimeout(() => this.#follow({ isNew: true }), AGAIN_MS);
    } else if (work && isNew) {
      this.say(work.sentence, work.state === "failed");
      this.#showLeft(work.left);
      this.emit("done");
    }
    this.#show();
  }

  /** @param {NonNullable<BulkOut["work"]>["left"]} left */
  #showLeft(left) {
    this.#left.hidden = !left.length;
    this.#left.replaceChildren(
      element("summary", { text: "Which?" }),
      element("ul", {}, ...left.map(({ name, reason }) => element("li", { text: `${name}: ${reason}` }))),
    );
  }

  #show() {
    const { size } = this.#selection.chosen;
    this.#selected.textContent = size ? `${size.toLocaleString()} selected` : "Nothing selected";
    this.#all.disabled = !this.#listing.ids.length || this.#listing.isLoading;
    const isBusy = this.#isRunning || this.#listing.isLoading;
    for (const one of [...this.#buttons, ...this.#tagButtons]) one.disabled = !size || isBusy;
    this.#none.disabled = !size;
    this.#lead.enable(size > 0 && !isBusy);
    for (const one of this.#tagButtons) one.disabled ||= !this.#tag.options.length;
    this.#undo.disabled = this.#isRunning;
  }
}

/** @param {string} text @param {string|null} key @param {() => unknown} click @param {string} [className] */
function button(text, key, click, className = "st-button") {
  return element(
    "button",
    { class: className, type: "button", title: key ? `${text} (${key})` : null, on: { click } },
    text,
    key && key.length === 1 ? element("kbd", { text: key }) : null,
  );
}
