/**
 * Keeps the panel of the live model up to date: it asks the studio after a decision, and then, while something is
 * still being learned, at growing intervals.
 */
import * as api from "./api.js";

/** @import { LiveOut } from "../shared/openapi" */
/** @import { Desk } from "./desk.js" */
/** @import { LiveCommand } from "./live_panel.js" */

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 20_000;

export class LiveLink {
  #desk;
  #timer = 0;
  #waitMs = FIRST_WAIT_MS;
  /** Counts questions: a late answer to an earlier one is ignored. */
  #turn = 0;

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
    const { livePanel, queue } = desk;
    livePanel.on("open", () => this.refresh());
    livePanel.on("command", (command) => this.#tell(command));
    livePanel.on("next", (index) => queue.showUnfinished(index));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.refresh();
    });
  }

  /** Ask now: something has happened that the model learns from, or somebody wants to read. */
  refresh() {
    this.#waitMs = FIRST_WAIT_MS;
    return this.#ask();
  }

  /** The panel of another dataset. */
  open() {
    this.#desk.livePanel.show(null);
    return this.refresh();
  }

  async #ask() {
    const { dataset, livePanel } = this.#desk;
    clearTimeout(this.#timer);
    if (!dataset) return;
    const turn = ++this.#turn;
    try {
      const state = await api.live(dataset.id);
      if (turn !== this.#turn) return;
      livePanel.show(state);
      if (this.#isSettled(state)) return;
    } catch {
      if (turn !== this.#turn) return; // the next question may be answered
    }
    this.#timer = setTimeout(() => {
      if (document.visibilityState === "visible") this.#ask();
    }, this.#waitMs);
    this.#waitMs = Math.min(2 * this.#waitMs, LONGEST_WAIT_MS);
  }

  /** @param {LiveOut} state @returns {boolean} whether it does not change without a further decision */
  #isSettled({ paused, problem, waiting, masks, measured_on: measuredOn }) {
    if (paused || problem !== null) return true;
    return !waiting && (!masks || measuredOn > 0 || !this.#desk.livePanel.root.open);
  }

  /** @param {LiveCommand} command */
  async #tell(command) {
    const { current, dataset, livePanel, statusBar } = this.#desk;
    if (!dataset) return;
    clearTimeout(this.#timer);
    const turn = ++this.#turn;
    const isAboutPicture = command === "ignore" || command === "unignore";
    if (isAboutPicture && !current) return;
    try {
      const state = await api.tellLive(dataset.id, command, isAboutPicture ? current?.item.id : undefined);
      if (turn === this.#turn) livePanel.show(state);
      statusBar.say(SAID[command]);
    } catch (error) {
      statusBar.say(api.messageOf(error));
    }
    if (turn === this.#turn) await this.refresh();
  }
}

/** @type {Record<LiveCommand, string>} */
const SAID = {
  pause: "The live model is paused. Proposals stay as they are.",
  resume: "The live model learns again.",
  reset: "The live model is reset. It learns from masks that are accepted from now on.",
  ignore: "The live model does not learn from this picture. Its mask stays.",
  unignore: "The live model learns from this picture again.",
};
