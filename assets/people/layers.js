/** A picture with one of several layers on it: a mask, or where masks differ. */
import { apiUrl } from "../shared/api.js";
import { element } from "../shared/dom.js";

/**
 * @typedef {object} Layer
 * @property {string} text  on its button
 * @property {string} source  address of a PNG of the picture's size
 */

export class Layers {
  #picture = element("img", { class: "pp-layer", alt: "", decoding: "async" });
  #shown = element("img", { class: "pp-layer pp-over", alt: "", decoding: "async" });
  #choices = element("div", { class: "pp-choices", role: "group", "aria-label": "Layer" });
  root = element(
    "div",
    { class: "pp-layers" },
    this.#choices,
    element("div", { class: "pp-stage" }, this.#picture, this.#shown),
  );

  /** @param {number} itemId @param {string} name of the picture @param {Layer[]} layers the first one is shown */
  show(itemId, name, layers) {
    this.#picture.src = apiUrl(`/items/${itemId}/image`);
    this.#picture.alt = name;
    /** @type {HTMLButtonElement[]} */
    const buttons = layers.map((layer) =>
      element("button", {
        class: "st-button",
        type: "button",
        text: layer.text,
        on: { click: () => this.#choose(layer, buttons) },
      }),
    );
    this.#choices.replaceChildren(...buttons);
    this.#choose(layers[0], buttons);
  }

  /** @param {Layer} layer @param {HTMLButtonElement[]} buttons */
  #choose(layer, buttons) {
    this.#shown.src = layer.source;
    this.#shown.alt = layer.text;
    for (const one of buttons) one.setAttribute("aria-pressed", String(one.textContent === layer.text));
  }
}
