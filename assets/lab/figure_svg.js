/**
 * The views on the page as one SVG: picture and maps are embedded images, text, legends, outlines and tile borders
 * stay text and paths that can be restyled for a paper. It needs no other file.
 */
import { svg } from "../shared/chart.js";
import { contextOf, newCanvas } from "./canvas.js";
import { addBorders, addLevel } from "./contours.js";
import { TRUTH_COLOUR, layerOf, opacityOf, tileBorders } from "./draw.js";
import { FAMILY, cssOf, layoutOf } from "./figure_layout.js";

/**
 * @import { Figure, Legend, Place, Text } from "./figure_layout.js"
 * @import { Style, View } from "./view.js"
 */

const PICTURE_PX = 1000; // longest side of the picture in the file
const OUTLINE_GRID_PX = 400;
const ASCENT = 0.93; // of the font size: from the top of a line to its base

/** @param {Figure} figure @returns {Blob} */
export function figureSvg(figure) {
  const layout = layoutOf(figure);
  const { image, width, height, style } = figure;
  const root = svg(
    "svg",
    {
      viewBox: `0 0 ${layout.width} ${layout.height}`,
      width: layout.width,
      height: layout.height,
      "font-family": FAMILY,
      fill: "#111",
    },
    svg("rect", { width: layout.width, height: layout.height, fill: "#fff" }),
    svg(
      "defs",
      {},
      svg("image", { id: "picture", width, height, href: pictureUrl(image, width, height) }),
      ...layout.legends.map(gradient),
    ),
    textNode("title", {}, figure.title),
    textNode("desc", {}, figure.lines.join("\n")),
    ...layout.legends.map(({ x, y, width: length, height: thickness }, number) =>
      svg("rect", { x, y, width: length, height: thickness, fill: `url(#legend${number})` }),
    ),
    ...layout.places.map((place) => pane(place, width, height, style)),
    ...layout.texts.map(label),
  );
  return new Blob([new XMLSerializer().serializeToString(root)], { type: "image/svg+xml" });
}

/** @param {"text"|"title"|"desc"} tag @param {Record<string, string|number>} attributes @param {string} text */
function textNode(tag, attributes, text) {
  const node = svg(tag, attributes);
  node.textContent = text;
  return node;
}

/** @param {Text} text */
const label = ({ x, y, text, px, weight, anchor }) =>
  textNode(
    "text",
    {
      x,
      y: short(y + ASCENT * px),
      "font-size": px,
      "font-weight": weight,
      "text-anchor": anchor ?? "start",
    },
    text,
  );

/** @param {Legend} legend @param {number} number */
function gradient({ words }, number) {
  const stops = [...words].map((word, i) =>
    svg("stop", {
      offset: i / (words.length - 1),
      "stop-color": cssOf(word | 0xff000000),
      "stop-opacity": ((word >>> 24) / 255).toFixed(3),
    }),
  );
  return svg("linearGradient", { id: `legend${number}` }, ...stops);
}

/** @param {Place} place @param {number} width of the picture @param {number} height @param {Style} style */
function pane({ view, x, y, width: shown, height: tall }, width, height, style) {
  const line = width / shown;
  // A picture that is wider than its place would exceed it by part of a pixel.
  const group = svg("svg", {
    x,
    y,
    width: shown,
    height: tall,
    viewBox: `0 0 ${width} ${height}`,
    preserveAspectRatio: "none",
  });
  group.append(
    textNode("title", {}, `${view.title}. ${view.tip}`),
    svg("use", { href: "#picture", opacity: style.layers.picture }),
  );
  const layer = layerOf(view, style, width, height);
  if (layer)
    group.append(
      svg("image", {
        width,
        height,
        preserveAspectRatio: "none",
        opacity: opacityOf(view, style),
        href: layer.toDataURL("image/png"),
        ...(view.labels || view.kinds ? { style: "image-rendering:pixelated" } : {}),
      }),
    );
  group.append(...outlines(view, width, height, style, line), ...tiles(view, width, height, line));
  return group;
}

/**
 * The outline of the reference mask, and that of the view.
 * @param {View} view @param {number} width @param {number} height @param {Style} style
 * @param {number} line a pixel of the figure in pixels of the picture
 */
function outlines(view, width, height, style, line) {
  const { layers, maskSize, truth } = style;
  const strokes = (
    /** @type {PathText} */ path,
    /** @type {number} */ factor,
    /** @type {string} */ colour,
    /** @type {number} */ opacity,
  ) =>
    [
      { stroke: "#000", thickness: 3, opacity: 0.6 * opacity },
      { stroke: colour, thickness: 1.4, opacity },
    ].map(({ thickness, ...colours }) =>
      svg("path", {
        d: String(path),
        fill: "none",
        "stroke-width": ((thickness * line) / factor).toFixed(3),
        transform: `scale(${factor})`,
        ...colours,
      }),
    );
  const ofMask = (
    /** @type {Uint8Array} */ mask,
    /** @type {string} */ colour,
    /** @type {number} */ opacity,
  ) =>
    strokes(
      addBorders(new PathText(), mask, maskSize.width, maskSize.height),
      width / maskSize.width,
      colour,
      opacity,
    );
  const nodes = truth && layers.truth > 0 && !view.bare ? ofMask(truth, TRUTH_COLOUR, layers.truth) : [];
  if (layers.outline === 0 || view.kinds || view.bare) return nodes;
  if (view.labels) nodes.push(...ofMask(view.labels, "#fff", layers.outline));
  else if (view.outlined) {
    const level = view.level ?? style.threshold;
    const path = addLevel(new PathText(), view.outlined, level, width, height, OUTLINE_GRID_PX);
    nodes.push(...strokes(path, 1, "#fff", layers.outline));
  }
  return nodes;
}

/** @param {View} view @param {number} width @param {number} height @param {number} line */
function tiles(view, width, height, line) {
  if (!view.tileShare) return [];
  const { xs, ys } = tileBorders(view.tileShare, width, height);
  return [
    svg("path", {
      d: [...xs.map((at) => `M${at} 0V${height}`), ...ys.map((at) => `M0 ${at}H${width}`)].join(""),
      fill: "none",
      stroke: "#fff",
      "stroke-width": (view.gutters ? 8 : 1.4) * line,
      "stroke-dasharray": view.gutters ? "none" : `${5 * line} ${4 * line}`,
    }),
  ];
}

/** The picture as a data URL. @param {ImageBitmap} image @param {number} width @param {number} height */
function pictureUrl(image, width, height) {
  const scale = Math.min(1, PICTURE_PX / Math.max(width, height));
  const canvas = newCanvas(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  contextOf(canvas).drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", 0.92);
}

/** A path as text for a `d`. */
class PathText {
  /** @type {string[]} */
  #parts = [];

  /** @param {number} x @param {number} y */
  moveTo(x, y) {
    this.#parts.push(`M${short(x)} ${short(y)}`);
  }

  /** @param {number} x @param {number} y */
  lineTo(x, y) {
    this.#parts.push(`L${short(x)} ${short(y)}`);
  }

  toString() {
    return this.#parts.join("");
  }
}

/** @param {number} value */
const short = (value) => Number(value.toFixed(2));
