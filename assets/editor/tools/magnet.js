/**
 * Draws outlines to the edges of the picture. It works in a window around the last corner and the pointer, and no
 * finer than is seen, so that it is as quick on 12 megapixels as on a small picture.
 */
import { edgeMap, strongestNear, wireTo, wiresFrom } from "../raster/live_wire.js";
import { clipRect } from "../raster/rect.js";

/**
 * @typedef {import("./tool.js").Point} Point
 * @typedef {import("../raster/rect.js").Rect} Rect
 *
 * @typedef {object} Window  a part of the picture, perhaps reduced
 * @property {Rect} rect
 * @property {number} step  image pixels for each pixel of the window
 * @property {import("../raster/live_wire.js").EdgeMap} edges
 */

/** A corner is drawn to the strongest edge within this many CSS pixels. */
const SNAP_PX = 7;
/** CSS pixels around corner and pointer that a way may use at least. */
const MARGIN_PX = 60;
/** Pixels of a window: Dijkstra takes about 50 ms for them. */
const MOST_PX = 90_000;
/** Below 100 % a window has this many pixels for each CSS pixel. */
const FINENESS = 1.5;

export class Magnet {
  #bench;
  /** @type {Window|null} */
  #window = null;
  /** The ways from a corner in the window. @type {{from: Point, wires: import("../raster/live_wire.js").Wires}|null} */
  #ways = null;
  #document;

  /** @param {import("./tool.js").Bench} bench */
  constructor(bench) {
    this.#bench = bench;
    this.#document = bench.document;
  }

  get isOn() {
    return this.#bench.options.isMagnetic;
  }

  /** The point that a corner at `point` is drawn to. @param {Point} point @returns {Point} */
  snap(point) {
    const window = this.#windowFor(point, point);
    if (!window) return point;
    const at = inWindow(window, point);
    const reach = Math.max(1, Math.round(SNAP_PX / this.#bench.viewport.zoom / window.step));
    return inImage(window, strongestNear(window.edges, at.x, at.y, reach));
  }

  /**
   * The way along edges from one point to another.
   * @param {Point} from
   * @param {Point} to
   * @returns {Point[]} without `from`, with `to`
   */
  way(from, to) {
    const window = this.#windowFor(from, to);
    if (!window) return [to];
    if (this.#ways?.from.x !== from.x || this.#ways.from.y !== from.y) {
      const start = inWindow(window, from);
      this.#ways = { from, wires: wiresFrom(window.edges, start.x, start.y) };
    }
    const end = inWindow(window, to);
    const pixels = wireTo(this.#ways.wires, end.x, end.y);
    return [...pixels.slice(1, -1).map((pixel) => inImage(window, pixel)), to];
  }

  /** The window in use if it holds both points, else a new one. @param {Point} a @param {Point} b */
  #windowFor(a, b) {
    const { document, viewport } = this.#bench;
    if (!document) return null;
    if (this.#document !== document) this.#window = null;
    this.#document = document;
    if (this.#window && holds(this.#window.rect, a, document) && holds(this.#window.rect, b, document))
      return this.#window;
    const margin = Math.max(MARGIN_PX / viewport.zoom, 0.5 * Math.hypot(a.x - b.x, a.y - b.y));
    const rect = clipRect(
      {
        x0: Math.floor(Math.min(a.x, b.x) - margin),
        y0: Math.floor(Math.min(a.y, b.y) - margin),
        x1: Math.ceil(Math.max(a.x, b.x) + margin),
        y1: Math.ceil(Math.max(a.y, b.y) + margin),
      },
      document.width,
      document.height,
    );
    this.#ways = null;
    this.#window = null;
    if (!rect) return null; // both lie outside of the picture
    const width = rect.x1 - rect.x0;
    const height = rect.y1 - rect.y0;
    const step = Math.max(1, 1 / (FINENESS * viewport.zoom), Math.sqrt((width * height) / MOST_PX));
    const pixels = this.#bench.pixels(
      rect,
      Math.max(1, Math.round(width / step)),
      Math.max(1, Math.round(height / step)),
    );
    if (pixels) this.#window = { rect, step, edges: edgeMap(pixels.data, pixels.width, pixels.height) };
    return this.#window;
  }
}

/** Whether a window is large enough for a point; outside of the picture its border stands for it. */
function holds(
  /** @type {Rect} */ rect,
  /** @type {Point} */ { x, y },
  /** @type {{width: number, height: number}} */ { width, height },
) {
  const u = Math.min(width - 1, Math.max(0, x));
  const v = Math.min(height - 1, Math.max(0, y));
  return u >= rect.x0 && u < rect.x1 && v >= rect.y0 && v < rect.y1;
}

/** @param {Window} window @param {Point} point */
function inWindow({ rect, step, edges }, { x, y }) {
  return {
    x: Math.min(edges.width - 1, Math.max(0, Math.floor((x - rect.x0) / step))),
    y: Math.min(edges.height - 1, Math.max(0, Math.floor((y - rect.y0) / step))),
  };
}

/** @param {Window} window @param {Point} pixel */
function inImage({ rect, step }, { x, y }) {
  return { x: rect.x0 + (x + 0.5) * step, y: rect.y0 + (y + 0.5) * step };
}
