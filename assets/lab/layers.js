/** How strongly each layer of a view is drawn. */
import { element } from "../shared/dom.js";

export const LAYERS = { picture: 1, map: 0.65, mask: 0.65, outline: 1, truth: 0 };
const ROWS = [
  ["picture", "Photograph", "At 0 the layers lie on a plain ground"],
  ["map", "Maps", "How strongly a map covers the photograph"],
  ["mask", "Masks", "How strongly a mask, or what changed, covers the photograph"],
  ["outline", "Outlines", "Where a map crosses the background threshold; the borders of a mask"],
  ["truth", "Truth's outline", "The borders of the mask that is measured against, in cyan, over every view"],
];

/** A panel that opens at a button. Event: `change` (detail: opacity by layer). */
export class Layers extends EventTarget {
  constructor() {
    super();
    this.values = { ...LAYERS };
    this.inputs = new Map();
    const rows = ROWS.map(([name, text, title]) => {
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
            this.dispatchEvent(new CustomEvent("change", { detail: { ...this.values } }));
          },
        },
      });
      this.inputs.set(name, {
        input,
        row: element("label", { class: "lb-slider", title }, element("span", { text }), input, shown),
      });
      return this.inputs.get(name).row;
    });
    this.root = element(
      "details",
      {
        class: "lb-layers",
        on: { keydown: (event) => this._key(event), focusout: (event) => this._leave(event) },
      },
      element("summary", {
        class: "st-button",
        text: "Layers",
        title: "Opacity of photograph, maps, masks and outlines",
      }),
      element("div", { class: "lb-layers-panel" }, ...rows),
    );
  }

  /** Close when something else on the page is pressed. @param {HTMLElement} page */
  listen(page) {
    page.addEventListener("pointerdown", ({ target }) => {
      if (!this.root.contains(target)) this.root.open = false;
    });
  }

  /** @param {boolean} hasTruth whether there is a mask to measure against */
  setTruth(hasTruth) {
    this.inputs.get("truth").row.hidden = !hasTruth;
  }

  _key(event) {
    if (event.key !== "Escape" || !this.root.open) return;
    this.root.open = false;
    this.root.querySelector("summary").focus();
    event.stopPropagation();
  }

  _leave({ relatedTarget }) {
    if (relatedTarget && !this.root.contains(relatedTarget)) this.root.open = false;
  }
}

const percent = (value) => `${Math.round(100 * value)} %`;
