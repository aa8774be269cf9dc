/** Previews of masks, and how many pixels differ between two masks. */
import { element } from "../shared/dom.js";

/** @param {Uint8Array} a @param {Uint8Array} b @returns {number} pixels that differ */
export function countDifferences(a, b) {
  let count = 0;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) count++;
  return count;
}

/**
 * A small picture with a mask on top.
 * @param {object} picture
 * @param {ImageBitmap} picture.image
 * @param {number} picture.width
 * @param {number} picture.height
 * @param {Map<number, string>} picture.colors class index -> "#rrggbb"
 * @param {Uint8Array} mask
 * @param {number} previewWidth
 * @returns {HTMLCanvasElement}
 */
export function maskPreview({ image, width, height, colors }, mask, previewWidth) {
  const scale = previewWidth / width;
  const canvas = element("canvas", { width: previewWidth, height: Math.max(1, Math.round(height * scale)) });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const shown = context.getImageData(0, 0, canvas.width, canvas.height);
  const rgb = new Map(
    [...colors].map(([index, hex]) => [index, [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16))]),
  );
  for (let y = 0; y < canvas.height; y++) {
    const row = Math.min(height - 1, Math.floor((y + 0.5) / scale)) * width;
    for (let x = 0; x < canvas.width; x++) {
      const index = mask[row + Math.min(width - 1, Math.floor((x + 0.5) / scale))];
      if (index === 0) continue;
      const color = rgb.get(index) ?? [224, 224, 192];
      const at = 4 * (y * canvas.width + x);
      for (let c = 0; c < 3; c++) shown.data[at + c] = (shown.data[at + c] + color[c]) >> 1;
    }
  }
  context.putImageData(shown, 0, 0);
  return canvas;
}
