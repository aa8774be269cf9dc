/** The table at the side: scores of all classes under the pointer, or of the whole picture. */
import { sampleHeat } from "../shared/heatmap.js";
import { element } from "../shared/dom.js";
import { EPSILON } from "./maps.js";

/**
 * @import { ClassFacts } from "../shared/openapi"
 * @import { Plane } from "./maps.js"
 * @import { Place } from "./pane_group.js"
 * @import { Picture } from "./picture.js"
 *
 * @typedef {(map: Plane) => number} Read the value of a map at a place
 */

const COLUMNS = [
  ["class", "Tags first, in bold; then the classes without a tag, the highest logit first"],
  [
    "score",
    "Equation 1 at scale 1 under the pointer, negative values included; for the whole picture its mean, the logit",
  ],
  ["sum", "Positive parts summed over scales and views under the pointer; for the whole picture the maximum"],
  ["0–1", "The sum under the pointer divided by its maximum: the CAM"],
];

export class Readout {
  /** More about a place, in words. @type {(read: Read) => string|null} */
  #more;
  /** @type {Picture|null} */
  #picture = null;
  /** @type {{row: HTMLElement, cells: HTMLElement[]}[]} */
  #rows = [];

  /** @param {(read: Read) => string|null} more about a place, in words */
  constructor(more) {
    this.#more = more;
    this.place = element("p", { class: "st-muted", role: "status" });
    this.body = element("tbody");
    this.root = element(
      "section",
      { class: "lb-side-section" },
      element("h3", { text: "All classes" }),
      this.place,
      element(
        "table",
        { class: "st-table lb-scores" },
        element(
          "thead",
          {},
          element("tr", {}, ...COLUMNS.map(([text, title]) => element("th", { text, title }))),
        ),
        this.body,
      ),
    );
  }

  /** @param {Picture} picture */
  setPicture(picture) {
    this.#picture = picture;
    this.#rows = picture.classes.map((one) => {
      const cells = [0, 1, 2].map(() => element("td"));
      const row = element(
        "tr",
        { class: one.tagged ? "lb-tagged" : "", title: one.seen_as },
        element("td", {}, element("i", { class: "lb-swatch", style: `background:${one.color}` }), one.name),
        ...cells,
      );
      return { row, cells };
    });
    this.body.replaceChildren(...this.#rows.map(({ row }) => row));
    this.point(null);
  }

  /** @param {Place|null} place null for the whole picture */
  point(place) {
    const picture = this.#picture;
    if (!picture) return;
    const values = picture.classes.map((one, c) =>
      place ? valuesAt(picture, one, c, place) : { score: one.logit, sum: one.maximum, share: null },
    );
    const best = Math.max(...values.map(({ score }) => score));
    values.forEach(({ score, sum, share }, c) => {
      const { row, cells } = this.#rows[c];
      cells[0].textContent = score.toFixed(2);
      cells[1].textContent = sum.toFixed(2);
      cells[2].textContent = share === null ? "–" : share.toFixed(2);
      cells[2].style.setProperty("--lb-share", String(Math.max(0, Math.min(1, share ?? 0))));
      row.classList.toggle("lb-best", score === best);
    });
    this.place.textContent = place
      ? this.#sentence(picture, place)
      : "Whole picture: mean score, largest sum. Point at a view for one pixel.";
  }

  /** @param {Picture} picture @param {Place} place */
  #sentence(picture, { x, y }) {
    const parts = [`x ${Math.floor(x)}, y ${Math.floor(y)}`];
    const nameAt = (/** @type {Uint8Array} */ mask) => {
      const column = Math.floor((x / picture.width) * picture.maskWidth);
      const row = Math.floor((y / picture.height) * picture.maskHeight);
      const index = mask[row * picture.maskWidth + column];
      if (index === 0) return "background";
      if (index === 255) return "void";
      return picture.names.get(index) ?? `class ${index}`;
    };
    const read = (/** @type {Plane} */ map) => sampleHeat(map, x / picture.width, y / picture.height);
    if (picture.maskSteps) parts.push(`mask: ${nameAt(picture.maskSteps.mask)}`);
    for (const { title, mask } of picture.references) parts.push(`${title}: ${nameAt(mask)}`);
    if (picture.arrays.edges) parts.push(`edge ${read(picture.plane("edges")).toFixed(2)}`);
    const more = this.#more(read);
    if (more) parts.push(more);
    return parts.join(" · ");
  }
}

/** @param {Picture} picture @param {ClassFacts} one @param {number} c its position @param {Place} place */
function valuesAt(picture, one, c, { x, y }) {
  const read = (/** @type {Plane} */ map) => sampleHeat(map, x / picture.width, y / picture.height);
  const sum = read(picture.plane("raw", c));
  const share = one.tagged ? read(picture.planes("cams")[c]) : sum / (one.maximum + EPSILON);
  return { score: read(picture.plane("scores", c)), sum, share };
}
