/** Shows a better proposal of the open picture once the studio has learned from another mask. */
import * as api from "./api.js";

/**
 * @import { Desk } from "./desk.js"
 * @import { Draft } from "./draft.js"
 */

const TESTED_AFTER_MS = 4000;
const MOST_QUESTIONS = 60; // each waits up to a second in the studio

export class Renewing {
  #desk;
  #later = 0;

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
  }

  /** Ask now, and again when the studio has had time to test what it has learned. */
  begin() {
    clearTimeout(this.#later);
    this.#later = setTimeout(() => this.#ask(), TESTED_AFTER_MS);
    this.#ask();
  }

  #ask() {
    this.check().catch(() => {}); // the proposal that is shown stays
  }

  /** Ask for a newer proposal of the open picture. What a person has begun stays as it is. */
  async check() {
    const { draft } = this.#desk;
    for (let asked = 0; asked < MOST_QUESTIONS; asked++) {
      if (!draft || !this.#isUntouched(draft)) return;
      const answer = await api.mask(draft.itemId);
      if (!this.#isUntouched(draft)) return;
      if (!answer.isProposal) return; // somebody else has begun: a save will show both masks
      if (answer.revision !== draft.revision) await this.#show(draft, answer);
      if (!answer.isPending) return;
    }
  }

  /** @param {Draft} draft @param {{mask: Uint8Array, revision: number}} answer */
  async #show(draft, { mask, revision }) {
    const { current, editor, heatPanel, queue } = this.#desk;
    if (!current) return;
    const { id } = current.item;
    editor.setMask(mask.slice(), { undoable: false });
    draft.renew(revision, mask, editor.mask);
    const cams = api.cams(id);
    cams.catch(() => {}); // the earlier heatmap stays
    Object.assign(current, { mask, revision, cams });
    queue.update({ id, status: current.item.status, revision });
    const maps = await cams;
    if (this.#desk.draft === draft) heatPanel.show(maps, current.image);
  }

  /** @param {Draft} draft @returns {boolean} whether it is shown and nobody has changed or decided anything */
  #isUntouched(draft) {
    const { current, editor } = this.#desk;
    return (
      this.#desk.draft === draft &&
      current?.item.status === "proposed" &&
      draft.isUntouched &&
      !editor.isPointerDown &&
      !editor.isRefining &&
      !editor.canUndo &&
      !editor.canRedo
    );
  }
}
