/** One view of the picture with its title and its number. */
import { element } from "../shared/dom.js";
import { contextOf } from "./canvas.js";
import { drawCross, drawDivider, drawView } from "./draw.js";
import { looksAlike } from "./view.js";

/**
 * @import { Viewport } from "../shared/viewport.js"
 * @import { Style, View } from "./view.js"
 *
 * @typedef {object} Compared a view that is drawn from a share of the width on
 * @property {View} view
 * @property {number} at 0..1
 * @property {[string, string]} [sides] what is left and right of the divider
 */

export class Pane {
  /** @type {View|null} */
  view = null;
  /** Whether it has to be drawn again. */
  isStale = true;

  /** @param {() => void} onEnlarge */
  constructor(onEnlarge) {
    this.title = element("button", { class: "lb-pane-title", type: "button", on: { click: onEnlarge } });
    this.note = element("span", { class: "lb-pane-note" });
    this.canvas = element("canvas", { class: "lb-canvas", tabindex: "0" });
    this.step = element("p", { class: "lb-step" });
    this.root = element(
      "figure",
      { class: "lb-pane" },
      this.step,
      element("figcaption", {}, this.title, this.note),
      this.canvas,
    );
  }

  /** @param {View} view */
  show(view) {
    this.isStale ||= !looksAlike(this.view, view);
    this.view = view;
    this.root.dataset.key = view.key;
    this.step.hidden = view.step === undefined;
    this.step.textContent = view.step ?? "";
    this.title.textContent = view.title;
    this.title.title = `${view.tip}. Click to enlarge and to compare.`;
    this.note.textContent = view.note ?? "";
    this.note.title = view.noteTip ?? "";
    const divider = view.against ? " Shift with left and right moves the divider." : "";
    this.canvas.setAttribute(
      "aria-label",
      `${view.title}${view.note ? `, ${view.note}` : ""}. Arrow keys move, + and - zoom, 0 fits.${divider}`,
    );
  }

  /**
   * @param {Viewport} viewport
   * @param {ImageBitmap} image
   * @param {Style} style
   * @param {{x: number, y: number}|null} pointer picture coordinates
   * @param {Compared|null} compared
   */
  draw(viewport, image, style, pointer, compared) {
    const { canvas, view } = this;
    if (!view) return;
    this.isStale = false;
    if (canvas.width !== viewport.stageWidth || canvas.height !== viewport.stageHeight) {
      canvas.width = viewport.stageWidth;
      canvas.height = viewport.stageHeight;
    }
    const context = contextOf(canvas);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    drawView(context, view, viewport, image, style);
    if (compared) {
      const x = Math.round(canvas.width * compared.at);
      context.save();
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.beginPath();
      context.rect(x, 0, canvas.width - x, canvas.height);
      context.clip();
      context.clearRect(x, 0, canvas.width - x, canvas.height);
      drawView(context, compared.view, viewport, image, style);
      context.restore();
      drawDivider(context, x, canvas.height, viewport.pixelRatio, compared.sides);
    }
    if (pointer) drawCross(context, viewport, pointer);
  }
}
