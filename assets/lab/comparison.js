/** The comparison on the page: which two sides, and their arrays as they come. */
import { messageOf } from "../shared/api.js";
import { Emitter } from "../shared/emitter.js";
import * as api from "./api.js";
import { ComparePanel } from "./compare_panel.js";
import { compareViews, sideOf } from "./compare_view.js";
import { bareView } from "./view.js";

/**
 * @import { ModelChoice as Choice } from "../shared/openapi"
 * @import { Side } from "./compare_view.js"
 * @import { Plane } from "./maps.js"
 * @import { Picture } from "./picture.js"
 * @import { View } from "./view.js"
 *
 * @typedef {{side: Side|null, problem: string|null}} Loaded a side, or why there is none; neither while it is computed
 */

/** @extends {Emitter<{change: undefined}>} event `change`: a side has come */
export class Comparison extends Emitter {
  /** @type {Picture|null} */
  picture = null;
  /** Keys of the sides in the page's address. @type {(string|null)[]} */
  requested = [null, null];
  /** Sides of the picture by key. @type {Map<string, Loaded>} */
  #sides = new Map();

  constructor() {
    super();
    this.panel = new ComparePanel();
  }

  /** @param {Picture} picture @param {Choice[]} choices */
  setPicture(picture, choices) {
    this.picture = picture;
    this.#sides = new Map();
    this.panel.setChoices(choices, picture.model);
    [this.panel.a, this.panel.b].forEach((choice, i) => {
      const key = this.requested[i];
      if (!key || !choice.has(key)) return;
      choice.key = key;
      this.panel.isChosen = true;
    });
    this.requested = [null, null];
  }

  /** @param {number} k position of the tag @param {number} reference position of the reference mask @returns {View[]} */
  views(k, reference) {
    const { panel, picture } = this;
    if (!picture) return [bareView("The list of models is being loaded")];
    const [a, b] = [panel.a, panel.b].map(({ key }) => this.#load(picture, key));
    panel.describe(a.side, b.side);
    const problem = a.problem ?? b.problem;
    if (problem) panel.status.textContent = problem;
    if (panel.isAlone || !a.side || !b.side) return [bareView("The picture itself")];
    const names = /** @type {[string, string]} */ ([panel.a.title, panel.b.title]);
    return compareViews(picture, a.side, b.side, { k, reference, names });
  }

  /**
   * The values of the tag's maps at a place, in words.
   * @param {number} k position of the tag
   * @param {(map: Plane) => number} read the value there
   * @returns {string|null} null while a side is computed
   */
  valuesAt(k, read) {
    const [a, b] = [this.panel.a, this.panel.b].map(({ key }) => this.#sides.get(key)?.side);
    return a && b ? `A ${read(a.maps[k]).toFixed(2)}, B ${read(b.maps[k]).toFixed(2)}` : null;
  }

  /** For the page's address. */
  get query() {
    return `&a=${this.panel.a.key}&b=${this.panel.b.key}`;
  }

  /** Both sides in words, a line each. @returns {string[]} */
  inWords() {
    return [this.panel.a, this.panel.b].map(({ key, title }, i) => {
      const name = `${"AB"[i]}: ${title}`;
      const header = this.#sides.get(key)?.side?.header;
      if (!header) return name;
      const crf = header.uses_crf ? "dense CRF" : "no CRF";
      const note = header.note ? `. ${header.note}` : "";
      return `${name} (${header.identity}); threshold ${Number(header.threshold.toFixed(3))}, ${crf}${note}`;
    });
  }

  /** What is known of a side, which is requested the first time. @param {Picture} picture @param {string} key @returns {Loaded} */
  #load(picture, key) {
    const known = this.#sides.get(key);
    if (known) return known;
    const sides = this.#sides;
    /** @type {Loaded} */
    const loaded = { side: null, problem: null };
    sides.set(key, loaded);
    api
      .side(picture.item.id, key)
      .then((answer) => (loaded.side = sideOf(picture, answer)))
      .catch((error) => (loaded.problem = messageOf(error)))
      .then(() => this.#sides === sides && this.emit("change"));
    return loaded;
  }
}
