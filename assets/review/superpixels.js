/** Fetches the superpixels of the current picture when their tool is chosen. */
import * as api from "./api.js";

/** @import { Desk } from "./desk.js" */

/** @param {Desk} desk @param {number|null} count  about how many; null: in proportion to the picture */
export async function loadSuperpixels(desk, count) {
  const { current, editor, statusBar } = desk;
  if (!current) return;
  try {
    const { arrays } = await api.superpixels(current.item.id, count);
    if (desk.current === current && editor.options.superpixels === count)
      editor.setSuperpixels(enlarge(arrays.labels, current.item.width, current.item.height));
  } catch (error) {
    statusBar.say(api.messageOf(error));
  }
}

/**
 * @param {{shape: number[], data: Uint16Array}} labels
 * @param {number} width
 * @param {number} height
 * @returns {Uint16Array} width x height, nearest neighbours
 */
function enlarge({ shape: [rows, columns], data }, width, height) {
  if (rows === height && columns === width) return data;
  const xs = Uint32Array.from({ length: width }, (_, x) => Math.floor(((x + 0.5) * columns) / width));
  const out = new Uint16Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * rows) / height) * columns;
    for (let x = 0; x < width; x++) out[y * width + x] = data[row + xs[x]];
  }
  return out;
}
