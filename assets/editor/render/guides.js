/** Thin lines that help to aim: superpixel borders and, far zoomed in, the pixel grid. */

/**
 * @typedef {import("../../shared/viewport.js").Viewport} Viewport
 * @typedef {import("./mask_view.js").Lookup} Lookup
 * @typedef {import("../raster/rect.js").Rect} Rect
 */

const SEGMENT_LINE = 0x8cffffff;
const RIM_LIGHT = 0xffffffff;
const RIM_DARK = 0xff000000;
const STRIPE = 0xb3ffffff;
const GRID_LINE = "rgba(128, 128, 128, 0.35)";

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
 * A previewed change: a dashed line around it, stripes where a class becomes background.
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
  const height = rect.y1 - rect.y0;
  const changed = smoothed(
    changedPixels(before, after, width, rect, { columns, rows }),
    span,
    height,
    thickness,
  );
  const pixels = context.createImageData(span, height);
  const words = new Uint32Array(pixels.data.buffer);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < span; x++) {
      const at = y * span + x;
      if (!changed[at]) continue;
      const isRim =
        x < thickness ||
        y < thickness ||
        x >= span - thickness ||
        y >= height - thickness ||
        !changed[at - thickness] ||
        !changed[at + thickness] ||
        !changed[at - thickness * span] ||
        !changed[at + thickness * span];
      const phase = x + rect.x0 + y + rect.y0;
      if (isRim) words[at] = Math.floor(phase / (3 * thickness)) % 2 ? RIM_DARK : RIM_LIGHT;
      else if (phase % (5 * thickness) < thickness && isRemoved(x + rect.x0, y + rect.y0)) words[at] = STRIPE;
    }
  }
  context.putImageData(pixels, rect.x0, rect.y0);

  /**
   * @param {number} x
   * @param {number} y
   */
  function isRemoved(x, y) {
    return after[rows[y] * width + columns[x]] === 0;
  }
}

/**
 * 1 for each screen pixel of the rectangle whose class changes.
 * @param {Uint8Array} before
 * @param {Uint8Array} after
 * @param {number} width
 * @param {Rect} rect
 * @param {Lookup} lookup
 */
function changedPixels(before, after, width, { x0, y0, x1, y1 }, { columns, rows }) {
  const changed = new Uint8Array((x1 - x0) * (y1 - y0));
  for (let y = y0, at = 0; y < y1; y++) {
    for (let x = x0; x < x1; x++, at++) {
      if (rows[y] < 0 || columns[x] < 0) continue;
      const pixel = rows[y] * width + columns[x];
      if (before[pixel] !== after[pixel]) changed[at] = 1;
    }
  }
  return changed;
}

/**
 * Remove specks: an outline around each single pixel would hide the change.
 * @param {Uint8Array} flags
 * @param {number} width
 * @param {number} height
 * @param {number} step  pixels between the nine that vote
 */
function smoothed(flags, width, height, step) {
  const out = new Uint8Array(flags.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let votes = 0;
      for (let dy = -step; dy <= step; dy += step) {
        for (let dx = -step; dx <= step; dx += step) {
          const isInside = x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height;
          if (isInside && flags[(y + dy) * width + x + dx]) votes++;
        }
      }
      if (votes >= 5) out[y * width + x] = 1;
    }
  }
  return out;
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
