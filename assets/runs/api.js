/** The app's own routes for runs, as functions. Errors come back as `ApiError` with the server's sentence. */
import { ApiError } from "../shared/api.js";

export { ApiError };

/**
 * @param {string} path below /api
 * @param {{method?: string, body?: any}} [options] `body` is sent as JSON
 * @returns {Promise<any>} null where the answer is empty
 */
export async function call(path, { method = "GET", body } = {}) {
  let response;
  try {
    response = await fetch(`/api${path}`, {
      method,
      credentials: "same-origin",
      cache: "no-store",
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, {
      message: "The studio does not answer",
      remedy: "Check that it is still running",
    });
  }
  const text = await response.text();
  let answer = null;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    answer = { message: `The studio answered with status ${response.status}` };
  }
  if (!response.ok) throw new ApiError(response.status, answer ?? {});
  return answer;
}

const post = (path, body = {}) => call(path, { method: "POST", body });

export const runs = () => call("/runs");
export const offers = () => call("/runs/offers");
export const run = (id) => call(`/runs/${id}`);
export const curves = (id, after) => call(`/runs/${id}/curves?after=${after}`);
export const log = (id) => call(`/runs/${id}/log`);
export const storage = () => call("/runs/storage");
export const form = () => call("/runs/form/settings");
export const datasets = () => call("/datasets");
export const supervision = (datasetId, split, useAccepted) =>
  call(
    `/runs/form/supervision?${new URLSearchParams({ dataset_id: datasetId, split, use_accepted: useAccepted })}`,
  );
export const estimate = (wanted) => post("/runs/form/estimate", wanted);
export const start = (wanted) => post("/runs", wanted);
export const stop = (id) => post(`/runs/${id}/stop`);
export const resume = (id) => post(`/runs/${id}/resume`);
export const rename = (id, name) => post(`/runs/${id}/name`, { name });
export const remove = (id) => call(`/runs/${id}`, { method: "DELETE" });
export const reorder = (ids) => post("/runs/reorder", { runs: ids });
export const prune = (wanted) => post("/runs/prune", wanted);
export const compare = (ids) => call(`/runs/compare/side-by-side?${ids.map((id) => `ids=${id}`).join("&")}`);
export const pictures = (id) => call(`/runs/${id}/pictures`);
export const askPreview = (id, overRejected) =>
  post(`/runs/${id}/publish/preview`, { over_rejected: overRejected });
export const preview = (id) => call(`/runs/${id}/publish/preview`);
export const publish = (id, overRejected) => post(`/runs/${id}/publish`, { over_rejected: overRejected });
export const publication = (id) => call(`/runs/${id}/publish`);
export const unpublish = (id) => post(`/runs/${id}/unpublish`);

export const frameUrl = (id, epoch, number) => `/api/runs/${id}/film/${epoch}/${number}`;
export const pictureUrl = (id, itemId, output) => `/api/runs/${id}/pictures/${itemId}/${output}`;
export const proposalUrl = (itemId) => `/api/items/${itemId}/thumbnail`;
