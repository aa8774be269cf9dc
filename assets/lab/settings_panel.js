/** How the mask is made: threshold, random walk, CRF. Nothing is stored; the model's settings are a click away. */
import { element } from "../shared/dom.js";

const CRF = [
  ["iterations", "iterations", 1, 20, 1, "Mean-field iterations"],
  ["gt_prob", "label trust", 0.5, 0.95, 0.01, "Probability that a pixel's label is right before smoothing"],
  [
    "bilateral_sxy_px",
    "colour reach",
    1,
    150,
    1,
    "How far pixels of like colour pull at each other, in pixels",
  ],
  ["bilateral_srgb", "colour tolerance", 1, 30, 0.5, "How unlike colours may be, in grey levels"],
  ["bilateral_compat", "colour weight", 0, 20, 0.5, "Weight of the colour kernel"],
  ["gaussian_sxy_px", "smooth reach", 1, 20, 0.5, "Reach of the kernel of position alone, in pixels"],
  ["gaussian_compat", "smooth weight", 0, 20, 0.5, "Weight of the kernel of position alone"],
];
const WALK = [
  ["beta", "β", 1, 32, 1, "Exponent of the affinities: the higher, the fewer paths across weak edges"],
  ["log2_steps", "log₂ of the steps", 0, 12, 1, "The walk takes 2 to the power of this steps"],
  ["radius", "reach of a step", 2, 10, 1, "In cells of the map, four pixels each"],
];

/** Events: `threshold` (detail: value), `settings` (something the server has to compute). */
export class SettingsPanel extends EventTarget {
  constructor() {
    super();
    this.model = null;
    this.inputs = new Map();
    this.body = element("div");
    this.reset = element("button", {
      class: "st-link",
      type: "button",
      text: "the model's settings",
      title: "Put every slider back",
      on: { click: () => this._reset() },
    });
    this.root = element(
      "section",
      { class: "lb-side-section" },
      element("h3", {}, "How the mask is made "),
      this.reset,
      this.body,
    );
  }

  /** @param {Object} model as the server describes it; sliders stay where they are for the same model */
  setModel(model) {
    const isSame = this.model?.identity === model.identity && this.model?.threshold === model.threshold;
    this.model = model;
    if (isSame) return;
    this.inputs.clear();
    const crfOn = element("input", {
      type: "checkbox",
      checked: model.crf !== null,
      disabled: model.no_crf !== null,
      on: { change: () => this._changed() },
    });
    this.crfOn = crfOn;
    const rows = [
      this._slider(
        "threshold",
        "threshold",
        0,
        1,
        0.01,
        model.threshold,
        "A pixel is background unless a tag's map exceeds this",
        () => this.dispatchEvent(new CustomEvent("threshold", { detail: this.threshold })),
      ),
    ];
    if (model.walk)
      rows.push(
        element("h4", { text: "Random walk" }),
        ...WALK.map(([name, text, low, high, step, tip]) =>
          this._slider(`walk ${name}`, text, low, high, step, model.walk[name], tip),
        ),
      );
    else rows.push(element("p", { class: "st-muted", text: model.no_walk }));
    rows.push(element("h4", {}, element("label", {}, crfOn, " Dense CRF")));
    if (model.no_crf) rows.push(element("p", { class: "st-muted", text: model.no_crf }));
    else
      rows.push(
        ...CRF.map(([name, text, low, high, step, tip]) =>
          this._slider(`crf ${name}`, text, low, high, step, model.crf_constants[name], tip),
        ),
      );
    this.body.replaceChildren(...rows);
    this._mark();
  }

  get threshold() {
    return Number(this.inputs.get("threshold").value);
  }

  get useCrf() {
    return this.crfOn.checked && !this.crfOn.disabled;
  }

  /** What `/api/items/{id}/lab/mask` wants. */
  get wanted() {
    const group = (prefix, names) =>
      Object.fromEntries(names.map(([name]) => [name, Number(this.inputs.get(`${prefix} ${name}`).value)]));
    const wanted = { threshold: this.threshold, use_crf: this.useCrf };
    if (this.useCrf) wanted.crf = { ...this.model.crf_constants, ...group("crf", CRF) };
    if (this.model.walk) {
      const walk = group("walk", WALK);
      if (Object.entries(walk).some(([name, value]) => value !== this.model.walk[name])) wanted.walk = walk;
    }
    return wanted;
  }

  /** Whether a mask was made with what is set here. @param {Object} used settings in full, as the server says them */
  isMadeWith(used) {
    const { wanted, model } = this;
    const isSame = (a, b) => Object.keys({ ...a, ...b }).every((name) => a?.[name] === b?.[name]);
    return (
      used.threshold === wanted.threshold &&
      isSame(used.crf, wanted.crf ?? null) &&
      isSame(used.walk, wanted.walk ?? model.walk)
    );
  }

  _slider(key, text, low, high, step, value, tip, onInput = () => this._changed()) {
    const shown = element("output");
    const input = element("input", {
      type: "range",
      min: low,
      max: Math.max(high, value),
      step,
      "aria-label": text,
      title: tip,
    });
    input.value = value;
    const show = () => {
      shown.textContent = String(Number(Number(input.value).toFixed(2)));
    };
    input.addEventListener("input", () => {
      show();
      this._mark();
      onInput();
    });
    show();
    this.inputs.set(key, Object.assign(input, { modelValue: input.value, show }));
    return element("label", { class: "lb-slider", title: tip }, element("span", { text }), input, shown);
  }

  _changed() {
    this._mark();
    this.dispatchEvent(new CustomEvent("settings"));
  }

  _mark() {
    this.reset.hidden =
      this.crfOn.checked === (this.model.crf !== null) &&
      [...this.inputs.values()].every((input) => input.value === input.modelValue);
  }

  _reset() {
    for (const input of this.inputs.values()) {
      input.value = input.modelValue;
      input.show();
    }
    this.crfOn.checked = this.model.crf !== null;
    this._mark();
    this.dispatchEvent(new CustomEvent("threshold", { detail: this.threshold }));
  }
}
