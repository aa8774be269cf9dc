/**
 * What happened to a picture: every entry of its history with its mask, and the way back to each.
 */
import * as api from "../shared/api.js";
import { count, element, timeAgo } from "../shared/dom.js";
import { countDifferences, maskPreview } from "./mask_preview.js";

const PREVIEW_PX = 520; // on its longer side
const ACTION_TEXT = {
  proposed: "Proposed",
  drafted: "Saved",
  accepted: "Accepted",
  corrected: "Accepted with corrections",
  rejected: "Rejected",
  skipped: "Skipped",
  reverted: "Reverted to the proposal",
  withdrawn: "Proposal withdrawn",
};

/**
 * Show the history of the picture that is open. What is taken from it becomes an entry of its own.
 * @param {Object} page the Review page
 */
export async function showHistory(page) {
  const { current, draft, editor } = page;
  if (!current || draft.isDeciding) return;
  if (editor.isThinking) await editor.finishThinking();
  editor.settle();
  let entries;
  try {
    await draft.flush(); // what is on the screen is its newest entry
    entries = await api.history(current.item.id);
  } catch (error) {
    if (draft.state !== "conflict")
      page.statusBar.say(`${current.item.name}: its history cannot be shown. ${error.message}`);
    return;
  }
  if (page.current !== current || document.querySelector("dialog[open]")) return;
  if (!entries.length) {
    page.statusBar.say("Nothing has happened to this picture yet.");
    return;
  }
  new HistoryDialog(page, entries.reverse()).open();
}

/** @param {Object} entry as `/api/items/{id}/revisions` lists it @returns {string} what, by whom, and how */
function describe({ action, author, seconds_spent: seconds, seeds, proposed_by: model }) {
  const parts = [`${ACTION_TEXT[action] ?? action} by ${author ?? programName(model)}`];
  if (seeds?.length) parts.push(count(seeds.length, "click"));
  if (seconds >= 1) parts.push(`${Math.round(seconds)} s`);
  return parts.join(" · ");
}

/** @param {string|null} model identity of what proposed a mask @returns {string} */
function programName(model) {
  if (model === "import") return "import";
  const run = /^run\/(\d+)$/.exec(model ?? "");
  return run ? `run ${run[1]}` : "the studio";
}

class HistoryDialog {
  /** @type {Map<number, Promise<Uint8Array>>} by revision */
  #masks = new Map();

  constructor(page, entries) {
    this.page = page;
    this.entries = entries;
    this.mask = null; // of the entry that is chosen, once it is here
    this.shownMask = page.editor.mask.slice();
    this.preview = element("div", { class: "pr-history-preview" });
    this.note = element("p", { class: "pr-note", role: "status" });
    this.take = element("button", { class: "st-button st-primary", type: "submit", text: "Take this mask" });
    const close = element("button", {
      class: "st-button",
      type: "button",
      text: "Close",
      on: { click: () => this.#close() },
    });
    this.form = element(
      "form",
      { class: "pr-history", on: { change: () => this.#show(), submit: (event) => this.#take(event) } },
      element(
        "ol",
        { class: "pr-history-list", "aria-label": "Newest first" },
        ...entries.map((entry) => this.#row(entry)),
      ),
      element(
        "div",
        { class: "pr-history-side" },
        this.preview,
        this.note,
        element("div", { class: "pr-history-buttons" }, this.take, close),
      ),
    );
    this.dialog = element(
      "dialog",
      {
        class: "st-page pr-dialog",
        "aria-labelledby": "pr-history-title",
        on: { close: () => this.dialog.remove() },
      },
      element("h2", { id: "pr-history-title", text: `History of ${page.current.item.name}` }),
      this.form,
    );
    this.dialog.addEventListener("keydown", (event) => {
      if (event.key.toLowerCase() !== "y" || event.ctrlKey || event.metaKey) return;
      event.stopPropagation();
      this.#close();
    });
  }

  open() {
    document.body.append(this.dialog);
    this.dialog.showModal();
    const newest = this.form.querySelector("input:enabled");
    if (newest) {
      newest.checked = true;
      newest.focus();
    }
    this.#show();
  }

  #row(entry) {
    const at = new Date(entry.created_at).toLocaleString();
    return element(
      "li",
      {},
      element(
        "label",
        { title: entry.proposed_by ? `${at}, by ${entry.proposed_by}` : at },
        element("input", {
          type: "radio",
          name: "revision",
          value: String(entry.id),
          disabled: !entry.has_mask,
        }),
        element("span", { text: describe(entry) }),
        element("time", { datetime: entry.created_at, text: timeAgo(entry.created_at) }),
      ),
    );
  }

  get #chosen() {
    return this.entries.find(({ id }) => String(id) === new FormData(this.form).get("revision"));
  }

  async #show() {
    const entry = this.#chosen;
    this.mask = null;
    this.take.disabled = true;
    if (!entry) {
      this.note.textContent = "No entry has a mask.";
      return;
    }
    let mask;
    try {
      mask = await this.#maskOf(entry.id);
    } catch (error) {
      this.#masks.delete(entry.id);
      if (this.#chosen === entry) this.note.textContent = error.message;
      return;
    }
    if (this.#chosen !== entry) return;
    const { item, image } = this.page.current;
    const { width, height } = item;
    const colors = new Map(this.page.dataset.classes.map(({ index, color }) => [index, color]));
    const previewWidth = Math.max(1, Math.round((PREVIEW_PX * width) / Math.max(width, height)));
    this.preview.replaceChildren(maskPreview({ image, width, height, colors }, mask, previewWidth));
    const different = countDifferences(mask, this.shownMask);
    this.note.textContent = different
      ? `${count(different, "pixel")} ${different === 1 ? "differs" : "differ"} from the mask that you see.`
      : "This is the mask that you see.";
    this.mask = mask;
    this.take.disabled = different === 0;
  }

  #maskOf(revision) {
    if (!this.#masks.has(revision)) {
      this.#masks.set(
        revision,
        api.mask(this.page.current.item.id, revision).then(({ mask }) => mask),
      );
    }
    return this.#masks.get(revision);
  }

  #take(event) {
    event.preventDefault();
    if (!this.mask || this.take.disabled) return;
    const { editor, draft, statusBar } = this.page;
    editor.setMask(this.mask, { undoable: true, label: "Earlier mask" });
    draft.mask = editor.mask;
    draft.changed();
    statusBar.say("The earlier mask is back. Ctrl+Z brings the one before it back.");
    this.#close();
  }

  #close() {
    this.dialog.close();
  }
}
