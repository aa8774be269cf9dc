/** Drafts of all pictures: saves them, keeps in the browser what cannot be sent, and restores it. */
import * as api from "./api.js";
import { askHowToResolve, mergeMasks } from "./conflict.js";
import { inflate } from "./deflate.js";
import { Draft } from "./draft.js";
import * as local from "./local_drafts.js";

/**
 * @import { RevisionOut } from "../shared/openapi"
 * @import { Desk } from "./desk.js"
 * @import { Loaded } from "./loader.js"
 */

export class Saving {
  #desk;
  #open;

  /**
   * @param {Desk} desk
   * @param {(id: number) => Promise<void>} open  opens a picture
   */
  constructor(desk, open) {
    this.#desk = desk;
    this.#open = open;
    /** The current one and those that are not on the server yet. @type {Map<number, Draft>} */
    this.drafts = new Map();
  }

  /** The draft of a picture, if it holds unsaved work. @param {number} id */
  unsent(id) {
    const draft = this.drafts.get(id);
    return draft?.hasUnsavedWork ? draft : null;
  }

  get hasUnsavedWork() {
    return [...this.drafts.values()].some((draft) => draft.hasUnsavedWork);
  }

  /** Show whether the current picture is saved, and how many others are not. */
  show() {
    const { draft: shown, statusBar } = this.#desk;
    const left = [...this.drafts.values()].filter((draft) => draft !== shown && draft.isStuck);
    statusBar.showSave(shown, left.length);
  }

  /** @param {number} id @param {Loaded} loaded @returns {Draft} */
  begin(id, { mask, revision }) {
    const { editor, layout, queue } = this.#desk;
    const draft = new Draft(id, editor.mask, revision, mask, () => editor.isRefining);
    this.drafts.set(id, draft);
    draft.on("state", () => {
      this.show();
      if (draft.state === "saved") {
        queue.update({ id, status: draft.status ?? "drafted", revision: draft.revision });
        if (draft === this.#desk.draft) layout.showStatus(draft.status ?? "drafted");
        if (draft !== this.#desk.draft) this.drafts.delete(id);
      }
    });
    draft.on("conflict", (current) => this.#resolveConflict(draft, current));
    return draft;
  }

  /** Save the draft of a picture that is closed, without waiting for the timer. @param {Draft} draft */
  leave(draft) {
    if (draft.hasUnsavedWork) draft.flush().catch(() => {});
    else if (draft.state === "saved") this.drafts.delete(draft.itemId);
  }

  /** Send again what the studio did not answer. */
  retry() {
    for (const draft of this.drafts.values()) if (draft.state === "offline") draft.flush().catch(() => {});
  }

  /**
   * Restore work that was kept in the browser.
   * @param {number} id
   * @param {() => boolean} isOpen  whether it is still the current picture
   */
  async offerLocal(id, isOpen) {
    const { editor, statusBar } = this.#desk;
    const kept = await local.find(id).catch(() => undefined);
    const { draft } = this.#desk;
    if (!kept || !isOpen() || !draft || draft.hasUnsavedWork) return;
    const mask = await inflate(kept.deflated);
    const base = await api.mask(id, kept.revision).then(
      (answer) => answer.mask,
      () => draft.base,
    );
    if (!isOpen() || mask.length !== editor.mask.length) return;
    editor.setMask(mask, { undoable: true, label: "Unsent work" });
    draft.mask = editor.mask;
    draft.revision = kept.revision;
    draft.base = base;
    draft.steps = kept.steps ?? [];
    draft.changed();
    statusBar.say("Unsent work was restored and is being saved.");
  }

  /** Send what an earlier visit could not send, unless somebody else has saved since. */
  async sendLeft() {
    for (const kept of await local.all().catch(() => [])) {
      if (this.drafts.has(kept.itemId)) continue;
      try {
        await api.putMask(kept.itemId, kept.deflated, kept.revision, 0, kept.steps);
        await local.forget(kept.itemId);
      } catch (error) {
        if (error instanceof api.ApiError && error.status === 404) await local.forget(kept.itemId);
        else
          this.#desk.statusBar.say("Work on a picture has not been sent yet.", {
            text: "Open it",
            run: () => this.#open(kept.itemId),
          });
      }
    }
  }

  /** @param {Draft} draft @param {RevisionOut} theirRevision */
  async #resolveConflict(draft, theirRevision) {
    const { current, dataset, editor, statusBar } = this.#desk;
    if (draft !== this.#desk.draft || !current || !dataset) {
      statusBar.say("Somebody else saved a picture that you had changed; your version is kept.", {
        text: "Compare both",
        run: async () => {
          await this.#open(draft.itemId);
          if (this.#desk.draft) this.#resolveConflict(this.#desk.draft, theirRevision);
        },
      });
      return;
    }
    const { item, image } = current;
    const theirs = await api.mask(item.id);
    const mine = editor.mask.slice();
    const choice = await askHowToResolve({
      image,
      width: item.width,
      height: item.height,
      colors: new Map(dataset.classes.map(({ index, color }) => [index, color])),
      base: draft.base,
      mine,
      theirs: theirs.mask,
      current: theirRevision,
    });
    const outcome = { mine, theirs: theirs.mask, merged: mergeMasks(draft.base, mine, theirs.mask) }[choice];
    if (choice !== "mine") editor.setMask(outcome, { undoable: true, label: "Resolve conflict" });
    draft.mask = editor.mask;
    draft.rebase(theirs.revision, theirs.mask, { unsaved: choice !== "theirs" });
  }
}
