/** What lies under the pointer, reported at most once per frame. */
import { sampleHeat } from "../shared/heatmap.js";

/**
 * @typedef {import("./raster/brush.js").Point} Point
 * @typedef {import("../shared/heatmap.js").Heatmap} Heatmap
 *
 * @typedef {object} HoverDetail  all null: the pointer is not over the picture
 * @property {number|null} x           image pixel
 * @property {number|null} y
 * @property {number|null} classIndex
 * @property {number|null} heat        null as well where no heatmap is set
 */

/** @type {Readonly<HoverDetail>} */
const NOWHERE = { x: null, y: null, classIndex: null, heat: null };

/**
 * @param {Point|null} point  image coordinates
 * @param {{mask: Uint8Array, width: number, height: number}} picture
 * @param {Heatmap|null} heat
 * @returns {HoverDetail}
 */
export function describePoint(point, { mask, width, height }, heat) {
  if (!point) return NOWHERE;
  const x = Math.floor(point.x);
  const y = Math.floor(point.y);
  if (x < 0 || y < 0 || x >= width || y >= height) return NOWHERE;
  return {
    x,
    y,
    classIndex: mask[y * width + x],
    heat: heat && sampleHeat(heat, (x + 0.5) / width, (y + 0.5) / height),
  };
}

export class HoverReporter {
  #report;
  #frame = 0;

  /** @param {(point: Point|null) => void} report */
  constructor(report) {
    this.#report = report;
    /** Last known position, image coordinates; null: outside. @type {Point|null} */
    this.point = null;
  }

  /** @param {Point|null} point */
  moveTo(point) {
    this.point = point;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#report(this.point);
    });
  }

  destroy() {
    cancelAnimationFrame(this.#frame);
  }
}
