/** How strongly each layer of a view is drawn. */
import { element } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";

/**
 * @typedef {"picture"|"map"|"mask"|"outline"|"truth"} LayerName
 * @typedef {Record<LayerName, number>} LayerOpacities 0..1
 */

/** @type {LayerOpacities} */
export const LAYERS = { picture: 1, map: 0.65, mask: 0.65, outline: 1, truth: 0 };
/** @type {[LayerName, label: string, title: string][]} */
const ROWS = [
  ["picture", "Picture", "At 0 the layers lie on a plain background"],
  ["map", "Maps", "How strongly a map covers the picture"],
  ["mask", "Masks", "How strongly a mask, or what changed, covers the picture"],
  ["outline", "Outlines", "Where a map crosses the background threshold, and the borders of a mask"],
  ["truth", "Reference outline", "The borders of the reference mask, in cyan, over every view"],
];

/**
 * A panel that a button opens.
 * @extends {Emitter<{change: LayerOpacities}>}
 */
export class Layers extends Emitter {
  /** @type {Map<LayerName, HTMLElement>} */
  #rows = new Map();

  constructor() {
    super();
    this.values = { ...LAYERS };
    for (const [name, text, title] of ROWS) this.#rows.set(name, this.#row(name, text, title));
    this.summary = element("summary", {
      class: "st-button",
      text: "Layers",
      title: "Opacity of picture, maps, masks and outlines",
    });
    this.root = element(
      "details",
      {
        class: "lb-layers",
        on: { keydown: (event) => this.#key(event), focusout: (event) => this.#leave(event) },
      },
      this.summary,
      element("div", { class: "lb-layers-panel" }, ...this.#rows.values()),
    );
  }

  /** @param {LayerName} name @param {string} text @param {string} title */
  #row(name, text, title) {
    const shown = element("output", { text: percent(this.values[name]) });
    const input = element("input", {
      type: "range",
      min: "0",
      max: "1",
      step: "0.01",
      value: String(this.values[name]),
      "aria-label": text,
      on: {
        input: () => {
          shown.textContent = percent(Number(input.value));
          this.values[name] = Number(input.value);
          this.emit("change", { ...this.values });
        },
      },
    });
    return element("label", { class: "lb-slider", title }, element("span", { text }), input, shown);
  }

  /** Close when something else on the page is pressed. @param {HTMLElement} page */
  listen(page) {
    page.addEventListener("pointerdown", ({ target }) => {
      if (target instanceof Node && !this.root.contains(target)) this.root.open = false;
    });
  }

  /** @param {boolean} hasReference whether there is a reference mask */
  setReference(hasReference) {
    const row = this.#rows.get("truth");
    if (row) row.hidden = !hasReference;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "Escape" || !this.root.open) return;
    this.root.open = false;
    this.summary.focus();
    event.stopPropagation();
  }

  /** @param {FocusEvent} event */
  #leave({ relatedTarget }) {
    if (relatedTarget instanceof Node && !this.root.contains(relatedTarget)) this.root.open = false;
  }
}

/** @param {number} value */
const percent = (value) => `${Math.round(100 * value)} %`;
