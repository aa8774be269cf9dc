/**
 * One person's work on one picture: autosave, decisions, and what happens when they do not go through.
 */
import * as api from "../shared/api.js";
import * as local from "./local_drafts.js";

const QUIET_MS = 500; // a save waits for a pause between strokes, and while the Smart tool's answer is awaited,
const LONGEST_WAIT_MS = 4000; // but never this long
const RETRY_MS = [1000, 2000, 5000, 10000, 30000];
const IDLE_AFTER_MS = 60000; // time without a stroke or key beyond this is not work

/**
 * Events: `state` when `state` changed, `conflict` (detail: the other's revision) when somebody else saved.
 *
 * `state` is one of `saved`, `unsaved`, `saving`, `offline`, `conflict`.
 */
export class Draft extends EventTarget {
  #isAwaited;
  #version = 0; // counts changes; a save is complete when nothing came after its snapshot
  #savedVersion = 0;
  #timer = 0;
  #firstUnsavedAt = 0;
  #saving = null;
  #failures = 0;
  #seconds = 0;
  #lastActivity;

  /**
   * @param {number} itemId
   * @param {Uint8Array} mask the live mask; it is read at every save
   * @param {number} revision the revision the mask was loaded from
   * @param {Uint8Array} base the mask of that revision: what somebody else's newer one started from, too
   * @param {() => boolean} isAwaited the person waits for an answer, which a save at that moment would delay
   */
  constructor(itemId, mask, revision, base, isAwaited) {
    super();
    this.#isAwaited = isAwaited;
    this.itemId = itemId;
    this.mask = mask;
    this.base = base;
    this.revision = revision;
    this.state = "saved";
    this.message = "";
    this.isDeciding = false;
    /** Answers of the Smart tool that the server has not stored yet. @type {Object[]} */
    this.steps = [];
    this.#lastActivity = performance.now();
  }

  get hasUnsavedWork() {
    return this.#version !== this.#savedVersion;
  }

  /** It could not be sent: the studio is away, or somebody else came first. */
  get isStuck() {
    return this.hasUnsavedWork && (this.state === "offline" || this.state === "conflict");
  }

  /** Count the time since the last sign of life as work. */
  touch() {
    const now = performance.now();
    if (now - this.#lastActivity < IDLE_AFTER_MS) this.#seconds += (now - this.#lastActivity) / 1000;
    this.#lastActivity = now;
  }

  /**
   * The mask was changed.
   * @param {{kind?: string, step?: Object|null}} [change] as the editor's `stroke` event tells it
   */
  changed({ kind, step } = {}) {
    this.touch();
    // What was undone before it was stored never was; what is stored stays in the history.
    if (step) this.steps = kind === "undo" ? this.steps.filter((one) => one !== step) : [...this.steps, step];
    this.#version++;
    if (this.state === "conflict") return; // kept as it is until the person has chosen
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
   * @param {"accept"|"reject"|"skip"|"revert"} action
   * @returns {Promise<Object>} the item's new state
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

  /** Take over another mask and revision, e.g. after a conflict was resolved. */
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

  /** Until a save waits no longer, in milliseconds. */
  get #timeLeft() {
    return Math.max(0, this.#firstUnsavedAt + LONGEST_WAIT_MS - performance.now());
  }

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
    const deflated = await api.deflate(snapshot);
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
    this.message = kept
      ? error.message
      : `${error.message} The browser cannot keep a copy: leave this tab open.`;
    if (error.status === 412) {
      this.#become("conflict");
      this.dispatchEvent(new CustomEvent("conflict", { detail: error.problem.current }));
      return;
    }
    this.#become("offline");
    if (error.isTransient !== false) this.#schedule(this.#retryDelay());
  }

  /**
   * A proposal that a model made meanwhile is no person's work: what a person paints goes on top of it.
   * @template T @param {() => Promise<T>} send @returns {Promise<T>}
   */
  async #retryOnProposal(send) {
    try {
      return await send();
    } catch (error) {
      const current = error.status === 412 ? error.problem.current : null;
      if (!current || current.action !== "proposed" || current.author !== null) throw error;
      this.revision = current.id;
      return send();
    }
  }

  #become(state) {
    if (state !== "offline" && state !== "conflict") this.message = "";
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
