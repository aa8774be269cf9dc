/** Colours as RGBA words, the way a little-endian ImageData holds them: 0xAABBGGRR. */

/**
 * @param {string} hex "#rrggbb"
 * @returns {[number, number, number]}
 */
export function parseHex(hex) {
  const value = Number.parseInt(hex.replace("#", ""), 16);
  if (!/^#?[0-9a-f]{6}$/i.test(hex)) throw new RangeError(`"${hex}" is not a colour; write it as #rrggbb.`);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/**
 * @param {[number, number, number]} rgb
 * @param {number} alpha 0..1
 * @returns {number} unsigned 32-bit word
 */
export function toWord([red, green, blue], alpha) {
  return ((Math.round(alpha * 255) << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

const DARKEST_RIM = 96;
const GREYEST_RIM = 64;

/**
 * The colour of the rim of an area: that of its class, but lighter if that is dark or nearly grey. Such areas
 * cannot be told from a dark or grey picture by their own colour.
 * @param {[number, number, number]} rgb
 * @returns {[number, number, number]}
 */
export function rimColour([red, green, blue]) {
  const luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  const chroma = Math.max(red, green, blue) - Math.min(red, green, blue);
  const fromDark = (DARKEST_RIM - luma) / (255 - luma);
  const fromGrey = 0.8 * (1 - chroma / GREYEST_RIM);
  const white = Math.max(0, fromDark, fromGrey);
  const mix = (/** @type {number} */ value) => Math.round(value + (255 - value) * white);
  return [mix(red), mix(green), mix(blue)];
}

/**
 * The PASCAL VOC colour of an index: its bits dealt out to red, green and blue from the top bit down. Used for
 * indices that the class list does not name, so that nothing in a mask is ever invisible.
 * @param {number} index 0..255
 * @returns {[number, number, number]}
 */
export function vocColour(index) {
  const rgb = [0, 0, 0];
  for (let bit = 7, rest = index; rest > 0; bit--, rest >>= 3) {
    for (let channel = 0; channel < 3; channel++) rgb[channel] |= ((rest >> channel) & 1) << bit;
  }
  return [rgb[0], rgb[1], rgb[2]];
}

/** 33 evenly spaced stops a map; linear between them stays within 3 of 255 of the 256-colour originals. */
const STOPS = {
  // viridis by Nathaniel Smith, Stefan van der Walt and Eric Firing, CC0.
  viridis: `440154 470d60 48186a 482374 472d7b 453781 424086 3e4989 3b528b 375b8d 33638d 2f6b8e 2c728e 297a8e
    26828e 23898e 21918c 1f978b 1f9f88 21a685 27ad81 31b57b 3dbc74 4cc26c 5cc863 6ece58 81d34d 95d840 aadc32
    c0df25 d5e21a eae51a fde725`,
  // turbo by Anton Mikhailov, Google, Apache-2.0.
  turbo: `30123b 392a73 4040a2 4456c7 466be3 4680f6 4294ff 37a8fa 28bceb 1ccdd8 18ddc2 1fe9af 32f298 4ef97d
    6dfe62 8bff4b a4fc3c b7f735 cbed34 dde037 ecd13a f7c13a fdae35 fe992c fb8122 f56918 ec530f e14109 d23105
    c12302 ac1701 950d01 7a0403`,
  grey: "000000 ffffff",
};

/** @typedef {keyof typeof STOPS} ColormapName */

/** @type {ColormapName[]} */
export const COLORMAP_NAMES = /** @type {ColormapName[]} */ (Object.keys(STOPS));

/** @type {Map<string, Uint32Array>} */
const colormaps = new Map();

/**
 * 256 opaque colours from low to high.
 * @param {ColormapName} name
 * @returns {Uint32Array}
 */
export function colormap(name) {
  const known = colormaps.get(name);
  if (known) return known;
  if (!(name in STOPS)) {
    throw new RangeError(`There is no colour map "${name}"; choose one of ${COLORMAP_NAMES.join(", ")}.`);
  }
  const stops = STOPS[name].split(/\s+/).map(parseHex);
  const words = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    const position = (i / 255) * (stops.length - 1);
    const low = Math.min(stops.length - 2, Math.floor(position));
    const mix = (/** @type {number} */ c) =>
      Math.round(stops[low][c] + (stops[low + 1][c] - stops[low][c]) * (position - low));
    words[i] = toWord([mix(0), mix(1), mix(2)], 1);
  }
  colormaps.set(name, words);
  return words;
}
