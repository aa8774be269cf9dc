/** Takes decisions back: Ctrl+Z on a picture where nothing else can be undone. */
import * as api from "./api.js";
import { deflate } from "./deflate.js";

/**
 * @import { ItemState } from "../shared/openapi"
 * @import { Decision, Stored } from "./api.js"
 * @import { Desk } from "./desk.js"
 * @import { Draft } from "./draft.js"
 * @import { Opening } from "./opening.js"
 * @import { Saving } from "./saving.js"
 *
 * @typedef {object} Made  a decision of this visit
 * @property {number} id of the picture
 * @property {string} name of the picture
 * @property {Decision} action
 * @property {ItemState["status"]} before  the status that the picture had
 * @property {number} changes    of the mask in the editor before the decision
 * @property {Draft|null} draft  null: the decision is on the server
 * @property {number} revision   of the decision on the server; 0: not known yet
 */

const MOST = 50;
/** The decision that gives a picture its former status again. @type {Partial<Record<ItemState["status"], Decision>>} */
const AGAIN = {
  proposed: "revert",
  accepted: "accept",
  corrected: "accept",
  rejected: "reject",
  skipped: "skip",
};

/** What a picture is after a decision. @type {Record<Decision, string>} */
const DONE = { accept: "accepted", reject: "rejected", skip: "skipped", revert: "reverted" };

export class TakingBack {
  #desk;
  #opening;
  /** @type {Made[]} */
  #made = [];
  #isBusy = false;

  /** @param {Desk} desk @param {Saving} saving @param {Opening} opening */
  constructor(desk, saving, opening) {
    this.#desk = desk;
    this.#opening = opening;
    saving.on("decided", ({ draft, answer }) => {
      const made = this.#made.find((one) => one.draft === draft);
      if (made) Object.assign(made, { draft: null, revision: answer.revision.id });
    });
    saving.on("refused", ({ draft }) => (this.#made = this.#made.filter((one) => one.draft !== draft)));
  }

  /** @param {Draft} draft @param {Decision} action @param {ItemState["status"]} before */
  remember(draft, action, before) {
    this.#made = this.#made.filter((one) => one.draft !== draft); // a newer decision about the same picture
    const { revision: changes } = this.#desk.editor;
    this.#made.push({ id: draft.itemId, name: draft.name, action, before, changes, draft, revision: 0 });
    this.#made.splice(0, this.#made.length - MOST);
  }

  /** Whether Ctrl+Z means the last decision: nothing was done on the picture that is shown, or not since then. */
  get isNext() {
    const last = this.#made.at(-1);
    if (!last || this.#isBusy) return false;
    const { current, editor } = this.#desk;
    if (!current || !editor.canUndo) return true;
    return current.item.id === last.id && editor.revision === last.changes;
  }

  /** Take back the last decision and open its picture. */
  async takeBack() {
    const last = this.#made.at(-1);
    if (!last || this.#isBusy) return;
    const { loader, statusBar } = this.#desk;
    this.#isBusy = true;
    try {
      const wasKept = (await last.draft?.undecide()) ?? false; // or waits until it is on the server
      this.#made = this.#made.filter((one) => one !== last);
      if (!wasKept && last.revision) await takeBackOnServer(last);
      loader.forget(last.id);
      await this.#opening.open(last.id);
      statusBar.say(`${last.name} is no longer ${DONE[last.action]}.`);
    } catch (error) {
      statusBar.say(`${last.name}: “${last.action}” could not be taken back. ${api.messageOf(error)}`);
    } finally {
      this.#isBusy = false;
    }
  }
}

/**
 * Add a revision that gives the picture its former status; the mask is the same.
 * @param {Made} made
 * @returns {Promise<Stored>}
 */
async function takeBackOnServer({ id, before, revision }) {
  const again = AGAIN[before];
  if (again) return api.decide(id, again, revision, 0);
  const { mask } = await api.mask(id, revision);
  return api.putMask(id, await deflate(mask), revision);
}
