/** Flood fill: a click gives the connected patch of one class another class. */
import { floodFill } from "../raster/fill.js";
import { Tool } from "./tool.js";

/** @typedef {import("./tool.js").Point} Point */

export class FillTool extends Tool {
  get label() {
    return "Fill";
  }

  press(/** @type {Point} */ point, /** @type {boolean} */ erases) {
    this.bench.change(erases ? 0 : this.bench.activeClass, (raster, value, protect) =>
      floodFill(raster, Math.floor(point.x), Math.floor(point.y), value, protect),
    );
  }

  release() {
    this.bench.commit(this.label);
  }
}
