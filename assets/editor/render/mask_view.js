/**
 * The mask as seen on the screen, made straight at the screen's resolution.
 *
 * Each screen pixel looks up the class of the image pixel under its centre. Against a mask-sized RGBA canvas
 * that is scaled by the browser this costs no 4 bytes an image pixel, has no seams between tiles and no
 * copy-on-write of 48 MB when a 12-megapixel canvas is changed after being drawn; and outlines are as thin and
 * as sharp at a quarter of the size as at sixteen times.
 */

/**
 * @typedef {import("../raster/rect.js").Rect} Rect
 * @typedef {import("../../shared/viewport.js").Viewport} Viewport
 *
 * @typedef {object} Lookup  which image column and row lies under each screen column and row; -1: none
 * @property {Int32Array} columns
 * @property {Int32Array} rows
 *
 * @typedef {object} MaskColours  RGBA words by class index
 * @property {Uint32Array} inside
 * @property {Uint32Array} edge
 * @property {number} hatched  class drawn with diagonal stripes, -1: none
 */

/**
 * @param {Viewport} viewport
 * @returns {Lookup}
 */
export function makeLookup(viewport) {
  return {
    columns: axis(viewport.stageWidth, viewport.originX, viewport.scale, viewport.imageWidth),
    rows: axis(viewport.stageHeight, viewport.originY, viewport.scale, viewport.imageHeight),
  };
}

/**
 * @param {number} stageSize
 * @param {number} origin
 * @param {number} scale
 * @param {number} imageSize
 * @returns {Int32Array}
 */
function axis(stageSize, origin, scale, imageSize) {
  const positions = new Int32Array(stageSize);
  for (let p = 0; p < stageSize; p++) {
    const at = Math.floor((p + 0.5 - origin) / scale);
    positions[p] = at >= 0 && at < imageSize ? at : -1;
  }
  return positions;
}

/**
 * The screen rectangle that shows an image rectangle, clipped to the stage; null when it is out of sight.
 * @param {Viewport} viewport
 * @param {Rect} rect image pixels
 * @param {number} margin screen pixels around it that depend on it as well
 * @returns {Rect|null}
 */
export function screenRect(viewport, rect, margin) {
  const a = viewport.toScreen(rect.x0, rect.y0);
  const b = viewport.toScreen(rect.x1, rect.y1);
  const x0 = Math.max(0, Math.floor(a.x) - margin);
  const y0 = Math.max(0, Math.floor(a.y) - margin);
  const x1 = Math.min(viewport.stageWidth, Math.ceil(b.x) + margin);
  const y1 = Math.min(viewport.stageHeight, Math.ceil(b.y) + margin);
  return x0 < x1 && y0 < y1 ? { x0, y0, x1, y1 } : null;
}

const HATCH_PERIOD = 8;

/**
 * Colour a screen rectangle. A pixel is an edge when a pixel of another class lies within `edgeWidth` screen
 * pixels above, below, left or right; the picture's border is no edge.
 * @param {Uint32Array} out  RGBA words of the whole stage, row-major, columns.length wide
 * @param {Rect} rect  screen pixels, inside the stage
 * @param {Uint8Array} mask
 * @param {number} width  of the mask
 * @param {Lookup} lookup
 * @param {MaskColours} colours
 * @param {number} edgeWidth  screen pixels
 */
export function composeMask(out, rect, mask, width, { columns, rows }, colours, edgeWidth) {
  const { inside, edge, hatched } = colours;
  const stageWidth = columns.length;
  const left = neighbours(columns, -edgeWidth);
  const right = neighbours(columns, edgeWidth);
  const above = neighbours(rows, -edgeWidth);
  const below = neighbours(rows, edgeWidth);
  let isRepeatable = false;
  for (let y = rect.y0; y < rect.y1; y++) {
    const start = y * stageWidth;
    if (rows[y] < 0) {
      out.fill(0, start + rect.x0, start + rect.x1);
      isRepeatable = false;
      continue;
    }
    // Zoomed in, most screen rows look like the one above.
    if (isRepeatable && rows[y] === rows[y - 1] && above[y] === above[y - 1] && below[y] === below[y - 1]) {
      out.copyWithin(start + rect.x0, start - stageWidth + rect.x0, start - stageWidth + rect.x1);
      continue;
    }
    isRepeatable = true;
    const row = rows[y] * width;
    const upper = above[y] * width;
    const lower = below[y] * width;
    for (let x = rect.x0; x < rect.x1; x++) {
      const column = columns[x];
      const index = column < 0 ? 0 : mask[row + column];
      if (index === 0) {
        out[start + x] = 0;
      } else if (
        mask[row + left[x]] !== index ||
        mask[row + right[x]] !== index ||
        mask[upper + column] !== index ||
        mask[lower + column] !== index
      ) {
        out[start + x] = edge[index];
      } else if (index === hatched) {
        // Stripes run across rows, so the next row is another.
        isRepeatable = false;
        out[start + x] = (x + y) % HATCH_PERIOD < HATCH_PERIOD / 2 ? 0 : inside[index];
      } else {
        out[start + x] = inside[index];
      }
    }
  }
}

/**
 * For each position the image position `step` screen pixels away, or its own where that is outside the image.
 * @param {Int32Array} positions
 * @param {number} step
 * @returns {Int32Array}
 */
function neighbours(positions, step) {
  return positions.map((own, p) => {
    const other = positions[p + step];
    return other === undefined || other < 0 ? own : other;
  });
}
