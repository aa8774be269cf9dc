/**
 * The pictures of the gallery: the ids of all, which come first, and facts about those that are looked at.
 */
import { Emitter } from "../shared/emitter.js";
import * as api from "./api.js";

/** @import { ItemRow } from "../shared/openapi" */

const FIRST_IDS = 2000; // so that the first pictures are there at once
const ROWS_AT_ONCE = 200;
const PAUSE_MS = 60; // while somebody scrolls, nothing is asked for

/**
 * Events: `ids` (more are there, or none are), `rows` (facts about some came), `problem` with a sentence.
 * @extends {Emitter<{ids: undefined, rows: undefined, problem: string}>}
 */
export class Listing extends Emitter {
  /** @type {number[]} */
  ids = [];
  /** @type {Map<number, ItemRow>} */
  rows = new Map();
  total = 0;
  /** The newest revision when the pictures were listed. */
  listedAt = 0;
  isLoading = false;
  #datasetId = 0;
  #generation = 0;
  #pause = 0;
  #isAsking = false;
  /** @type {number[]} */
  #wanted = [];

  /** @param {number} datasetId @param {Record<string, string|number|null>} filters */
  async load(datasetId, filters) {
    const generation = ++this.#generation;
    this.#datasetId = datasetId;
    this.isLoading = true;
    /** @type {number[]} */
    let found = [];
    /** @type {string|null} */
    let after = null;
    try {
      do {
        const page = await api.ids(datasetId, {
          ...filters,
          after,
          limit: after === null ? FIRST_IDS : null,
        });
        if (generation !== this.#generation) return;
        if (after === null) {
          this.rows = new Map();
          this.total = page.total ?? page.ids.length;
          this.listedAt = page.listed_at;
        }
        found = [...found, ...page.ids];
        this.ids = found;
        after = page.next;
        this.isLoading = after !== null;
        if (!this.isLoading) this.total = found.length;
        this.emit("ids");
      } while (after !== null);
    } catch (error) {
      if (generation !== this.#generation) return;
      this.isLoading = false;
      this.emit("problem", api.messageOf(error));
    }
  }

  /** Ask for what is not known of some pictures. @param {number[]} ids those that are in view */
  look(ids) {
    this.#wanted = ids.filter((id) => !this.rows.has(id)).slice(0, ROWS_AT_ONCE);
    clearTimeout(this.#pause);
    if (this.#wanted.length) this.#pause = setTimeout(() => this.#ask(), PAUSE_MS);
  }

  async #ask() {
    if (this.#isAsking) return; // what is in view then is asked for afterwards
    const generation = this.#generation;
    const asked = this.#wanted;
    this.#isAsking = true;
    try {
      const { items } = await api.rows(this.#datasetId, asked);
      if (generation === this.#generation) {
        for (const item of items) this.rows.set(item.id, item);
        this.emit("rows");
      }
    } catch (error) {
      if (generation === this.#generation) this.emit("problem", api.messageOf(error));
      return;
    } finally {
      this.#isAsking = false;
    }
    if (this.#wanted !== asked) this.look(this.#wanted);
  }
}
