/**
 * How pages ask the studio's own routes, and what several of them ask. Errors come back as `ApiError` with the
 * sentence that the server wrote.
 */
import { address } from "./place.js";

/**
 * @import { DatasetsOut, ItemOut, ItemsOut, Problem } from "./openapi"
 *
 * @typedef {object} Options
 * @property {string} [method]  GET without a body, else POST
 * @property {unknown} [body]   bytes or a Blob as they are, anything else as JSON
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 * @property {RequestCache} [cache]
 */

export class ApiError extends Error {
  /**
   * @param {number} status HTTP status; 0 when the server was not reached
   * @param {Partial<Problem>} problem
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

/** @param {string} path below /api @returns {string} for elements that load it themselves */
export const apiUrl = (path) => address(`/api${path}`);

/** @param {unknown} error what was caught @returns {string} the sentence to show */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/**
 * @param {string} path below /api
 * @param {Options} [options]
 * @returns {Promise<Response>}
 * @throws {ApiError} when the server refuses or is not reached
 * @throws {DOMException} "AbortError" when the signal was given
 */
export async function request(path, { method, body, headers, signal, cache } = {}) {
  const isRaw = body === undefined || body instanceof Blob || ArrayBuffer.isView(body);
  let response;
  try {
    response = await fetch(apiUrl(path), {
      method: method ?? (body === undefined ? "GET" : "POST"),
      credentials: "same-origin",
      headers: isRaw ? headers : { "Content-Type": "application/json", ...headers },
      body: isRaw ? /** @type {BodyInit|undefined} */ (body) : JSON.stringify(body),
      signal,
      cache,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, {
      message: "The studio does not answer",
      remedy: "Check that it is still running",
    });
  }
  if (response.ok) return response;
  /** @type {Partial<Problem>} */
  let problem;
  try {
    problem = await response.json();
  } catch {
    problem = { message: `The studio answered with status ${response.status}` };
  }
  throw new ApiError(response.status, problem);
}

/**
 * @param {string} path below /api
 * @param {Options} [options]
 * @returns {Promise<any>} the answer; null where it is empty
 */
export const json = async (path, options) => (await request(path, options)).json();

/**
 * @param {Record<string, string|number|boolean|null|undefined>} parameters
 * @returns {string} for an address, without those that are empty
 */
export function query(parameters) {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") given.set(name, String(value));
  }
  return given.toString();
}

/** @returns {Promise<DatasetsOut>} */
export const datasets = () => json("/datasets");

/** Archived ones too. @returns {Promise<DatasetsOut>} */
export const allDatasets = () => json("/datasets?archived=true", { cache: "no-store" });

/** @param {number} id @returns {Promise<ItemOut>} */
export const item = (id) => json(`/items/${id}`);

/**
 * A page of a dataset's queue.
 * @param {number} datasetId
 * @param {Record<string, string|number|null>} wanted as `/api/datasets/{id}/items` names it
 * @returns {Promise<ItemsOut>}
 */
export const items = (datasetId, wanted) => json(`/datasets/${datasetId}/items?${query(wanted)}`);

/** @param {number} id @returns {Promise<ImageBitmap>} */
export async function image(id) {
  const blob = await (await request(`/items/${id}/image`)).blob();
  return createImageBitmap(blob, { colorSpaceConversion: "none" });
}

/** @param {number} id @param {number|null} [revision] so that the browser asks again after a change */
export const thumbnailUrl = (id, revision) => apiUrl(`/items/${id}/thumbnail?revision=${revision ?? 0}`);
