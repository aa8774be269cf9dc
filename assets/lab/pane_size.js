/** How large panes are: as many as possible beside each other, in the picture's proportions. */

const LEAST_WIDTH = 165;
const MOST_WIDTH = 460;
const GAP = 12;
const AREA = 44_000; // CSS pixels of a view among many: all mask steps fit on a screen

/** @typedef {{width: number, height: number}} Size in CSS pixels */

/**
 * Panes in a grid.
 * @param {number} count of views
 * @param {number} rowOf views that must stay in one or two rows; 0 for any number
 * @param {number} room width of the grid
 * @param {number} ratio height of the picture over its width
 * @returns {Size & {columns: number}}
 */
export function gridSize(count, rowOf, room, ratio) {
  const columns = columnsOf(count, rowOf, room, ratio);
  const width = Math.min(MOST_WIDTH, Math.floor((room - GAP * (columns - 1)) / columns) - 2);
  return { width, height: width * Math.min(1.5, Math.max(0.5, ratio)), columns };
}

/** @param {number} count @param {number} rowOf @param {number} room @param {number} ratio @returns {number} */
function columnsOf(count, rowOf, room, ratio) {
  if (rowOf) return room >= rowOf * (LEAST_WIDTH + GAP) ? rowOf : rowOf / 2;
  if (count <= 4) return Math.min(count, room > 840 ? 4 : room > 420 ? 2 : 1);
  const wanted = Math.max(LEAST_WIDTH, Math.min(320, Math.sqrt(AREA / ratio)));
  return Math.max(1, Math.round((room + GAP) / (wanted + GAP)));
}

/**
 * A pane alone.
 * @param {number} room width
 * @param {number} heightRoom
 * @param {number} ratio height of the picture over its width
 * @returns {Size}
 */
export function enlargedSize(room, heightRoom, ratio) {
  const width = Math.min(room - 2, heightRoom / Math.min(ratio, 1.2));
  return { width, height: Math.min(heightRoom, width * ratio) };
}
