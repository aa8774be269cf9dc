/** Decisions: accept, reject, skip, revert. They are sent while the next picture is already shown. */
import { hintsAbout } from "./accept_check.js";
import * as api from "./api.js";

/**
 * @import { Decision, Stored } from "./api.js"
 * @import { Desk } from "./desk.js"
 * @import { Draft } from "./draft.js"
 * @import { Loaded } from "./loader.js"
 * @import { Opening } from "./opening.js"
 * @import { Saving } from "./saving.js"
 * @import { TakingBack } from "./taking_back.js"
 */

export class Deciding {
  #desk;
  #saving;
  #opening;
  #takingBack;
  #progressChanged;
  #undecided = 0;
  /** What was said about a picture before it was accepted, by its id. @type {Map<number, string>} */
  #warned = new Map();

  /**
   * @param {Desk} desk
   * @param {Saving} saving
   * @param {Opening} opening
   * @param {TakingBack} takingBack
   * @param {() => void} progressChanged
   */
  constructor(desk, saving, opening, takingBack, progressChanged) {
    this.#desk = desk;
    this.#saving = saving;
    this.#opening = opening;
    this.#takingBack = takingBack;
    this.#progressChanged = progressChanged;
    saving.on("decided", ({ draft, action, answer }) => {
      this.#decided(draft, answer);
      if (action === "revert") this.#showProposal(draft).catch(() => {}); // it is shown when it is opened again
      this.#opening.renew(); // the studio has learned from the decision
    });
    saving.on("refused", ({ draft, action, why }) => this.#refused(draft, action, why));
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
    if (!current || !draft || draft.isDeciding || editor.isPointerDown || desk.isLookOnly) return;
    draft.isDeciding = true;
    if (editor.isRefining && (!(await editor.finishRefining()) || desk.draft !== draft)) {
      draft.isDeciding = false; // the last click failed, so the mask is not what the person expects
      return;
    }
    editor.settle(); // the previewed change is part of the decision
    if (action === "accept" && this.#warns(current)) {
      draft.isDeciding = false;
      return;
    }
    desk.layout.showWarning(null);
    const before = draft.hasUnsavedWork ? "drafted" : (draft.status ?? current.item.status);
    this.#undecided++;
    const sent = this.#saving
      .decide(draft, action)
      .catch(() => this.#sayKept(draft))
      .finally(() => this.#undecided--);
    if (action !== "revert") this.#takingBack.remember(draft, action, before);
    // The next picture opens while the decision is sent; a refusal offers the way back.
    if (action !== "revert") await this.#opening.step(1);
    if (desk.draft === draft) await sent; // it was the last picture
    draft.isDeciding = false;
  }

  /**
   * Say once what is probably an oversight, or unusual. Accepting again says that it is right, which is remembered.
   * @param {Loaded} current
   * @returns {boolean} whether it was said now
   */
  #warns({ item, hints: compared }) {
    const { dataset, editor, layout } = this.#desk;
    const names = new Map(dataset?.classes.map(({ index, name }) => [index, name]));
    const { keymap, mask, width, height } = editor;
    const cleanupKey = keymap.keyOf("tool-cleanup");
    const hints = hintsAbout({
      ...{ mask, width, height, tags: item.tags, names, cleanupKey },
      compared: compared.known,
    });
    const doubt = hints.map(({ text }) => text).join(" ");
    if (!doubt) return false;
    if (this.#warned.get(item.id) === doubt) {
      const confirmed = hints.map(({ class_index, kind }) => ({ class_index, kind }));
      api.confirmHints(item.id, confirmed).catch(() => {}); // it is asked again another time
      compared.known?.confirmed.push(...confirmed);
      return false;
    }
    this.#warned.set(item.id, doubt);
    layout.showWarning(
      `${doubt} If it is right so, accept again (${keymap.keyOf("accept")}); you are not asked again.`,
    );
    return true;
  }

  /** @param {Draft} draft @param {Stored} answer */
  #decided({ itemId: id }, answer) {
    const { draft, layout, loader, queue } = this.#desk;
    queue.update({ id, status: answer.status, revision: answer.revision.id });
    loader.forget(id);
    if (draft?.itemId === id) layout.showStatus(answer.status);
    this.#progressChanged();
  }

  /** Show the proposal that the picture has gone back to. @param {Draft} draft */
  async #showProposal(draft) {
    const { editor, statusBar } = this.#desk;
    if (this.#desk.draft !== draft) return;
    const { mask, revision } = await api.mask(draft.itemId);
    if (this.#desk.draft !== draft) return;
    editor.setMask(mask, { undoable: true, label: "Revert" });
    draft.mask = editor.mask;
    draft.rebase(revision, mask.slice(), { unsaved: false });
    statusBar.say("The proposal is restored. Ctrl+Z brings your version back.");
  }

  /** @param {Draft} draft */
  #sayKept({ name, decision }) {
    if (decision)
      this.#desk.statusBar.say(
        `${name}: “${decision.action}” is kept in this browser and sent when the studio is back.`,
      );
  }

  /** @param {Draft} draft @param {Decision} action @param {string} why */
  #refused(draft, action, why) {
    if (draft.state === "conflict") return; // the conflict dialog handles it
    this.#desk.loader.forget(draft.itemId);
    this.#desk.statusBar.say(`${draft.name}: “${action}” was not stored. ${why}`, {
      text: "Open it again",
      run: () => this.#opening.open(draft.itemId),
    });
  }
}
