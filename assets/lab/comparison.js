/** The comparison on the page: which two sides, and their arrays as they come. */
import * as api from "./api.js";
import { ComparePanel, compareViews, sideOf } from "./compare_view.js";

/** Event: `change`, when a side has come. */
export class Comparison extends EventTarget {
  constructor() {
    super();
    this.panel = new ComparePanel();
    this.look = null;
    /** Keys that the page's address asks for. @type {(string|null)[]} */
    this.asked = [null, null];
    this.sides = new Map();
  }

  /** @param {import("./picture.js").Look} look @param {import("./model_choice.js").Choice[]} choices */
  setPicture(look, choices) {
    this.look = look;
    this.sides = new Map();
    this.panel.setChoices(choices, look.model);
    const { a, b } = this.panel;
    [a, b].forEach((side, number) => {
      if (this.asked[number] && side.has(this.asked[number])) {
        side.key = this.asked[number];
        this.panel.isChosen = true;
      }
    });
    this.asked = [null, null];
  }

  /** @param {number} k position of the tag @param {number} reference @returns {import("./pane.js").View[]} */
  views(k, reference) {
    const { panel, look } = this;
    const [a, b] = [panel.a, panel.b].map(({ key }) => this._side(key));
    panel.say(a?.maps ? a : null, b?.maps ? b : null);
    const problem = a?.problem ?? b?.problem;
    if (problem) panel.said.textContent = problem;
    if (panel.isAlone || !a?.maps || !b?.maps)
      return [{ key: "photograph", title: "Photograph", tip: "The picture itself", bare: true }];
    return compareViews(look, a, b, { k, reference, names: [panel.a.title, panel.b.title] });
  }

  /** The scores of the tag at a place, in both. @param {number} k @param {(map: Object) => number} read @returns {string|null} */
  at(k, read) {
    const [a, b] = [this.panel.a, this.panel.b].map(({ key }) => this.sides.get(key));
    return a?.maps && b?.maps ? `A ${read(a.maps[k]).toFixed(2)}, B ${read(b.maps[k]).toFixed(2)}` : null;
  }

  /** For the page's address. */
  get query() {
    return `&a=${this.panel.a.key}&b=${this.panel.b.key}`;
  }

  /** Both sides in words, a line each. @returns {string[]} */
  inWords() {
    return [this.panel.a, this.panel.b].map(({ key, title }, side) => {
      const header = this.sides.get(key)?.header;
      if (!header) return `${"AB"[side]}: ${title}`;
      return `${"AB"[side]}: ${title} (${header.identity}); threshold ${Number(header.threshold.toFixed(3))}, ${header.uses_crf ? "dense CRF" : "no CRF"}${header.note ? `. ${header.note}` : ""}`;
    });
  }

  _side(key) {
    if (!this.sides.has(key)) this._load(key);
    return this.sides.get(key);
  }

  async _load(key) {
    const { look, sides } = this;
    sides.set(key, {});
    try {
      sides.set(key, sideOf(look, await api.side(look.item.id, key)));
    } catch (error) {
      sides.set(key, { problem: error.message });
    }
    if (this.sides === sides) this.dispatchEvent(new CustomEvent("change"));
  }
}
