/**
 * Heatmaps: which class, how strong, from where on, and the whole-against-tiles comparison.
 * Everything is computed here on the raw arrays; the server is not asked while a slider moves.
 */
import { COLORMAP_NAMES, colormap } from "../shared/colours.js";
import { element, fillSelect } from "../shared/dom.js";

const VIEWS = [
  {
    name: "cams",
    title: "All scales",
    text: "The heatmap that the mask is made from: all scales and the mirrored picture together",
  },
  { name: "whole", title: "Full", text: "The heatmap of the full picture, at one scale" },
  { name: "tiled", title: "Tiled", text: "The heatmaps of the four tiles, put together again" },
  { name: "difference", title: "Difference", text: "Where full and tiled heatmap disagree" },
];
const THUMB_WIDTH = 132;

/**
 * @typedef {Object} HeatMaps
 * @property {Object} header as `/api/items/{id}/cams` sends it
 * @property {Object<string, {shape: number[], data: Float32Array}>} arrays `cams`, `whole`, `tiled`: class x height x width
 */

/**
 * Events: `heat` (detail: {height, width, data, classIndex} or null), `view` (detail: {visible, opacity,
 * threshold, colormap}), `take` (detail: {classIndex, threshold}), `restart` (detail: {threshold}).
 */
export class HeatPanel extends EventTarget {
  #isThresholdChosen = false; // until somebody moves it, it is the one that proposals are made with

  constructor() {
    super();
    this.maps = null;
    this.position = 0; // of the class within the arrays
    this.source = "cams";
    this.view = { visible: false, opacity: 0.55, threshold: 0, colormap: "turbo" };
    this.root = this.#build();
    this.clear("Heatmaps are on their way…");
  }

