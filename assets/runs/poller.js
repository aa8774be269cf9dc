/**
 * Looks again while something is going on: never faster than once a second, never while the page is hidden,
 * and not at all when nothing is under way.
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

  /** @param {() => Promise<boolean>} look says whether it pays to look again @param {number} [everyMs] */
  constructor(look, everyMs = FASTEST_MS) {
    this.#look = look;
    this.#everyMs = Math.max(FASTEST_MS, everyMs);
    this.#onVisible = () => {
      if (!document.hidden) this.now();
    };
    document.addEventListener("visibilitychange", this.#onVisible);
    window.addEventListener("focus", this.#onVisible);
  }

  /** Look at once, and go on as long as it pays. */
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
      goesOn = true; // whoever looks shows the error; the studio may be back soon
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
