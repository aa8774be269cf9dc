/** IoU as people read it: never more certain than the number of pictures allows. */
import { count } from "../shared/dom.js";

/** @typedef {{iou: number, pictures: number, low: number|null, high: number|null}} Iou */

const FEWEST = 10;

/** @param {number} iou in [0, 1] */
export const iouText = (iou) => iou.toFixed(2);

/** @param {Pick<Iou, "iou"|"pictures">} found @returns {string} e.g. "0.81", "0.81 (3 pictures: too few to tell)" */
export const iouWords = ({ iou, pictures }) =>
  pictures < FEWEST
    ? `${iouText(iou)} (${count(pictures, "picture")}: too few to tell)`
    : `${iouText(iou)} (${count(pictures, "picture")})`;

/** @param {Pick<Iou, "low"|"high">} found */
export const interval = ({ low, high }) =>
  low === null || high === null ? "" : `${iouText(low)} to ${iouText(high)}`;
