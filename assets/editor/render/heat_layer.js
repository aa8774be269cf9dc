/** A heatmap ready for drawing: quantised once, coloured again whenever threshold or colour map change. */
import { colouriseHeat, decodeFloat16, quantiseHeat } from "../../shared/heatmap.js";
import { colormap } from "../../shared/colours.js";

/**
 * Longest side of the grid that is coloured while a slider is dragged: fine enough that the threshold draws a
 * smooth line, small enough to be coloured in about 2 ms.
 */
const GRID_PX = 960;

/**
 * @typedef {import("../../shared/heatmap.js").Heatmap} Heatmap
 *
 * @typedef {object} HeatInput
 * @property {number} height
 * @property {number} width
 * @property {Float32Array|Uint16Array} data  0..1, row-major; Uint16Array: the bits of float16
 * @property {number} [classIndex]
 */

export class HeatLayer {
  #levels;
  #context;
  #pixels;
  #colouredAs = "";

  /**
   * @param {HeatInput} heat
   * @param {number} imageWidth
   * @param {number} imageHeight
   * @throws {RangeError} when data and size disagree
   */
  constructor({ height, width, data, classIndex }, imageWidth, imageHeight) {
    if (data.length !== height * width) {
      throw new RangeError(
        `The heatmap has ${data.length} values, but is said to be ${height} x ${width}; fetch it anew.`,
      );
    }
    /** @type {Heatmap} */
    this.heat = { height, width, data: data instanceof Uint16Array ? decodeFloat16(data) : data, classIndex };
    const grid = quantiseHeat(this.heat, imageWidth, imageHeight, GRID_PX);
    this.#levels = grid.levels;
    this.canvas = document.createElement("canvas");
    this.canvas.width = grid.width;
    this.canvas.height = grid.height;
    this.#context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    this.#pixels = this.#context.createImageData(grid.width, grid.height);
  }

  /**
   * @param {import("../../shared/colours.js").ColormapName} name
   * @param {number} threshold 0..1
   */
  colour(name, threshold) {
    const key = `${name} ${threshold}`;
    if (key === this.#colouredAs) return;
    this.#colouredAs = key;
    colouriseHeat(this.#levels, new Uint32Array(this.#pixels.data.buffer), colormap(name), threshold);
    this.#context.putImageData(this.#pixels, 0, 0);
  }
}
