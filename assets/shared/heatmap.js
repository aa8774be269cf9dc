/**
 * Class activation maps in the browser: decoding, exact resampling, and the small grid that is shown while a
 * slider is dragged. Values are 0..1 where the map was divided by its maximum.
 */

/**
 * @typedef {object} Heatmap
 * @property {number} height
 * @property {number} width
 * @property {Float32Array} data  row-major, length height * width
 * @property {number} [classIndex]
 */

/** Steps between 0 and 1 in a value grid: fine enough that a threshold slider has no visible jumps. */
export const HEAT_LEVELS = 1024;

/** What the last bit of the fraction is worth. */
const SCALE_OF_EXPONENT = Float64Array.from(
  { length: 32 },
  (_, exponent) => 2 ** (Math.max(1, exponent) - 25),
);

/**
 * Decode IEEE 754 binary16, as `numpy.float16` writes it (little-endian).
 * @param {Uint16Array} bits
 * @returns {Float32Array}
 */
export function decodeFloat16(bits) {
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const exponent = (bits[i] >> 10) & 31;
    const fraction = bits[i] & 1023;
    const scale = bits[i] & 0x8000 ? -SCALE_OF_EXPONENT[exponent] : SCALE_OF_EXPONENT[exponent];
    if (exponent === 31) values[i] = fraction ? NaN : scale * Infinity;
    else values[i] = scale * (exponent ? 1024 + fraction : fraction);
  }
  return values;
}

/**
 * The value at an image position, bilinear between half-pixel centres.
 * @param {Heatmap} heat
 * @param {number} u  position from left to right edge, 0..1
 * @param {number} v  position from top to bottom edge, 0..1
 * @returns {number}
 */
export function sampleHeat({ data, width, height }, u, v) {
  const column = locate(u * width - 0.5, width);
  const row = locate(v * height - 0.5, height);
  const upper =
    data[row.low * width + column.low] * (1 - column.weight) +
    data[row.low * width + column.high] * column.weight;
  const lower =
    data[row.high * width + column.low] * (1 - column.weight) +
    data[row.high * width + column.high] * column.weight;
  return upper * (1 - row.weight) + lower * row.weight;
}

/**
 * Hand over a map resized to width x height, one row at a time. The same sampling as
 * `cv2.resize(..., interpolation=cv2.INTER_LINEAR)` on float32: half-pixel centres, edges repeated, rows of
 * float32 between the horizontal and the vertical pass.
 * @param {Heatmap} heat
 * @param {number} width
 * @param {number} height
 * @param {(y: number, row: Float32Array) => void} visit  the row is reused between calls
 */
export function forEachHeatRow(heat, width, height, visit) {
  const low = new Int32Array(width);
  const high = new Int32Array(width);
  const weight = new Float32Array(width);
  for (let x = 0; x < width; x++) {
    const at = locate(((x + 0.5) * heat.width) / width - 0.5, heat.width);
    low[x] = at.low;
    high[x] = at.high;
    weight[x] = at.weight;
  }
  const stretch = (/** @type {number} */ row, /** @type {Float32Array} */ out) => {
    const source = heat.data.subarray(row * heat.width, (row + 1) * heat.width);
    for (let x = 0; x < width; x++) {
      const value = source[low[x]];
      out[x] = value + (source[high[x]] - value) * weight[x];
    }
  };

  // Neighbouring output rows lie between the same two source rows; each is stretched only once.
  let upper = { row: -1, values: new Float32Array(width) };
  let lower = { row: -1, values: new Float32Array(width) };
  const out = new Float32Array(width);
  for (let y = 0; y < height; y++) {
    const at = locate(((y + 0.5) * heat.height) / height - 0.5, heat.height);
    if (upper.row !== at.low && lower.row === at.low) [upper, lower] = [lower, upper];
    if (upper.row !== at.low) stretch((upper.row = at.low), upper.values);
    if (lower.row !== at.high) stretch((lower.row = at.high), lower.values);
    blend(upper.values, lower.values, at.weight, out);
    visit(y, out);
  }
}

/**
 * @param {Float32Array} a
 * @param {Float32Array} b
 * @param {number} weight of b
 * @param {Float32Array} out
 */
function blend(a, b, weight, out) {
  for (let x = 0; x < out.length; x++) out[x] = a[x] + (b[x] - a[x]) * weight;
}

/**
 * The two samples around a position on a grid, edges repeated.
 * @param {number} position
 * @param {number} size
 * @returns {{low: number, high: number, weight: number}}
 */
function locate(position, size) {
  const clamped = Math.min(size - 1, Math.max(0, position));
  const low = Math.floor(clamped);
  return { low, high: Math.min(size - 1, low + 1), weight: clamped - low };
}

/**
 * The map on a grid with the image's proportions, quantised to 0..HEAT_LEVELS-1: made once for a map, so that every
 * move of a slider is a table look-up. NaN counts as 0.
 * @param {Heatmap} heat
 * @param {number} imageWidth
 * @param {number} imageHeight
 * @param {number} longestSide
 * @returns {{width: number, height: number, levels: Uint16Array}}
 */
export function quantiseHeat(heat, imageWidth, imageHeight, longestSide) {
  const scale = longestSide / Math.max(imageWidth, imageHeight);
  const width = Math.max(1, Math.round(imageWidth * scale));
  const height = Math.max(1, Math.round(imageHeight * scale));
  const levels = new Uint16Array(width * height);
  const top = HEAT_LEVELS - 1;
  forEachHeatRow(heat, width, height, (y, row) => {
    for (let x = 0; x < width; x++) {
      const value = row[x] * top;
      levels[y * width + x] = value > 0 ? Math.min(top, value) : 0;
    }
  });
  return { width, height, levels };
}

/**
 * Colour a quantised map: transparent below the threshold, the colour map above it.
 * @param {Uint16Array} levels  0..HEAT_LEVELS-1
 * @param {Uint32Array} out     RGBA as little-endian words, same length
 * @param {Uint32Array} colormap  256 opaque colours
 * @param {number} threshold  0..1
 */
export function colouriseHeat(levels, out, colormap, threshold) {
  const table = new Uint32Array(HEAT_LEVELS);
  for (let level = Math.max(0, Math.ceil(threshold * (HEAT_LEVELS - 1))); level < HEAT_LEVELS; level++) {
    table[level] = colormap[Math.round((level * 255) / (HEAT_LEVELS - 1))];
  }
  for (let i = 0; i < levels.length; i++) out[i] = table[levels[i]];
}
