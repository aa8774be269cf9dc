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
