/** The tools there are: name, hotkey and title in one table, from which toolbar and key bindings are made. */
import { BrushTool } from "./brush.js";
import { CleanupTool } from "./cleanup.js";
import { FillTool } from "./fill.js";
import { LassoTool } from "./lasso.js";
import { MoveTool } from "./move.js";
import { PanTool } from "./pan.js";
import { PolygonTool } from "./polygon.js";
import { SmartTool } from "./smart.js";
import { SuperpixelTool } from "./superpixel.js";

/**
 * @typedef {import("./tool.js").Tool} Tool
 * @typedef {import("./tool.js").Bench} Bench
 * @typedef {"smart"|"brush"|"eraser"|"polygon"|"lasso"|"fill"|"superpixel"|"cleanup"|"move"|"pan"} ToolName
 *
 * @typedef {object} ToolInfo
 * @property {ToolName} name
 * @property {string} key    hotkey as shown; empty: none
 * @property {string} title  what it does, for people
 */

/** @type {ToolInfo[]} */
export const TOOLS = [
  { name: "smart", key: "K", title: "Smart: correct the mask by clicks" },
  { name: "brush", key: "B", title: "Brush" },
  { name: "eraser", key: "E", title: "Eraser" },
  { name: "polygon", key: "P", title: "Polygon" },
  { name: "lasso", key: "L", title: "Lasso" },
  { name: "fill", key: "F", title: "Fill connected area" },
  { name: "superpixel", key: "S", title: "Superpixels" },
  { name: "cleanup", key: "D", title: "Clean up: drop specks, fill holes" },
  { name: "move", key: "Shift+G", title: "Move a region of the mask" },
  { name: "pan", key: "", title: "Pan (or hold Space)" },
];

/** All tools of one editor, one of them current. */
export class Toolbox {
  /** @type {Record<ToolName, Tool>} */
  #tools;
  /** The tool before Clean up. @type {ToolName} */
  #before;

  /**
   * @param {Bench} bench
   * @param {ToolName} name  the tool to begin with
   * @param {(name: ToolName) => void} choose  makes another tool current
   */
  constructor(bench, name, choose) {
    this.#before = name;
    /** Its work goes on when another tool is chosen. */
    this.smart = new SmartTool(bench, () => this.name === "smart");
    this.cleanup = new CleanupTool(bench, () => {
      if (this.name === "cleanup") choose(this.#before);
    });
    this.move = new MoveTool(bench);
    this.#tools = {
      smart: this.smart,
      brush: new BrushTool(bench),
      eraser: new BrushTool(bench, { erases: true }),
      polygon: new PolygonTool(bench),
      lasso: new LassoTool(bench),
      fill: new FillTool(bench),
      superpixel: new SuperpixelTool(bench),
      cleanup: this.cleanup,
      move: this.move,
      pan: new PanTool(bench),
    };
    this.name = name;
  }

  /** @param {ToolName} name */
  choose(name) {
    if (this.name !== "cleanup") this.#before = this.name;
    this.name = name;
  }

  get current() {
    return this.#tools[this.name];
  }

  /**
   * @param {ToolName} name
   * @throws {RangeError} when there is no such tool
   */
  require(name) {
    if (!(name in this.#tools)) {
      throw new RangeError(
        `There is no tool "${name}"; choose one of ${Object.keys(this.#tools).join(", ")}.`,
      );
    }
  }

  /** End what goes on after the pointer is released, whichever tool is current. */
  settle() {
    if (this.current !== this.smart && this.current.isPending) this.current.settle();
    this.smart.settle();
  }

  /**
   * Act on what goes on after the pointer is released: a polygon in progress, or the corners of a finished one.
   * @param {(tool: Tool) => void} run
   * @returns {boolean} whether there was anything
   */
  withPending(run) {
    if (!this.current.isPending && !this.current.isAdjusting) return false;
    run(this.current);
    return true;
  }
}
