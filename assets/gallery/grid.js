/**
 * The grid: of many thousand pictures, only those in view are elements of the page.
 */
import { element } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import { storageName } from "../shared/place.js";
import { Tile } from "./tile.js";

/**
 * @import { Listing } from "./listing.js"
 * @import { Selection } from "./selection.js"
 *
 * @typedef {"small"|"medium"|"large"} Size
 */

/** The least width of a tile. @type {Record<Size, number>} */
const WIDTHS_PX = { small: 104, medium: 168, large: 280 };
const CAPTION_PX = 28;
const GAP_PX = 8;
const MARGIN_ROWS = 2; // above and below what is in view
const REMEMBERED = storageName("puzzlecam-gallery-size");

/**
 * Events: `open` a picture's id.
 * @extends {Emitter<{open: number}>}
 */
export class Grid extends Emitter {
  #listing;
  #selection;
  /** @type {Map<number, Tile>} */
  #tiles = new Map();
  #frame = 0;
  #columns = 1;
  #tileWidth = 1;
  #rowHeight = 1;
  /** Names of tags, and the address of a picture in Review; the page sets them. */
  tagNames = /** @type {(tags: number[]) => string} */ (() => "");
  reviewAddress = /** @type {(id: number) => string} */ (() => "");
  #space = element("div", { class: "gl-space" });
  root = element(
    "div",
    {
      class: "gl-grid",
      role: "listbox",
      tabindex: "0",
      "aria-multiselectable": "true",
      "aria-label": "Pictures",
    },
    this.#space,
  );

