/** Chooser of a model: the proposal model, the zero-shot model, or a run at one moment of its training. */
import { element, fillSelect } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import { inList, keysOf } from "./learned.js";

/** @import { ModelChoice as Choice } from "../shared/openapi" */

/** Key of the model that makes a dataset's proposals. */
export const PROPOSAL_MODEL = "proposer";

/** @extends {Emitter<{change: string}>} event `change`: the key */
export class ModelChoice extends Emitter {
  /** @type {Choice[]} */
  choices = [];
  #withFilms;

  /**
   * @param {string} label
   * @param {{films?: boolean}} [options] whether frames of a film, which have no model, can be chosen
   */
  constructor(label, { films = true } = {}) {
    super();
    this.#withFilms = films;
    this.model = element("select", {
      class: "st-input",
      "aria-label": label,
      title: "A model, or a run of this workspace",
      on: { change: () => this.#chooseModel() },
    });
    this.moment = element("select", {
      class: "st-input lb-moment",
      "aria-label": `${label}: moment of the training`,
      title:
        "The run's network at the end, or as it was after an epoch. “Film” is a frame of the run's film: one small map, without a network",
      on: { change: () => this.emit("change", this.key) },
    });
    this.root = element("span", { class: "lb-model-choice" }, this.model, this.moment);
  }

  /** @param {Choice[]} choices @param {string} wanted key */
  setChoices(choices, wanted) {
    this.choices = choices
      .map((choice) => ({
        ...choice,
        moments: this.#withFilms ? choice.moments : choice.moments.filter((moment) => !moment.is_film),
      }))
      .filter(({ key, moments }) => key !== null || moments.length);
    fillSelect(
      this.model,
      this.choices.map((choice, number) => ({ value: String(number), text: inList(choice) })),
      "0",
    );
    this.key = wanted;
  }

  /** Whether a key can be chosen. @param {string} key */
  has(key) {
    return this.choices.some((choice) => keysOf(choice).includes(key));
  }

  /** @returns {string} */
  get key() {
    return this.moment.value;
  }

  set key(wanted) {
    const number = Math.max(
      0,
      this.choices.findIndex((choice) => keysOf(choice).includes(wanted)),
    );
    this.model.value = String(number);
    this.#fillMoments(wanted);
  }

  /** The model that was chosen. @returns {Choice|undefined} */
  get chosen() {
    return this.choices[Number(this.model.value)];
  }

  /** What was chosen, in words. */
  get title() {
    const choice = this.chosen;
    if (!choice) return "";
    return choice.moments.length ? `${choice.title}, ${this.moment.selectedOptions[0].text}` : choice.title;
  }

  #chooseModel() {
    this.#fillMoments(null);
    this.emit("change", this.key);
  }

  /** @param {string|null} wanted key */
  #fillMoments(wanted) {
    const choice = this.choices[Number(this.model.value)] ?? {
      key: PROPOSAL_MODEL,
      title: "",
      moments: [],
      not_learned: [],
    };
    const options = choice.moments.map(({ key, epoch, is_film: isFilm }) => ({
      value: key,
      text: `${epoch ? `after epoch ${epoch}` : "before training"}${isFilm ? " (film)" : ""}`,
    }));
    if (choice.key !== null) options.unshift({ value: choice.key, text: "at the end" });
    fillSelect(this.moment, options, wanted ?? options[0].value);
    this.moment.hidden = options.length < 2;
    this.model.title = choice.title;
  }
}
