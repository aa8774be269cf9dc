/**
 * Maps and masks as canvases that a pane lays over its picture. Each is made once and kept as long as its map.
 */
import { colouriseHeat, quantiseHeat } from "../shared/heatmap.js";
import { colormap, parseHex, toWord, vocColour } from "../shared/colours.js";
import { contextOf, newCanvas } from "./canvas.js";
import { addBorders, addLevel } from "./contours.js";
import { mapped } from "./maps.js";

/**
 * @import { ColormapName } from "../shared/colours.js"
 * @import { Plane } from "./maps.js"
 *
 * @typedef {object} Heat a map on the grid that it is drawn at
 * @property {string} spread what the grid depends on
 * @property {{width: number, height: number, levels: Uint16Array}} grid
 * @property {ColormapName|"diverging"|null} colours of the canvas
 * @property {HTMLCanvasElement|null} canvas
 */

const GRID_PX = 400; // longest side of a map as drawn

/** Colour of each kind of change: 1 gained a class, 2 lost it, 3 another class. @type {[number, number, number][]} */
const CHANGE_COLOURS = [
  [34, 197, 94],
  [239, 68, 68],
  [59, 130, 246],
];

/** Blue below zero, red above; the nearer to zero, the more of the picture shines through: 256 colours. */
export const DIVERGING = (() => {
  const stops = ["2166ac", "67a9cf", "f7f7f7", "ef8a62", "b2182b"].map(parseHex);
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const position = (i / 255) * (stops.length - 1);
    const low = Math.min(stops.length - 2, Math.floor(position));
    const strength = Math.min(1, (3 * Math.abs(i - 127.5)) / 127.5);
    const mix = (/** @type {number} */ c) =>
      Math.round(stops[low][c] + (stops[low + 1][c] - stops[low][c]) * (position - low));
    return toWord([mix(0), mix(1), mix(2)], strength);
  });
})();

/** @type {WeakMap<Float32Array, Heat>} */
const heats = new WeakMap();
/** @type {WeakMap<Float32Array, {at: string, path: Path2D}>} */
const levels = new WeakMap();
/** @type {WeakMap<Uint8Array, HTMLCanvasElement>} */
const masks = new WeakMap();
/** @type {WeakMap<Uint8Array, Path2D>} */
const borders = new WeakMap();

/**
 * @param {Plane} map
 * @param {[number, number]} range values of the lowest and highest colour
 * @param {ColormapName|"diverging"} colours
 * @param {number} width of the picture
 * @param {number} height
 * @returns {HTMLCanvasElement}
 */
export function heatPicture(map, range, colours, width, height) {
  const heat = heatOf(map, range, width, height);
  if (!heat.canvas || heat.colours !== colours) {
    heat.colours = colours;
    heat.canvas = canvasOf(heat.grid.width, heat.grid.height, (words) =>
      colouriseHeat(heat.grid.levels, words, colours === "diverging" ? DIVERGING : colormap(colours), 0),
    );
  }
  return heat.canvas;
}

/** @param {Plane} map @param {[number, number]} range @param {number} width @param {number} height @returns {Heat} */
function heatOf(map, [low, high], width, height) {
  const spread = `${low},${high} ${width}`;
  const known = heats.get(map.data);
  if (known?.spread === spread) return known;
  const scaled = mapped(map, (value) => (value - low) / (high - low || 1));
  const grid = quantiseHeat(scaled, width, height, Math.min(GRID_PX, Math.max(width, height)));
  const heat = { spread, grid, colours: null, canvas: null };
  heats.set(map.data, heat);
  return heat;
}

/**
 * The outline of a map at a level.
 * @param {Plane} map @param {number} level @param {number} width @param {number} height @returns {Path2D}
 */
export function heatOutline(map, level, width, height) {
  const at = `${level} ${width}`;
  const known = levels.get(map.data);
  if (known?.at === at) return known.path;
  const path = addLevel(new Path2D(), map, level, width, height, GRID_PX);
  levels.set(map.data, { at, path });
  return path;
}

/**
 * @param {Uint8Array} labels
 * @param {Map<number, string>} colours #rrggbb by class index
 * @param {number} width of the mask
 * @param {number} height
 * @returns {HTMLCanvasElement} background is transparent
 */
export function labelPicture(labels, colours, width, height) {
  return maskPicture(labels, width, height, () => {
    const table = new Uint32Array(256);
    for (let index = 1; index < 256; index++) {
      const colour = colours.get(index);
      table[index] = toWord(colour ? parseHex(colour) : vocColour(index), 1);
    }
    return table;
  });
}

/**
 * @param {Uint8Array} kinds see `changes` in labels.js
 * @param {number} width
 * @param {number} height
 * @returns {HTMLCanvasElement} what did not change is transparent
 */
export const changePicture = (kinds, width, height) =>
  maskPicture(kinds, width, height, () =>
    Uint32Array.from([0, ...CHANGE_COLOURS.map((colour) => toWord(colour, 1))]),
  );

/** The outlines of a mask. @param {Uint8Array} labels @param {number} width @param {number} height @returns {Path2D} */
export function labelOutline(labels, width, height) {
  const known = borders.get(labels);
  if (known) return known;
  const path = addBorders(new Path2D(), labels, width, height);
  borders.set(labels, path);
  return path;
}

/**
 * @param {Uint8Array} values
 * @param {number} width
 * @param {number} height
 * @param {() => Uint32Array} table the colour word of each value
 */
function maskPicture(values, width, height, table) {
  const known = masks.get(values);
  if (known) return known;
  const canvas = canvasOf(width, height, (words) => {
    const colours = table();
    for (let i = 0; i < values.length; i++) words[i] = colours[values[i]];
  });
  masks.set(values, canvas);
  return canvas;
}

/** @param {number} width @param {number} height @param {(words: Uint32Array) => void} fill */
function canvasOf(width, height, fill) {
  const canvas = newCanvas(width, height);
  const context = contextOf(canvas);
  const pixels = context.createImageData(width, height);
  fill(new Uint32Array(pixels.data.buffer));
  context.putImageData(pixels, 0, 0);
  return canvas;
}
