/** Bytes in the zlib format, which is what `Content-Encoding: deflate` means. */

/** @param {Uint8Array} bytes @returns {Promise<Uint8Array>} zlib format */
export const deflate = (bytes) => through(bytes, new CompressionStream("deflate"));

/** @param {Uint8Array} bytes zlib format @returns {Promise<Uint8Array>} */
export const inflate = (bytes) => through(bytes, new DecompressionStream("deflate"));

/** @type {WeakMap<Uint8Array, Promise<Uint8Array>>} */
const deflated = new WeakMap();

/** @param {Uint8Array} bytes that nobody changes any more @returns {Promise<Uint8Array>} zlib format */
export function deflatedOnce(bytes) {
  const known = deflated.get(bytes) ?? deflate(bytes);
  deflated.set(bytes, known);
  return known;
}

/** @param {Uint8Array} bytes @param {CompressionStream|DecompressionStream} stream */
async function through(bytes, stream) {
  const changed = new Blob([/** @type {BlobPart} */ (bytes)]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(changed).arrayBuffer());
}
