/**
 * The history of a picture: every entry with its mask, which can be restored.
 */
import { count, element, timeAgo } from "../shared/dom.js";
import * as api from "./api.js";
import { countDifferences, maskPreview } from "./mask_preview.js";

const PREVIEW_PX = 520; // on its longer side
/** @type {Record<HistoryEntry["action"], string>} */
const ACTION_TEXT = {
  proposed: "Proposed",
  drafted: "Saved",
  accepted: "Accepted",
  corrected: "Accepted with corrections",
  rejected: "Rejected",
  skipped: "Skipped",
  returned: "Returned by a reviewer",
  reverted: "Reverted to the proposal",
  withdrawn: "Proposal withdrawn",
};

/**
 * @import { DatasetOut, HistoryEntry } from "../shared/openapi"
 * @import { Desk } from "./desk.js"
 * @import { Loaded } from "./loader.js"
 */

/**
 * Show the history of the current picture. Restoring a mask adds a new entry.
 * @param {Desk} desk
 */
export async function showHistory(desk) {
  const { current, dataset, draft, editor, statusBar } = desk;
  if (!current || !dataset || !draft || draft.isDeciding) return;
  if (editor.isRefining) await editor.finishRefining();
  editor.settle();
  let entries;
  try {
    await draft.flush(); // so that the current mask is the newest entry
    entries = await api.history(current.item.id);
  } catch (error) {
    if (draft.state !== "conflict")
      statusBar.say(`${current.item.name}: its history cannot be shown. ${api.messageOf(error)}`);
    return;
  }
  if (desk.current !== current || document.querySelector("dialog[open]")) return;
  if (!entries.length) {
    statusBar.say("This picture has no history yet.");
    return;
  }
  const takeBack = (/** @type {Uint8Array} */ mask) => {
    editor.setMask(mask, { undoable: true, label: "Earlier mask" });
    draft.mask = editor.mask;
    draft.changed();
    statusBar.say("The earlier mask is restored. Ctrl+Z undoes this.");
  };
  new HistoryDialog(current, dataset, editor.mask.slice(), entries.reverse(), takeBack).open();
}

/** @param {HistoryEntry} entry @returns {string} what, by whom, and how */
function describe({ action, author, seconds_spent: seconds, seeds, proposed_by: model, note }) {
  const parts = [`${ACTION_TEXT[action]} by ${author ?? programName(model)}`];
  if (seeds?.length) parts.push(count(seeds.length, "click"));
  if (seconds !== null && seconds >= 1) parts.push(`${Math.round(seconds)} s`);
  if (note) parts.push(note);
  return parts.join(" · ");
}

/** @param {string|null} model identity of the model that proposed a mask @returns {string} */
function programName(model) {
  if (model === "import") return "import";
  const run = /^run\/(\d+)$/.exec(model ?? "");
  if (run) return `run ${run[1]}`;
  const live = /^live\/(\d+)\//.exec(model ?? "");
  return live ? `the studio, learned from ${count(Number(live[1]), "mask")}` : "the studio";
}

class HistoryDialog {
  /** @type {Map<number, Promise<Uint8Array>>} by revision */
  #masks = new Map();

  /**
   * @param {Loaded} picture
   * @param {DatasetOut} dataset
   * @param {Uint8Array} shownMask  the one in the editor
   * @param {HistoryEntry[]} entries newest first
   * @param {(mask: Uint8Array) => void} takeBack
   */
  constructor(picture, dataset, shownMask, entries, takeBack) {
    this.picture = picture;
    this.colors = new Map(dataset.classes.map(({ index, color }) => [index, color]));
    this.shownMask = shownMask;
    this.entries = entries;
    this.takeBack = takeBack;
    /** Of the entry that is chosen, once it is here. @type {Uint8Array|null} */
    this.mask = null;
    this.preview = element("div", { class: "pr-history-preview" });
    this.note = element("p", { class: "pr-note", role: "status" });
    this.take = element("button", { class: "st-button st-primary", type: "submit", text: "Use this mask" });
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
        on: {
          close: () => {
            this.dialog.remove();
          },
        },
      },
      element("h2", { id: "pr-history-title", text: `History of ${picture.item.name}` }),
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
    const newest = /** @type {HTMLInputElement|null} */ (this.form.querySelector("input:enabled"));
    if (newest) {
      newest.checked = true;
      newest.focus();
    }
    this.#show();
  }

  /** @param {HistoryEntry} entry */
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
      if (this.#chosen === entry) this.note.textContent = api.messageOf(error);
      return;
    }
    if (this.#chosen !== entry) return;
    const { image, item } = this.picture;
    const { width, height } = item;
    const previewWidth = Math.max(1, Math.round((PREVIEW_PX * width) / Math.max(width, height)));
    this.preview.replaceChildren(
      maskPreview({ image, width, height, colors: this.colors }, mask, previewWidth),
    );
    const different = countDifferences(mask, this.shownMask);
    this.note.textContent = different
      ? `${count(different, "pixel")} ${different === 1 ? "differs" : "differ"} from the current mask.`
      : "This is the current mask.";
    this.mask = mask;
    this.take.disabled = different === 0;
  }

  /** @param {number} revision */
  #maskOf(revision) {
    const asked =
      this.#masks.get(revision) ?? api.mask(this.picture.item.id, revision).then(({ mask }) => mask);
    this.#masks.set(revision, asked);
    return asked;
  }

  /** @param {SubmitEvent} event */
  #take(event) {
    event.preventDefault();
    if (!this.mask || this.take.disabled) return;
    this.takeBack(this.mask);
    this.#close();
  }

  #close() {
    this.dialog.close();
  }
}
