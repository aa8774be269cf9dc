/**
 * One person's work on one picture: autosave, decisions, and what happens when they fail.
 */
import { Emitter } from "../shared/emitter.js";
import * as api from "./api.js";
import { deflate } from "./deflate.js";
import * as local from "./local_drafts.js";

const QUIET_MS = 500; // a save waits for a pause between strokes, and for a pending answer of the Smart tool,
const LONGEST_WAIT_MS = 4000; // but at most this long
const RETRY_MS = [1000, 2000, 5000, 10000, 30000];
const IDLE_AFTER_MS = 60000; // a longer time without a stroke or key does not count as work

/**
 * @import { RevisionOut, Step } from "../shared/openapi"
 * @import { Decision } from "./api.js"
 *
 * @typedef {"saved"|"unsaved"|"saving"|"offline"|"conflict"} DraftState
 */

/**
 * Events: `state` when it changed, `conflict` (the other's revision) when somebody else saved.
 * @extends {Emitter<{state: undefined, conflict: RevisionOut}>}
 */
export class Draft extends Emitter {
  #isAwaited;
  #version = 0; // counts changes; a save is complete when nothing came after its snapshot
  #savedVersion = 0;
  #timer = 0;
  #firstUnsavedAt = 0;
  /** @type {Promise<void>|null} */
  #saving = null;
  #failures = 0;
  #seconds = 0;
  #lastActivity;

  /**
   * @param {number} itemId
   * @param {Uint8Array} mask the live mask; it is read at every save
   * @param {number} revision the revision the mask was loaded from
   * @param {Uint8Array} base the mask of that revision
   * @param {() => boolean} isAwaited whether the Smart tool's answer is pending, which a save would delay
   */
  constructor(itemId, mask, revision, base, isAwaited) {
    super();
    this.#isAwaited = isAwaited;
    this.itemId = itemId;
    this.mask = mask;
    this.base = base;
    this.revision = revision;
    /** @type {DraftState} */
    this.state = "saved";
    /** Of the picture, as the last save left it. @type {import("../shared/openapi").ItemState["status"]|undefined} */
    this.status = undefined;
    this.message = "";
    this.isDeciding = false;
    /** Answers of the Smart tool that the server has not stored yet. @type {Step[]} */
    this.steps = [];
    this.#lastActivity = performance.now();
  }

  get hasUnsavedWork() {
    return this.#version !== this.#savedVersion;
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
    this.#version++;
    if (this.state === "conflict") return; // nothing is saved until the person has chosen a mask
    if (this.state !== "saving" && this.state !== "offline") this.#become("unsaved");
    if (!this.#firstUnsavedAt) this.#firstUnsavedAt = performance.now();
    this.#schedule(this.state === "offline" ? this.#retryDelay() : Math.min(QUIET_MS, this.#timeLeft));
  }

  /**
   * Save what is unsaved, now.
   * @returns {Promise<void>} resolves when everything is on the server
   * @throws {api.ApiError}
   */
  async flush() {
    clearTimeout(this.#timer);
    if (this.#saving) await this.#saving.catch(() => {});
    while (this.hasUnsavedWork) await this.#save();
  }

  /**
   * Save, then decide.
   * @param {Decision} action
   * @returns {Promise<api.Stored>} the item's new state
   * @throws {api.ApiError}
   */
  async decide(action) {
    this.touch();
    await this.flush();
    const answer = await this.#retryOnProposal(() => {
      const seconds = this.#seconds;
      return api.decide(this.itemId, action, this.revision, seconds).then((result) => {
        this.#seconds -= seconds;
        return result;
      });
    });
    this.revision = answer.revision.id;
    return answer;
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
    this.#failures = 0;
    if (unsaved) {
      this.#become("unsaved");
      this.changed();
    } else {
      this.#savedVersion = this.#version;
      this.steps = [];
      this.#firstUnsavedAt = 0;
      clearTimeout(this.#timer);
      this.#become("saved");
      local.forget(this.itemId).catch(() => {});
    }
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

  #retryDelay() {
    return RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)];
  }

  #save() {
    this.#saving ??= this.#saveOnce().finally(() => (this.#saving = null));
    return this.#saving;
  }

  async #saveOnce() {
    clearTimeout(this.#timer);
    const version = this.#version;
    const seconds = this.#seconds;
    this.#become("saving");
    const snapshot = this.mask.slice();
    const steps = this.steps;
    const deflated = await deflate(snapshot);
    try {
      const answer = await this.#retryOnProposal(() =>
        api.putMask(this.itemId, deflated, this.revision, seconds, steps),
      );
      this.revision = answer.revision.id;
      this.status = answer.status;
    } catch (error) {
      await this.#keepLocally(deflated, steps, error);
      throw error;
    }
    this.base = snapshot;
    this.steps = this.steps.filter((step) => !steps.includes(step));
    this.#seconds -= seconds;
    this.#savedVersion = version;
    if (this.#failures) await local.forget(this.itemId).catch(() => {});
    this.#failures = 0;
    this.#firstUnsavedAt = this.hasUnsavedWork ? performance.now() : 0;
    if (this.hasUnsavedWork) {
      this.#become("unsaved");
      this.#schedule(QUIET_MS);
    } else {
      this.#become("saved");
    }
  }

  /** @param {Uint8Array} deflated @param {Step[]} steps @param {unknown} error */
  async #keepLocally(deflated, steps, error) {
    let kept = true;
    try {
      await local.keep({
        itemId: this.itemId,
        revision: this.revision,
        deflated,
        steps,
        savedAt: Date.now(),
      });
    } catch {
      kept = false;
    }
    this.#failures++;
    const sentence = api.messageOf(error);
    this.message = kept ? sentence : `${sentence} The browser cannot keep a copy: leave this tab open.`;
    const newer = newerRevision(error);
    if (newer) {
      this.#become("conflict");
      this.emit("conflict", newer);
      return;
    }
    this.#become("offline");
    if (!(error instanceof api.ApiError) || error.isTransient) this.#schedule(this.#retryDelay());
  }

  /**
   * Send again on top of a proposal that a model made meanwhile: it is nobody's work, so there is no conflict.
   * @template T @param {() => Promise<T>} send @returns {Promise<T>}
   */
  async #retryOnProposal(send) {
    try {
      return await send();
    } catch (error) {
      const newer = newerRevision(error);
      if (!newer || newer.action !== "proposed" || newer.author !== null) throw error;
      this.revision = newer.id;
      return send();
    }
  }

  /** @param {DraftState} state */
  #become(state) {
    if (state !== "offline" && state !== "conflict") this.message = "";
    if (this.state === state) return;
    this.state = state;
    this.emit("state");
  }
}

/** @param {unknown} error @returns {RevisionOut|null} the newer revision, if that is why the server refused */
const newerRevision = (error) =>
  error instanceof api.ApiError && error.status === 412 ? (error.problem.current ?? null) : null;
