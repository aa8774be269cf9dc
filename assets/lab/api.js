/** The lab's own routes, as functions. Errors come back as `ApiError` with the server's sentence. */
import { ApiError } from "../shared/api.js";
import { readFrame } from "../shared/frame.js";

export { ApiError };
export { datasets, image, items, thumbnailUrl } from "../shared/api.js";

/**
 * @param {string} path below /api
 * @param {{body?: any, signal?: AbortSignal, cache?: RequestCache}} [options] with a `body`, which is sent as JSON, it is a POST
 * @returns {Promise<Response>}
 */
async function request(path, { body, signal, cache = "no-store" } = {}) {
  let response;
  try {
    response = await fetch(`/api${path}`, {
      method: body === undefined ? "GET" : "POST",
      credentials: "same-origin",
      cache,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, {
      message: "The studio does not answer",
      remedy: "Check that it is still running",
    });
  }
  if (response.ok) return response;
  let problem;
  try {
    problem = await response.json();
  } catch {
    problem = { message: `The studio answered with status ${response.status}` };
  }
  throw new ApiError(response.status, problem);
}

const frame = async (path, options) => readFrame(await (await request(path, options)).arrayBuffer());

export const item = async (id) => (await request(`/items/${id}`)).json();
// `model` is a key that `models` offers.
// The browser keeps the arrays, and only asks whether they are still those.
export const look = (id, model, signal) =>
  frame(`/items/${id}/lab?model=${model}`, { signal, cache: "no-cache" });
export const first = (id, model, signal) => frame(`/items/${id}/lab/first?model=${model}`, { signal });
export const puzzle = (id, model, tiles, signal) =>
  frame(`/items/${id}/lab/puzzle?model=${model}&tiles=${tiles}`, { signal });
export const mask = (id, model, settings, signal) =>
  frame(`/items/${id}/lab/mask?model=${model}`, { body: settings, signal });
export const arrays = async (id, model, tiles, settings) =>
  (await request(`/items/${id}/lab/arrays?model=${model}&tiles=${tiles}`, { body: settings })).blob();
export const models = async (id) => (await request(`/items/${id}/lab/models`)).json();
export const side = (id, model, signal) => frame(`/items/${id}/lab/side?model=${model}`, { signal });
export const lookAhead = (id, model, tiles) =>
  request(`/items/${id}/lab/ahead?model=${model}${tiles ? `&tiles=${tiles}` : ""}`, { body: {} });
export const scale = async (datasetId, model) =>
  (await request(`/datasets/${datasetId}/lab/scale?model=${model}`)).json();
export const measureScale = (datasetId, model) =>
  request(`/datasets/${datasetId}/lab/scale?model=${model}`, { body: {} });

const query = (parameters) =>
  new URLSearchParams(
    Object.entries(parameters).filter(([, value]) => value !== "" && value !== null),
  ).toString();
const json = async (path, options) => (await request(path, options)).json();

export const startSurvey = (datasetId, source) =>
  request(`/datasets/${datasetId}/lab/survey?source=${source}`, { body: {} });
export const survey = (datasetId, source) => json(`/datasets/${datasetId}/lab/survey?source=${source}`);
export const sources = (datasetId) => json(`/datasets/${datasetId}/lab/sources`);
export const classPage = (datasetId, index, source) =>
  json(`/datasets/${datasetId}/lab/classes/${index}?source=${source}`);
export const startComparison = (datasetId, first, second) =>
  request(`/datasets/${datasetId}/lab/compare?${query({ first, second })}`, { body: {} });
export const comparison = (datasetId, parameters) =>
  json(`/datasets/${datasetId}/lab/compare?${query(parameters)}`);
export const drawFigures = (runId, wanted) => request(`/runs/${runId}/figures`, { body: wanted });
export const figures = (runId) => json(`/runs/${runId}/figures`);
export const figureUrl = (runId, name, suffix, version) =>
  `/api/runs/${runId}/figures/${name}.${suffix}?v=${version}`;
export const surveyRows = (datasetId, parameters) =>
  json(`/datasets/${datasetId}/lab/rows?${query(parameters)}`);
export const surveyPoints = (datasetId, parameters) =>
  json(`/datasets/${datasetId}/lab/points?${query(parameters)}`);
