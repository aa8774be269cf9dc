/** One view of the picture: photograph, map or mask over it, outlines, tile borders, pixel grid. */
import { element } from "../review/dom.js";
import { changePicture, heatOutline, heatPicture, labelOutline, labelPicture } from "./paint.js";

const GRID_FROM_SCALE = 10; // device pixels a picture pixel, from where pixels are told apart by lines

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
 * @property {Uint8Array} [labels]
 * @property {Uint8Array} [kinds] of change
 * @property {[number, number]} [tileShare] height and width of tiles as shares of the picture
 * @property {boolean} [gutters] whether tiles are drawn apart
 * @property {boolean} [bare] only the photograph
 */

export class Pane {
  /** @param {() => void} onEnlarge */
  constructor(onEnlarge) {
    this.title = element("button", { class: "lb-pane-title", type: "button", on: { click: onEnlarge } });
    this.note = element("span", { class: "lb-pane-note" });
    this.canvas = element("canvas", { class: "lb-canvas", tabindex: "0" });
    this.step = element("p", { class: "lb-step" });
    this.root = element("figure", { class: "lb-pane" }, this.step, element("figcaption", {}, this.title, this.note), this.canvas);
    /** @type {View} */
    this.view = null;
  }

  /** @param {View} view */
  show(view) {
    this.view = view;
    this.root.dataset.key = view.key;
    this.step.hidden = view.step === undefined;
    this.step.textContent = view.step ?? "";
    this.title.textContent = view.title;
    this.title.title = `${view.tip}. Click to enlarge and to compare.`;
    this.note.textContent = view.note ?? "";
    this.note.title = view.noteTip ?? "";
    this.canvas.setAttribute("aria-label", `${view.title}${view.note ? `, ${view.note}` : ""}. Arrow keys move, + and - zoom, 0 fits.`);
  }

  /**
   * @param {import("../editor/viewport.js").Viewport} viewport
   * @param {ImageBitmap} image
   * @param {Object} style see `PaneGroup.style`
   * @param {{x: number, y: number}|null} pointer picture coordinates
   * @param {{view: View, at: number}|null} [compared] another view right of a share of the width
   */
  draw(viewport, image, style, pointer, compared = null) {
    const { canvas } = this;
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
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.fillStyle = "#fff";
      context.fillRect(x - 1, 0, 2, canvas.height);
    }
    if (pointer) drawCross(context, viewport, pointer);
  }
}

/** Draw a view where the viewport says. The context's clip is kept. */
export function drawView(context, view, viewport, image, style) {
  const { imageWidth: width, imageHeight: height, scale, originX, originY, pixelRatio } = viewport;
  context.setTransform(scale, 0, 0, scale, originX, originY);
  context.imageSmoothingEnabled = scale < 4;
  context.drawImage(image, 0, 0, width, height);
  const layer = layerOf(view, style, width, height);
  if (layer) {
    context.globalAlpha = style.opacity;
    context.imageSmoothingEnabled = !view.labels && !view.kinds;
    context.drawImage(layer, 0, 0, width, height);
    context.globalAlpha = 1;
  }
  const outline = style.contours ? outlineOf(view, style, width, height) : null;
  if (outline) {
    for (const [colour, thickness] of [["rgb(0 0 0 / 70%)", 3], ["#fff", 1.4]]) {
      context.strokeStyle = colour;
      context.lineWidth = (thickness * pixelRatio) / scale;
      context.stroke(outline);
    }
  }
  if (scale >= GRID_FROM_SCALE * pixelRatio) drawGrid(context, viewport);
  if (view.tileShare) drawTiles(context, view, viewport);
}

function layerOf(view, style, width, height) {
  if (view.kinds) return changePicture(view.kinds, width, height);
  if (view.labels) return labelPicture(view.labels, style.colours, width, height);
  if (view.map) return heatPicture(view.map, view.range ?? [0, 1], view.signed ? "diverging" : style.colormap, width, height);
  return null;
}

function outlineOf(view, style, width, height) {
  if (view.kinds) return null;
  if (view.labels) return labelOutline(view.labels, width, height);
  return view.outlined ? heatOutline(view.outlined, style.threshold, width, height) : null;
}

function drawTiles(context, { tileShare, gutters }, { imageWidth, imageHeight, scale, pixelRatio }) {
  context.beginPath();
  for (let at = tileShare[1] * imageWidth; at < imageWidth - 0.5; at += tileShare[1] * imageWidth) {
    context.moveTo(at, 0);
    context.lineTo(at, imageHeight);
  }
  for (let at = tileShare[0] * imageHeight; at < imageHeight - 0.5; at += tileShare[0] * imageHeight) {
    context.moveTo(0, at);
    context.lineTo(imageWidth, at);
  }
  const line = pixelRatio / scale;
  if (gutters) {
    context.strokeStyle = "#fff";
    context.lineWidth = 8 * line;
    context.stroke();
    return;
  }
  for (const [colour, dash] of [["rgb(0 0 0 / 60%)", []], ["#fff", [5 * line, 4 * line]]]) {
    context.strokeStyle = colour;
    context.lineWidth = 1.4 * line;
    context.setLineDash(dash);
    context.stroke();
  }
  context.setLineDash([]);
}

function drawGrid(context, viewport) {
  const { imageWidth, imageHeight, scale, stageWidth, stageHeight, pixelRatio } = viewport;
  const first = viewport.toImage(0, 0);
  const last = viewport.toImage(stageWidth, stageHeight);
  context.beginPath();
  for (let x = Math.max(0, Math.floor(first.x)); x <= Math.min(imageWidth, last.x); x++) {
    context.moveTo(x, Math.max(0, first.y));
    context.lineTo(x, Math.min(imageHeight, last.y));
  }
  for (let y = Math.max(0, Math.floor(first.y)); y <= Math.min(imageHeight, last.y); y++) {
    context.moveTo(Math.max(0, first.x), y);
    context.lineTo(Math.min(imageWidth, last.x), y);
  }
  context.strokeStyle = "rgb(255 255 255 / 35%)";
  context.lineWidth = pixelRatio / scale;
  context.stroke();
}

function drawCross(context, viewport, pointer) {
  const { x, y } = viewport.toScreen(pointer.x, pointer.y);
  const arm = 9 * viewport.pixelRatio;
  context.setTransform(1, 0, 0, 1, 0, 0);
  for (const [colour, thickness] of [["#000", 3], ["#fff", 1]]) {
    context.strokeStyle = colour;
    context.lineWidth = thickness * viewport.pixelRatio;
    context.beginPath();
    context.moveTo(x - arm, y);
    context.lineTo(x + arm, y);
    context.moveTo(x, y - arm);
    context.lineTo(x, y + arm);
    context.stroke();
  }
}
