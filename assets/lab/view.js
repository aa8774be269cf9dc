/** What a pane shows, and how every pane is drawn. */

/**
 * @import { ColormapName } from "../shared/colours.js"
 * @import { LayerOpacities } from "./layers.js"
 * @import { Plane } from "./maps.js"
 */
/**
 * One of several buttons.
 * @template Value
 * @typedef {{value: Value, text: string, title: string}} Choice
 */
/**
 * @typedef {object} View
 * @property {string} key the same key keeps its place and its pane
 * @property {string} title
 * @property {string} tip what it is and where it comes from
 * @property {string} [note] e.g. its IoU
 * @property {string} [noteTip]
 * @property {string} [heading] above it, over the whole width
 * @property {string} [step] a small line above it, blank to keep its place
 * @property {Plane} [map]
 * @property {[number, number]} [range] of the colours
 * @property {boolean} [signed] diverging colours
 * @property {Plane} [outlined] the map whose outline at the threshold is drawn
 * @property {number} [level] where it is outlined instead
 * @property {Uint8Array} [labels] a mask
 * @property {Uint8Array} [kinds] of change, see `changes` in labels.js
 * @property {[number, number]} [tileShare] height and width of tiles as shares of the picture
 * @property {boolean} [gutters] whether tiles are drawn apart
 * @property {boolean} [bare] only the picture, without outlines
 * @property {number} [rowOf] an even number of views that stand in one row, or in two where there is no room
 * @property {View} [against] another view that a divider slides over this one
 * @property {[string, string]} [sides] what is left and right of the divider
 *
 * @typedef {object} Style
 * @property {LayerOpacities} layers
 * @property {ColormapName} colormap
 * @property {number} threshold where a map is outlined
 * @property {Map<number, string>} colours #rrggbb by class index
 * @property {{width: number, height: number}} maskSize of masks: the picture's unless that is very large
 * @property {Uint8Array|null} truth the reference mask
 */

/** The picture alone. @param {string} tip @returns {View} */
export const bareView = (tip) => ({ key: "picture", title: "Picture", tip, bare: true });

/** Whether two views are drawn alike. @param {View|null} a @param {View} b */
export function looksAlike(a, b) {
  if (!a || a.against || b.against) return false;
  return (
    a.signed === b.signed &&
    a.level === b.level &&
    a.labels === b.labels &&
    a.kinds === b.kinds &&
    a.gutters === b.gutters &&
    a.bare === b.bare &&
    a.map?.data === b.map?.data &&
    a.outlined?.data === b.outlined?.data &&
    `${a.range}` === `${b.range}` &&
    `${a.tileShare}` === `${b.tileShare}`
  );
}
