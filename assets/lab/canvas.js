/** Canvases and their contexts. */

/** @param {number} width @param {number} height @returns {HTMLCanvasElement} */
export function newCanvas(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

/** @param {HTMLCanvasElement} canvas @returns {CanvasRenderingContext2D} */
export function contextOf(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("The browser cannot draw on a canvas. Use another browser.");
  return context;
}
