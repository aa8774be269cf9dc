/**
 * One person's work on one picture: autosave, a decision, and what happens when they fail.
 */
import { Emitter } from "../shared/emitter.js";
import * as api from "./api.js";
import { deflate } from "./deflate.js";
import * as local from "./local_drafts.js";
import { isTransient, newerRevision, sendDecision, sendMask } from "./sending.js";

const QUIET_MS = 500; // a save waits for a pause between strokes, and for a pending answer of the Smart tool,
const LONGEST_WAIT_MS = 4000; // but at most this long
const KEPT_AFTER_MS = 2000; // strokes made while the studio does not answer are kept in the browser
const IDLE_AFTER_MS = 60000; // a longer time without a stroke or key does not count as work

/**
 * @import { RevisionOut, Step } from "../shared/openapi"
 * @import { Decision, Stored } from "./api.js"
 * @import { LocalDraft } from "./local_drafts.js"
 *
 * @typedef {"saved"|"unsaved"|"saving"|"offline"|"conflict"|"refused"} DraftState
 *
 * @typedef {object} DraftEvents
 * @property {undefined} state     it changed
 * @property {RevisionOut} conflict  somebody else saved: their revision
 * @property {{action: Decision, answer: Stored}} decided  the decision is on the server
 * @property {{action: Decision, why: string}} refused     the server does not take the decision
 * @property {Decision} undecided  the mask was changed before the decision could be sent
 *
 * @typedef {object} DraftOf
 * @property {number} id of the picture
 * @property {string} name of the picture
 * @property {Uint8Array} mask the live mask; it is read at every save
 * @property {number} revision the revision the mask was loaded from
 * @property {Uint8Array} base the mask of that revision
 * @property {() => boolean} isAwaited whether the Smart tool's answer is pending, which a save would delay
 */

/** @extends {Emitter<DraftEvents>} */
export class Draft extends Emitter {
  #isAwaited;
  #version = 0; // counts changes; a save is complete when nothing came after its snapshot
  #savedVersion = 0;
  #timer = 0;
  #firstUnsavedAt = 0;
  /** @type {Promise<void>|null} */
  #saving = null;
  #isKept = false;
  #seconds = 0;
  #strokes = 0;
  #lastActivity;

  /** @param {DraftOf} of */
  constructor({ id, name, mask, revision, base, isAwaited }) {
    super();
    this.#isAwaited = isAwaited;
    this.itemId = id;
    this.name = name;
    this.mask = mask;
    this.base = base;
    this.revision = revision;
    /** @type {DraftState} */
    this.state = "saved";
    /** Of the picture, as the last save left it. @type {import("../shared/openapi").ItemState["status"]|undefined} */
    this.status = undefined;
    this.message = "";
    /** Whether the studio answered the last attempt, and said why it cannot store it now. */
    this.isAnswered = false;
    this.isDeciding = false;
    /** Made about a version of the mask, and not on the server yet. @type {{action: Decision, version: number}|null} */
    this.decision = null;
    /** Since when it cannot be sent, in milliseconds since 1970; 0: it can. */
    this.stuckSince = 0;
    /** Answers of the Smart tool that the server has not stored yet. @type {Step[]} */
    this.steps = [];
    this.#lastActivity = performance.now();
  }

  get hasUnsavedWork() {
    return !this.#isMaskSaved || this.decision !== null;
  }

  /** Whether nothing was changed or decided since the picture was opened. */
  get isUntouched() {
    return this.#version === 0 && this.decision === null && !this.isDeciding && this.state === "saved";
  }