  #build() {
    this.sentence = element("p", { class: "pr-sentence", role: "status" });
    this.tabs = element("div", {
      class: "pr-heat-classes",
      role: "radiogroup",
      "aria-label": "Heatmap of class",
    });
    this.toggle = element("button", {
      class: "pr-chip-button",
      type: "button",
      title: "Show or hide the heatmap (M)",
      on: { click: () => this.toggleVisible() },
    });
    this.colormap = element("select", {
      class: "st-input pr-small",
      "aria-label": "Colour map",
      on: { change: () => this.#setView({ colormap: this.colormap.value }) },
    });
    fillSelect(
      this.colormap,
      COLORMAP_NAMES.map((name) => ({ value: name, text: name })),
      this.view.colormap,
    );
    this.opacity = this.#slider(
      "Opacity",
      "opacity",
      "How strongly the heatmap covers the picture; the mask is drawn as outlines meanwhile",
    );
    this.threshold = this.#slider(
      "Threshold",
      "threshold",
      "Heat below this is not shown; “Take as mask” uses the same value",
    );
    this.take = element("button", {
      class: "st-button pr-wide",
      type: "button",
      text: "Take heat as mask",
      title: "Paint this class wherever the heat is at or above the threshold (T)",
      on: { click: () => this.takeAsMask() },
    });
    this.again = element("button", {
      class: "st-button pr-wide",
      type: "button",
      text: "Start again from heat",
      title:
        "Smart tool: the mask that all heatmaps together make at this threshold, corrected by the clicks there are (G)",
      on: { click: () => this.startAgain() },
    });
    this.compare = element("div", { class: "pr-compare" });
    this.canvases = new Map(VIEWS.map((view) => [view.name, this.#thumb(view)]));
    this.controls = element(
      "div",
      { class: "pr-heat-controls" },
      this.tabs,
      element("div", { class: "pr-row" }, this.toggle, this.colormap),
      this.opacity.row,
      this.threshold.row,
      this.take,
      this.again,
      this.compare,
      (this.disagreement = element("p", { class: "pr-note" })),
    );
    return element(
      "section",
      { class: "pr-panel" },
      element("h2", { text: "Heatmaps" }),
      this.sentence,
      this.controls,
    );
  }

  #slider(label, key, title) {
    const output = element("output", { text: this.view[key].toFixed(2) });
    const input = element("input", {
      type: "range",
      min: "0",
      max: "1",
      step: "0.01",
      value: String(this.view[key]),
      "aria-label": label,
      title,
      on: {
        input: () => {
          output.textContent = Number(input.value).toFixed(2);
          if (key === "threshold") this.#isThresholdChosen = true;
          this.#setView({ [key]: Number(input.value) });
        },
      },
    });
    return {
      input,
      output,
      row: element("label", { class: "pr-slider", title }, element("span", { text: label }), input, output),
    };
  }

  #thumb({ name, title, text }) {
    const canvas = element("canvas", { width: THUMB_WIDTH, height: 90 });
    const button = element(
      "button",
      {
        class: "pr-compare-view",
        type: "button",
        title: `${text}. Click to lay it over the picture.`,
        data: { view: name },
        on: { click: () => this.#clickThumb(name) },
      },
      canvas,
      element("span", { text: title }),
    );
    this.compare.append(button);
    return { canvas, button };
  }

  /** @param {string} sentence why there is no heatmap, or that it is coming */
  clear(sentence) {
    this.maps = null;
    this.controls.hidden = true;
    this.sentence.textContent = sentence;
    this.sentence.hidden = false;
    this.dispatchEvent(new CustomEvent("heat", { detail: null }));
  }

  /**
   * @param {HeatMaps} maps
   * @param {CanvasImageSource & {width: number, height: number}} image
   */
  show(maps, image) {
    this.maps = { ...maps, difference: new Map() };
    this.image = image;
    this.sentence.hidden = true;
    this.controls.hidden = false;
    this.#proposeThreshold(maps.header.threshold);
    this.tabs.replaceChildren(
      ...maps.header.classes.map(({ name, weak, seen_as: seenAs }, position) =>
        element(
          "button",
          {
            class: "pr-chip-button",
            type: "button",
            role: "radio",
            title: seenAs,
            on: { click: () => this.chooseClass(position) },
          },
          name,
          weak ? element("span", { class: "st-pill pr-weak", text: "weak" }) : null,
        ),
      ),
    );
    this.position = Math.min(this.position, maps.header.classes.length - 1);
    this.chooseClass(this.position);
  }

  /** @param {number} threshold that the proposal was made with */
  #proposeThreshold(threshold) {
    const { input, output, row } = this.threshold;
    input.title =
      row.title = `Heat below this is not shown, and not taken as mask. Proposals are made with ${threshold.toFixed(2)}.`;
    if (this.#isThresholdChosen) return;
    input.value = String(threshold);
    output.textContent = threshold.toFixed(2);
    this.view.threshold = threshold;
  }

  /** @param {number} position */
  chooseClass(position) {
    if (!this.maps) return;
    this.position = position;
    [...this.tabs.children].forEach((tab, i) => tab.setAttribute("aria-checked", String(i === position)));
    const { name, disagreement } = this.maps.header.classes[position];
    this.disagreement.textContent = `${name}: full and tiled heatmap disagree by ${(100 * disagreement).toFixed(0)}\u00a0%.`;
    this.disagreement.title =
      "Share of the heat that is in one of the two maps only; high values often mean a wrong mask.";
    this.#drawThumbs();
    this.showSource(this.source);
  }

  /** Show the heatmap of this class, if there is one. @param {number} classIndex */
  chooseClassIndex(classIndex) {
    const position = this.maps?.header.classes.findIndex(({ index }) => index === classIndex) ?? -1;
    if (position >= 0 && position !== this.position) this.chooseClass(position);
  }

  /** The next class. @param {1|-1} step */
  cycle(step) {
    if (!this.maps) return;
    const count = this.maps.header.classes.length;
    this.chooseClass((this.position + step + count) % count);
  }

  /** A click on the view that is shown hides it again. @param {string} name */
  #clickThumb(name) {
    const isShown = this.view.visible && this.source === name;
    this.showSource(name);
    this.#setView({ visible: !isShown });
  }

  toggleVisible() {
    this.#setView({ visible: !this.view.visible });
  }

  takeAsMask() {
    if (!this.maps) return;
    this.showSource("cams");
    const { index } = this.maps.header.classes[this.position];
    this.dispatchEvent(
      new CustomEvent("take", { detail: { classIndex: index, threshold: this.view.threshold } }),
    );
  }

  startAgain() {
    if (this.maps)
      this.dispatchEvent(new CustomEvent("restart", { detail: { threshold: this.view.threshold } }));
  }

  /** @param {string} name of a view */
  showSource(name) {
    if (!this.maps) return;
    this.source = name;
    const { index } = this.maps.header.classes[this.position];
    const [, height, width] = this.maps.arrays.cams.shape;
    this.dispatchEvent(
      new CustomEvent("heat", { detail: { height, width, data: this.#plane(name), classIndex: index } }),
    );
    this.#setView({});
  }

  /** One class of one view. @param {string} name @returns {Float32Array} */
  #plane(name) {
    const [, height, width] = this.maps.arrays.cams.shape;
    const size = height * width;
    const plane = (array) => array.data.subarray(this.position * size, (this.position + 1) * size);
    if (name !== "difference") return plane(this.maps.arrays[name]);
    let difference = this.maps.difference.get(this.position);
    if (!difference) {
      const whole = plane(this.maps.arrays.whole);
      const tiled = plane(this.maps.arrays.tiled);
      difference = whole.map((value, i) => Math.abs(value - tiled[i]));
      this.maps.difference.set(this.position, difference);
    }
    return difference;
  }

  #drawThumbs() {
    const [, height, width] = this.maps.arrays.cams.shape;
    const thumbHeight = Math.max(
      24,
      Math.min(150, Math.round((THUMB_WIDTH * this.image.height) / this.image.width)),
    );
    const heat = new OffscreenCanvas(width, height);
    const context = heat.getContext("2d");
    const colours = colormap(this.view.colormap);
    for (const [name, { canvas }] of this.canvases) {
      const plane = this.#plane(name);
      const pixels = context.createImageData(width, height);
      const words = new Uint32Array(pixels.data.buffer);
      for (let i = 0; i < plane.length; i++)
        words[i] = colours[Math.max(0, Math.min(255, Math.round(plane[i] * 255)))];
      context.putImageData(pixels, 0, 0);
      canvas.height = thumbHeight;
      const target = canvas.getContext("2d");
      target.globalAlpha = 1;
      target.drawImage(this.image, 0, 0, THUMB_WIDTH, thumbHeight);
      target.globalAlpha = 0.7;
      target.drawImage(heat, 0, 0, THUMB_WIDTH, thumbHeight);
      target.globalAlpha = 1;
      if (name === "tiled" || name === "difference") this.#drawTileBorders(target, thumbHeight);
    }
  }

  #drawTileBorders(context, height) {
    const tiles = this.maps.header.tiles;
    context.strokeStyle = "#fff";
    context.lineWidth = 1;
    context.setLineDash([4, 3]);
    context.beginPath();
    for (let i = 1; i < tiles; i++) {
      const x = Math.round((THUMB_WIDTH * i) / tiles) + 0.5;
      const y = Math.round((height * i) / tiles) + 0.5;
      context.moveTo(x, 0);
      context.lineTo(x, height);
      context.moveTo(0, y);
      context.lineTo(THUMB_WIDTH, y);
    }
    context.stroke();
  }

  #setView(change) {
    Object.assign(this.view, change);
    this.toggle.textContent = this.view.visible ? "Hide heatmap" : "Show heatmap";
    for (const [name, { button }] of this.canvases)
      button.setAttribute("aria-pressed", String(this.view.visible && name === this.source));
    this.toggle.setAttribute("aria-pressed", String(this.view.visible));
    if (change.colormap && this.maps) this.#drawThumbs();
    this.dispatchEvent(new CustomEvent("view", { detail: { ...this.view } }));
  }
}
