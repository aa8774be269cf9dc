/** How the mask is made: threshold, random walk, CRF. Nothing is stored; a link brings the model's settings back. */
import { element } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";

/** @import { Bounds, CrfConfig, MaskFacts, MaskIn, ModelFacts, WalkFacts, WalkIn } from "../shared/openapi" */
/**
 * @template Name
 * @typedef {[name: Name, label: string, step: number, tip: string]} Setting a slider; its bounds come with the model
 */
/** @typedef {{input: HTMLInputElement, modelValue: string, show: () => void}} Slider */

/** @type {Setting<Exclude<keyof CrfConfig, "max_side">>[]} */
const CRF = [
  ["iterations", "iterations", 1, "Mean-field iterations"],
  ["gt_prob", "label trust", 0.01, "Probability that a pixel's label is right before smoothing"],
  [
    "bilateral_sxy_px",
    "colour reach",
    1,
    "How far away pixels of similar colour influence each other, in pixels",
  ],
  ["bilateral_srgb", "colour tolerance", 0.5, "How different similar colours may be, in grey levels"],
  ["bilateral_compat", "colour weight", 0.5, "Weight of the colour kernel"],
  ["gaussian_sxy_px", "smooth reach", 0.5, "Reach of the kernel that only uses position, in pixels"],
  ["gaussian_compat", "smooth weight", 0.5, "Weight of the kernel that only uses position"],
];
/** @type {Setting<keyof WalkFacts>[]} */
const WALK = [
  ["beta", "β", 1, "Exponent of the affinities: a high one keeps the walk from crossing weak edges"],
  ["log2_steps", "log₂ of the steps", 1, "The walk takes 2 to this power steps"],
  ["radius", "reach of a step", 1, "In cells of the map, four pixels each"],
];
const THRESHOLD_TIP = "A pixel is background unless a tag's map exceeds this";

/** @extends {Emitter<{threshold: number, settings: undefined}>} event `settings`: something that the server computes */
export class SettingsPanel extends Emitter {
  /** @type {ModelFacts|null} */
  #model = null;
  /** By key, such as "crf iterations". @type {Map<string, Slider>} */
  #sliders = new Map();

