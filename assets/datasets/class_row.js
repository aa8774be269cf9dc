/** One row of the class list: colour, name, key, description, and its buttons. */
import { element } from "../shared/dom.js";
import { thumbnailUrl } from "./api.js";

/** @import { ClassIn, ListedClassOut } from "../shared/openapi" */

const NEW_COLOR = "#808080";
const MOST_KEY = 19;

/**
 * @typedef {object} Actions
 * @property {() => void} changed
 * @property {(row: ClassRow, step: 1|-1) => void} move
 * @property {(row: ClassRow) => void} retire
 */

export class ClassRow {
  /** @param {ListedClassOut|null} known null for a new class @param {Actions} actions */
  constructor(known, actions) {
    this.known = known;
    const changed = { input: () => actions.changed() };
    const called = known?.name ?? "the new class";
    /** Whether a colour was chosen; until then a new class gets VOC's. */
    this.hasColor = known !== null;
    this.color = element("input", {
      type: "color",
      value: known?.color ?? NEW_COLOR,
      "aria-label": `Colour of ${called}`,
      on: {
        input: () => {
          this.hasColor = true;
          actions.changed();
        },
      },
    });
    this.name = element("input", {
      class: "st-input",
      value: known?.name ?? "",
      maxlength: 128,
      placeholder: "name",
      "aria-label": `Name of ${called}`,
      on: changed,
    });
    this.hotkey = element("input", {
      class: "st-input",
      type: "number",
      min: 1,
      max: MOST_KEY,
      value: String(known?.hotkey ?? ""),
      placeholder: "auto",
      title: "1 to 9: that digit; 10 to 19: the digit with Shift; empty: by the place in this list",
      "aria-label": `Key of ${called}`,
      on: changed,
    });
    this.description = element("input", {
      class: "st-input",
      value: known?.description ?? "",
      maxlength: 2000,
      placeholder: "what belongs to this class, and what does not",
      "aria-label": `Description of ${called}`,
      on: changed,
    });
    this.root = element(
      "tr",
      {},
      element("td", { class: "st-muted", text: known ? String(known.index) : "new" }),
      element("td", {}, this.color),
      element("td", {}, this.name),
      element("td", {}, this.hotkey),
      element("td", {}, this.description),
      element("td", { class: "ds-tagged", text: known ? known.tagged.toLocaleString() : "" }),
      element("td", { class: "ds-examples" }, ...this.#examples()),
      element(
        "td",
        { class: "ds-buttons" },
        this.#button("↑", `Show ${called} earlier`, () => actions.move(this, -1)),
        this.#button("↓", `Show ${called} later`, () => actions.move(this, 1)),
        this.#button(known ? "Merge or remove…" : "Remove", `Merge or remove ${called}`, () =>
          actions.retire(this),
        ),
      ),
    );
  }

  /** What the server is to store. @returns {ClassIn} */
  get wanted() {
    return {
      index: this.known?.index ?? null,
      name: this.name.value.trim(),
      color: this.hasColor ? this.color.value : null,
      hotkey: this.hotkey.value === "" ? null : Number(this.hotkey.value),
      description: this.description.value.trim() || null,
    };
  }

  /** @param {string} color */
  paint(color) {
    this.color.value = color;
    this.hasColor = true;
  }

  #examples() {
    return (this.known?.examples ?? []).map((id) =>
      element("img", {
        src: thumbnailUrl(id, null),
        width: 36,
        height: 27,
        loading: "lazy",
        alt: `A finished picture with ${this.known?.name}`,
      }),
    );
  }

  /** @param {string} text @param {string} label @param {() => void} click */
  #button(text, label, click) {
    return element("button", {
      class: "st-button",
      type: "button",
      text,
      "aria-label": label,
      on: { click },
    });
  }
}
