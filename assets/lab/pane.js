/** One view of the picture with its title and its number. */
import { element } from "../shared/dom.js";
import { drawCross, drawDivider, drawView } from "./draw.js";

/**
 * @typedef {Object} View what a pane shows
 * @property {string} key the same key keeps its place and its pane
 * @property {string} title
 * @property {string} tip what it is and where it comes from
 * @property {string} [note] e.g. its IoU
 * @property {string} [noteTip]
 * @property {string} [heading] above it, over the whole width
 * @property {string} [step] a small line above it, blank to keep its place
 * @property {import("./maps.js").Plane} [map]
 * @property {[number, number]} [range] of the colours
 * @property {boolean} [signed] diverging colours
 * @property {import("./maps.js").Plane} [outlined] the map whose outline at the threshold is drawn
 * @property {number} [level] where it is outlined instead
 * @property {Uint8Array} [labels]
 * @property {Uint8Array} [kinds] of change
 * @property {[number, number]} [tileShare] height and width of tiles as shares of the picture
 * @property {boolean} [gutters] whether tiles are drawn apart
 * @property {boolean} [bare] only the photograph, without outlines
 * @property {number} [rowOf] an even number of views that stand in one row, or in two where there is no room
 * @property {View} [against] another view that a divider slides over this one
 * @property {[string, string]} [sides] what is left and right of the divider
 */

export class Pane {
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
    /** @type {View} */
    this.view = null;
    /** Whether it has to be drawn again. */
    this.isStale = true;
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
    this.canvas.setAttribute(
      "aria-label",
      `${view.title}${view.note ? `, ${view.note}` : ""}. Arrow keys move, + and - zoom, 0 fits.${view.against ? " Shift with left and right moves the divider." : ""}`,
    );
  }

  /**
   * @param {import("../shared/viewport.js").Viewport} viewport
   * @param {ImageBitmap} image
   * @param {Object} style see `PaneGroup.style`
   * @param {{x: number, y: number}|null} pointer picture coordinates
   * @param {{view: View, at: number, sides?: [string, string]}|null} [compared] another view right of a share of the width
   */
  draw(viewport, image, style, pointer, compared = null) {
    const { canvas } = this;
    this.isStale = false;
    if (canvas.width !== viewport.stageWidth || canvas.height !== viewport.stageHeight) {
      canvas.width = viewport.stageWidth;
      canvas.height = viewport.stageHeight;
    }
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    drawView(context, this.view, viewport, image, style);
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

/** Whether two views are drawn alike. @param {View|null} a @param {View} b */
function looksAlike(a, b) {
  if (!a || a.against || b.against) return false;
  const isSame = ["signed", "level", "labels", "kinds", "gutters", "bare"].every(
    (name) => a[name] === b[name],
  );
  return (
    isSame &&
    a.map?.data === b.map?.data &&
    a.outlined?.data === b.outlined?.data &&
    `${a.range}` === `${b.range}` &&
    `${a.tileShare}` === `${b.tileShare}`
  );
}
