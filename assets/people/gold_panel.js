/** Gold pictures: marking them, giving copies to people, and what people score. Only leads see it. */
import { count, element } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import { address } from "../shared/place.js";
import { interval, iouWords } from "./iou_words.js";
import { button, labelled, table } from "./parts.js";

/**
 * @import { GiveIn, GoldOut } from "../shared/openapi"
 */

const NAMED = 20;

/** @extends {Emitter<{give: GiveIn, truth: undefined, remove: number}>} */
export class GoldPanel extends Emitter {
  /** @type {HTMLInputElement[]} */
  #boxes = [];
  #found = element("div");
  #people = element("fieldset", { class: "pp-datasets" });
  #count = element("input", { class: "st-input", type: "number", min: "1", max: "100", value: "5" });
  #give = element(
    "form",
    { class: "pp-form", on: { submit: (event) => this.#send(event) } },
    this.#people,
    labelled("Gold pictures each", this.#count),
    element("button", { class: "st-button", type: "submit", text: "Give unknowingly" }),
  );
  root = element("div", {}, this.#found, this.#give);

  /** @param {number} datasetId @param {GoldOut} found @param {string[]} names of who can be given pictures */
  show(datasetId, found, names) {
    this.#boxes = names.map((name) => element("input", { type: "checkbox", value: name }));
    this.#people.replaceChildren(
      element("legend", { text: "To" }),
      ...this.#boxes.map((box) => element("label", { class: "pp-check" }, box, ` ${box.value}`)),
    );
    this.#give.hidden = !found.items.length || !names.length;
    this.#found.replaceChildren(
      element(
        "p",
        { class: "st-muted" },
        "A gold picture has a mask that you know to be right. Labelers get it like any other picture, without its mask. To make finished pictures gold, select them in the ",
        element("a", { href: address(`/gallery?dataset=${datasetId}`), text: "Gallery" }),
        " and choose Gold.",
      ),
      ...this.#marked(found),
      table(
        ["Name", "IoU with the gold masks", "95 % interval", "Given"],
        found.scores.map((one) => [
          one.name,
          one.pictures ? iouWords(one) : "none finished",
          interval(one),
          one.given.toLocaleString(),
        ]),
        "Nobody was given a gold picture yet.",
      ),
    );
  }

  /** @param {GoldOut} found */
  #marked({ items, ground_truth: truths }) {
    const shown = items.slice(0, NAMED).map(({ item_id: id, name }) =>
      element(
        "li",
        {},
        name,
        button("Remove", () => this.emit("remove", id), { "aria-label": `No longer gold: ${name}` }),
      ),
    );
    return [
      items.length
        ? element(
            "details",
            {},
            element("summary", { text: count(items.length, "gold picture") }),
            element("ul", { class: "pp-list" }, ...shown),
            items.length > NAMED ? `and ${items.length - NAMED} more` : null,
          )
        : null,
      truths
        ? button(`Make ${count(truths, "picture")} with ground truth gold`, () => this.emit("truth"))
        : null,
    ].filter((one) => one !== null);
  }

  /** @param {Event} event */
  #send(event) {
    event.preventDefault();
    const people = this.#boxes.filter(({ checked }) => checked).map(({ value }) => value);
    this.#boxes[0].setCustomValidity(people.length ? "" : "Choose at least one person.");
    if (!this.#boxes[0].reportValidity()) {
      this.#boxes[0].setCustomValidity(""); // so that the next try is checked anew
      return;
    }
    this.emit("give", { people, count: Number(this.#count.value) || 5 });
  }
}
