/** Tells who opens a picture how many others the studio computes before it. */
import { duration } from "../shared/format.js";
import * as api from "./api.js";

/** @import { Desk } from "./desk.js" */

const PATIENCE_MS = 1500; // most pictures are there before
const SOONEST_MS = 2000;
const LATEST_MS = 15_000;

export class Waiting {
  #desk;
  #timer = 0;
  /** Counts pictures: a late answer about an earlier one is ignored. */
  #turn = 0;

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
  }

  /** A picture is being opened. @param {number} id */
  begin(id) {
    this.end();
    const turn = this.#turn;
    this.#timer = setTimeout(() => this.#look(id, turn), PATIENCE_MS);
  }

  /** The picture is there, or cannot be opened. */
  end() {
    this.#turn++;
    clearTimeout(this.#timer);
    this.#desk.layout.showPlace(null);
  }

  /** @param {number} id @param {number} turn */
  async #look(id, turn) {
    const place = await api.place(id).catch(() => null);
    if (turn !== this.#turn) return;
    this.#desk.layout.showPlace(place ? sentenceOf(place.ahead, place.seconds) : null);
    const again = Math.min(LATEST_MS, Math.max(SOONEST_MS, 250 * (place?.seconds ?? 0)));
    this.#timer = setTimeout(() => this.#look(id, turn), again);
  }
}

/**
 * @param {number|null} ahead pictures that are computed before; null if the picture is not in the line
 * @param {number|null} seconds that this probably takes
 * @returns {string|null}
 */
export function sentenceOf(ahead, seconds) {
  if (ahead === null) return null;
  if (ahead === 0) return "This picture is being computed.";
  const others = ahead === 1 ? "1 picture is" : `${ahead} pictures are`;
  return `${others} computed before this one. It takes about ${duration(seconds)}.`;
}
