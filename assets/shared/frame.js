/**
 * Framed arrays, as `puzzlecam_app/wire.py` sends them: `PZA1`, header length, JSON header, arrays.
 */
import { decodeFloat16 } from "./heatmap.js";

/** @typedef {Float32Array|Uint8Array|Uint16Array|Uint32Array} Values float16 becomes float32 */
/**
 * @template {Values} [Data=Values]
 * @typedef {{dtype: string, shape: number[], data: Data}} NamedArray
 */
/** @typedef {{dtype: string, shape: number[], offset: number}} Described */

const VIEWS = { float32: Float32Array, uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array };

/**
 * The caller knows the types of the header and the arrays; see `puzzlecam_app/routes`.
 * @template Header
 * @template {Partial<Record<string, NamedArray>>} Arrays
 * @param {ArrayBuffer} buffer
 * @returns {{header: Header, arrays: Arrays}}
 * @throws {Error} when the bytes are not a frame
 */
export function readFrame(buffer) {
  const bytes = new Uint8Array(buffer);
  if (String.fromCharCode(...bytes.subarray(0, 4)) !== "PZA1")
    throw new Error("The server did not send arrays.");
  const start = 8 + new DataView(buffer).getUint32(4, true);
  const { arrays: described, ...header } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  const arrays = Object.entries(described).map(([name, one]) => [name, view(buffer, start, one)]);
  return { header: /** @type {any} */ (header), arrays: Object.fromEntries(arrays) };
}

/**
 * @param {ArrayBuffer} buffer
 * @param {number} start of the arrays
 * @param {Described} described
 * @returns {NamedArray}
 */
function view(buffer, start, { dtype, shape, offset }) {
  const count = shape.reduce((product, size) => product * size, 1);
  const data =
    dtype === "float16"
      ? decodeFloat16(new Uint16Array(buffer, start + offset, count))
      : new VIEWS[/** @type {keyof typeof VIEWS} */ (dtype)](buffer, start + offset, count);
  return { dtype, shape, data };
}

/**
 * A frame with one array of bytes, as the server reads it.
 * @param {object} header
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
  return new Blob([start, /** @type {BlobPart} */ (bytes)]);
}
