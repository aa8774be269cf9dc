/** What the page shows of a picture and how it is drawn: view, class, colours, opacity, outlines. */
import { COLORMAP_NAMES, colormap } from "../shared/colours.js";
import { element, fillSelect } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import { contextOf } from "./canvas.js";
import { SCALES } from "./class_view.js";
import { NOT_OFFERED } from "./explain_view.js";
import { Layers } from "./layers.js";
import { DIVERGING } from "./paint.js";
import { SHOWN } from "./steps_view.js";

/**
 * @import { ColormapName } from "../shared/colours.js"
 * @import { ScaleName } from "./class_view.js"
 * @import { Picture } from "./picture.js"
 * @import { ShownName } from "./steps_view.js"
 * @import { Choice, View } from "./view.js"
 */
/**
 * @typedef {"puzzle"|"classes"|"steps"|"explain"|"compare"} TabName
 *
 * @typedef {object} Values
 * @property {TabName} tab
 * @property {number} tag position of the chosen tag
 * @property {ScaleName} scale
 * @property {number} others how many classes without a tag are shown
 * @property {ShownName} shown
 * @property {number} reference position of the reference mask
 * @property {boolean} eachView whether the mirrored views are shown apart
 * @property {ColormapName} colormap
 */

const FEW_OTHERS = 7;
const ALL_OTHERS = 24; // the server sends no more

/** @type {Choice<TabName>[]} */
export const TABS = [
  { value: "puzzle", text: "Puzzle", title: "The whole picture, its tiles, and where they disagree" },
  {
    value: "classes",
    text: "All classes",
    title: "Every tag, the classes without a tag that respond most, and the background",
  },
  {
    value: "steps",
    text: "Mask steps",
    title: "Each step from the network's maps to the mask, and what it gains or loses",
  },
  {
    value: "explain",
    text: "Explain",
    title:
      "The CAM beside LayerCAM, EigenCAM and the gradient by the pixels: what the class's score rests on",
  },
  {
    value: "compare",
    text: "Compare",
    title: "Two models, or two epochs of a run: their maps, their masks, and what differs",
  },
];

/** @extends {Emitter<{change: (keyof Values)[], fit: undefined}>} event `change`: names of what changed */
export class Toolbar extends Emitter {
  /** @type {Picture|null} */
  #picture = null;

  constructor() {
    super();
    /** @type {Values} */
    this.values = {
      tab: "steps",
      tag: 0,
      scale: "class",
      others: FEW_OTHERS,
      shown: "heat",
      reference: 0,
      eachView: false,
      colormap: "turbo",
    };
    this.tabs = this.#choices("tab", TABS, "View");
    this.tags = element("span", { class: "lb-choices", role: "group", "aria-label": "Class" });
    this.scale = this.#choices("scale", SCALES, "Scale of the colours");
    this.shown = this.#choices("shown", SHOWN, "What each step shows");
    /** @type {HTMLSelectElement} */
    this.reference = element("select", {
      class: "st-input lb-narrow",
      "aria-label": "Measured against",
      title: "The reference mask that every step is measured against",
      on: { change: () => this.set({ reference: Number(this.reference.value) }) },
    });
    /** @type {HTMLInputElement} */
    this.eachView = element("input", {
      type: "checkbox",
      on: { change: () => this.set({ eachView: this.eachView.checked }) },
    });
    this.eachViewLabel = element(
      "label",
      {
        class: "lb-inline",
        title: "Also show the picture and its mirror image separately, before they are averaged",
      },
      this.eachView,
      " Mirrored views separately",
    );
    this.more = element("button", {
      class: "st-button",
      type: "button",
      on: {
        click: () => this.set({ others: this.values.others > FEW_OTHERS ? FEW_OTHERS : ALL_OTHERS }),
      },
    });
    this.colormap = element("select", { class: "st-input lb-narrow", "aria-label": "Colour map" });
    this.colormap.addEventListener("change", () => {
      this.set({ colormap: /** @type {ColormapName} */ (this.colormap.value) });
    });
    fillSelect(
      this.colormap,
      COLORMAP_NAMES.map((name) => ({ value: name, text: name })),
      this.values.colormap,
    );
    this.layers = new Layers();
    this.layers.on("change", () => this.set({}));
    this.heatLegend = new Legend("Colours of maps, from the lowest to the highest value");
    this.signedLegend = new Legend("Colours of differences and of signed scores: blue below zero, red above");
    this.fit = element("button", {
      class: "st-button",
      type: "button",
      text: "Fit",
      title: "Show the whole picture in every view (0)",
      on: { click: () => this.emit("fit") },
    });
    this.tabControls = element("span", { class: "lb-tab-controls" });
    this.root = element(
      "div",
      { class: "lb-toolbar" },
      element(
        "div",
        { class: "lb-bar" },
        this.tabs.root,
        element("span", { class: "st-spring" }),
        this.colormap,
        this.layers.root,
        this.fit,
      ),
      element(
        "div",
        { class: "lb-bar" },
        this.tags,
        this.tabControls,
        element("span", { class: "st-spring" }),
        element("span", { class: "lb-legends" }, this.heatLegend.root, this.signedLegend.root),
      ),
    );
  }

