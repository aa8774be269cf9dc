/** Tells the studio which picture is worked on here, and shows when somebody else works on it. */
import { apiUrl, json } from "../shared/api.js";
import { element } from "../shared/dom.js";
import { storageName } from "../shared/place.js";

/**
 * @import { LeaseOut } from "../shared/openapi"
 * @import { Desk } from "./desk.js"
 */

const RENEWED_AFTER_MS = 60_000; // the studio keeps a lease for ten minutes
const LONGEST_WAIT_MS = 2000; // a studio that is busy must not delay the work
const LONGEST_CHOICE_MS = 15_000; // but what comes next must be free, so that two people never get the same
const TAB = storageName("puzzlecam-tab");

export class TeamLease {
  #desk;
  #open;
  #step;
  #holder = nameOfTab();
  /** The picture that this tab shows. @type {number|null} */
  #item = null;
  #renewedAt = 0;
  banner = element("div", { class: "pr-team-banner", role: "alert", hidden: true });

  /**
   * @param {Desk} desk
   * @param {(id: number) => unknown} open  opens a picture
   * @param {() => unknown} step  opens the next picture that nobody works on
   */
  constructor(desk, open, step) {
    this.#desk = desk;
    this.#open = open;
    this.#step = step;
    desk.layout.stage.parentElement?.before(this.banner);
    for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, () => this.#renew(), true);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#renew();
    });
    window.addEventListener("pagehide", () => this.#release());
  }

  /**
   * Ask for a picture; a lease that cannot be had for another reason than a person never stops anybody.
   * @param {number} id
   * @param {{isChosen?: boolean}} [options]  whether the person chose this picture, and not only the next one
   * @returns {Promise<LeaseOut|null>} null: not known
   */
  async take(id, { isChosen = true } = {}) {
    this.#item = id;
    this.#renewedAt = Date.now();
    const asked = this.#ask(id, true);
    let isLate = false;
    const longest = isChosen ? LONGEST_WAIT_MS : LONGEST_CHOICE_MS;
    const late = new Promise((resolve) => setTimeout(() => resolve(null), longest)).then(() => {
      isLate = true;
      return null;
    });
    asked.then((lease) => {
      if (isLate && lease && this.#item === id) this.show(lease);
    });
    return Promise.race([asked, late]);
  }

  /** Nothing is shown. */
  leave() {
    this.show(null);
    this.#release();
    this.#item = null;
  }

  /** Let the person work, or only look. @param {LeaseOut|null} lease */
  show(lease) {
    const { draft, editor, layout } = this.#desk;
    const isRefused = lease !== null && !lease.granted;
    const wasLookOnly = this.#desk.isLookOnly;
    // Work that has begun goes on: two versions of a picture are compared when the second one is saved.
    this.#desk.isLookOnly = isRefused && !draft?.hasUnsavedWork;
    editor.readOnly = this.#desk.isLookOnly;
    if (this.#desk.isLookOnly !== wasLookOnly && draft) layout.setUsable(!this.#desk.isLookOnly);
    this.banner.hidden = !isRefused;
    if (lease === null || lease.granted) return;
    const since = new Date(lease.since).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const what = this.#desk.isLookOnly ? "You can look at it only." : "You can finish what you have begun.";
    this.banner.replaceChildren(
      element("span", {
        text: lease.own
          ? `You have had this picture open in another tab since ${since}. ${what}`
          : `${lease.user} has been working on this picture since ${since}. ${what}`,
      }),
      lease.own
        ? button("Work here", "Take the picture over from the other tab", () => this.#takeOver())
        : button("Next free picture", "Open the next picture that nobody works on", () => this.#step()),
    );
  }

  async #takeOver() {
    const id = this.#item;
    if (id === null) return;
    const lease = await this.take(id);
    if (this.#item !== id || !lease?.granted) return;
    this.#desk.loader.forget(id); // the other tab may have saved
    await this.#open(id);
  }

  #renew() {
    const id = this.#item;
    if (id === null || this.#desk.isLookOnly || Date.now() - this.#renewedAt < RENEWED_AFTER_MS) return;
    this.#renewedAt = Date.now();
    this.#ask(id, false).then((lease) => {
      if (this.#item === id && lease) this.show(lease);
    });
  }

  /** @param {number} id @param {boolean} isTakenOver @returns {Promise<LeaseOut|null>} */
  async #ask(id, isTakenOver) {
    try {
      return await json(`/items/${id}/lease`, { body: { holder: this.#holder, take_over: isTakenOver } });
    } catch {
      return null; // conflicts are found when the mask is saved
    }
  }

  #release() {
    if (this.#item === null) return;
    // The page is going: only a request that is kept alive is still sent.
    fetch(apiUrl(`/items/${this.#item}/lease/release`), {
      method: "POST",
      keepalive: true,
      credentials: "same-origin",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ holder: this.#holder }),
    }).catch(() => {});
  }
}

/** @param {string} text @param {string} title @param {() => unknown} run */
const button = (text, title, run) =>
  element("button", { class: "st-button", type: "button", text, title, on: { click: run } });

/** A name that this tab keeps when it is reloaded. */
function nameOfTab() {
  let name = sessionStorage.getItem(TAB);
  if (!name) {
    name = [...crypto.getRandomValues(new Uint8Array(12))]
      .map((byte) => byte.toString(16).padStart(2, "0"))
      .join("");
    sessionStorage.setItem(TAB, name);
  }
  return name;
}
