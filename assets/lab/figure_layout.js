/** Where everything goes in a figure: title, views with their names and numbers, legends, settings in words. */
import { colormap } from "../shared/colours.js";
import { contextOf, newCanvas } from "./canvas.js";
import { DIVERGING } from "./paint.js";

/**
 * @import { Style, View } from "./view.js"
 *
 * @typedef {object} Figure
 * @property {string} title
 * @property {View[]} views
 * @property {ImageBitmap} image
 * @property {number} width of the picture
 * @property {number} height
 * @property {Style} style
 * @property {string[]} lines the settings in words
 *
 * @typedef {object} Text
 * @property {number} x
 * @property {number} y of its top
 * @property {string} text
 * @property {number} px font size
 * @property {number} weight
 * @property {number} [most] width
 * @property {"end"} [anchor]
 *
 * @typedef {{x: number, y: number, width: number, height: number, view: View}} Place
 * @typedef {{x: number, y: number, width: number, height: number, words: Uint32Array}} Legend
 * @typedef {{width: number, height: number, places: Place[], legends: Legend[], texts: Text[]}} Layout
 */

export const PANE_PX = 480;
export const FAMILY = "system-ui, sans-serif";
const GAP = 24;
const LINE = 26;
const MOST_COLUMNS = 4;
const TITLE_HEIGHT = 42;
const LEGEND_HEIGHT = 46;
const LEGEND_WIDTH = 256;

/** @param {number} px @param {number} weight */
export const font = (px, weight) => `${weight} ${px}px ${FAMILY}`;

/** @param {Figure} figure @returns {Layout} */
export function layoutOf({ title, views: all, width, height, style, lines }) {
  const views = all.filter(({ against }) => !against); // what lies under a divider is also a view by itself
  const cells = cellsOf(views);
  const columns = Math.max(...cells.map(({ column }) => column)) + 1;
  const rows = Math.max(...cells.map(({ row }) => row)) + 1;
  const paneHeight = Math.round((PANE_PX * height) / width);
  const total = GAP + columns * (PANE_PX + GAP);
  /** @type {Text[]} */
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
  const legends = legendsOf(views, style, y);
  for (const { legend, range } of legends) {
    const [low, high] = range.map((value) => String(Number(value.toPrecision(3))));
    texts.push(
      { x: legend.x, y: y + 18, text: low, px: 14, weight: 400 },
      { x: legend.x + LEGEND_WIDTH, y: y + 18, text: high, px: 14, weight: 400, anchor: "end" },
    );
  }
  if (legends.length) y += LEGEND_HEIGHT;
  for (const text of lines.flatMap((line) => wrapped(line, total - 2 * GAP))) {
    texts.push({ x: GAP, y, text, px: 16, weight: 400 });
    y += 22;
  }
  return { width: total, height: y + GAP, places, legends: legends.map(({ legend }) => legend), texts };
}

/** Rows of views; another heading begins a new row. @param {View[]} views */
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

/**
 * What the colours of the views mean, side by side.
 * @param {View[]} views @param {Style} style @param {number} y
 * @returns {{legend: Legend, range: [number, number]}[]}
 */
function legendsOf(views, style, y) {
  /** @type {[View|undefined, Uint32Array][]} */
  const uses = [
    [views.find(({ map, signed }) => map && !signed), colormap(style.colormap)],
    [views.find(({ signed }) => signed), DIVERGING],
  ];
  return uses
    .filter(([view]) => view)
    .map(([view, words], number) => ({
      legend: { x: GAP + number * (LEGEND_WIDTH + 2 * GAP), y, width: LEGEND_WIDTH, height: 14, words },
      range: view?.range ?? [0, 1],
    }));
}

/** A colour word as CSS. @param {number} word 0xAABBGGRR */
export const cssOf = (word) =>
  `rgb(${word & 255} ${(word >> 8) & 255} ${(word >> 16) & 255} / ${((word >>> 24) / 255).toFixed(3)})`;

/** A text in lines that fit. @param {string} text @param {number} width @returns {string[]} */
function wrapped(text, width) {
  const context = contextOf(newCanvas(1, 1));
  context.font = font(16, 400);
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
