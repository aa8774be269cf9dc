/** How the picture is shown: lighter, with more contrast, one channel alone. Its pixels are never changed. */

/**
 * @typedef {"all"|"red"|"green"|"blue"} Channel
 *
 * @typedef {object} Adjustments
 * @property {number} brightness  1: as it is; 0..3
 * @property {number} contrast    1: as it is; 0..3
 * @property {Channel} channel
 */

/** @type {Readonly<Adjustments>} */
export const AS_IT_IS = { brightness: 1, contrast: 1, channel: "all" };
/** @type {Channel[]} */
export const CHANNELS = ["all", "red", "green", "blue"];
export const MOST = 3;

const SVG = "http://www.w3.org/2000/svg";
/** Names of the filters differ between editors on one page. */
let made = 0;

/** @param {Adjustments} adjustments */
export const isAsItIs = ({ brightness, contrast, channel }) =>
  brightness === 1 && contrast === 1 && channel === "all";

/**
 * The filters that show one channel as grey values.
 * @returns {{element: SVGSVGElement, filterOf: (adjustments: Adjustments) => string}} to be put into the page; the CSS
 *   filter
 */
export function makeFilters() {
  const prefix = `pz-channel-${++made}`;
  const element = document.createElementNS(SVG, "svg");
  element.setAttribute("width", "0");
  element.setAttribute("height", "0");
  element.setAttribute("aria-hidden", "true");
  element.style.position = "absolute";
  CHANNELS.slice(1).forEach((channel, place) => {
    const filter = document.createElementNS(SVG, "filter");
    filter.id = `${prefix}-${channel}`;
    filter.setAttribute("color-interpolation-filters", "sRGB");
    const matrix = document.createElementNS(SVG, "feColorMatrix");
    const row = [0, 1, 2].map((k) => (k === place ? 1 : 0)).join(" ");
    matrix.setAttribute("values", `${row} 0 0 ${row} 0 0 ${row} 0 0 0 0 0 1 0`);
    filter.append(matrix);
    element.append(filter);
  });
  return {
    element,
    filterOf({ brightness, contrast, channel }) {
      const filters = [];
      if (channel !== "all") filters.push(`url(#${prefix}-${channel})`);
      if (brightness !== 1) filters.push(`brightness(${brightness})`);
      if (contrast !== 1) filters.push(`contrast(${contrast})`);
      return filters.join(" ") || "none";
    },
  };
}
