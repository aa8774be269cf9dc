/** Choosing what to look through: a model or a run, and of a run a moment of its training. */
import { element, fillSelect } from "../shared/dom.js";

/**
 * @typedef {{key: string, epoch: number, is_film: boolean}} Moment
 * @typedef {{key: string|null, title: string, moments: Moment[]}} Choice as `/api/items/{id}/lab/models` sends it
 */

/** Event: `change` (detail: the key). */
export class ModelChoice extends EventTarget {
  /** @param {string} label @param {{films?: boolean}} [options] whether frames of a film, which are no models, can be chosen */
  constructor(label, { films = true } = {}) {
    super();
    this.films = films;
    this.choices = [];
    this.model = element("select", {
      class: "st-input",
      "aria-label": label,
      title: "A model, or a run of this workspace",
      on: { change: () => this._choose() },
    });
    this.moment = element("select", {
      class: "st-input lb-moment",
      "aria-label": `${label}: moment of the training`,
      title:
        "The run's network at the end, or as it was after an epoch. “Film” is a frame of the run's film: one small map, no network",
      on: { change: () => this._tell() },
    });
    this.root = element("span", { class: "lb-model-choice" }, this.model, this.moment);
  }

  /** @param {Choice[]} choices @param {string} wanted key */
  setChoices(choices, wanted) {
    this.choices = choices
      .map((choice) => ({
        ...choice,
        moments: this.films ? choice.moments : choice.moments.filter((moment) => !moment.is_film),
      }))
      .filter(({ key, moments }) => key !== null || moments.length);
    fillSelect(
      this.model,
      this.choices.map(({ title }, number) => ({ value: String(number), text: title })),
      "0",
    );
    this.key = wanted;
  }

  /** Whether a key can be chosen. @param {string} key */
  has(key) {
    return this.choices.some((choice) => keysOf(choice).includes(key));
  }

  get key() {
    return this.moment.value;
  }

  set key(wanted) {
    const number = Math.max(
      0,
      this.choices.findIndex((choice) => keysOf(choice).includes(wanted)),
    );
    this.model.value = String(number);
    this._fillMoments(wanted);
  }

  /** What was chosen, in words. */
  get title() {
    const choice = this.choices[Number(this.model.value)];
    if (!choice) return "";
    return choice.moments.length ? `${choice.title}, ${this.moment.selectedOptions[0].text}` : choice.title;
  }

  _choose() {
    this._fillMoments(null);
    this._tell();
  }

  _fillMoments(wanted) {
    const choice = this.choices[Number(this.model.value)] ?? { key: "proposer", moments: [] };
    const options = choice.moments.map(({ key, epoch, is_film: isFilm }) => ({
      value: key,
      text: `${epoch ? `after epoch ${epoch}` : "before training"}${isFilm ? " (film)" : ""}`,
    }));
    if (choice.key !== null) options.unshift({ value: choice.key, text: "at the end" });
    fillSelect(this.moment, options, wanted ?? options[0].value);
    this.moment.hidden = options.length < 2;
    this.model.title = choice.title ?? "";
  }

  _tell() {
    this.dispatchEvent(new CustomEvent("change", { detail: this.key }));
  }
}

/** @param {Choice} choice */
const keysOf = ({ key, moments }) => [...(key === null ? [] : [key]), ...moments.map((moment) => moment.key)];

/**
 * What to compare a model with when nobody has said: the next model, else the start of the training.
 * @param {Choice[]} choices
 * @param {string} key of the one side
 * @returns {string|null}
 */
export function another(choices, key) {
  const own = choices.find((choice) => keysOf(choice).includes(key));
  const model = choices.find((choice) => choice !== own && choice.key !== null);
  if (model) return model.key;
  return choices.flatMap(keysOf).find((one) => one !== key) ?? null;
}