  get #isMaskSaved() {
    return this.#version === this.#savedVersion;
  }

  /** Whether it could not be sent: the studio does not answer, or somebody else saved first. */
  get isStuck() {
    return this.hasUnsavedWork && (this.state === "offline" || this.state === "conflict");
  }

  /** Count the time since the last activity as work. */
  touch() {
    const now = performance.now();
    if (now - this.#lastActivity < IDLE_AFTER_MS) this.#seconds += (now - this.#lastActivity) / 1000;
    this.#lastActivity = now;
  }

  /**
   * The mask was changed.
   * @param {{kind?: string, step?: Step|null}} [change] as the editor's `stroke` event tells it
   */
  changed({ kind, step } = {}) {
    this.touch();
    // A step that is undone before it was stored is dropped; stored steps stay in the history.
    if (step) this.steps = kind === "undo" ? this.steps.filter((one) => one !== step) : [...this.steps, step];
    else if (kind !== "undo" && kind !== "redo") this.#strokes++;
    this.#version++;
    if (this.state === "conflict") return; // nothing is saved until the person has chosen a mask
    if (this.state === "offline") this.#forgetOldDecision();
    else if (this.state !== "saving") this.#become("unsaved");
    if (!this.#firstUnsavedAt) this.#firstUnsavedAt = performance.now();
    this.#schedule(this.state === "offline" ? KEPT_AFTER_MS : Math.min(QUIET_MS, this.#timeLeft));
  }

  /**
   * Save what is unsaved and send the decision, now.
   * @returns {Promise<void>} resolves when everything is on the server
   * @throws {api.ApiError}
   */
  async flush() {
    clearTimeout(this.#timer);
    if (this.#saving) await this.#saving.catch(() => {});
    while (this.hasUnsavedWork) await this.#save();
  }

  /** Decide about the mask as it is now; `flush` sends it. @param {Decision} action */
  decide(action) {
    this.touch();
    this.decision = { action, version: this.#version };
  }

  /** Take back a decision that has not been sent. @returns {Promise<boolean>} whether there was one */
  async undecide() {
    if (this.#saving) await this.#saving.catch(() => {});
    if (!this.decision) return false;
    this.decision = null;
    if (this.hasUnsavedWork) {
      await this.#keep();
    } else {
      await this.#forgetKept();
      this.#become("saved");
    }
    return true;
  }

  /**
   * Continue with work that was kept in the browser.
   * @param {LocalDraft} kept
   * @param {Uint8Array} base the mask of its revision
   */
  restore({ revision, steps = [], decision, isMaskStored }, base) {
    this.revision = revision;
    this.base = base;
    this.steps = steps;
    this.#isKept = true;
    if (!isMaskStored) this.#version++;
    this.decision = decision ? { action: decision, version: this.#version } : null;
    this.#firstUnsavedAt = performance.now();
    this.#become("unsaved");
    this.#schedule(QUIET_MS);
  }

  /**
   * Take over another mask and revision, e.g. after a conflict was resolved.
   * @param {number} revision
   * @param {Uint8Array} base
   * @param {{unsaved: boolean}} options  whether the mask holds more than `base`
   */
  rebase(revision, base, { unsaved }) {
    this.revision = revision;
    this.base = base;
    this.stuckSince = 0;
    if (unsaved) {
      this.#become("unsaved");
      this.changed();
    } else {
      this.#savedVersion = this.#version;
      this.steps = [];
      this.#firstUnsavedAt = 0;
      clearTimeout(this.#timer);
      this.#become("saved");
      this.#forgetKept();
    }
  }

  /**
   * Take over a newer proposal, while the draft is untouched.
   * @param {number} revision
   * @param {Uint8Array} base the mask of that revision
   * @param {Uint8Array} mask the live mask
   */
  renew(revision, base, mask) {
    this.revision = revision;
    this.base = base;
    this.mask = mask;
  }

  /** How long a save may still wait, in milliseconds. */
  get #timeLeft() {
    return Math.max(0, this.#firstUnsavedAt + LONGEST_WAIT_MS - performance.now());
  }

  /** @param {number} delay in milliseconds */
  #schedule(delay) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#isAwaited() && this.#timeLeft) this.#schedule(Math.min(QUIET_MS, this.#timeLeft));
      else this.#save().catch(() => {});
    }, delay);
  }

  #save() {
    this.#saving ??= this.#saveOnce().finally(() => (this.#saving = null));
    return this.#saving;
  }

  async #saveOnce() {
    clearTimeout(this.#timer);
    this.#forgetOldDecision();
    const { decision } = this;
    this.#become("saving");
    try {
      if (!this.#isMaskSaved) await this.#sendMask();
      if (decision) await this.#sendDecision(decision.action);
    } catch (error) {
      await this.#failed(error);
      throw error;
    }
    if (this.hasUnsavedWork) {
      this.#firstUnsavedAt = performance.now();
      this.#become("unsaved");
      this.#schedule(QUIET_MS);
      return;
    }
    this.#firstUnsavedAt = 0;
    this.stuckSince = 0;
    await this.#forgetKept();
    this.#become("saved");
  }

  async #sendMask() {
    const version = this.#version;
    const { itemId, revision, steps } = this;
    const [seconds, strokes] = [this.#seconds, this.#strokes];
    const snapshot = this.mask.slice();
    const deflated = await deflate(snapshot);
    const answer = await sendMask({ itemId, deflated, revision, seconds, strokes, steps });
    this.revision = answer.revision.id;
    this.status = answer.status;
    this.base = snapshot;
    this.steps = this.steps.filter((step) => !steps.includes(step));
    this.#seconds -= seconds;
    this.#strokes -= strokes;
    this.#savedVersion = version;
  }

  /** @param {Decision} action */
  async #sendDecision(action) {
    const { itemId, revision, base } = this;
    const seconds = this.#seconds;
    const deflated = () => deflate(base);
    const answer = await sendDecision({ itemId, action, revision, seconds, deflated });
    this.revision = answer.revision.id;
    this.status = answer.status;
    this.#seconds -= seconds;
    this.decision = null;
    this.emit("decided", { action, answer });
  }

  /** @param {unknown} error */
  async #failed(error) {
    const { decision } = this;
    const isDropped = decision !== null && !isTransient(error);
    if (isDropped) this.decision = null;
    const isKept = this.hasUnsavedWork ? await this.#keep() : await this.#forgetKept();
    const sentence = api.messageOf(error);
    this.message = isKept ? sentence : `${sentence} The browser cannot keep a copy: leave this tab open.`;
    this.isAnswered = error instanceof api.ApiError && error.status > 0;
    const newer = newerRevision(error);
    if (newer && !this.#isMaskSaved) {
      this.#become("conflict");
      this.emit("conflict", newer);
      return;
    }
    this.#become(isTransient(error) ? "offline" : "refused");
    if (isDropped) this.emit("refused", { action: decision.action, why: sentence });
  }

  /** Keep in the browser what is not on the server. @returns {Promise<boolean>} whether the browser did */
  async #keep() {
    this.stuckSince ||= Date.now();
    this.#isKept = true;
    try {
      await local.keep({
        itemId: this.itemId,
        name: this.name,
        revision: this.revision,
        deflated: await deflate(this.mask.slice()),
        isMaskStored: this.#isMaskSaved,
        steps: this.steps,
        decision: this.decision?.action ?? null,
        savedAt: this.stuckSince,
      });
      return true;
    } catch {
      return false;
    }
  }

  async #forgetKept() {
    if (this.#isKept) await local.forget(this.itemId).catch(() => {});
    this.#isKept = false;
    return true;
  }

  /** A decision about a mask that was changed before it could be sent does not hold any more. */
  #forgetOldDecision() {
    if (!this.decision || this.decision.version === this.#version) return;
    const { action } = this.decision;
    this.decision = null;
    this.emit("undecided", action);
  }

  /** @param {DraftState} state */
  #become(state) {
    if (!["offline", "conflict", "refused"].includes(state)) this.message = "";
    if (this.state === state) return;
    this.state = state;
    this.emit("state");
  }
}
