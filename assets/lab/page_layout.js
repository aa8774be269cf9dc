/** The frame of the Lab page: what is where, and what of it is shown. */
import { element } from "../shared/dom.js";
import { address } from "../shared/place.js";

/**
 * @import { ItemOut } from "../shared/openapi"
 * @import { Picture } from "./picture.js"
 *
 * @typedef {object} Parts
 * @property {HTMLElement} picker
 * @property {HTMLElement[]} exports buttons
 * @property {HTMLElement[]} content of the picture, from top to bottom
 * @property {HTMLElement} modelChoice
 * @property {HTMLElement[]} side below the model
 * @property {HTMLElement} survey
 */

export class PageLayout {
  #title = element("h2");
  #facts = element("p", { class: "st-muted" });
  #review = element("a", {
    class: "st-button",
    text: "Open in Review",
    title: "Correct this picture's mask",
  });
  #message = element("p", { class: "lb-message", role: "status" });
  #notice = element("div", { class: "lb-sentence", role: "status" });
  #header;
  #content;
  #side;
  #survey;

  /** @param {Parts} parts */
  constructor({ picker, exports, content, modelChoice, side, survey }) {
    this.#survey = survey;
    this.#header = element(
      "header",
      { class: "lb-header", hidden: true },
      element("div", {}, this.#title, this.#facts),
      element("span", { class: "st-spring" }),
      element("span", { class: "lb-exports" }, ...exports, this.#review),
    );
    this.#content = element("div", { class: "lb-content", hidden: true }, ...content);
    this.#side = element(
      "aside",
      { class: "lb-side", hidden: true },
      element("section", { class: "lb-side-section" }, element("h3", { text: "Model" }), modelChoice),
      ...side,
    );
    const main = element(
      "main",
      { class: "lb-main" },
      this.#header,
      this.#message,
      this.#notice,
      this.#content,
      survey,
    );
    this.root = element("div", { class: "st-page lb-root" }, picker, main, this.#side);
  }

  /** A sentence above the picture. @param {string} text */
  showMessage(text) {
    this.#message.textContent = text;
  }

  /** A sentence in place of a picture. @param {string} text */
  showNotice(text) {
    this.showMessage("");
    for (const node of [this.#header, this.#content, this.#side]) node.hidden = true;
    this.#notice.hidden = false;
    this.#notice.textContent = text;
  }

  showSurvey() {
    this.#notice.hidden = true;
    this.#survey.hidden = false;
    this.root.classList.add("lb-without-side");
  }

  get isSurveyShown() {
    return !this.#survey.hidden;
  }

  /** Another picture is requested: the present one stays, dimmed, until there is something of it. */
  beginPicture() {
    this.#survey.hidden = true;
    this.root.classList.remove("lb-without-side");
    this.#content.classList.add("lb-stale");
    this.showMessage("Computing the maps at every scale …");
  }

  /** The picture alone, while its maps are computed. @param {ItemOut} item @param {string[]} tags names */
  showPreview(item, tags) {
    this.#side.hidden = true;
    this.#notice.hidden = true;
    for (const node of [this.#header, this.#content]) node.hidden = false;
    this.#content.classList.remove("lb-stale");
    this.#content.classList.add("lb-preview");
    this.#title.textContent = item.name;
    this.#facts.textContent = tags.join(", ");
  }

  /** @param {Picture} picture */
  showPicture({ header, item, width, height, tags, references }) {
    const { model } = header;
    for (const node of [this.#header, this.#content, this.#side]) node.hidden = false;
    this.#notice.hidden = true;
    this.#content.classList.remove("lb-stale", "lb-preview");
    this.showMessage("");
    this.#title.textContent = header.item.name;
    this.#title.title = header.item.name;
    document.title = `${header.item.name} · Lab · Puzzle-CAM studio`;
    const missing = references.length
      ? ""
      : " · No reference mask: accept its mask in Review, or import the dataset again with masks as ground truth";
    this.#facts.textContent = `${width} × ${height} · ${tags.map(({ name }) => name).join(", ")}${missing}`;
    this.#facts.title = `${model.identity}\nScales ${model.scales.join(", ")}${model.flip ? ", and mirrored" : ""}; longer side at most ${model.max_side} px`;
    this.#review.href = address(`/?dataset=${item.dataset_id}&item=${item.id}`);
  }
}
