/** Drawing a view of the picture: the picture, a map or mask over it, outlines, tile borders, pixel grid. */
import { changePicture, heatOutline, heatPicture, labelOutline, labelPicture } from "./paint.js";

/**
 * @import { Viewport } from "../shared/viewport.js"
 * @import { Style, View } from "./view.js"
 *
 * @typedef {[colour: string, thickness: number][]} Strokes one over the other, in the units of the context
 */

export const TRUTH_COLOUR = "#22d3ee";
const GRID_FROM_SCALE = 10; // CSS pixels a picture pixel, from where lines separate the pixels

/**
 * Draw a view where the viewport says. The context's clip is kept.
 * @param {CanvasRenderingContext2D} context
 * @param {View} view
 * @param {Viewport} viewport
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
  drawOutlines(context, view, style, width, height, pixelRatio / scale);
  if (scale >= GRID_FROM_SCALE * pixelRatio) drawGrid(context, viewport);
  if (view.tileShare) drawTiles(context, view, viewport);
}

/**
 * The canvas that lies over the picture, null where there is none.
 * @param {View} view @param {Style} style @param {number} width of the picture @param {number} height
 * @returns {HTMLCanvasElement|null}
 */
export function layerOf(view, style, width, height) {
  const { maskSize } = style;
  if (view.kinds) return changePicture(view.kinds, maskSize.width, maskSize.height);
  if (view.labels) return labelPicture(view.labels, style.colours, maskSize.width, maskSize.height);
  if (!view.map) return null;
  const colours = view.signed ? "diverging" : style.colormap;
  return heatPicture(view.map, view.range ?? [0, 1], colours, width, height);
}

/** Opacity of that canvas. @param {View} view @param {Style} style */
export const opacityOf = (view, style) => (view.kinds || view.labels ? style.layers.mask : style.layers.map);

/**
 * Where the borders of the tiles are, in pixels of the picture.
 * @param {[number, number]} tileShare height and width of a tile as shares of the picture
 * @param {number} width
 * @param {number} height
 * @returns {{xs: number[], ys: number[]}}
 */
export function tileBorders([rowShare, columnShare], width, height) {
  const along = (/** @type {number} */ step, /** @type {number} */ size) => {
    const found = [];
    for (let at = step; at < size - 0.5; at += step) found.push(at);
    return found;
  };
  return { xs: along(columnShare * width, width), ys: along(rowShare * height, height) };
}

/**
 * The outline of the reference mask, and that of the view.
 * @param {CanvasRenderingContext2D} context
 * @param {View} view
 * @param {Style} style
 * @param {number} width of the picture
 * @param {number} height
 * @param {number} line a CSS pixel in the units of the context
 */
function drawOutlines(context, view, style, width, height, line) {
  const { layers, truth } = style;
  if (view.bare) return;
  if (truth && layers.truth > 0) {
    /** @type {Strokes} */
    const strokes = [
      ["rgb(0 0 0 / 60%)", 3 * line],
      [TRUTH_COLOUR, 1.6 * line],
    ];
    strokeMask(context, truth, style, width, strokes, layers.truth);
  }
  if (layers.outline === 0 || view.kinds) return;
  /** @type {Strokes} */
  const strokes = [
    ["rgb(0 0 0 / 70%)", 3 * line],
    ["#fff", 1.4 * line],
  ];
  if (view.labels) strokeMask(context, view.labels, style, width, strokes, layers.outline);
  else if (view.outlined) {
    const path = heatOutline(view.outlined, view.level ?? style.threshold, width, height);
    stroke(context, path, strokes, layers.outline);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Uint8Array} mask
 * @param {Style} style
 * @param {number} width of the picture
 * @param {Strokes} strokes
 * @param {number} opacity
 */
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

/** @param {CanvasRenderingContext2D} context @param {Path2D} path @param {Strokes} strokes @param {number} opacity */
function stroke(context, path, strokes, opacity) {
  context.globalAlpha = opacity;
  for (const [colour, thickness] of strokes) {
    context.strokeStyle = colour;
    context.lineWidth = thickness;
    context.stroke(path);
  }
  context.globalAlpha = 1;
}

/** @param {CanvasRenderingContext2D} context @param {View} view @param {Viewport} viewport */
function drawTiles(context, view, { imageWidth, imageHeight, scale, pixelRatio }) {
  const { xs, ys } = tileBorders(view.tileShare ?? [1, 1], imageWidth, imageHeight);
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
  context.lineWidth = 1.4 * line;
  context.strokeStyle = "rgb(0 0 0 / 60%)";
  context.stroke();
  context.strokeStyle = "#fff";
  context.setLineDash([5 * line, 4 * line]);
  context.stroke();
  context.setLineDash([]);
}

/** @param {CanvasRenderingContext2D} context @param {Viewport} viewport */
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

/**
 * A cross at the pointer, of the same size at every zoom.
 * @param {CanvasRenderingContext2D} context
 * @param {Viewport} viewport
 * @param {{x: number, y: number}} pointer in the picture
 */
export function drawCross(context, viewport, pointer) {
  const { x, y } = viewport.toScreen(pointer.x, pointer.y);
  const arm = 9 * viewport.pixelRatio;
  const cross = new Path2D(`M${x - arm} ${y}H${x + arm}M${x} ${y - arm}V${y + arm}`);
  context.setTransform(1, 0, 0, 1, 0, 0);
  stroke(
    context,
    cross,
    [
      ["#000", 3 * viewport.pixelRatio],
      ["#fff", viewport.pixelRatio],
    ],
    1,
  );
}

/**
 * The line between two views that lie over each other, with a handle and what each side is.
 * @param {CanvasRenderingContext2D} context
 * @param {number} x device pixels
 * @param {number} height
 * @param {number} pixelRatio
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
