/** What is looked at and how it is drawn: tab, class, colours, opacity, outlines. */
import { COLORMAP_NAMES, colormap } from "../shared/colours.js";
import { element, fillSelect } from "../shared/dom.js";
import { SCALES } from "./class_view.js";
import { Layers } from "./layers.js";
import { DIVERGING } from "./paint.js";
import { SHOWN } from "./steps_view.js";

export const TABS = [
  { value: "puzzle", text: "Puzzle", title: "The whole picture, its tiles, and where they disagree" },
  {
    value: "classes",
    text: "All classes",
    title: "Every tag, the best classes not tagged, and the background",
  },
  {
    value: "way",
    text: "The way of a mask",
    title: "Each step from the network's maps to the mask, and what it gains or loses",
  },
  {
    value: "compare",
    text: "Compare",
    title: "Two models, or two epochs of a run: their maps, their masks, and what differs",
  },
];

/** Event: `change` (detail: names of what changed). */
export class Toolbar extends EventTarget {
  constructor() {
    super();
    this.values = {
      tab: "way",
      tag: 0,
      scale: "class",
      others: 7,
      shown: "heat",
      reference: 0,
      eachView: false,
      colormap: "turbo",
    };
    this.tabs = this._choices("tab", TABS, "View");
    this.tags = element("span", { class: "lb-choices", role: "group", "aria-label": "Class" });
    this.scale = this._choices("scale", SCALES, "Scale of the colours");
    this.shown = this._choices("shown", SHOWN, "What each stage shows");
    this.reference = element("select", {
      class: "st-input lb-narrow",
      "aria-label": "Measured against",
      title: "The mask that every stage is measured against",
      on: { change: () => this.set({ reference: Number(this.reference.value) }) },
    });
    this.eachView = element("input", {
      type: "checkbox",
      on: { change: () => this.set({ eachView: this.eachView.checked }) },
    });
    this.eachViewLabel = element(
      "label",
      {
        class: "lb-inline",
        title: "Also the picture and its mirror image by themselves, before they are averaged",
      },
      this.eachView,
      " Mirrored views apart",
    );
    this.more = element("button", {
      class: "st-button",
      type: "button",
      on: { click: () => this.set({ others: this.values.others > 7 ? 7 : 24 }) },
    });
    this.colormap = element("select", {
      class: "st-input lb-narrow",
      "aria-label": "Colour map",
      on: { change: () => this.set({ colormap: this.colormap.value }) },
    });
    fillSelect(
      this.colormap,
      COLORMAP_NAMES.map((name) => ({ value: name, text: name })),
      this.values.colormap,
    );
    this.layers = new Layers();
    this.layers.addEventListener("change", () => this.set({}));
    this.legends = [
      new Legend("Colours of maps, from the lowest to the highest value"),
      new Legend("Colours of differences and of signed scores: blue below zero, red above"),
    ];
    this.fit = element("button", {
      class: "st-button",
      type: "button",
      text: "Fit",
      title: "The whole picture in every view (0)",
      on: { click: () => this.dispatchEvent(new CustomEvent("fit")) },
    });
    this.particular = element("span", { class: "lb-particular" });
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
        this.particular,
        element("span", { class: "st-spring" }),
        element("span", { class: "lb-legends" }, ...this.legends.map(({ root }) => root)),
      ),
    );
  }

  _choices(name, options, label) {
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
    return {
      root,
      show: (chosen) =>
        buttons.forEach((button) =>
          button.setAttribute("aria-pressed", String(button.dataset.value === String(chosen))),
        ),
    };
  }

  /** @param {Object} change */
  set(change) {
    Object.assign(this.values, change);
    this._show();
    this.dispatchEvent(new CustomEvent("change", { detail: Object.keys(change) }));
  }

  /** @param {import("./picture.js").Look} look */
  setLook(look) {
    this.look = look;
    this.layers.setTruth(look.references.length > 0);
    this.values.tag = Math.min(this.values.tag, look.tags.length - 1);
    this.values.reference = Math.min(this.values.reference, Math.max(0, look.references.length - 1));
    this.tags.replaceChildren(
      ...look.tags.map(({ name, color, weak, seen_as: seenAs }, k) =>
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
      look.references.map(({ title }, number) => ({ value: String(number), text: `against ${title}` })),
      String(this.values.reference),
    );
    this._show();
  }

  /** What the colours mean now. @param {import("./pane.js").View[]} views */
  setLegend(views) {
    const [heat, signed] = this.legends;
    heat.show(
      views.find((view) => view.map && !view.signed),
      colormap(this.values.colormap),
    );
    signed.show(
      views.find((view) => view.signed),
      DIVERGING,
    );
  }

  _show() {
    const { tab, tag, scale, shown, others } = this.values;
    this.tabs.show(tab);
    this.scale.show(scale);
    this.shown.show(shown);
    [...this.tags.children].forEach((button) =>
      button.setAttribute("aria-pressed", String(Number(button.dataset.value) === tag)),
    );
    this.tags.hidden = tab === "classes";
    const all = this.look?.classes.length - this.look?.tags.length;
    this.more.textContent = others > 7 ? "Fewer" : `All ${all} not tagged`;
    this.more.hidden = !(all > 7);
    const reference = this.look?.references.length ? [this.reference] : [];
    const particular =
      tab === "classes"
        ? [this.scale.root, this.more]
        : tab === "way"
          ? [this.shown.root, ...reference, ...(this.look?.header.model.flip ? [this.eachViewLabel] : [])]
          : tab === "compare"
            ? reference
            : [];
    this.particular.replaceChildren(...particular);
  }
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

  /** @param {import("./pane.js").View|undefined} view one that these colours are used for @param {Uint32Array} words */
  show(view, words) {
    this.root.hidden = !view;
    if (!view) return;
    const pixels = new ImageData(256, 1);
    new Uint32Array(pixels.data.buffer).set(words);
    this.canvas.getContext("2d").putImageData(pixels, 0, 0);
    const [low, high] = view.range ?? [0, 1];
    this.low.textContent = String(Number(low.toPrecision(3)));
    this.high.textContent = String(Number(high.toPrecision(3)));
  }
}
