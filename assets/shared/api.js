/**
 * The app's own routes, as functions. Errors come back as `ApiError` with the sentence the server wrote.
 */
import { readFrame, writeFrame } from "./frame.js";

const FRAMED = "application/x-puzzlecam-frame";

export class ApiError extends Error {
  /**
   * @param {number} status HTTP status; 0 when the server was not reached
   * @param {{message?: string, where?: string|null, remedy?: string|null, current?: Object}} problem
   */
  constructor(status, problem) {
    const sentence = [
      problem.where ? `${problem.where}: ` : "",
      problem.message ?? "The server refused.",
    ].join("");
    super(
      problem.remedy ? `${sentence.replace(/\.?$/, ".")} ${problem.remedy.replace(/\.?$/, ".")}` : sentence,
    );
    this.status = status;
    this.problem = problem;
  }

  /** Whether trying again later can help. */
  get isTransient() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/**
 * @param {string} url
 * @param {RequestInit} [options]
 * @returns {Promise<Response>}
 */
async function request(url, options) {
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, {
      message: "The studio does not answer",
      remedy: "Check that it is still running",
    });
  }
  if (response.ok) return response;
  let problem = {};
  try {
    problem = await response.json();
  } catch {
    problem = { message: `The studio answered with status ${response.status}` };
  }
  throw new ApiError(response.status, problem);
}

const json = async (url, options) => (await request(url, options)).json();

/** @param {Uint8Array} bytes @returns {Promise<Uint8Array>} zlib format */
export async function deflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** @type {WeakMap<Uint8Array, Promise<Uint8Array>>} */
const deflated = new WeakMap();

/** @param {Uint8Array} bytes that nobody changes any more @returns {Promise<Uint8Array>} zlib format */
function deflatedOnce(bytes) {
  if (!deflated.has(bytes)) deflated.set(bytes, deflate(bytes));
  return deflated.get(bytes);
}

/** @param {Uint8Array} bytes zlib format @returns {Promise<Uint8Array>} */
export async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** @param {Response} response @returns {number} revision id; 0 when the item has none */
const revisionOf = (response) => Number((response.headers.get("ETag") ?? "").replace(/\D/g, ""));

export const datasets = () => json("/api/datasets");
export const health = () => json("/api/health");
export const progress = (datasetId) => json(`/api/datasets/${datasetId}/progress`);
export const item = (id) => json(`/api/items/${id}`);
export const history = (id) => json(`/api/items/${id}/revisions`);
export const imageUrl = (id) => `/api/items/${id}/image`;
export const thumbnailUrl = (id, revision) => `/api/items/${id}/thumbnail?revision=${revision ?? 0}`;

/** @param {string} name */
export const setAnnotator = (name) =>
  json("/api/session", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ annotator: name }),
  });
export const session = () => json("/api/session");

/** @param {number} datasetId @param {Object<string, string|number|null>} query */
export function items(datasetId, query) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") parameters.set(name, String(value));
  }
  return json(`/api/datasets/${datasetId}/items?${parameters}`);
}

/** @param {number} id @returns {Promise<ImageBitmap>} */
export async function image(id) {
  const blob = await (await request(imageUrl(id))).blob();
  return createImageBitmap(blob, { colorSpaceConversion: "none" });
}

/**
 * @param {number} id
 * @param {number} [revision] the latest when omitted
 * @returns {Promise<{mask: Uint8Array, revision: number}>}
 */
export async function mask(id, revision) {
  const suffix = revision === undefined ? "" : `?revision=${revision}`;
  const response = await request(`/api/items/${id}/mask${suffix}`, { cache: "no-store" });
  return { mask: new Uint8Array(await response.arrayBuffer()), revision: revisionOf(response) };
}

/**
 * @param {number} id
 * @param {Uint8Array} deflated zlib format
 * @param {number} revision the one the mask was painted on
 * @param {number} seconds spent since the last save
 * @param {Object[]} [steps] of the Smart tool since then
 */
export const putMask = (id, deflated, revision, seconds, steps = []) =>
  json(`/api/items/${id}/mask?seconds_spent=${seconds.toFixed(1)}`, {
    method: "PUT",
    headers: {
      ...(steps.length
        ? { "Content-Type": FRAMED }
        : { "Content-Type": "application/octet-stream", "Content-Encoding": "deflate" }),
      "If-Match": `"${revision}"`,
    },
    body: steps.length ? writeFrame({ steps }, "mask", deflated) : deflated,
  });

/**
 * Ask for a refined mask.
 * @param {number} id
 * @param {Object} wish as `/api/items/{id}/refine` describes it
 * @param {Uint8Array} mask must not be changed any more
 * @param {AbortSignal} signal
 */
export async function refine(id, wish, mask, signal) {
  const body = writeFrame(wish, "mask", await deflatedOnce(mask));
  const options = { method: "POST", headers: { "Content-Type": FRAMED }, body, signal };
  return readFrame(await (await request(`/api/items/${id}/refine`, options)).arrayBuffer());
}

/** Have a picture made ready for the Smart tool. @param {number} id */
export const prepareSmart = (id) => request(`/api/items/${id}/refine/prepare`, { method: "POST" });

/** @param {number} id @param {"accept"|"reject"|"skip"|"revert"} action @param {number} revision @param {number} seconds */
export const decide = (id, action, revision, seconds) =>
  json(`/api/items/${id}/decision`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "If-Match": `"${revision}"` },
    body: JSON.stringify({ action, seconds_spent: Number(seconds.toFixed(1)) }),
  });

/** @param {number} id */
export async function cams(id) {
  return readFrame(await (await request(`/api/items/${id}/cams`)).arrayBuffer());
}

/** @param {number} id */
export async function superpixels(id) {
  return readFrame(await (await request(`/api/items/${id}/superpixels`)).arrayBuffer());
}

/** Ask the server to compute the maps of pictures that come next. @param {number[]} ids */
export const prefetch = (ids) =>
  request("/api/items/prefetch", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ items: ids }),
  });
