/**
 * Heatmaps: class, opacity, threshold, and the comparison of whole and tiled map.
 * Everything is computed here from the raw arrays, without asking the server.
 */
import { COLORMAP_NAMES, colormap } from "../shared/colours.js";
import { element, fillSelect } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";

/** @type {{name: ViewName, title: string, text: string}[]} */
const VIEWS = [
  {
    name: "cams",
    title: "All scales",
    text: "The heatmap that proposals are made from: all scales and the mirrored picture combined",
  },
  { name: "whole", title: "Whole", text: "The heatmap of the whole picture, at one scale" },
  { name: "tiled", title: "Tiled", text: "The heatmaps of the tiles, put together" },
  { name: "difference", title: "Difference", text: "Where the whole and the tiled heatmap differ" },
];
const THUMB_WIDTH = 132;

/**
 * @import { HeatInput } from "../editor/render/heat_layer.js"
 * @import { HeatView } from "../editor/render/renderer.js"
 * @import { ColormapName } from "../shared/colours.js"
 * @import { HeatMaps, Planes } from "./api.js"
 *
 * @typedef {"cams"|"whole"|"tiled"|"difference"} ViewName
 * @typedef {HeatMaps & {difference: Map<number, Float32Array>}} Maps  the differences by class, once they are shown
 *
 * @typedef {object} Slider
 * @property {HTMLInputElement} input
 * @property {HTMLOutputElement} output
 * @property {HTMLLabelElement} row
 *
 * @typedef {object} HeatEvents
 * @property {HeatInput|null} heat
 * @property {HeatView} view
 * @property {{classIndex: number, threshold: number}} take  use the heatmap as mask of a class
 * @property {{threshold: number}} restart  restart the Smart tool from the heatmaps
 */

/** @extends {Emitter<HeatEvents>} */
export class HeatPanel extends Emitter {
  #isThresholdChosen = false; // before somebody moves the slider, it shows the threshold of the proposals

