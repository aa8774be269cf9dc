/** Brush and eraser: strokes of the chosen size, with a ring that shows what a dab would cover. */
import { paintSegment, snapToBrush } from "../raster/brush.js";
import { strokeMark } from "./marks.js";
import { Tool } from "./tool.js";

/** @typedef {import("./tool.js").Point} Point */

/** A ring smaller than this is hidden by the cursor and only blurs the view. */
const SMALLEST_RING_PX = 3;

export class BrushTool extends Tool {
  #alwaysErases;
  #value = 0;
  /** @type {Point|null} */
  #last = null;
  /** @type {Point|null} */
  #pointer = null;

  /**
   * @param {import("./tool.js").Bench} bench
   * @param {{erases?: boolean}} [options]
   */
  constructor(bench, { erases = false } = {}) {
    super(bench);
    this.#alwaysErases = erases;
  }

  get label() {
    return this.#alwaysErases || this.#value === 0 ? "Erase" : "Brush";
  }

  press(/** @type {Point} */ point, /** @type {boolean} */ erases) {
    this.#value = erases || this.#alwaysErases ? 0 : this.bench.activeClass;
    this.#last = point;
    this.drag([point]);
  }

  drag(/** @type {Point[]} */ points) {
    for (const point of points) {
      const from = this.#last ?? point;
      this.bench.change(this.#value, (raster, value, protect) =>
        paintSegment(raster, from, point, this.bench.brush, value, protect),
      );
      this.#last = point;
    }
  }

  release(/** @type {Point} */ point) {
    this.drag([point]);
    this.#last = null;
    this.bench.commit(this.label);
  }

  cancel() {
    this.#last = null;
    super.cancel();
  }

  hover(/** @type {Point|null} */ point) {
    this.#pointer = point;
    this.bench.redraw();
  }

  paint(
    /** @type {CanvasRenderingContext2D} */ context,
    /** @type {import("./tool.js").Viewport} */ viewport,
  ) {
    if (!this.#pointer) return;
    const { size, shape } = this.bench.brush;
    const snapped = snapToBrush(this.#pointer, size);
    const centre = viewport.toScreen(snapped.x, snapped.y);
    const radius = (size / 2) * viewport.scale;
    if (radius < SMALLEST_RING_PX * viewport.pixelRatio) return;
    const ring = new Path2D();
    if (shape === "square") ring.rect(centre.x - radius, centre.y - radius, 2 * radius, 2 * radius);
    else ring.arc(centre.x, centre.y, radius, 0, 2 * Math.PI);
    const erases = this.#alwaysErases || (this.#last ? this.#value === 0 : this.bench.activeClass === 0);
    strokeMark(
      context,
      ring,
      erases ? "#ffffff" : this.bench.cssColour(this.bench.activeClass),
      viewport.pixelRatio,
    );
  }
}
