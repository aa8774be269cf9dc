/** Outlines and numbers of objects over the mask. Pure drawing. */

/**
 * @import { Viewport } from "../../shared/viewport.js"
 * @import { Lookup } from "./mask_view.js"
 *
 * @typedef {object} Objects
 * @property {Uint16Array} ids  number of the object of each pixel of the image, 0: none
 * @property {{x: number, y: number}[]} places  where each object's number stands, in image pixels
 */

const LIGHT = 0xffffffff;
const DARK = 0xff000000;
const FONT_PX = 13;

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Objects} objects
 * @param {Viewport} viewport
 * @param {Lookup} lookup
 */
export function drawObjects(context, { ids, places }, viewport, { columns, rows }) {
  const pixels = context.createImageData(columns.length, rows.length);
  const words = new Uint32Array(pixels.data.buffer);
  const idAt = (/** @type {number} */ x, /** @type {number} */ y) =>
    x < 0 || y < 0 || x >= columns.length || y >= rows.length || columns[x] < 0 || rows[y] < 0
      ? 0
      : ids[rows[y] * viewport.imageWidth + columns[x]];
  for (let y = 0; y < rows.length; y++) {
    for (let x = 0; x < columns.length; x++) {
      const id = idAt(x, y);
      if (!id) continue;
      const isRim =
        idAt(x - 1, y) !== id || idAt(x + 1, y) !== id || idAt(x, y - 1) !== id || idAt(x, y + 1) !== id;
      // Light dashes on dark ones can be seen over every picture and every class.
      if (isRim) words[y * columns.length + x] = ((x + y) >> 3) & 1 ? LIGHT : DARK;
    }
  }
  const before = document.createElement("canvas");
  before.width = columns.length;
  before.height = rows.length;
  /** @type {CanvasRenderingContext2D} */ (before.getContext("2d")).putImageData(pixels, 0, 0);
  context.drawImage(before, 0, 0);
  context.save();
  context.font = `600 ${FONT_PX * viewport.pixelRatio}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 3 * viewport.pixelRatio;
  context.lineJoin = "round";
  context.strokeStyle = "#000";
  context.fillStyle = "#fff";
  places.forEach((place, position) => {
    const { x, y } = viewport.toScreen(place.x + 0.5, place.y + 0.5);
    context.strokeText(String(position + 1), x, y);
    context.fillText(String(position + 1), x, y);
  });
  context.restore();
}