  /**
   * A row of buttons for one of the values.
   * @template {"tab"|"scale"|"shown"} Name
   * @param {Name} name
   * @param {Choice<Values[Name]>[]} options
   * @param {string} label
   */
  #choices(name, options, label) {
    const buttons = options.map(({ value, text, title }) =>
      element("button", {
        class: "lb-choice",
        type: "button",
        text,
        title,
        data: { value },
        on: { click: () => this.set({ [name]: value }) },
      }),
    );
    const root = element("span", { class: "lb-choices", role: "group", "aria-label": label }, ...buttons);
    return { root, show: () => press(buttons, this.values[name]) };
  }

  /** @param {Partial<Values>} change */
  set(change) {
    Object.assign(this.values, change);
    this.#show();
    this.emit("change", /** @type {(keyof Values)[]} */ (Object.keys(change)));
  }

  /** @param {Picture} picture */
  setPicture(picture) {
    this.#picture = picture;
    this.layers.setReference(picture.references.length > 0);
    this.values.tag = Math.min(this.values.tag, picture.tags.length - 1);
    this.values.reference = Math.min(this.values.reference, Math.max(0, picture.references.length - 1));
    this.tags.replaceChildren(
      ...picture.tags.map(({ name, color, weak, seen_as: seenAs }, k) =>
        element(
          "button",
          {
            class: "lb-choice",
            type: "button",
            title: seenAs,
            data: { value: String(k) },
            on: { click: () => this.set({ tag: k }) },
          },
          element("i", { class: "lb-swatch", style: `background:${color}` }),
          weak ? `${name} (a guess)` : name,
        ),
      ),
    );
    fillSelect(
      this.reference,
      picture.references.map(({ title }, number) => ({ value: String(number), text: `against ${title}` })),
      String(this.values.reference),
    );
    this.#show();
  }

  /** Show what the colours mean. @param {View[]} views */
  setLegend(views) {
    this.heatLegend.show(
      views.find((view) => view.map && !view.signed),
      colormap(this.values.colormap),
    );
    this.signedLegend.show(
      views.find((view) => view.signed),
      DIVERGING,
    );
  }

  #show() {
    const { tab, tag, others } = this.values;
    for (const choices of [this.tabs, this.scale, this.shown]) choices.show();
    press(/** @type {Iterable<HTMLElement>} */ (this.tags.children), String(tag));
    this.tags.hidden = tab === "classes";
    const all = this.#picture ? this.#picture.classes.length - this.#picture.tags.length : 0;
    this.more.textContent = others > FEW_OTHERS ? "Fewer" : `All ${all} not tagged`;
    this.more.hidden = all <= FEW_OTHERS;
    this.tabControls.replaceChildren(...this.#controlsOf(tab));
  }

  /** @param {TabName} tab @returns {HTMLElement[]} */
  #controlsOf(tab) {
    const reference = this.#picture?.references.length ? [this.reference] : [];
    const eachView = this.#picture?.header.model.flip ? [this.eachViewLabel] : [];
    if (tab === "classes") return [this.scale.root, this.more];
    if (tab === "steps") return [this.shown.root, ...reference, ...eachView];
    if (tab === "explain") return [element("span", { class: "st-muted", text: NOT_OFFERED })];
    return tab === "compare" ? reference : [];
  }
}

/** @param {Iterable<HTMLElement>} buttons @param {string} chosen */
function press(buttons, chosen) {
  for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.value === chosen));
}

/** A strip of colours between its lowest and its highest value. */
class Legend {
  /** @param {string} title */
  constructor(title) {
    this.canvas = element("canvas", { class: "lb-legend", width: 256, height: 1 });
    this.low = element("span", { class: "st-muted" });
    this.high = element("span", { class: "st-muted" });
    this.root = element(
      "span",
      { class: "lb-legend-row", title, hidden: true },
      this.low,
      this.canvas,
      this.high,
    );
  }

  /** @param {View|undefined} view one that these colours are used for @param {Uint32Array} words */
  show(view, words) {
    this.root.hidden = !view;
    if (!view) return;
    const pixels = new ImageData(256, 1);
    new Uint32Array(pixels.data.buffer).set(words);
    contextOf(this.canvas).putImageData(pixels, 0, 0);
    const [low, high] = view.range ?? [0, 1];
    this.low.textContent = String(Number(low.toPrecision(3)));
    this.high.textContent = String(Number(high.toPrecision(3)));
  }
}
