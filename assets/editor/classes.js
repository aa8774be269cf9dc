/** The classes of a picture, as the page lists them. */
import { vocColour } from "../shared/colours.js";

/**
 * @typedef {object} ClassInfo
 * @property {number} index     0 background, 1..254 classes, 255 void
 * @property {string} name
 * @property {string} color     "#rrggbb"
 * @property {number} [hotkey]  1..19, from 10 on with Shift; another number: no key; absent: the place among the classes other than background
 */

/**
 * The class a digit key chooses.
 * @param {ClassInfo[]} classes
 * @param {number} digit 1..19, from 10 on with Shift
 * @returns {ClassInfo|undefined}
 */
export function classForDigit(classes, digit) {
  return foreground(classes).find(({ hotkey }, i) => (hotkey ?? i + 1) === digit);
}

/**
 * The class to start a picture with: the current one if the picture has it, else its first.
 * @param {ClassInfo[]} classes
 * @param {number} inUse
 * @returns {number}
 */
export function firstClass(classes, inUse) {
  const named = foreground(classes).map(({ index }) => index);
  return named.includes(inUse) ? inUse : (named[0] ?? 0);
}

/** @param {ClassInfo[]} classes */
const foreground = (classes) => classes.filter(({ index }) => index !== 0);

/**
 * @param {ClassInfo[]} classes
 * @param {number} index
 * @returns {string} the class's colour for CSS; the VOC colour when the list does not name it
 */
export function cssColourOf(classes, index) {
  const found = classes.find((info) => info.index === index);
  return found ? found.color : `rgb(${vocColour(index).join(" ")})`;
}