  constructor() {
    super();
    this.crfOn = element("input", { type: "checkbox", on: { change: () => this.#change() } });
    this.body = element("div");
    this.reset = element("button", {
      class: "st-link",
      type: "button",
      text: "the model's settings",
      title: "Put every slider back",
      on: { click: () => this.#reset() },
    });
    this.root = element(
      "section",
      { class: "lb-side-section" },
      element("h3", {}, "How the mask is made "),
      this.reset,
      this.body,
    );
  }

  /** @param {ModelFacts} model sliders stay where they are when it is the same one */
  setModel(model) {
    const isSame = this.#model?.identity === model.identity && this.#model.threshold === model.threshold;
    this.#model = model;
    if (isSame) return;
    this.#sliders.clear();
    this.crfOn.checked = model.crf !== null;
    this.crfOn.disabled = model.no_crf !== null;
    this.body.replaceChildren(
      this.#slider("threshold", "threshold", 0, 1, 0.01, model.threshold, THRESHOLD_TIP, () =>
        this.emit("threshold", this.threshold),
      ),
      ...this.#walkRows(model),
      element("h4", {}, element("label", {}, this.crfOn, " Dense CRF")),
      ...this.#crfRows(model),
    );
    this.#mark();
  }

  /** @param {ModelFacts} model */
  #walkRows({ walk, walk_bounds: bounds, no_walk: reason }) {
    if (!walk) return [element("p", { class: "st-muted", text: reason })];
    return [
      element("h4", { text: "Random walk" }),
      ...WALK.map(([name, text, step, tip]) => {
        const [low, high] = within(bounds[name], step);
        return this.#slider(`walk ${name}`, text, low, high, step, walk[name], tip);
      }),
    ];
  }

  /** @param {ModelFacts} model */
  #crfRows({ crf_constants: constants, crf_bounds: bounds, no_crf: reason }) {
    if (reason) return [element("p", { class: "st-muted", text: reason })];
    return CRF.map(([name, text, step, tip]) => {
      const [low, high] = within(bounds[name], step);
      return this.#slider(`crf ${name}`, text, low, high, step, constants[name], tip);
    });
  }

  /** @param {string} key @returns {number} */
  #value(key) {
    return Number(this.#sliders.get(key)?.input.value);
  }

  get threshold() {
    return this.#value("threshold");
  }

  get useCrf() {
    return this.crfOn.checked && !this.crfOn.disabled;
  }

  /** What `/api/items/{id}/lab/mask` takes. @returns {MaskIn} */
  get wanted() {
    const model = this.#model;
    /** @type {MaskIn} */
    const wanted = { threshold: this.threshold, use_crf: this.useCrf };
    if (!model) return wanted;
    if (this.useCrf) {
      wanted.crf = { ...model.crf_constants };
      for (const [name] of CRF) wanted.crf[name] = this.#value(`crf ${name}`);
    }
    if (model.walk && WALK.some(([name]) => this.#value(`walk ${name}`) !== model.walk?.[name]))
      wanted.walk = this.#walk;
    return wanted;
  }

  /** @returns {WalkIn} */
  get #walk() {
    return {
      beta: this.#value("walk beta"),
      log2_steps: this.#value("walk log2_steps"),
      radius: this.#value("walk radius"),
    };
  }

  /** Whether a mask was made with the settings of the sliders. @param {MaskFacts} used all its settings */
  isMadeWith(used) {
    const { wanted } = this;
    return (
      used.threshold === wanted.threshold &&
      isEqual(used.crf, wanted.crf ?? null) &&
      isEqual(used.walk, wanted.walk ?? this.#model?.walk ?? null)
    );
  }

  /**
   * @param {string} key
   * @param {string} text
   * @param {number} low
   * @param {number} high
   * @param {number} step
   * @param {number} value the model's
   * @param {string} tip
   * @param {() => void} [onInput]
   */
  #slider(key, text, low, high, step, value, tip, onInput = () => this.#change()) {
    const shown = element("output");
    const input = element("input", {
      type: "range",
      min: String(low),
      max: String(Math.max(high, value)),
      step: String(step),
      "aria-label": text,
      title: tip,
    });
    input.value = String(value);
    const show = () => {
      shown.textContent = String(Number(Number(input.value).toFixed(2)));
    };
    input.addEventListener("input", () => {
      show();
      this.#mark();
      onInput();
    });
    show();
    this.#sliders.set(key, { input, modelValue: input.value, show });
    return element("label", { class: "lb-slider", title: tip }, element("span", { text }), input, shown);
  }

  #change() {
    this.#mark();
    this.emit("settings");
  }

  /** Offer to put the sliders back where one was moved. */
  #mark() {
    this.reset.hidden =
      this.crfOn.checked === Boolean(this.#model?.crf) &&
      [...this.#sliders.values()].every(({ input, modelValue }) => input.value === modelValue);
  }

  #reset() {
    for (const { input, modelValue, show } of this.#sliders.values()) {
      input.value = modelValue;
      show();
    }
    this.crfOn.checked = Boolean(this.#model?.crf);
    this.#mark();
    this.emit("threshold", this.threshold);
  }
}

/**
 * The least and the largest value that a slider offers.
 * @param {Bounds} bounds @param {number} step @returns {[number, number]}
 */
function within({ minimum, maximum, is_minimum_exclusive: isAbove, is_maximum_exclusive: isBelow }, step) {
  return [(minimum ?? 0) + (isAbove ? step : 0), (maximum ?? 1) - (isBelow ? step : 0)];
}

/** @param {CrfConfig|WalkFacts|WalkIn|null} a @param {CrfConfig|WalkFacts|WalkIn|null} b */
function isEqual(a, b) {
  const [values, others] = [new Map(Object.entries(a ?? {})), new Map(Object.entries(b ?? {}))];
  return [...values.keys(), ...others.keys()].every((name) => values.get(name) === others.get(name));
}
