/**
 * Framed arrays, as `puzzlecam_app/wire.py` sends them: `PZA1`, header length, JSON header, arrays.
 */
import { decodeFloat16 } from "./heatmap.js";

/** @typedef {{dtype: string, shape: number[], data: Float32Array|Uint8Array|Uint16Array|Uint32Array}} NamedArray */

const VIEWS = { float32: Float32Array, uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array };

/**
 * @param {ArrayBuffer} buffer
 * @returns {{header: Object, arrays: Object<string, NamedArray>}}
 * @throws {Error} when the bytes are not a frame
 */
export function readFrame(buffer) {
  const bytes = new Uint8Array(buffer);
  if (String.fromCharCode(...bytes.subarray(0, 4)) !== "PZA1")
    throw new Error("The server sent something else than arrays.");
  const start = 8 + new DataView(buffer).getUint32(4, true);
  const { arrays: described, ...header } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  const arrays = {};
  for (const [name, { dtype, shape, offset }] of Object.entries(described)) {
    const count = shape.reduce((product, size) => product * size, 1);
    const data =
      dtype === "float16"
        ? decodeFloat16(new Uint16Array(buffer, start + offset, count))
        : new VIEWS[dtype](buffer, start + offset, count);
    arrays[name] = { dtype, shape, data };
  }
  return { header, arrays };
}

/**
 * A frame with one array of bytes, as the server reads it.
 * @param {Object} header
 * @param {string} name
 * @param {Uint8Array} bytes
 * @returns {Blob}
 */
export function writeFrame(header, name, bytes) {
  const described = { ...header, arrays: { [name]: { dtype: "uint8", shape: [bytes.length], offset: 0 } } };
  const text = new TextEncoder().encode(JSON.stringify(described));
  const padding = (8 - (text.length % 8)) % 8;
  const start = new Uint8Array(8 + text.length + padding).fill(0x20);
  start.set([0x50, 0x5a, 0x41, 0x31]); // PZA1
  new DataView(start.buffer).setUint32(4, text.length + padding, true);
  start.set(text, 8);
  return new Blob([start, bytes]);
}

/**
 * @param {{shape: number[], data: Uint16Array}} labels
 * @returns {Uint16Array} width x height, nearest neighbours
 */
export function enlarge({ shape: [rows, columns], data }, width, height) {
  if (rows === height && columns === width) return data;
  const xs = Uint32Array.from({ length: width }, (_, x) => Math.floor(((x + 0.5) * columns) / width));
  const out = new Uint16Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * rows) / height) * columns;
    for (let x = 0; x < width; x++) out[y * width + x] = data[row + xs[x]];
  }
  return out;
}
