/**
 * Maps and masks as pictures that a pane lays over its photograph. Each is made once and kept as long as its map.
 */
import { colouriseHeat, quantiseHeat } from "../shared/heatmap.js";
import { colormap, parseHex, toWord, vocColour } from "../shared/colours.js";
import { borderPath, levelPath } from "./contours.js";
import { mapped } from "./maps.js";

const GRID_PX = 400; // longest side of a map as drawn
export const CHANGE_COLOURS = { 1: [34, 197, 94], 2: [239, 68, 68], 3: [59, 130, 246] };

/** Blue below zero, red above, and the nearer to zero the more of the picture shines through: 256 colours. */
export const DIVERGING = (() => {
  const stops = ["2166ac", "67a9cf", "f7f7f7", "ef8a62", "b2182b"].map(parseHex);
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const position = (i / 255) * (stops.length - 1);
    const low = Math.min(stops.length - 2, Math.floor(position));
    const strength = Math.min(1, (3 * Math.abs(i - 127.5)) / 127.5);
    return toWord(
      stops[low].map((value, c) => Math.round(value + (stops[low + 1][c] - value) * (position - low))),
      strength,
    );
  });
})();

/** @type {WeakMap<Float32Array, Object>} */
const kept = new WeakMap();
const noteOf = (data) => kept.get(data) ?? kept.set(data, {}).get(data);

/**
 * @param {import("./maps.js").Plane} map
 * @param {[number, number]} range values of the lowest and highest colour
 * @param {string} colours name of a colour map, or "diverging"
 * @param {number} width of the picture
 * @param {number} height
 * @returns {HTMLCanvasElement}
 */
export function heatPicture(map, range, colours, width, height) {
  const note = noteOf(map.data);
  const spread = `${range} ${width}`;
  if (note.spread !== spread) {
    const [low, high] = range;
    const scaled = mapped(map, (value) => (value - low) / (high - low || 1));
    Object.assign(note, {
      spread,
      grid: quantiseHeat(scaled, width, height, Math.min(GRID_PX, Math.max(width, height))),
      colours: null,
    });
  }
  if (note.colours !== colours) {
    note.colours = colours;
    note.canvas = canvasOf(note.grid.width, note.grid.height, (words) =>
      colouriseHeat(note.grid.levels, words, colours === "diverging" ? DIVERGING : colormap(colours), 0),
    );
  }
  return note.canvas;
}

/** The outline of a map at a level. @returns {Path2D} */
export function heatOutline(map, level, width, height) {
  const note = noteOf(map.data);
  const key = `${level} ${width}`;
  if (note.outlinedAt !== key)
    Object.assign(note, { outlinedAt: key, outline: levelPath(map, level, width, height, GRID_PX) });
  return note.outline;
}

/**
 * @param {Uint8Array} labels at the picture's size
 * @param {Map<number, string>} colours #rrggbb by class index
 * @returns {HTMLCanvasElement} background is transparent
 */
export function labelPicture(labels, colours, width, height) {
  const note = noteOf(labels);
  note.canvas ??= canvasOf(width, height, (words) => {
    const table = new Uint32Array(256);
    for (let index = 1; index < 256; index++)
      table[index] = toWord(colours.has(index) ? parseHex(colours.get(index)) : vocColour(index), 1);
    for (let i = 0; i < labels.length; i++) words[i] = table[labels[i]];
  });
  return note.canvas;
}

/** @param {Uint8Array} labels @returns {Path2D} */
export function labelOutline(labels, width, height) {
  const note = noteOf(labels);
  note.outline ??= borderPath(labels, width, height);
  return note.outline;
}

/** @param {Uint8Array} kinds see `labels.changes` @returns {HTMLCanvasElement} */
export function changePicture(kinds, width, height) {
  const note = noteOf(kinds);
  note.canvas ??= canvasOf(width, height, (words) => {
    const table = [0, ...[1, 2, 3].map((kind) => toWord(CHANGE_COLOURS[kind], 1))];
    for (let i = 0; i < kinds.length; i++) words[i] = table[kinds[i]];
  });
  return note.canvas;
}

function canvasOf(width, height, fill) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(width, height);
  fill(new Uint32Array(pixels.data.buffer));
  context.putImageData(pixels, 0, 0);
  return canvas;
}
