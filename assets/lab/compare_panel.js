/** Chooser of the two sides of a comparison. */
import { element } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import { another, hasLearned, keyCount, listed } from "./learned.js";
import { ModelChoice } from "./model_choice.js";

/**
 * @import { ModelChoice as Choice } from "../shared/openapi"
 * @import { Side } from "./compare_view.js"
 */

/** @extends {Emitter<{change: undefined}>} */
export class ComparePanel extends Emitter {
  /** Whether there is nothing to compare the model with. */
  isAlone = false;
  /** Whether a person has chosen the sides. */
  isChosen = false;

  constructor() {
    super();
    this.a = new ModelChoice("A");
    this.b = new ModelChoice("B");
    for (const side of [this.a, this.b]) side.on("change", () => this.#change());
    const swap = element("button", {
      class: "st-button",
      type: "button",
      text: "Swap",
      title: "Exchange A and B",
      on: {
        click: () => {
          [this.a.key, this.b.key] = [this.b.key, this.a.key];
          this.#change();
        },
      },
    });
    this.status = element("p", { class: "st-muted", role: "status" });
    this.controls = element(
      "div",
      { class: "lb-bar" },
      element("label", { class: "lb-inline" }, element("b", { text: "A" }), this.a.root),
      element("label", { class: "lb-inline" }, element("b", { text: "B" }), this.b.root),
      swap,
    );
    this.root = element("div", { class: "lb-compare-panel", hidden: true }, this.controls, this.status);
  }

  /**
   * @param {Choice[]} choices for the picture
   * @param {string} own key of the model of the page
   */
  setChoices(choices, own) {
    const [a, b] = [this.a, this.b].map((side) => (side.choices.length ? side.key : null));
    this.a.setChoices(choices, own);
    if (a && this.isChosen && this.a.has(a)) this.a.key = a;
    const isKept = b && this.a.has(b) && b !== this.a.key && (this.isChosen || hasLearned(choices, b));
    const other = isKept ? b : another(choices, this.a.key);
    this.b.setChoices(choices, other ?? this.a.key);
    this.isAlone = keyCount(choices) < 2;
    this.controls.hidden = this.isAlone;
  }

  /** Say what is compared. @param {Side|null} a null while it is computed @param {Side|null} b */
  describe(a, b) {
    this.status.textContent = this.#sentence(a, b);
  }

  /** @param {Side|null} a @param {Side|null} b */
  #sentence(a, b) {
    if (this.isAlone)
      return "There is only one model. Train a run on the Runs page to compare it with this one, and its epochs with each other.";
    if (!a || !b) return "Computing the maps of the other model …";
    if (a.header.key === b.header.key)
      return another(this.b.choices, this.a.key) === null
        ? "No other model was trained on the tags of this picture. The list says what each of them lacks."
        : "A and B are the same. Choose another model or epoch for one of them.";
    const lacking = [this.a, this.b].flatMap(({ chosen }, i) =>
      chosen?.not_learned.length
        ? `${"AB"[i]} was not trained on ${listed(chosen.not_learned)}: its maps of them are empty.`
        : [],
    );
    if (lacking.length) return lacking.join(" ");
    if (a.header.note && a.header.note === b.header.note) return `A and B: ${a.header.note}.`;
    const notes = [a, b].map(({ header }, i) => (header.note ? `${"AB"[i]}: ${header.note}.` : ""));
    return notes.join(" ").trim() || "Each has its own threshold and CRF.";
  }

  #change() {
    this.isChosen = true;
    this.emit("change");
  }
}
