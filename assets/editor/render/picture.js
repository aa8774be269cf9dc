/**
 * A picture and what comes with it.
 *
 * @typedef {ImageBitmap|HTMLImageElement} Picture  drawn at the mask's size, whatever its own
 *
 * @typedef {object} Item
 * @property {number} id        comes back in `stroke` events
 * @property {number} width     of the mask, in pixels, upright
 * @property {number} height
 * @property {Picture} image    stays the caller's
 * @property {Uint8Array|null} [mask]  copied; null: all background
 * @property {import("../classes.js").ClassInfo[]} classes
 * @property {number} [activeClass]    absent: the class in use if the picture has it, else its first
 */

/**
 * Wait until a picture can be drawn without delay.
 * @param {Picture} picture
 * @throws {Error} when the browser cannot read it
 */
export async function decodePicture(picture) {
  if (!(picture instanceof HTMLImageElement)) return;
  try {
    await picture.decode();
  } catch (cause) {
    throw new Error("The browser cannot decode this picture; check that the file opens elsewhere.", {
      cause,
    });
  }
}

/**
 * The colours of a part of a picture.
 * @param {Picture} picture
 * @param {{width: number, height: number}} size  that the picture is drawn at
 * @param {import("../raster/rect.js").Rect} rect  in pixels of that size
 * @param {number} width  of the answer
 * @param {number} height
 * @returns {ImageData|null} null when the browser gives no canvas
 */
export function readPixels(picture, size, rect, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return null;
  const across = picture.width / size.width;
  const down = picture.height / size.height;
  context.imageSmoothingQuality = "medium";
  context.drawImage(
    picture,
    rect.x0 * across,
    rect.y0 * down,
    (rect.x1 - rect.x0) * across,
    (rect.y1 - rect.y0) * down,
    0,
    0,
    width,
    height,
  );
  return context.getImageData(0, 0, width, height);
}
