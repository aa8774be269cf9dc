/** Drafts of all pictures: saves them, keeps in the browser what cannot be sent, and restores it. */
import { count } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import * as api from "./api.js";
import { askHowToResolve, mergeMasks } from "./conflict.js";
import { inflate } from "./deflate.js";
import { Draft } from "./draft.js";
import * as local from "./local_drafts.js";
import { isTransient, sendDecision, sendMask } from "./sending.js";

/**
 * @import { RevisionOut } from "../shared/openapi"
 * @import { Decision, Stored } from "./api.js"
 * @import { Desk } from "./desk.js"
 * @import { Loaded } from "./loader.js"
 * @import { LocalDraft } from "./local_drafts.js"
 *
 * @typedef {object} SavingEvents
 * @property {{draft: Draft, action: Decision, answer: Stored}} decided  a decision is on the server
 * @property {{draft: Draft, action: Decision, why: string}} refused     the server does not take a decision
 */

const RETRY_MS = [1000, 2000, 5000, 10000, 30000];

/** @extends {Emitter<SavingEvents>} */
export class Saving extends Emitter {
  #desk;
  #open;
  #timer = 0;
  /** Attempts in a row that the studio did not answer. */
  #failures = 0;
  /** @type {Promise<void>|null} */
  #retrying = null;
  /** Work of an earlier visit is still in the browser. */
  #isLeft = false;

  /**
   * @param {Desk} desk
   * @param {(id: number) => Promise<unknown>} open  opens a picture
   */
  constructor(desk, open) {
    super();
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
    const others = [...this.drafts.values()].filter((draft) => draft !== shown);
    statusBar.showSave(
      shown,
      others.filter((draft) => draft.isStuck).length,
      others.filter((draft) => draft.state === "refused").length,
    );
  }

  /** @param {number} id @param {Loaded} loaded @returns {Draft} */
  begin(id, { item, mask, revision }) {
    const { editor, layout, queue, statusBar } = this.#desk;
    const draft = new Draft({
      id,
      name: item.name,
      mask: editor.mask,
      revision,
      base: mask,
      isAwaited: () => editor.isRefining,
    });
    this.drafts.set(id, draft);
    draft.on("state", () => {
      if (draft.state === "saved") {
        queue.update({ id, status: draft.status ?? "drafted", revision: draft.revision });
        if (draft === this.#desk.draft) layout.showStatus(draft.status ?? "drafted");
        else this.drafts.delete(id);
        if (this.#failures) this.retry(); // the studio is back
      } else if (draft.state === "offline") this.#retryLater();
      this.show();
    });
    draft.on("conflict", (current) => this.#resolveConflict(draft, current));
    draft.on("decided", ({ action, answer }) => this.emit("decided", { draft, action, answer }));
    draft.on("refused", ({ action, why }) => this.emit("refused", { draft, action, why }));
    draft.on("undecided", (action) =>
      statusBar.say(
        `The mask of ${draft.name} has changed, so “${action}” does not hold any more. Decide again.`,
      ),
    );
    return draft;
  }

  /** Save the draft of a picture that is closed, without waiting for the timer. @param {Draft} draft */
  leave(draft) {
    if (draft.hasUnsavedWork) {
      if (draft.state !== "saving") draft.flush().catch(() => {});
    } else if (draft.state === "saved") this.drafts.delete(draft.itemId);
  }

  /**
   * Send a decision, after what could not be sent before it.
   * @param {Draft} draft
   * @param {Decision} action
   * @throws {api.ApiError}
   */
  async decide(draft, action) {
    draft.decide(action);
    await this.retry();
    await draft.flush();
  }

  /** Send what the studio did not answer, in the order in which it was made. @returns {Promise<void>} */
  retry() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#retrying ??= this.#sendStuck().finally(() => (this.#retrying = null));
    return this.#retrying;
  }

  async #sendStuck() {
    if (this.#isLeft) await this.sendLeft();
    const stuck = [...this.drafts.values()].filter((draft) => draft.state === "offline");
    let isAnswering = true;
    for (const draft of stuck.sort((a, b) => a.stuckSince - b.stuckSince)) {
      try {
        await draft.flush();
      } catch (error) {
        isAnswering &&= !isTransient(error);
        if (error instanceof api.ApiError && error.status === 0) break; // nor will it answer the others
      }
    }
    this.#failures = isAnswering && !this.#isLeft ? 0 : this.#failures + 1;
    if (this.#failures) this.#retryLater();
  }

  #retryLater() {
    this.#failures ||= 1;
    this.#timer ||= setTimeout(() => this.retry(), RETRY_MS[Math.min(this.#failures, RETRY_MS.length) - 1]);
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
    draft.restore(kept, base);
    statusBar.say("Unsent work was restored and is being saved.");
  }

  /** Send what an earlier visit could not send, unless somebody else has saved since. */
  async sendLeft() {
    this.#isLeft = false;
    const { statusBar } = this.#desk;
    let sent = 0;
    for (const kept of await local.all().catch(() => [])) {
      if (this.drafts.has(kept.itemId)) continue;
      const open = { text: "Open it", run: () => this.#open(kept.itemId) };
      try {
        await sendKept(kept);
        await local.forget(kept.itemId);
        sent++;
      } catch (error) {
        const isMaskLost = error instanceof api.ApiError && error.status === 404;
        const isDecisionLost = kept.isMaskStored && !isTransient(error);
        if (isMaskLost || isDecisionLost) await local.forget(kept.itemId);
        if (isMaskLost) continue;
        if (isTransient(error)) this.#isLeft = true;
        statusBar.say(
          isDecisionLost
            ? `${kept.name}: “${kept.decision}” was not stored. ${api.messageOf(error)}`
            : "Work on a picture has not been sent yet.",
          open,
        );
      }
    }
    if (this.#isLeft) this.#retryLater();
    else if (sent) statusBar.say(`Work on ${count(sent, "picture")} that was kept in this browser was sent.`);
  }

  /** @param {Draft} draft @param {RevisionOut} theirRevision */
  async #resolveConflict(draft, theirRevision) {
    const { current, dataset, editor, statusBar } = this.#desk;
    if (draft !== this.#desk.draft || !current || !dataset) {
      statusBar.say(`Somebody else saved ${draft.name}, which you had changed; your version is kept.`, {
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

/** @param {LocalDraft} kept */
async function sendKept({ itemId, deflated, revision, steps = [], isMaskStored, decision }) {
  let newest = revision;
  if (!isMaskStored) {
    const answer = await sendMask({ itemId, deflated, revision, seconds: 0, steps });
    newest = answer.revision.id;
  }
  if (decision) {
    const mask = () => Promise.resolve(deflated);
    await sendDecision({ itemId, action: decision, revision: newest, seconds: 0, deflated: mask });
  }
}
