/** Which finished pictures of a dataset get a second look. */
import { element } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import { labelled, select } from "./parts.js";

/**
 * @import { RuleBody } from "../shared/openapi"
 */

const RULES = [
  { value: "off", text: "None" },
  { value: "all", text: "All" },
  { value: "nth", text: "Every n-th picture" },
  { value: "doubt", text: "The most doubtful n per cent" },
  { value: "beginner", text: "The first n pictures of each person" },
];
const NUMBERED = ["nth", "doubt", "beginner"];

/** @extends {Emitter<{save: RuleBody}>} */
export class LookRule extends Emitter {
  #rule = select(RULES, "off", { on: { change: () => this.#showNumber() } });
  #number = element("input", { class: "st-input", type: "number", min: "1", max: "1000000", required: true });
  #numberField = labelled("n", this.#number);
  root = element(
    "form",
    {
      class: "pp-form",
      on: {
        submit: (event) => {
          event.preventDefault();
          this.emit("save", {
            rule: /** @type {RuleBody["rule"]} */ (this.#rule.value),
            number: Number(this.#number.value) || 1,
          });
        },
      },
    },
    labelled("Finished pictures that get a second look", this.#rule),
    this.#numberField,
    element("button", { class: "st-button", type: "submit", text: "Save" }),
  );

  /** @param {RuleBody} rule */
  show({ rule, number }) {
    this.#rule.value = rule;
    this.#number.value = String(number);
    this.#showNumber();
  }

  #showNumber() {
    const { value } = this.#rule;
    this.#numberField.hidden = !NUMBERED.includes(value);
    this.#number.max = value === "doubt" ? "100" : "1000000";
    if (this.#numberField.hidden) this.#number.value = "1";
  }
}
