/** Drawing a view of the picture: photograph, map or mask over it, outlines, tile borders, pixel grid. */
import {
  CHANGE_COLOURS,
  changePicture,
  heatOutline,
  heatPicture,
  labelOutline,
  labelPicture,
} from "./paint.js";

export { CHANGE_COLOURS };
export const TRUTH_COLOUR = "#22d3ee";
const GRID_FROM_SCALE = 10; // device pixels a picture pixel, from where pixels are told apart by lines

/**
 * How every view is drawn.
 * @typedef {Object} Style
 * @property {{picture: number, map: number, mask: number, outline: number, truth: number}} layers opacity of each, 0..1
 * @property {string} colormap
 * @property {number} threshold where a map is outlined
 * @property {Map<number, string>} colours #rrggbb by class index
 * @property {{width: number, height: number}} maskSize of label masks: the picture's unless that is very large
 * @property {Uint8Array|null} truth what is measured against
 */

/**
 * Draw a view where the viewport says. The context's clip is kept.
 * @param {CanvasRenderingContext2D} context
 * @param {import("./pane.js").View} view
 * @param {import("../shared/viewport.js").Viewport} viewport
 * @param {ImageBitmap} image
 * @param {Style} style
 */
export function drawView(context, view, viewport, image, style) {
  const { imageWidth: width, imageHeight: height, scale, originX, originY, pixelRatio } = viewport;
  context.setTransform(scale, 0, 0, scale, originX, originY);
  context.imageSmoothingEnabled = scale < 4;
  context.globalAlpha = style.layers.picture;
  context.drawImage(image, 0, 0, width, height);
  const layer = layerOf(view, style, width, height);
  if (layer) {
    context.globalAlpha = opacityOf(view, style);
    context.imageSmoothingEnabled = !view.labels && !view.kinds;
    context.drawImage(layer, 0, 0, width, height);
  }
  context.globalAlpha = 1;
  const line = pixelRatio / scale;
  if (style.truth && style.layers.truth > 0 && !view.bare) {
    strokeMask(
      context,
      style.truth,
      style,
      width,
      [
        ["rgb(0 0 0 / 60%)", 3 * line],
        [TRUTH_COLOUR, 1.6 * line],
      ],
      style.layers.truth,
    );
  }
  if (style.layers.outline > 0 && !view.kinds && !view.bare) {
    const strokes = [
      ["rgb(0 0 0 / 70%)", 3 * line],
      ["#fff", 1.4 * line],
    ];
    if (view.labels) strokeMask(context, view.labels, style, width, strokes, style.layers.outline);
    else if (view.outlined)
      stroke(
        context,
        heatOutline(view.outlined, view.level ?? style.threshold, width, height),
        strokes,
        style.layers.outline,
      );
  }
  if (scale >= GRID_FROM_SCALE * pixelRatio) drawGrid(context, viewport);
  if (view.tileShare) drawTiles(context, view, viewport);
}

/** The picture that lies over the photograph, null where there is none. @returns {HTMLCanvasElement|null} */
export function layerOf(view, style, width, height) {
  const { maskSize } = style;
  if (view.kinds) return changePicture(view.kinds, maskSize.width, maskSize.height);
  if (view.labels) return labelPicture(view.labels, style.colours, maskSize.width, maskSize.height);
  if (view.map)
    return heatPicture(
      view.map,
      view.range ?? [0, 1],
      view.signed ? "diverging" : style.colormap,
      width,
      height,
    );
  return null;
}

/** Opacity of that picture. */
export const opacityOf = (view, style) => (view.kinds || view.labels ? style.layers.mask : style.layers.map);

/** Where the borders of the tiles are, in pixels of the picture. @returns {{xs: number[], ys: number[]}} */
export function tileBorders({ tileShare }, width, height) {
  const along = (step, size) => {
    const found = [];
    for (let at = step; at < size - 0.5; at += step) found.push(at);
    return found;
  };
  return { xs: along(tileShare[1] * width, width), ys: along(tileShare[0] * height, height) };
}

function strokeMask(context, mask, { maskSize }, width, strokes, opacity) {
  const factor = width / maskSize.width;
  context.save();
  context.scale(factor, factor);
  stroke(
    context,
    labelOutline(mask, maskSize.width, maskSize.height),
    strokes.map(([colour, thickness]) => [colour, thickness / factor]),
    opacity,
  );
  context.restore();
}

function stroke(context, path, strokes, opacity) {
  context.globalAlpha = opacity;
  for (const [colour, thickness] of strokes) {
    context.strokeStyle = colour;
    context.lineWidth = thickness;
    context.stroke(path);
  }
  context.globalAlpha = 1;
}

function drawTiles(context, view, { imageWidth, imageHeight, scale, pixelRatio }) {
  const { xs, ys } = tileBorders(view, imageWidth, imageHeight);
  context.beginPath();
  for (const x of xs) {
    context.moveTo(x, 0);
    context.lineTo(x, imageHeight);
  }
  for (const y of ys) {
    context.moveTo(0, y);
    context.lineTo(imageWidth, y);
  }
  const line = pixelRatio / scale;
  if (view.gutters) {
    context.strokeStyle = "#fff";
    context.lineWidth = 8 * line;
    context.stroke();
    return;
  }
  for (const [colour, dash] of [
    ["rgb(0 0 0 / 60%)", []],
    ["#fff", [5 * line, 4 * line]],
  ]) {
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

/** A cross at the pointer, of the same size at every zoom. */
export function drawCross(context, viewport, pointer) {
  const { x, y } = viewport.toScreen(pointer.x, pointer.y);
  const arm = 9 * viewport.pixelRatio;
  context.setTransform(1, 0, 0, 1, 0, 0);
  for (const [colour, thickness] of [
    ["#000", 3],
    ["#fff", 1],
  ]) {
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

/**
 * The line between two views that lie over each other, with a handle and what each side is.
 * @param {number} x device pixels
 * @param {[string, string]|undefined} names
 */
export function drawDivider(context, x, height, pixelRatio, names) {
  context.setTransform(1, 0, 0, 1, 0, 0);
  const r = pixelRatio;
  context.fillStyle = "rgb(0 0 0 / 55%)";
  context.fillRect(x - 2 * r, 0, 4 * r, height);
  context.fillStyle = "#fff";
  context.fillRect(x - r, 0, 2 * r, height);
  context.beginPath();
  context.arc(x, height / 2, 8 * r, 0, 2 * Math.PI);
  context.fill();
  context.strokeStyle = "rgb(0 0 0 / 70%)";
  context.lineWidth = 1.5 * r;
  context.beginPath();
  for (const side of [-1, 1]) {
    context.moveTo(x + 2 * side * r, height / 2 - 3 * r);
    context.lineTo(x + 5 * side * r, height / 2);
    context.lineTo(x + 2 * side * r, height / 2 + 3 * r);
  }
  context.stroke();
  if (!names) return;
  context.font = `600 ${12 * r}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  names.forEach((name, side) => {
    const wide = context.measureText(name).width + 10 * r;
    const left = side ? x + 8 * r : x - 8 * r - wide;
    context.fillStyle = "rgb(0 0 0 / 65%)";
    context.fillRect(left, 6 * r, wide, 18 * r);
    context.fillStyle = "#fff";
    context.fillText(name, left + 5 * r, 15 * r);
  });
}
