/**
 * Polls while something is in progress: at most once a second, and never while the page is hidden.
 */
const FASTEST_MS = 1000;

export class Poller {
  #look;
  #everyMs;
  /** @type {number|undefined} */
  #timer;
  #isLooking = false;
  #isStopped = false;
  #onVisible;
  #again = false;

  /** @param {() => Promise<boolean>} look returns whether to poll again @param {number} [everyMs] */
  constructor(look, everyMs = FASTEST_MS) {
    this.#look = look;
    this.#everyMs = Math.max(FASTEST_MS, everyMs);
    this.#onVisible = () => {
      if (!document.hidden) this.now();
    };
    document.addEventListener("visibilitychange", this.#onVisible);
    window.addEventListener("focus", this.#onVisible);
  }

  /** Poll now, and go on as long as `look` says so. */
  async now() {
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    if (this.#isLooking) {
      this.#again = true;
      return;
    }
    this.#isLooking = true;
    this.#again = false;
    let goesOn = true;
    try {
      goesOn = await this.#look();
    } catch {
      goesOn = true; // `look` shows the error; the studio may answer again soon
    } finally {
      this.#isLooking = false;
    }
    if (this.#isStopped || document.hidden) return;
    if (goesOn || this.#again) this.#timer = setTimeout(() => this.now(), this.#everyMs);
  }

  stop() {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#onVisible);
    window.removeEventListener("focus", this.#onVisible);
  }
}
