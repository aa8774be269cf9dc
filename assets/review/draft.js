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
  /**
   * @param {number} itemId
   * @param {Uint8Array} mask the live mask; it is read at every save
   * @param {number} revision the revision the mask was loaded from
   * @param {Uint8Array} base the mask of that revision: what somebody else's newer one started from, too
   * @param {() => boolean} isAwaited the person waits for an answer, which a save at that moment would delay
   */
  constructor(itemId, mask, revision, base, isAwaited) {
    super();
    this._isAwaited = isAwaited;
    this.itemId = itemId;
    this.mask = mask;
    this.base = base;
    this.revision = revision;
    this.state = "saved";
    this.message = "";
    this.isDeciding = false;
    /** Answers of the Smart tool that the server has not stored yet. @type {Object[]} */
    this.steps = [];
    this._version = 0; // counts changes; a save is complete when nothing came after its snapshot
    this._savedVersion = 0;
    this._timer = 0;
    this._firstUnsavedAt = 0;
    this._saving = null;
    this._failures = 0;
    this._seconds = 0;
    this._lastActivity = performance.now();
  }

  get hasUnsavedWork() {
    return this._version !== this._savedVersion;
  }

  /** It could not be sent: the studio is away, or somebody else came first. */
  get isStuck() {
    return this.hasUnsavedWork && (this.state === "offline" || this.state === "conflict");
  }

  /** Count the time since the last sign of life as work. */
  touch() {
    const now = performance.now();
    if (now - this._lastActivity < IDLE_AFTER_MS) this._seconds += (now - this._lastActivity) / 1000;
    this._lastActivity = now;
  }

  /**
   * The mask was changed.
   * @param {{kind?: string, step?: Object|null}} [change] as the editor's `stroke` event tells it
   */
  changed({ kind, step } = {}) {
    this.touch();
    // What was undone before it was stored never was; what is stored stays in the history.
    if (step) this.steps = kind === "undo" ? this.steps.filter((one) => one !== step) : [...this.steps, step];
    this._version++;
    if (this.state === "conflict") return; // kept as it is until the person has chosen
    if (this.state !== "saving" && this.state !== "offline") this._become("unsaved");
    if (!this._firstUnsavedAt) this._firstUnsavedAt = performance.now();
    this._schedule(this.state === "offline" ? this._retryDelay() : Math.min(QUIET_MS, this._timeLeft));
  }

  /**
   * Save what is unsaved, now.
   * @returns {Promise<void>} resolves when everything is on the server
   * @throws {api.ApiError}
   */
  async flush() {
    clearTimeout(this._timer);
    if (this._saving) await this._saving.catch(() => {});
    while (this.hasUnsavedWork) await this._save();
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
    const answer = await this._retryOnProposal(() => {
      const seconds = this._seconds;
      return api.decide(this.itemId, action, this.revision, seconds).then((result) => {
        this._seconds -= seconds;
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
    this._failures = 0;
    if (unsaved) {
      this._become("unsaved");
      this.changed();
    } else {
      this._savedVersion = this._version;
      this.steps = [];
      this._firstUnsavedAt = 0;
      clearTimeout(this._timer);
      this._become("saved");
      local.forget(this.itemId).catch(() => {});
    }
  }

  /** Until a save waits no longer, in milliseconds. */
  get _timeLeft() {
    return Math.max(0, this._firstUnsavedAt + LONGEST_WAIT_MS - performance.now());
  }

  _schedule(delay) {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => {
      if (this._isAwaited() && this._timeLeft) this._schedule(Math.min(QUIET_MS, this._timeLeft));
      else this._save().catch(() => {});
    }, delay);
  }

  _retryDelay() {
    return RETRY_MS[Math.min(this._failures, RETRY_MS.length - 1)];
  }

  _save() {
    this._saving ??= this._saveOnce().finally(() => (this._saving = null));
    return this._saving;
  }

  async _saveOnce() {
    clearTimeout(this._timer);
    const version = this._version;
    const seconds = this._seconds;
    this._become("saving");
    const snapshot = this.mask.slice();
    const steps = this.steps;
    const deflated = await api.deflate(snapshot);
    try {
      const answer = await this._retryOnProposal(() =>
        api.putMask(this.itemId, deflated, this.revision, seconds, steps),
      );
      this.revision = answer.revision.id;
      this.status = answer.status;
    } catch (error) {
      await this._keepLocally(deflated, steps, error);
      throw error;
    }
    this.base = snapshot;
    this.steps = this.steps.filter((step) => !steps.includes(step));
    this._seconds -= seconds;
    this._savedVersion = version;
    if (this._failures) await local.forget(this.itemId).catch(() => {});
    this._failures = 0;
    this._firstUnsavedAt = this.hasUnsavedWork ? performance.now() : 0;
    if (this.hasUnsavedWork) {
      this._become("unsaved");
      this._schedule(QUIET_MS);
    } else {
      this._become("saved");
    }
  }

  async _keepLocally(deflated, steps, error) {
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
    this._failures++;
    this.message = kept
      ? error.message
      : `${error.message} The browser cannot keep a copy: leave this tab open.`;
    if (error.status === 412) {
      this._become("conflict");
      this.dispatchEvent(new CustomEvent("conflict", { detail: error.problem.current }));
      return;
    }
    this._become("offline");
    if (error.isTransient !== false) this._schedule(this._retryDelay());
  }

  /**
   * A proposal that a model made meanwhile is no person's work: what a person paints goes on top of it.
   * @template T @param {() => Promise<T>} send @returns {Promise<T>}
   */
  async _retryOnProposal(send) {
    try {
      return await send();
    } catch (error) {
      const current = error.status === 412 ? error.problem.current : null;
      if (!current || current.action !== "proposed" || current.author !== null) throw error;
      this.revision = current.id;
      return send();
    }
  }

  _become(state) {
    if (state !== "offline" && state !== "conflict") this.message = "";
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
