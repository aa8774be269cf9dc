/** Which pictures are selected, and where the keyboard is. */
import { Emitter } from "../shared/emitter.js";

/**
 * Positions are those in `ids`. The event `change` says that something is selected or not, or that the cursor moved.
 * @extends {Emitter<{change: undefined}>}
 */
export class Selection extends Emitter {
  /** @type {number[]} */
  #ids = [];
  /** @type {Set<number>} */
  chosen = new Set();
  /** Position of the keyboard; -1 where there is nothing. */
  cursor = -1;
  /** Where a range with Shift begins. */
  #anchor = 0;
  /** What was selected before the range. @type {Set<number>} */
  #before = new Set();

  /** More pictures of the same list. @param {number[]} ids */
  extend(ids) {
    this.#ids = ids;
    if (this.cursor < 0 && ids.length) this.cursor = 0;
  }

  /** Another list; pictures that are gone are not selected any more. @param {number[]} ids */
  replace(ids) {
    const current = this.#ids[this.cursor];
    this.#ids = ids;
    const known = new Set(ids);
    this.chosen = new Set([...this.chosen].filter((id) => known.has(id)));
    const place = ids.indexOf(current);
    this.cursor = place >= 0 ? place : Math.min(Math.max(this.cursor, 0), ids.length - 1);
    this.#setAnchor(this.cursor);
    this.emit("change");
  }

  get current() {
    return this.#ids[this.cursor] ?? null;
  }

  /** Those that something is done to, in the order of the list. */
  get ids() {
    return this.#ids.filter((id) => this.chosen.has(id));
  }

  /** Select one picture and no other. @param {number} position */
  only(position) {
    this.chosen = new Set([this.#ids[position]]);
    this.#go(position);
  }

  /** @param {number} position */
  toggle(position) {
    const id = this.#ids[position];
    if (!this.chosen.delete(id)) this.chosen.add(id);
    this.#go(position);
  }

  /** Select from where the last one was selected to here. @param {number} position */
  rangeTo(position) {
    const [from, to] = [Math.min(this.#anchor, position), Math.max(this.#anchor, position)];
    this.chosen = new Set([...this.#before, ...this.#ids.slice(from, to + 1)]);
    this.cursor = position;
    this.emit("change");
  }

  /** Move the keyboard without selecting. @param {number} position */
  move(position) {
    this.#go(position);
  }

  all() {
    this.chosen = new Set(this.#ids);
    this.emit("change");
  }

  none() {
    this.chosen = new Set();
    this.#go(this.cursor);
  }

  /** @param {number} position */
  #go(position) {
    this.cursor = position;
    this.#setAnchor(position);
    this.emit("change");
  }

  /** @param {number} position */
  #setAnchor(position) {
    this.#anchor = Math.max(0, position);
    this.#before = new Set(this.chosen);
  }
}
