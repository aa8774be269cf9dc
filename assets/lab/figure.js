/** The views on the page as one PNG that includes legend and settings, for a paper or an issue. */
import { Viewport } from "../shared/viewport.js";
import { contextOf, newCanvas } from "./canvas.js";
import { drawView } from "./draw.js";
import { PANE_PX, cssOf, font, layoutOf } from "./figure_layout.js";

/** @import { Figure, Place } from "./figure_layout.js" */

/** @param {Figure} figure @returns {Promise<Blob>} */
export function figurePng(figure) {
  const layout = layoutOf(figure);
  const canvas = newCanvas(layout.width, layout.height);
  const context = contextOf(canvas);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  for (const place of layout.places) context.drawImage(paneCanvas(place, figure), place.x, place.y);
  for (const { x, y, width, height, words } of layout.legends) {
    words.forEach((word, i) => {
      context.fillStyle = cssOf(word);
      context.fillRect(x + (i * width) / words.length, y, width / words.length, height);
    });
  }
  context.fillStyle = "#111";
  context.textBaseline = "top";
  for (const { x, y, text, px, weight, most, anchor } of layout.texts) {
    context.font = font(px, weight);
    context.textAlign = anchor ?? "start";
    context.fillText(text, x, y, most);
  }
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob) resolve(blob);
      else reject(new Error("The figure is too large for the browser. Export it as SVG."));
    }, "image/png");
  });
}

/** @param {Place} place @param {Figure} figure */
function paneCanvas({ view, height: paneHeight }, { image, width, height, style }) {
  const canvas = newCanvas(PANE_PX, paneHeight);
  const viewport = new Viewport(0);
  viewport.setImage(width, height);
  viewport.resize(PANE_PX, paneHeight, 1);
  drawView(contextOf(canvas), view, viewport, image, style);
  return canvas;
}

/** Hand a file to the person. @param {Blob} blob @param {string} name */
export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
