/** The form that shares pictures out: which ones, how many, among whom. */
import { element, fillSelect } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import { labelled, select } from "./parts.js";

/**
 * @import { DatasetOut, SharesIn } from "../shared/openapi"
 */

const STATUSES = [
  { value: "todo", text: "Unfinished" },
  { value: "drafted", text: "Drafts" },
  { value: "skipped", text: "Skipped" },
  { value: "rejected", text: "Rejected" },
  { value: "done", text: "Finished" },
];
const ORDERS = [
  { value: "doubt", text: "Most doubtful first" },
  { value: "name", text: "By name" },
  { value: "random", text: "Random" },
];
const ANY_CLASS = { value: "", text: "Any class" };
const ANY_SPLIT = { value: "", text: "Any split" };

/** @extends {Emitter<{share: Partial<SharesIn>}>} */
export class ShareForm extends Emitter {
  /** @type {DatasetOut|null} */
  #dataset = null;
  /** @type {HTMLInputElement[]} */
  #boxes = [];
  /** The part of each person, in the order of the boxes. @type {HTMLInputElement[]} */
  #parts = [];
  #copies = element("input", { class: "st-input", type: "number", min: "0", max: "100", value: "0" });
  #copyPeople = select(
    [2, 3, 4, 5].map((number) => ({ value: String(number), text: `${number} people` })),
    "2",
  );
  #count = element("input", {
    class: "st-input",
    type: "number",
    min: "1",
    max: "1000000",
    placeholder: "all",
  });
  #status = select(STATUSES, "todo");
  #class = select([ANY_CLASS], "");
  #split = select([ANY_SPLIT], "");
  #order = select(ORDERS, "doubt");
  #isReassigned = element("input", { type: "checkbox" });
  #people = element("fieldset", { class: "pp-datasets" });
  #others = element("input", {
    class: "st-input",
    type: "text",
    maxLength: 1000,
    placeholder: "Eva, Tom",
  });
  #othersField = labelled("Other people", this.#others);
  root = element(
    "form",
    { class: "pp-form", on: { submit: (event) => this.#send(event) } },
    labelled("How many", this.#count),
    labelled("Status", this.#status),
    labelled("Class", this.#class),
    labelled("Split", this.#split),
    labelled("Order", this.#order),
    this.#people,
    this.#othersField,
    labelled("Labeled by several, unknowingly (%)", this.#copies),
    labelled("Each of these by", this.#copyPeople),
    element("label", { class: "pp-check" }, this.#isReassigned, " Also pictures that are somebody's already"),
    element("button", { class: "st-button st-primary", type: "submit", text: "Share out" }),
  );

  /** The dataset whose pictures are shared out. */
  get dataset() {
    return this.#dataset;
  }

  set dataset(dataset) {
    this.#dataset = dataset;
    const classes = dataset?.classes.filter((one) => one.index !== 0 && one.retired_to === null) ?? [];
    fillSelect(this.#class, [
      ANY_CLASS,
      ...classes.map(({ index, name }) => ({ value: String(index), text: name })),
    ]);
    fillSelect(this.#split, [
      ANY_SPLIT,
      ...(dataset?.splits ?? []).map((name) => ({ value: name, text: name })),
    ]);
  }

  /** @param {string[]} names of those who can be chosen @param {boolean} [areAll] whether nobody else can get pictures */
  showPeople(names, areAll = false) {
    const chosen = new Set(this.#boxes.filter(({ checked }) => checked).map(({ value }) => value));
    const parts = new Map(this.#boxes.map(({ value }, index) => [value, this.#parts[index].value]));
    this.#boxes = names.map((name) =>
      element("input", { type: "checkbox", value: name, checked: chosen.has(name) }),
    );
    this.#parts = names.map((name) =>
      element("input", {
        class: "st-input pp-part",
        type: "number",
        min: "1",
        max: "1000",
        value: parts.get(name) ?? "1",
        "aria-label": `Parts for ${name}`,
        title: "Parts: who has 2 gets twice as many pictures as who has 1",
      }),
    );
    this.#people.replaceChildren(
      element("legend", { text: "Among, in equal parts or in parts that you choose" }),
      ...this.#boxes.map((box, index) =>
        element(
          "span",
          { class: "pp-person" },
          element("label", { class: "pp-check" }, box, ` ${box.value}`),
          this.#parts[index],
        ),
      ),
    );
    this.#people.hidden = !names.length;
    this.#othersField.hidden = areAll;
  }

  /** @param {Event} event */
  #send(event) {
    event.preventDefault();
    const others = this.#others.value.split(",").map((name) => name.trim());
    const people = [...this.#boxes.filter(({ checked }) => checked).map(({ value }) => value), ...others];
    const chosen = [...new Set(people.filter(Boolean))];
    const first = this.#boxes[0] ?? this.#others;
    first.setCustomValidity(chosen.length ? "" : "Choose at least one person.");
    if (!first.reportValidity()) {
      first.setCustomValidity(""); // so that the next try is checked anew
      return;
    }
    const parts = new Map(
      this.#boxes.map(({ value }, index) => [value, Number(this.#parts[index].value) || 1]),
    );
    this.emit("share", {
      people: chosen,
      weights: chosen.map((name) => parts.get(name) ?? 1),
      copies_percent: Number(this.#copies.value) || 0,
      copies_people: Number(this.#copyPeople.value),
      count: this.#count.value ? Number(this.#count.value) : null,
      status: /** @type {SharesIn["status"]} */ (this.#status.value),
      class_index: this.#class.value ? Number(this.#class.value) : null,
      split: this.#split.value || null,
      order: /** @type {SharesIn["order"]} */ (this.#order.value),
      is_reassigned: this.#isReassigned.checked,
    });
  }
}