  /** @type {Maps|null} */
  maps = null;
  /** @type {CanvasImageSource & {width: number, height: number}|null} */
  image = null;
  position = 0; // of the class within the arrays
  /** @type {ViewName} */
  source = "cams";
  /** @type {HeatView} */
  view = { visible: false, opacity: 0.55, threshold: 0, colormap: "turbo" };
  sentence = element("p", { class: "pr-sentence", role: "status" });
  tabs = element("div", {
    class: "pr-heat-classes",
    role: "radiogroup",
    "aria-label": "Heatmap of class",
  });
  toggle = element("button", {
    class: "pr-chip-button",
    type: "button",
    title: "Show or hide the heatmap",
    data: { action: "heatmap" },
    on: { click: () => this.toggleVisible() },
  });
  /** @type {HTMLSelectElement} */
  colormap = element("select", {
    class: "st-input pr-small",
    "aria-label": "Colour map",
    on: { change: () => this.#setView({ colormap: /** @type {ColormapName} */ (this.colormap.value) }) },
  });
  opacity = this.#slider(
    "Opacity",
    "opacity",
    "Opacity of the heatmap; while it is shown, the mask is drawn as outlines",
  );
  threshold = this.#slider(
    "Threshold",
    "threshold",
    "Below this value the heatmap is not shown; “Use heatmap as mask” uses the same threshold",
  );
  take = element("button", {
    class: "st-button pr-wide",
    type: "button",
    text: "Use heatmap as mask",
    title: "Paint this class wherever the heatmap reaches the threshold",
    data: { action: "heat-to-mask" },
    on: { click: () => this.takeAsMask() },
  });
  again = element("button", {
    class: "st-button pr-wide",
    type: "button",
    text: "Restart from heatmaps",
    title:
      "Smart tool: start from the mask that the heatmaps of all classes make at this threshold, and keep the clicks",
    data: { action: "smart-restart" },
    on: { click: () => this.startAgain() },
  });
  compare = element("div", { class: "pr-compare" });
  canvases = new Map(VIEWS.map((view) => [view.name, this.#thumb(view)]));
  disagreement = element("p", { class: "pr-note" });
  controls = element(
    "div",
    { class: "pr-heat-controls" },
    this.tabs,
    element("div", { class: "pr-row" }, this.toggle, this.colormap),
    this.opacity.row,
    this.threshold.row,
    this.take,
    this.again,
    this.compare,
    this.disagreement,
  );

  constructor() {
    super();
    this.root = this.#build();
    this.clear("Loading heatmaps…");
  }

  #build() {
    fillSelect(
      this.colormap,
      COLORMAP_NAMES.map((name) => ({ value: name, text: name })),
      this.view.colormap,
    );
    return element(
      "section",
      { class: "pr-panel" },
      element("h2", { text: "Heatmaps" }),
      this.sentence,
      this.controls,
    );
  }

  /** @param {string} label @param {"opacity"|"threshold"} key @param {string} title @returns {Slider} */
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

  /** @param {typeof VIEWS[number]} view */
  #thumb({ name, title, text }) {
    const canvas = element("canvas", { width: THUMB_WIDTH, height: 90 });
    const button = element(
      "button",
      {
        class: "pr-compare-view",
        type: "button",
        title: `${text}. Click to show it over the picture.`,
        data: { view: name },
        on: { click: () => this.#clickThumb(name) },
      },
      canvas,
      element("span", { text: title }),
    );
    this.compare.append(button);
    return { canvas, button };
  }

  /** @param {string} sentence why there is no heatmap, or that it is being loaded */
  clear(sentence) {
    this.maps = null;
    this.controls.hidden = true;
    this.sentence.textContent = sentence;
    this.sentence.hidden = false;
    this.emit("heat", null);
  }

  /**
   * @param {HeatMaps} maps
   * @param {CanvasImageSource & {width: number, height: number}} image
   * @param {number} [classIndex]  show the heatmap of this class; the same as before without it
   */
  show(maps, image, classIndex) {
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
    const wanted = maps.header.classes.findIndex(({ index }) => index === classIndex);
    this.chooseClass(wanted >= 0 ? wanted : Math.min(this.position, maps.header.classes.length - 1));
  }

  /** @param {number} threshold with which the proposal was made */
  #proposeThreshold(threshold) {
    const { input, output, row } = this.threshold;
    input.title =
      row.title = `Below this value the heatmap is not shown and not used as mask. Proposals are made with ${threshold.toFixed(2)}.`;
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
    this.disagreement.textContent = `${name}: the whole and the tiled map disagree by ${(100 * disagreement).toFixed(0)}\u00a0%.`;
    this.disagreement.title =
      "How much of the two maps is in one of them only; high values often mean a wrong mask.";
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

  /** Show a view; a click on the one that is shown hides it. @param {ViewName} name */
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
    this.emit("take", { classIndex: index, threshold: this.view.threshold });
  }

  startAgain() {
    if (this.maps) this.emit("restart", { threshold: this.view.threshold });
  }

  /** @param {ViewName} name */
  showSource(name) {
    if (!this.maps) return;
    this.source = name;
    const { index } = this.maps.header.classes[this.position];
    const [, height, width] = this.maps.arrays.cams.shape;
    this.emit("heat", { height, width, data: this.#plane(this.maps, name), classIndex: index });
    this.#setView({});
  }

  /** The chosen class in one view. @param {Maps} maps @param {ViewName} name @returns {Float32Array} */
  #plane({ arrays, difference: differences }, name) {
    const [, height, width] = arrays.cams.shape;
    const size = height * width;
    const plane = (/** @type {Planes} */ array) =>
      array.data.subarray(this.position * size, (this.position + 1) * size);
    if (name !== "difference") return plane(arrays[name]);
    let difference = differences.get(this.position);
    if (!difference) {
      const whole = plane(arrays.whole);
      const tiled = plane(arrays.tiled);
      difference = whole.map((value, i) => Math.abs(value - tiled[i]));
      differences.set(this.position, difference);
    }
    return difference;
  }

  #drawThumbs() {
    const { image, maps } = this;
    if (!image || !maps) return;
    const [, height, width] = maps.arrays.cams.shape;
    const thumbHeight = Math.max(24, Math.min(150, Math.round((THUMB_WIDTH * image.height) / image.width)));
    const heat = new OffscreenCanvas(width, height);
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (heat.getContext("2d"));
    const colours = colormap(this.view.colormap);
    for (const [name, { canvas }] of this.canvases) {
      const plane = this.#plane(maps, name);
      const pixels = context.createImageData(width, height);
      const words = new Uint32Array(pixels.data.buffer);
      for (let i = 0; i < plane.length; i++)
        words[i] = colours[Math.max(0, Math.min(255, Math.round(plane[i] * 255)))];
      context.putImageData(pixels, 0, 0);
      canvas.height = thumbHeight;
      const target = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      target.globalAlpha = 1;
      target.drawImage(image, 0, 0, THUMB_WIDTH, thumbHeight);
      target.globalAlpha = 0.7;
      target.drawImage(heat, 0, 0, THUMB_WIDTH, thumbHeight);
      target.globalAlpha = 1;
      if (name === "tiled" || name === "difference") drawTileBorders(target, thumbHeight, maps.header.tiles);
    }
  }

  /** @param {Partial<HeatView>} change */
  #setView(change) {
    Object.assign(this.view, change);
    this.toggle.textContent = this.view.visible ? "Hide heatmap" : "Show heatmap";
    for (const [name, { button }] of this.canvases)
      button.setAttribute("aria-pressed", String(this.view.visible && name === this.source));
    this.toggle.setAttribute("aria-pressed", String(this.view.visible));
    if (change.colormap) this.#drawThumbs();
    this.emit("view", { ...this.view });
  }
}

/** @param {CanvasRenderingContext2D} context @param {number} height @param {number} tiles a side */
function drawTileBorders(context, height, tiles) {
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
