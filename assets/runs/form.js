/** The form that starts a run, made from the names, descriptions and bounds of the settings. */
import { element, fillSelect } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import { LAST_DATASET } from "../shared/place.js";
import * as api from "./api.js";
import { duration } from "../shared/format.js";
import { Field } from "./field.js";
import { flatSettings } from "./words.js";

const RECIPE_FIRST = "cpu-lite0";
const LOOK_MS = 1500;

/**
 * @import { DatasetOut, EstimateFacts, FormField, RecipeChoice, RunBrief, RunFacts, RunIn } from "../shared/openapi"
 */

/**
 * Events: `started` a run.
 * @extends {Emitter<{started: RunBrief}>}
 */
export class StartForm extends Emitter {
  #timer = 0;
  #isClosed = false;
  /** Counts estimates: a late answer to an earlier one is ignored. */
  #turn = 0;
  /** @type {FormField[]} */
  #described = [];
  /** @type {RecipeChoice[]} */
  #recipes = [];
  /** @type {DatasetOut[]} */
  #datasets = [];
  /** By name. @type {Map<string, Field>} */
  fields = new Map();
  dataset = this.#select("Dataset", () => this.#datasetChosen());
  split = this.#select("Split", () => this.#look());
  recipe = this.#select("Recipe", () => this.#recipeChosen());
  name = element("input", {
    class: "st-input",
    maxlength: "128",
    "aria-label": "Name",
    placeholder: "made from dataset and recipe",
  });
  device = element("input", {
    class: "st-input",
    "aria-label": "Device",
    placeholder: "chosen by the worker",
    pattern: "cpu|cuda(:\\d+)?",
  });
  words = element("p", { class: "st-muted" });
  sentence = element("p", { class: "rn-supervision", role: "status" });
  estimate = element("p", { class: "rn-estimate", role: "status" });
  alert = element("p", { class: "rn-error", role: "alert", hidden: true });
  button = element("button", { class: "st-button st-primary", type: "submit", text: "Start the run" });
  all = element("details", { class: "rn-card" }, element("summary", { text: "All settings" }));

  /**
   * @param {RunFacts|null} cloned the run whose settings are the start
   * @param {{datasetId: number, split: string}|null} asked what to train on
   */
  constructor(cloned = null, asked = null) {
    super();
    this.cloned = cloned;
    this.asked = asked;
    this.root = element(
      "article",
      { class: "rn-detail rn-form" },
      element("p", { class: "st-muted", text: "Loading the form…" }),
    );
    this.#load();
  }

  close() {
    clearTimeout(this.#timer);
    this.#isClosed = true;
  }

  async #load() {
    let answers;
    try {
      answers = await Promise.all([api.form(), api.datasets()]);
    } catch (error) {
      this.root.replaceChildren(element("p", { class: "rn-error", text: api.messageOf(error) }));
      return;
    }
    const [form, { datasets }] = answers;
    this.#described = form.fields;
    this.#recipes = form.recipes;
    this.#datasets = datasets;
    if (!datasets.length) {
      this.root.replaceChildren(
        element("p", {
          text: "There is no dataset yet. Open the Datasets page and import a folder of pictures.",
        }),
      );
      return;
    }
    this.#build();
  }

  #build() {
    fillSelect(
      this.dataset,
      this.#datasets.map(({ id, name, items }) => ({ value: String(id), text: `${name} (${items})` })),
      String(this.asked?.datasetId ?? this.cloned?.dataset_id ?? this.#lastDataset()),
    );
    const recipes = this.#recipes.map(({ name }) => ({ value: name, text: name }));
    if (this.cloned) recipes.unshift({ value: "", text: `settings of run ${this.cloned.id}` });
    fillSelect(this.recipe, recipes, this.cloned ? "" : RECIPE_FIRST);
    for (const described of this.#described) {
      const field = new Field(described);
      field.on("change", () => this.#look());
      this.fields.set(described.name, field);
    }
    const common = [...this.fields.values()].filter(({ isCommon }) => isCommon).map(({ root }) => root);
    const row = (/** @type {string} */ label, /** @type {HTMLElement} */ control) =>
      element("label", { class: "rn-field" }, element("span", { class: "rn-label", text: label }), control);
    const form = element(
      "form",
      {
        novalidate: true,
        on: {
          submit: (event) => {
            event.preventDefault();
            this.#start();
          },
        },
      },
      element(
        "div",
        { class: "rn-grid3" },
        row("Dataset", this.dataset),
        row("Split", this.split),
        row("Recipe", this.recipe),
        row("Name", this.name),
        row("Device", this.device),
      ),
      this.words,
      element("h3", { text: "Settings" }),
      element("div", { class: "rn-grid2" }, ...common),
      this.#allSettings(),
      element(
        "div",
        { class: "rn-card rn-summary" },
        element("h3", { text: "Before you start" }),
        this.sentence,
        this.estimate,
      ),
      this.alert,
      element("div", { class: "rn-buttons" }, this.button),
    );
    this.root.replaceChildren(
      element("h2", { text: this.cloned ? `New run from run ${this.cloned.id}` : "New run" }),
      form,
    );
    this.#datasetChosen(this.asked?.split ?? this.cloned?.split);
    this.#recipeChosen();
  }

  #allSettings() {
    /** @type {Map<string, HTMLElement[]>} */
    const groups = new Map();
    for (const [name, { isCommon, root }] of this.fields) {
      if (isCommon) continue;
      const group = name.includes(".") ? name.split(".")[0] : "run";
      groups.set(group, [...(groups.get(group) ?? []), root]);
    }
    this.all.append(
      ...[...groups].map(([group, members]) =>
        element("div", {}, element("h4", { text: group }), element("div", { class: "rn-grid2" }, ...members)),
      ),
    );
    return this.all;
  }