  /** @param {Listing} listing @param {Selection} selection */
  constructor(listing, selection) {
    super();
    this.#listing = listing;
    this.#selection = selection;
    this.root.addEventListener("scroll", () => this.draw(), { passive: true });
    this.root.addEventListener("click", (event) => this.#onClick(event));
    this.root.addEventListener("dblclick", (event) => {
      const position = positionOf(event);
      if (position !== null && !isOnBox(event)) this.emit("open", listing.ids[position]);
    });
    this.root.addEventListener("keydown", (event) => this.#onKey(event));
    new ResizeObserver(() => this.#layOut()).observe(this.root);
    listing.on("ids", () => this.#layOut());
    listing.on("rows", () => this.draw());
    selection.on("change", () => this.draw());
  }

  /** @returns {Size} */
  get size() {
    const chosen = localStorage.getItem(REMEMBERED);
    return chosen === "small" || chosen === "large" ? chosen : "medium";
  }

  /** @param {Size} size */
  set size(size) {
    const first = Math.floor(this.root.scrollTop / this.#rowHeight) * this.#columns;
    localStorage.setItem(REMEMBERED, size);
    this.#layOut();
    this.root.scrollTop = Math.floor(first / this.#columns) * this.#rowHeight;
  }

  /** Forget the elements: they are of another list. */
  clear() {
    this.#tiles.clear();
    this.#space.replaceChildren();
  }

  /** Scroll as little as it takes to see a picture. @param {number} position */
  reveal(position) {
    const top = Math.floor(position / this.#columns) * this.#rowHeight;
    const { scrollTop, clientHeight } = this.root;
    if (top < scrollTop) this.root.scrollTop = top;
    else if (top + this.#rowHeight > scrollTop + clientHeight)
      this.root.scrollTop = top + this.#rowHeight - clientHeight;
  }

  draw() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #layOut() {
    const width = this.#space.clientWidth;
    if (!width) return;
    this.#columns = Math.max(1, Math.floor((width + GAP_PX) / (WIDTHS_PX[this.size] + GAP_PX)));
    this.#tileWidth = Math.floor((width - GAP_PX * (this.#columns - 1)) / this.#columns);
    this.#rowHeight = Math.round(this.#tileWidth * 0.75) + CAPTION_PX + GAP_PX;
    const rows = Math.ceil(this.#listing.total / this.#columns);
    this.#space.style.height = `${Math.max(0, rows * this.#rowHeight - GAP_PX)}px`;
    this.clear();
    this.draw();
  }

  #draw() {
    const { ids, rows, total } = this.#listing;
    const { scrollTop, clientHeight } = this.root;
    const from = Math.max(0, Math.floor(scrollTop / this.#rowHeight) - MARGIN_ROWS) * this.#columns;
    const to = Math.min(
      ids.length,
      (Math.ceil((scrollTop + clientHeight) / this.#rowHeight) + MARGIN_ROWS) * this.#columns,
    );
    for (const [position, tile] of this.#tiles) {
      if (position >= from && position < to && tile.id === ids[position]) continue;
      tile.root.remove();
      this.#tiles.delete(position);
    }
    const { chosen, cursor } = this.#selection;
    for (let position = from; position < to; position++) {
      const id = ids[position];
      let tile = this.#tiles.get(position);
      if (!tile) {
        tile = new Tile(id, position, this.reviewAddress);
        tile.place({
          left: (position % this.#columns) * (this.#tileWidth + GAP_PX),
          top: Math.floor(position / this.#columns) * this.#rowHeight,
          width: this.#tileWidth,
          height: this.#rowHeight - GAP_PX,
        });
        this.#tiles.set(position, tile);
        this.#space.append(tile.root);
      }
      tile.show(rows.get(id), this.#tileWidth, this.tagNames);
      tile.mark(chosen.has(id), position === cursor, total);
    }
    if (cursor >= from && cursor < to) this.root.setAttribute("aria-activedescendant", `gl-${cursor}`);
    else this.root.removeAttribute("aria-activedescendant");
    this.#listing.look(ids.slice(from, to));
  }

  /** @param {MouseEvent} event */
  #onClick(event) {
    const position = positionOf(event);
    if (position === null) return;
    const isOnName = event.target instanceof Element && event.target.closest(".gl-name");
    if (isOnName) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab, as for every link
      event.preventDefault();
      this.emit("open", this.#listing.ids[position]);
      return;
    }
    this.root.focus({ preventScroll: true });
    if (event.shiftKey) this.#selection.rangeTo(position);
    else if (event.ctrlKey || event.metaKey || isOnBox(event)) this.#selection.toggle(position);
    else this.#selection.only(position);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const { cursor } = this.#selection;
    if (event.key === " " && cursor >= 0) {
      event.preventDefault();
      this.#selection.toggle(cursor);
      return;
    }
    if (event.key === "Enter" && cursor >= 0) {
      this.emit("open", this.#listing.ids[cursor]);
      return;
    }
    const target = this.#target(event.key, cursor);
    if (target === null || !this.#listing.ids.length || event.altKey) return;
    event.preventDefault();
    const position = Math.min(this.#listing.ids.length - 1, Math.max(0, target));
    if (event.shiftKey) this.#selection.rangeTo(position);
    else this.#selection.move(position);
    this.reveal(position);
  }

  /** Where a key leads. @param {string} key @param {number} from @returns {number|null} */
  #target(key, from) {
    const page = Math.max(1, Math.floor(this.root.clientHeight / this.#rowHeight)) * this.#columns;
    /** @type {Record<string, number>} */
    const targets = {
      ArrowLeft: from - 1,
      ArrowRight: from + 1,
      ArrowUp: from - this.#columns >= 0 ? from - this.#columns : from,
      ArrowDown: from + this.#columns < this.#listing.ids.length ? from + this.#columns : from,
      PageUp: from - page,
      PageDown: from + page,
      Home: 0,
      End: this.#listing.ids.length - 1,
    };
    return targets[key] ?? null;
  }
}

/** @param {Event} event @returns {number|null} */
function positionOf(event) {
  const tile = event.target instanceof Element ? event.target.closest(".gl-tile") : null;
  return tile instanceof HTMLElement ? Number(tile.dataset.position) : null;
}

/** @param {Event} event */
const isOnBox = (event) => event.target instanceof Element && event.target.closest(".gl-box") !== null;
