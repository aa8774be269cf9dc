/** Marks that are seen on any picture and any class: a coloured line in a white one in a dark one. */

const DARK = "rgb(0 0 0 / 0.55)";
const WHITE = "rgb(255 255 255 / 0.9)";

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Path2D} path
 * @param {string} colour
 * @param {number} pixelRatio
 */
export function strokeMark(context, path, colour, pixelRatio) {
  context.lineJoin = "round";
  const lines = /** @type {const} */ ([
    [DARK, 4],
    [WHITE, 3],
    [colour, 1.5],
  ]);
  for (const [style, width] of lines) {
    context.strokeStyle = style;
    context.lineWidth = width * pixelRatio;
    context.stroke(path);
  }
}

/**
 * @param {import("../raster/brush.js").Point[]} points image coordinates
 * @param {import("../../shared/viewport.js").Viewport} viewport
 * @returns {Path2D}
 */
export function outlineOf(points, viewport) {
  const path = new Path2D();
  points.forEach((point, i) => {
    const { x, y } = viewport.toScreen(point.x, point.y);
    if (i === 0) path.moveTo(x, y);
    else path.lineTo(x, y);
  });
  return path;
}

/**
 * Preview of the area that closing an outline would fill.
 * @param {CanvasRenderingContext2D} context
 * @param {Path2D} path
 * @param {string} colour
 */
export function shadeArea(context, path, colour) {
  context.globalAlpha = 0.25;
  context.fillStyle = colour;
  context.fill(path, "evenodd");
  context.globalAlpha = 1;
}