  /** @param {string} label @param {() => void} change @returns {HTMLSelectElement} */
  #select(label, change) {
    return element("select", { class: "st-input", "aria-label": label, on: { change } });
  }

  #lastDataset() {
    return localStorage.getItem(LAST_DATASET) ?? "";
  }

  /** @param {string|null} [split] */
  #datasetChosen(split = null) {
    const dataset = this.#datasets.find(({ id }) => String(id) === this.dataset.value);
    fillSelect(
      this.split,
      [
        { value: "all", text: "all tagged pictures" },
        ...(dataset?.splits ?? []).map((name) => ({ value: name, text: name })),
      ],
      split ?? "all",
    );
    this.#look();
  }

  #recipeChosen() {
    const recipe = this.#recipes.find(({ name }) => name === this.recipe.value);
    const values = recipe ? recipe.values : flatSettings(this.cloned?.recipe ?? {});
    this.words.textContent = recipe
      ? recipe.description
      : `The settings of run ${this.cloned?.id}; change what you like.`;
    for (const [name, field] of this.fields) field.setDefault(values[name] ?? null);
    this.#look();
  }

  /** The contents of the form. @returns {RunIn} */
  get wanted() {
    /** @type {Record<string, unknown>} */
    const settings = {};
    for (const [name, field] of this.fields) if (field.isChanged) settings[name] = field.value;
    return {
      dataset_id: Number(this.dataset.value),
      recipe: this.recipe.value || this.cloned?.recipe_name || RECIPE_FIRST,
      cloned_from: this.recipe.value ? null : (this.cloned?.id ?? null),
      split: this.split.value,
      name: this.name.value,
      device: this.device.value.trim() || null,
      settings,
    };
  }

  /** Show what the run learns from and its estimate, shortly after the last change. */
  #look() {
    clearTimeout(this.#timer);
    const turn = ++this.#turn;
    this.#timer = setTimeout(() => this.#describe(turn), 250);
  }

  /** @param {number} turn */
  async #describe(turn) {
    const isNow = () => turn === this.#turn && !this.#isClosed;
    const accepted = [...this.fields].find(([name]) => name.endsWith("use_accepted"));
    try {
      const answer = await api.supervision(
        this.dataset.value,
        this.split.value,
        Boolean(accepted && accepted[1].value),
      );
      if (!isNow()) return;
      this.sentence.textContent = `Learns from: ${answer.sentence}`;
    } catch (error) {
      if (isNow()) this.sentence.textContent = api.messageOf(error);
    }
    this.estimate.textContent = "Estimating time and memory…";
    while (isNow()) {
      let job;
      try {
        job = await api.estimate(this.wanted);
      } catch (error) {
        if (!isNow()) return;
        this.#showErrors(error);
        this.estimate.textContent = "No estimate: correct the settings first.";
        return;
      }
      if (!isNow()) return;
      this.#clearErrors();
      if (job.state === "failed") {
        this.estimate.textContent = `No estimate: ${job.problem}`;
        return;
      }
      if (job.result !== null) {
        this.#showEstimate(job.result);
        return;
      }
      this.estimate.textContent = "Timing a few steps on this machine…";
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** @param {EstimateFacts} estimate */
  #showEstimate({ total_s: total, memory_mb: memory, basis }) {
    const held = memory ? `, ${(memory / 1024).toFixed(1)} GB of memory` : "";
    this.estimate.replaceChildren(element("strong", { text: `About ${duration(total)}${held}. ` }), basis);
  }

  async #start() {
    this.button.disabled = true;
    this.#clearErrors();
    try {
      const run = await api.start(this.wanted);
      this.emit("started", run);
    } catch (error) {
      this.#showErrors(error);
      this.button.disabled = false;
    }
  }

  #clearErrors() {
    this.alert.hidden = true;
    for (const field of this.fields.values()) field.setError(null);
  }

  /** @param {unknown} error */
  #showErrors(error) {
    this.#clearErrors();
    const wrong = Object.entries((error instanceof api.ApiError && error.problem.fields) || {});
    /** @type {Field|null} */
    let first = null;
    for (const [name, message] of wrong) {
      const field = this.fields.get(name);
      if (!field) continue;
      field.setError(message);
      if (!field.isCommon) this.all.open = true;
      first ??= field;
    }
    first?.root.scrollIntoView({ block: "center" });
    this.alert.hidden = false;
    this.alert.textContent = first ? "Correct the marked settings." : api.messageOf(error);
  }
}
