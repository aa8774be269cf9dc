/**
 * Looks again while something is going on: never faster than once a second, never while the page is hidden,
 * and not at all when nothing is under way.
 */
const FASTEST_MS = 1000;

export class Poller {
  /** @param {() => Promise<boolean>} look says whether it pays to look again @param {number} [everyMs] */
  constructor(look, everyMs = FASTEST_MS) {
    this._look = look;
    this._everyMs = Math.max(FASTEST_MS, everyMs);
    this._timer = null;
    this._isLooking = false;
    this._isStopped = false;
    this._onVisible = () => {
      if (!document.hidden) this.now();
    };
    document.addEventListener("visibilitychange", this._onVisible);
    window.addEventListener("focus", this._onVisible);
  }

  /** Look at once, and go on as long as it pays. */
  async now() {
    clearTimeout(this._timer);
    if (this._isStopped) return;
    if (this._isLooking) {
      this._again = true;
      return;
    }
    this._isLooking = true;
    this._again = false;
    let goesOn = true;
    try {
      goesOn = await this._look();
    } catch {
      goesOn = true; // whoever looks shows the error; the studio may be back soon
    } finally {
      this._isLooking = false;
    }
    if (this._isStopped || document.hidden) return;
    if (goesOn || this._again) this._timer = setTimeout(() => this.now(), this._everyMs);
  }

  /** Whether it is going to look again by itself. */
  get isWaiting() {
    return this._timer !== null;
  }

  stop() {
    this._isStopped = true;
    clearTimeout(this._timer);
    document.removeEventListener("visibilitychange", this._onVisible);
    window.removeEventListener("focus", this._onVisible);
  }
}
