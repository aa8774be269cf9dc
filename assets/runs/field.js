/** One setting of the form: its control, description, bounds and error. */
import { element, fillSelect } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import { setting } from "./words.js";

/** @import { FormField } from "../shared/openapi" */

/**
 * Events: `change`.
 * @extends {Emitter<{change: undefined}>}
 */
export class Field extends Emitter {
  /** @type {unknown} */
  #initial = null;

  /** @param {FormField} described */
  constructor(described) {
    super();
    this.kind = described.kind;
    this.isOptional = described.is_optional;
    this.isCommon = described.is_common;
    this.choices = described.choices;
    this.description = described.description;
    this.bounds = bounds(described);
    this.hint = element("span", { class: "rn-hint" });
    this.error = element("span", { class: "rn-field-error", role: "alert", hidden: true });
    this.control = this.#build(described);
    this.control.addEventListener("change", () => this.#changed());
    this.reset = element("button", {
      class: "st-link",
      type: "button",
      text: "reset",
      hidden: true,
      on: { click: () => this.#reset() },
    });
    this.root = element(
      "div",
      { class: "rn-field", data: { field: described.name } },
      element(
        "span",
        { class: "rn-label" },
        element("label", { text: described.name, for: `rn-${described.name}` }),
        this.reset,
      ),
      this.control,
      this.hint,
      this.error,
    );
  }

  /** @param {FormField} described @returns {HTMLInputElement|HTMLSelectElement} */
  #build({ name, kind, choices }) {
    const attributes = { id: `rn-${name}`, class: "st-input" };
    if (kind === "boolean") return element("input", { ...attributes, class: "rn-toggle", type: "checkbox" });
    if (kind === "choice") {
      const select = element("select", attributes);
      fillSelect(
        select,
        choices.map((value) => ({ value, text: value })),
      );
      return select;
    }
    const isNumber = kind === "integer" || kind === "number";
    return element("input", {
      ...attributes,
      type: "text",
      inputmode: isNumber ? "decimal" : "text",
      autocomplete: "off",
      spellcheck: "false",
    });
  }

  /** @param {unknown} value that of the recipe; the field is reset to it */
  setDefault(value) {
    this.#initial = value;
    this.#reset();
  }

  /** The value of the field, as in JSON; text that is not a number is sent as it is, and the server refuses it. */
  get value() {
    if (isToggle(this.control)) return this.control.checked;
    const text = this.control.value.trim();
    if (text === "" && this.isOptional) return null;
    if (this.kind === "choice") return this.#asInitial(text);
    if (this.kind === "integer" || this.kind === "number") return number(text);
    if (this.kind === "numbers")
      return text
        .split(",")
        .filter((part) => part.trim())
        .map((part) => number(part.trim()));
    return text;
  }

  get isChanged() {
    return JSON.stringify(this.value) !== JSON.stringify(this.#initial);
  }

  /** @param {string|null} message */
  setError(message) {
    this.error.hidden = message === null;
    this.error.textContent = message ?? "";
    this.root.classList.toggle("rn-wrong", message !== null);
  }

  /** Choices are numbers where the recipe has a number. @param {string} text */
  #asInitial(text) {
    return typeof this.#initial === "number" ? number(text) : text;
  }

  #reset() {
    if (isToggle(this.control)) this.control.checked = this.#initial === true;
    else this.control.value = this.#initial === null ? "" : setting(this.#initial);
    this.#changed();
  }

  #changed() {
    this.reset.hidden = !this.isChanged;
    this.root.classList.toggle("rn-changed", this.isChanged);
    this.hint.textContent = `${saidOf(this.control.value, this.choices, this.description)}${this.bounds}`;
    this.emit("change");
  }
}

/**
 * A description without what it says of the other choices. It says something of a choice after `choice: `.
 * @param {string} chosen
 * @param {string[]} choices
 * @param {string} description
 * @returns {string}
 */
function saidOf(chosen, choices, description) {
  const starts = choices
    .map((choice) => ({ choice, at: ` ${description}`.indexOf(` ${choice}: `) }))
    .filter(({ at }) => at >= 0)
    .sort((one, other) => one.at - other.at);
  if (!starts.length) return description;
  const own = starts.findIndex(({ choice }) => choice === chosen);
  const lead = description.slice(0, starts[0]?.at).trim();
  if (own < 0) return lead;
  return `${lead} ${description.slice(starts[own]?.at, starts[own + 1]?.at).trim()}`.trim();
}

/** @param {HTMLElement} control @returns {control is HTMLInputElement} */
const isToggle = (control) => control instanceof HTMLInputElement && control.type === "checkbox";

/** @param {string} text @returns {number|string} */
function number(text) {
  const value = Number(text);
  return text !== "" && Number.isFinite(value) ? value : text;
}

/** @param {FormField} described @returns {string} */
function bounds({ minimum, maximum, is_minimum_exclusive: isAbove, is_maximum_exclusive: isBelow }) {
  const parts = [];
  if (typeof minimum === "number") parts.push(`${isAbove ? "more than" : "at least"} ${minimum}`);
  if (typeof maximum === "number" && maximum < 2 ** 31)
    parts.push(`${isBelow ? "less than" : "at most"} ${maximum}`);
  return parts.length ? ` (${parts.join(", ")})` : "";
}
