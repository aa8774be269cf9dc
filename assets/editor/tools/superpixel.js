/** Superpixel paint: click or sweep over superpixels to give each the active class. */
import { fillSegment } from "../raster/fill.js";
import { unionRect } from "../raster/rect.js";
import { Tool } from "./tool.js";

/** @typedef {import("./tool.js").Point} Point */

/** About how many superpixels a picture has, from coarse to fine. */
export const COUNTS = [100, 200, 400, 800, 1600, 3200, 6400];
/** Where the steps begin if the studio has chosen. */
const USUAL = 3;

/**
 * @param {number|null} count  null: the studio chooses
 * @param {1|-1} direction  1: larger superpixels
 * @returns {number}
 */
export function nextCount(count, direction) {
  const place = count === null ? USUAL : COUNTS.indexOf(count);
  return COUNTS[Math.min(COUNTS.length - 1, Math.max(0, place - direction))];
}

export class SuperpixelTool extends Tool {
  #value = 0;
  /** Superpixels already painted by this stroke. @type {Set<number>} */
  #painted = new Set();
  /** @type {Point|null} */
  #last = null;

  get label() {
    return "Superpixels";
  }

  press(/** @type {Point} */ point, /** @type {boolean} */ erases) {
    this.#value = erases ? 0 : this.bench.activeClass;
    this.#painted.clear();
    this.#last = point;
    if (!this.bench.segments) this.bench.say("The superpixels of this picture are not loaded yet.");
    this.drag([point]);
  }

  drag(/** @type {Point[]} */ points) {
    const segments = this.bench.segments;
    if (!segments) return;
    this.bench.change(this.#value, (raster, value, protect) => {
      /** @type {import("./tool.js").Rect|null} */
      let dirty = null;
      for (const point of points) {
        for (const { x, y } of pixelsBetween(this.#last ?? point, point)) {
          if (x < 0 || y < 0 || x >= raster.width || y >= raster.height) continue;
          const label = segments.labels[y * raster.width + x];
          if (this.#painted.has(label)) continue;
          this.#painted.add(label);
          dirty = unionRect(dirty, fillSegment(raster, segments, x, y, value, protect));
        }
        this.#last = point;
      }
      return dirty;
    });
  }

  release() {
    this.#last = null;
    this.bench.commit(this.label);
  }

  cancel() {
    this.#last = null;
    super.cancel();
  }
}

/**
 * Whole pixels on the way from one point to another, at most one apart, so that a fast sweep skips nothing.
 * @param {Point} from
 * @param {Point} to
 */
function* pixelsBetween(from, to) {
  const steps = Math.max(1, Math.ceil(Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y))));
  for (let k = 0; k <= steps; k++) {
    yield {
      x: Math.floor(from.x + ((to.x - from.x) * k) / steps),
      y: Math.floor(from.y + ((to.y - from.y) * k) / steps),
    };
  }
}
