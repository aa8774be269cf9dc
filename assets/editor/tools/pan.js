/** Pan: the pointer moves the picture, which `PointerInput` does for every tool. */
import { Tool } from "./tool.js";

export class PanTool extends Tool {
  /** @param {import("./tool.js").Bench} bench */
  constructor(bench) {
    super(bench);
    this.pans = true;
    this.cursor = "grab";
  }
}
