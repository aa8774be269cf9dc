/**
 * The views on the page as one SVG: photograph and maps are pictures in it, text, legends, outlines and tile borders
 * stay text and paths, to be restyled for a paper. It needs no other file.
 */
import { borderPath, levelPath } from "./contours.js";
import { TRUTH_COLOUR, layerOf, opacityOf, tileBorders } from "./draw.js";
import { FAMILY, cssOf, layoutOf } from "./figure_layout.js";

const SVG = "http://www.w3.org/2000/svg";
const PHOTOGRAPH_PX = 1000; // longest side in the file
const OUTLINE_GRID_PX = 400;
const ASCENT = 0.93; // of the font size: from the top of a line to its base

/** @param {import("./figure.js").Figure} figure @returns {Blob} */
export function figureSvg(figure) {
  const layout = layoutOf(figure);
  const { image, width, height, style } = figure;
  const root = node("svg", {
    xmlns: SVG,
    viewBox: `0 0 ${layout.width} ${layout.height}`,
    width: layout.width,
    height: layout.height,
    "font-family": FAMILY,
    fill: "#111",
  });
  root.append(node("title", {}, figure.title), node("desc", {}, figure.lines.join("\n")));
  const defs = node(
    "defs",
    {},
    node("image", { id: "photograph", width, height, href: photograph(image, width, height) }),
  );
  layout.legends.forEach(({ words, width: length }, number) => {
    const stops = [...words].map((word, i) =>
      node("stop", {
        offset: i / (words.length - 1),
        "stop-color": cssOf(word | 0xff000000),
        "stop-opacity": ((word >>> 24) / 255).toFixed(3),
      }),
    );
    defs.append(node("linearGradient", { id: `legend${number}` }, ...stops));
    const { x, y, height: thickness } = layout.legends[number];
    root.append(node("rect", { x, y, width: length, height: thickness, fill: `url(#legend${number})` }));
  });
  root.prepend(node("rect", { width: layout.width, height: layout.height, fill: "#fff" }), defs);
  for (const place of layout.places) root.append(pane(place, width, height, style));
  for (const { x, y, text, px, weight, anchor } of layout.texts) {
    root.append(
      node(
        "text",
        {
          x,
          y: Number((y + ASCENT * px).toFixed(2)),
          "font-size": px,
          "font-weight": weight,
          "text-anchor": anchor ?? "start",
        },
        text,
      ),
    );
  }
  return new Blob([new XMLSerializer().serializeToString(root)], { type: "image/svg+xml" });
}

function pane({ view, x, y, width: shown, height: tall }, width, height, style) {
  const scale = shown / width;
  const line = 1 / scale;
  // A picture that is wider than its place would run out of it by a part of a pixel.
  const group = node("svg", {
    x,
    y,
    width: shown,
    height: tall,
    viewBox: `0 0 ${width} ${height}`,
    preserveAspectRatio: "none",
  });
  group.append(
    node("title", {}, `${view.title}. ${view.tip}`),
    node("use", { href: "#photograph", opacity: style.layers.picture }),
  );
  const layer = layerOf(view, style, width, height);
  if (layer)
    group.append(
      node("image", {
        width,
        height,
        preserveAspectRatio: "none",
        opacity: opacityOf(view, style),
        href: layer.toDataURL("image/png"),
        style: view.labels || view.kinds ? "image-rendering:pixelated" : "",
      }),
    );
  const { maskSize, layers } = style;
  const strokes = (path, factor, colour, opacity) => {
    for (const [stroke, thickness] of [
      ["#000", 3],
      [colour, 1.4],
    ]) {
      group.append(
        node("path", {
          d: String(path),
          fill: "none",
          stroke,
          "stroke-width": ((thickness * line) / factor).toFixed(3),
          opacity: stroke === "#000" ? 0.6 * opacity : opacity,
          transform: `scale(${factor})`,
        }),
      );
    }
  };
  const ofMask = (mask, colour, opacity) =>
    strokes(
      borderPath(mask, maskSize.width, maskSize.height, new PathText()),
      width / maskSize.width,
      colour,
      opacity,
    );
  if (style.truth && layers.truth > 0 && !view.bare) ofMask(style.truth, TRUTH_COLOUR, layers.truth);
  if (layers.outline > 0 && !view.kinds && !view.bare) {
    if (view.labels) ofMask(view.labels, "#fff", layers.outline);
    else if (view.outlined)
      strokes(
        levelPath(
          view.outlined,
          view.level ?? style.threshold,
          width,
          height,
          OUTLINE_GRID_PX,
          new PathText(),
        ),
        1,
        "#fff",
        layers.outline,
      );
  }
  if (view.tileShare) {
    const { xs, ys } = tileBorders(view, width, height);
    const d = [...xs.map((at) => `M${at} 0V${height}`), ...ys.map((at) => `M0 ${at}H${width}`)].join("");
    group.append(
      node("path", {
        d,
        fill: "none",
        stroke: "#fff",
        "stroke-width": (view.gutters ? 8 : 1.4) * line,
        "stroke-dasharray": view.gutters ? "none" : `${5 * line} ${4 * line}`,
      }),
    );
  }
  return group;
}

function photograph(image, width, height) {
  const scale = Math.min(1, PHOTOGRAPH_PX / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", 0.92);
}

/** What `Path2D` does, as text for a `d`. */
class PathText {
  constructor() {
    this.parts = [];
  }

  moveTo(x, y) {
    this.parts.push(`M${short(x)} ${short(y)}`);
  }

  lineTo(x, y) {
    this.parts.push(`L${short(x)} ${short(y)}`);
  }

  toString() {
    return this.parts.join("");
  }
}

const short = (value) => Number(value.toFixed(2));

function node(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes))
    if (key !== "xmlns" && value !== "") made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}
