/** Where everything goes in a figure: title, views with their names and numbers, legends, settings in words. */
import { colormap } from "../shared/colours.js";
import { DIVERGING } from "./paint.js";

export const PANE_PX = 480;
const GAP = 24;
const LINE = 26;
const MOST_COLUMNS = 4;
const TITLE_HEIGHT = 42;
const LEGEND_HEIGHT = 46;
const LEGEND_WIDTH = 256;
const FONT = "system-ui, sans-serif";

/**
 * @typedef {{x: number, y: number, text: string, px: number, weight: number, most?: number, anchor?: "end"}} Text `y` of its top
 * @typedef {{x: number, y: number, width: number, height: number, view: import("./pane.js").View}} Place
 * @typedef {{x: number, y: number, width: number, height: number, words: Uint32Array}} Legend
 * @typedef {{width: number, height: number, places: Place[], legends: Legend[], texts: Text[]}} Layout
 */

/** @param {number} px @param {number} weight */
export const font = (px, weight) => `${weight} ${px}px ${FONT}`;
export const FAMILY = FONT;

/**
 * @param {{title: string, views: import("./pane.js").View[], width: number, height: number, style: Object, lines: string[]}} figure
 * @returns {Layout}
 */
export function layoutOf({ title, views: all, width, height, style, lines }) {
  const views = all.filter(({ against }) => !against); // what lies under a divider is there by itself, too
  const context = document.createElement("canvas").getContext("2d");
  const cells = cellsOf(views);
  const columns = Math.max(...cells.map(({ column }) => column)) + 1;
  const rows = cells.at(-1).row + 1;
  const paneHeight = Math.round((PANE_PX * height) / width);
  const total = GAP + columns * (PANE_PX + GAP);
  const texts = [{ x: GAP, y: GAP, text: title, px: 22, weight: 600, most: total - 2 * GAP }];
  const places = views.map((view, number) => {
    const x = GAP + cells[number].column * (PANE_PX + GAP);
    const y = GAP + TITLE_HEIGHT + cells[number].row * (paneHeight + 2 * LINE + GAP);
    texts.push({ x, y: y + paneHeight + 6, text: view.title, px: 17, weight: 600, most: PANE_PX });
    if (view.note)
      texts.push({ x, y: y + paneHeight + 6 + LINE, text: view.note, px: 16, weight: 400, most: PANE_PX });
    return { x, y, width: PANE_PX, height: paneHeight, view };
  });
  let y = GAP + TITLE_HEIGHT + rows * (paneHeight + 2 * LINE + GAP);
  const legends = [];
  const legend = (words, { range = [0, 1] }) => {
    const x = GAP + legends.length * (LEGEND_WIDTH + 2 * GAP);
    legends.push({ x, y, width: LEGEND_WIDTH, height: 14, words });
    const [low, high] = range.map((value) => String(Number(value.toPrecision(3))));
    texts.push(
      { x, y: y + 18, text: low, px: 14, weight: 400 },
      { x: x + LEGEND_WIDTH, y: y + 18, text: high, px: 14, weight: 400, anchor: "end" },
    );
  };
  const heat = views.find(({ map, signed }) => map && !signed);
  const signed = views.find((view) => view.signed);
  if (heat) legend(colormap(style.colormap), heat);
  if (signed) legend(DIVERGING, signed);
  if (legends.length) y += LEGEND_HEIGHT;
  context.font = font(16, 400);
  for (const text of lines.flatMap((line) => wrap(context, line, total - 2 * GAP))) {
    texts.push({ x: GAP, y, text, px: 16, weight: 400 });
    y += 22;
  }
  return { width: total, height: y + GAP, places, legends, texts };
}

/** Rows of views; what has another heading begins a new one. */
function cellsOf(views) {
  let row = 0;
  let column = -1;
  return views.map(({ heading }, number) => {
    column += 1;
    if (number && (column === MOST_COLUMNS || heading !== views[number - 1].heading)) {
      row += 1;
      column = 0;
    }
    return { row, column };
  });
}

/** A colour word as CSS. @param {number} word 0xAABBGGRR */
export const cssOf = (word) =>
  `rgb(${word & 255} ${(word >> 8) & 255} ${(word >> 16) & 255} / ${((word >>> 24) / 255).toFixed(3)})`;

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
