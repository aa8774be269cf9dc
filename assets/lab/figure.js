/** The views on the page as one PNG, with legend and settings written in: fit for a paper or an issue. */
import { Viewport } from "../editor/viewport.js";
import { colormap } from "../editor/render/colours.js";
import { drawView } from "./pane.js";
import { DIVERGING } from "./paint.js";

const PANE_PX = 480;
const GAP = 24;
const LINE = 26;
const MOST_COLUMNS = 4;

/**
 * @param {{title: string, views: import("./pane.js").View[], image: ImageBitmap, width: number, height: number,
 *   style: Object, lines: string[]}} options `lines` are the settings in words
 * @returns {Promise<Blob>}
 */
export function figurePng({ title, views, image, width, height, style, lines }) {
  const columns = Math.min(MOST_COLUMNS, views.length);
  const paneHeight = Math.round((PANE_PX * height) / width);
  const rows = Math.ceil(views.length / columns);
  const canvas = document.createElement("canvas");
  canvas.width = GAP + columns * (PANE_PX + GAP);
  const context = canvas.getContext("2d");
  const font = (px, weight = "") => `${weight} ${px}px system-ui, sans-serif`;
  context.font = font(16);
  const wrapped = lines.flatMap((line) => wrap(context, line, canvas.width - 2 * GAP));
  const usesSigned = views.some(({ signed }) => signed);
  const usesHeat = views.some(({ map, signed }) => map && !signed);
  canvas.height = GAP + 34 + rows * (paneHeight + 2 * LINE + GAP) + (usesHeat || usesSigned ? 46 : 0) + wrapped.length * 22 + GAP;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#111";
  context.textBaseline = "top";
  context.font = font(22, "600");
  context.fillText(title, GAP, GAP);
  views.forEach((view, number) => {
    const x = GAP + (number % columns) * (PANE_PX + GAP);
    const y = GAP + 42 + Math.floor(number / columns) * (paneHeight + 2 * LINE + GAP);
    context.drawImage(paneCanvas(view, { image, width, height, style, paneHeight }), x, y);
    context.font = font(17, "600");
    context.fillText(view.title, x, y + paneHeight + 6, PANE_PX);
    context.font = font(16);
    context.fillText(view.note ?? "", x, y + paneHeight + 6 + LINE, PANE_PX);
  });
  let y = GAP + 42 + rows * (paneHeight + 2 * LINE + GAP);
  let x = GAP;
  const legend = (words, low, high) => {
    for (let i = 0; i < 256; i++) {
      const word = words[i];
      context.fillStyle = `rgb(${word & 255} ${(word >> 8) & 255} ${(word >> 16) & 255} / ${(word >>> 24) / 255})`;
      context.fillRect(x + i, y, 1, 14);
    }
    context.fillStyle = "#111";
    context.font = font(14);
    context.fillText(low, x, y + 18);
    context.fillText(high, x + 256 - context.measureText(high).width, y + 18);
    x += 256 + 2 * GAP;
  };
  const range = (view) => (view?.range ?? [0, 1]).map((value) => String(Number(value.toPrecision(3))));
  if (usesHeat) legend(colormap(style.colormap), ...range(views.find(({ map, signed }) => map && !signed)));
  if (usesSigned) legend(DIVERGING, ...range(views.find(({ signed }) => signed)));
  if (usesHeat || usesSigned) y += 46;
  context.font = font(16);
  for (const line of wrapped) {
    context.fillText(line, GAP, y);
    y += 22;
  }
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function paneCanvas(view, { image, width, height, style, paneHeight }) {
  const canvas = document.createElement("canvas");
  canvas.width = PANE_PX;
  canvas.height = paneHeight;
  const viewport = new Viewport(0);
  viewport.setImage(width, height);
  viewport.resize(PANE_PX, paneHeight, 1);
  drawView(canvas.getContext("2d"), view, viewport, image, style);
  return canvas;
}

function wrap(context, text, width) {
  const lines = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line ? `${line} ${word}` : word;
    if (line && context.measureText(longer).width > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

/** Hand a file to the person. @param {Blob} blob @param {string} name */
export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
