/** One picture of the grid: thumbnail with its mask, name, status and a box that selects it. */
import { element, listPicture } from "../shared/dom.js";
import { STATUS_TEXT } from "../shared/queue_filters.js";
import { thumbnailUrl } from "./api.js";

/** @import { ItemRow } from "../shared/openapi" */

const SHARP_PX = 150; // a small thumbnail is sharp up to this width, in pixels of the screen

export class Tile {
  /** @type {ItemRow|null} */
  #shown = null;
  #address = "";
  root = element("div", { class: "gl-tile", role: "option" });

  /** @param {number} id @param {number} position @param {(id: number) => string} reviewAddress */
  constructor(id, position, reviewAddress) {
    this.id = id;
    this.#address = reviewAddress(id);
    this.root.id = `gl-${position}`;
    this.root.dataset.position = String(position);
    this.root.setAttribute("aria-posinset", String(position + 1));
  }

  /** @param {{left: number, top: number, width: number, height: number}} box */
  place({ left, top, width, height }) {
    Object.assign(this.root.style, {
      transform: `translate(${left}px, ${top}px)`,
      width: `${width}px`,
      height: `${height}px`,
    });
  }

  /** @param {boolean} isChosen @param {boolean} isCurrent @param {number} total */
  mark(isChosen, isCurrent, total) {
    this.root.setAttribute("aria-selected", String(isChosen));
    this.root.setAttribute("aria-setsize", String(total));
    this.root.classList.toggle("gl-current", isCurrent);
  }

  /** @param {ItemRow|undefined} row @param {number} widthPx @param {(tags: number[]) => string} tagNames */
  show(row, widthPx, tagNames) {
    if (!row || row === this.#shown) return;
    this.#shown = row;
    const tags = tagNames(row.tags);
    this.root.setAttribute("aria-label", `${row.name}, ${STATUS_TEXT[row.status]}, ${tags}`);
    this.root.title = `${row.name}: ${tags}${row.author ? `; last changed by ${row.author}` : ""}`;
    const isLarge = widthPx * devicePixelRatio > SHARP_PX;
    const url = thumbnailUrl(row.id, row.revision) + (isLarge ? "&size=large" : "");
    this.root.replaceChildren(
      listPicture(url, { class: "gl-picture", width: 4, height: 3 }),
      element("span", { class: "gl-box", "aria-hidden": "true" }),
      element(
        "span",
        { class: "gl-caption" },
        element("a", { class: "gl-name", href: this.#address, text: row.name, tabindex: "-1" }),
        element("span", { class: "st-pill", data: { status: row.status }, text: STATUS_TEXT[row.status] }),
      ),
    );
  }
}
