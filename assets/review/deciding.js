/** Decisions: accept, reject, skip, revert. They are sent while the next picture is already shown. */
import * as api from "./api.js";

/**
 * @import { ItemOut } from "../shared/openapi"
 * @import { Decision } from "./api.js"
 * @import { Desk } from "./desk.js"
 * @import { Draft } from "./draft.js"
 * @import { Opening } from "./opening.js"
 * @import { Saving } from "./saving.js"
 */

export class Deciding {
  #desk;
  #saving;
  #opening;
  #progressChanged;
  #undecided = 0;

  /**
   * @param {Desk} desk
   * @param {Saving} saving
   * @param {Opening} opening
   * @param {() => void} progressChanged
   */
  constructor(desk, saving, opening, progressChanged) {
    this.#desk = desk;
    this.#saving = saving;
    this.#opening = opening;
    this.#progressChanged = progressChanged;
  }

  /** Whether there are decisions that the studio has not answered yet. */
  get isUnderWay() {
    return this.#undecided > 0;
  }

  /** @param {Decision} action */
  async decide(action) {
    const desk = this.#desk;
    const { current, draft, editor } = desk;
    // One decision per picture: a key pressed too early must not decide on the next picture.
    if (!current || !draft || draft.isDeciding || editor.isPointerDown) return;
    const { item } = current;
    draft.isDeciding = true;
    if (editor.isRefining && (!(await editor.finishRefining()) || desk.draft !== draft)) {
      draft.isDeciding = false; // the last click failed, so the mask is not what the person expects
      return;
    }
    editor.settle(); // the previewed change is part of the decision
    this.#undecided++;
    const sent = draft.decide(action).finally(() => this.#undecided--);
    try {
      if (action === "revert") await this.#afterRevert(item, draft, await sent);
      else {
        // The next picture opens while the decision is sent; a refusal offers the way back.
        sent.then(
          (answer) => this.#afterDecision(item, answer),
          (error) => this.#failed(draft, item, action, error),
        );
        await this.#opening.step(1);
        if (desk.draft === draft) await sent.catch(() => {}); // it was the last picture
      }
    } catch (error) {
      this.#failed(draft, item, action, error);
    } finally {
      draft.isDeciding = false;
    }
  }

  /** @param {ItemOut} item @param {api.Stored} answer */
  #afterDecision(item, answer) {
    const { draft, layout, loader, queue } = this.#desk;
    queue.update({ id: item.id, status: answer.status, revision: answer.revision.id });
    loader.forget(item.id);
    if (draft?.itemId !== item.id) this.#saving.drafts.delete(item.id);
    else layout.showStatus(answer.status);
    this.#progressChanged();
  }

  /** @param {ItemOut} item @param {Draft} draft @param {api.Stored} answer */
  async #afterRevert(item, draft, answer) {
    const { editor, statusBar } = this.#desk;
    this.#afterDecision(item, answer);
    if (this.#desk.current?.item.id !== item.id) return;
    const { mask, revision } = await api.mask(item.id);
    editor.setMask(mask, { undoable: true, label: "Revert" });
    draft.mask = editor.mask;
    draft.rebase(revision, mask.slice(), { unsaved: false });
    statusBar.say("The proposal is restored. Ctrl+Z brings your version back.");
  }

  /** @param {Draft} draft @param {ItemOut} item @param {Decision} action @param {unknown} error */
  #failed(draft, item, action, error) {
    if (draft.state === "conflict") return; // the conflict dialog handles it
    this.#desk.loader.forget(item.id);
    this.#desk.statusBar.say(`${item.name}: “${action}” was not stored. ${api.messageOf(error)}`, {
      text: "Open it again",
      run: () => this.#opening.open(item.id),
    });
  }
}
