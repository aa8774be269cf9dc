/** Thin lines that help to aim: superpixel borders and, far zoomed in, the pixel grid. */

/**
 * @typedef {import('../viewport.js').Viewport} Viewport
 * @typedef {import('./mask_view.js').Lookup} Lookup
 * @typedef {import('../raster/rect.js').Rect} Rect
 */

const SEGMENT_LINE = 0x8cffffff;
const RIM_LIGHT = 0xffffffff;
const RIM_DARK = 0xff000000;
const STRIPE = 0xb3ffffff;
const GRID_LINE = 'rgba(128, 128, 128, 0.35)';

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Uint16Array|Uint32Array} labels  one a pixel of the image
 * @param {number} width  of the image
 * @param {Lookup} lookup
 */
export function drawSegments(context, labels, width, { columns, rows }) {
  const pixels = context.createImageData(columns.length, rows.length);
  const words = new Uint32Array(pixels.data.buffer);
  for (let y = 0; y + 1 < rows.length; y++) {
    if (rows[y] < 0 || rows[y + 1] < 0) continue;
    const row = rows[y] * width;
    const below = rows[y + 1] * width;
    for (let x = 0; x + 1 < columns.length; x++) {
      if (columns[x] < 0 || columns[x + 1] < 0) continue;
      const label = labels[row + columns[x]];
      if (labels[row + columns[x + 1]] !== label || labels[below + columns[x]] !== label) {
        words[y * columns.length + x] = SEGMENT_LINE;
      }
    }
  }
  context.putImageData(pixels, 0, 0);
}

/**
 * A change that is not yet taken: a dashed line around it, stripes where a class gives way to background.
 * @param {CanvasRenderingContext2D} context
 * @param {Uint8Array} before
 * @param {Uint8Array} after
 * @param {number} width  of the masks
 * @param {Rect} rect     screen pixels to look at
 * @param {Lookup} lookup
 * @param {number} thickness  screen pixels
 */
export function drawChange(context, before, after, width, rect, { columns, rows }, thickness) {
  const span = rect.x1 - rect.x0;
  const pixels = context.createImageData(span, rect.y1 - rect.y0);
  const words = new Uint32Array(pixels.data.buffer);
  const isChanged = (/** @type {number} */ x, /** @type {number} */ y) => {
    const row = rows[y] ?? -1;
    const column = columns[x] ?? -1;
    return row >= 0 && column >= 0 && before[row * width + column] !== after[row * width + column];
  };
  for (let y = rect.y0; y < rect.y1; y++) {
    for (let x = rect.x0; x < rect.x1; x++) {
      if (!isChanged(x, y)) continue;
      const isRim =
        !isChanged(x - thickness, y) ||
        !isChanged(x + thickness, y) ||
        !isChanged(x, y - thickness) ||
        !isChanged(x, y + thickness);
      const at = (y - rect.y0) * span + x - rect.x0;
      const phase = x + y;
      if (isRim) words[at] = Math.floor(phase / (3 * thickness)) % 2 ? RIM_DARK : RIM_LIGHT;
      else if (after[rows[y] * width + columns[x]] === 0 && phase % (5 * thickness) < thickness) {
        words[at] = STRIPE;
      }
    }
  }
  context.putImageData(pixels, rect.x0, rect.y0);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Viewport} viewport
 */
export function drawPixelGrid(context, viewport) {
  const { stageWidth, stageHeight, imageWidth, imageHeight } = viewport;
  const start = viewport.toImage(0, 0);
  const end = viewport.toImage(stageWidth, stageHeight);
  const x0 = Math.max(0, Math.floor(start.x));
  const y0 = Math.max(0, Math.floor(start.y));
  const x1 = Math.min(imageWidth, Math.ceil(end.x));
  const y1 = Math.min(imageHeight, Math.ceil(end.y));
  const from = viewport.toScreen(x0, y0);
  const to = viewport.toScreen(x1, y1);
  context.fillStyle = GRID_LINE;
  for (let x = x0; x <= x1; x++)
    context.fillRect(Math.floor(viewport.toScreen(x, 0).x), from.y, 1, to.y - from.y);
  for (let y = y0; y <= y1; y++)
    context.fillRect(from.x, Math.floor(viewport.toScreen(0, y).y), to.x - from.x, 1);
}
