/** Two numbers of every picture as points, and a gallery of those in the rectangle. */
import { element, fillSelect } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import * as api from "./api.js";
import { Scatter } from "./scatter.js";
import { NUMBERS, columnTitle } from "./survey_columns.js";
import { pager, thumbnail } from "./tables.js";

/**
 * @import { NumberName } from "./survey_columns.js"
 *
 * @typedef {{datasetId: number, source: string, tag: string}} Wanted `tag`: class index, blank for all
 */

const GALLERY = 60;

/** @extends {Emitter<{open: number}>} event `open`: id of a picture */
export class SurveyPoints extends Emitter {
  /** @type {Wanted|null} */
  #wanted = null;

  constructor() {
    super();
    this.x = this.#select("Horizontal", "disagreement");
    this.y = this.#select("Vertical", "iou");
    this.scatter = new Scatter();
    this.scatter.on("choose", (ids) => this.#showGallery(ids));
    this.scatter.on("open", (id) => this.emit("open", id));
    this.note = element("p", { class: "st-muted" });
    this.gallery = element("div", {});
    this.root = element(
      "section",
      { class: "lb-survey-card" },
      element("div", { class: "lb-bar" }, element("h3", { text: "Pictures as points" }), this.x, this.y),
      this.scatter.root,
      this.note,
    );
  }

  /** @param {string} label @param {NumberName} value */
  #select(label, value) {
    const select = element("select", {
      class: "st-input lb-narrow",
      "aria-label": label,
      on: { change: () => this.#load() },
    });
    const options = NUMBERS.map((name) => ({ value: name, text: columnTitle(name) }));
    fillSelect(select, options, value);
    return select;
  }

  /**
   * Choose other numbers where the survey does not have the chosen ones.
   * @param {boolean} hasIou
   * @param {boolean} hasDisagreement
   */
  setKnown(hasIou, hasDisagreement) {
    if (!hasIou && this.y.value === "iou") this.y.value = "coverage";
    for (const select of [this.x, this.y])
      if (!hasDisagreement && select.value === "disagreement") select.value = "undecided";
  }

  /** @param {Wanted} wanted */
  show(wanted) {
    this.#wanted = wanted;
    return this.#load();
  }

  async #load() {
    const wanted = this.#wanted;
    if (!wanted) return;
    const points = await api.surveyPoints(wanted.datasetId, {
      x: this.x.value,
      y: this.y.value,
      class: wanted.tag,
      source: wanted.source,
    });
    const name = (/** @type {HTMLSelectElement} */ select) => select.selectedOptions[0].textContent ?? "";
    this.scatter.show(points, name(this.x), name(this.y));
    this.note.textContent = points.ids.length
      ? `${points.ids.length.toLocaleString()} pictures. Drag a rectangle to list its pictures; click a point to open its picture.`
      : "No picture has both numbers.";
    this.#showGallery(null);
  }

  /** @param {number[]|null} ids @param {number} [offset] */
  #showGallery(ids, offset = 0) {
    if (!ids) {
      this.gallery.replaceChildren();
      return;
    }
    const datasetId = this.#wanted?.datasetId ?? 0;
    const open = (/** @type {number} */ id) => this.emit("open", id);
    const nodes = ids.slice(offset, offset + GALLERY).map((id) => thumbnail({ id, datasetId, open }));
    const note = element("p", {
      class: "st-muted lb-gallery-note",
      text: ids.length ? `${ids.length.toLocaleString()} chosen` : "No point lies in the rectangle.",
    });
    this.gallery.replaceChildren(
      element("div", { class: "lb-gallery" }, note, ...nodes),
      ...(ids.length > GALLERY
        ? [pager({ offset, page: GALLERY, total: ids.length, go: (to) => this.#showGallery(ids, to) })]
        : []),
    );
  }
}
