/** The app's own routes for runs, as functions. Errors come back as `ApiError` with the server's sentence. */
import * as shared from "../shared/api.js";

export { ApiError, messageOf } from "../shared/api.js";

/**
 * @import {
 *   CurvesOut, DatasetsOut, EstimateJob, FormOut, LogOut, NameOut, OffersOut, PictureReference, PreviewJob,
 *   PruneIn, PrunedOut, PublicationJob, RunBrief, RunComparisonOut, RunIn, RunOut, RunsOut, SizesOut, StatusOut,
 *   StoppedOut, SupervisionOut
 * } from "../shared/openapi"
 */

/** @param {string} path @returns {Promise<any>} */
const get = (path) => shared.json(path, { cache: "no-store" });

/** @param {string} path @param {object} [body] @returns {Promise<any>} */
const post = (path, body = {}) => shared.json(path, { body, cache: "no-store" });

/** @returns {Promise<RunsOut>} */
export const runs = () => get("/runs");
/** @returns {Promise<OffersOut>} */
export const offers = () => get("/runs/offers");
/** @param {number} id @returns {Promise<RunOut>} */
export const run = (id) => get(`/runs/${id}`);
/** @param {number} id @param {number} after `last` of an earlier answer @returns {Promise<CurvesOut>} */
export const curves = (id, after) => get(`/runs/${id}/curves?after=${after}`);
/** @param {number} id @returns {string} address of a CSV file with every step */
export const curvesUrl = (id) => shared.apiUrl(`/runs/${id}/curves.csv`);
/** @param {number} id @returns {Promise<LogOut>} */
export const log = (id) => get(`/runs/${id}/log`);
/** @returns {Promise<SizesOut>} */
export const storage = () => get("/runs/storage");
/** @returns {Promise<FormOut>} */
export const form = () => get("/runs/form/settings");
/** @returns {Promise<DatasetsOut>} */
export const datasets = () => get("/datasets");
/** @param {string} datasetId @param {string} split @param {boolean} useAccepted @returns {Promise<SupervisionOut>} */
export const supervision = (datasetId, split, useAccepted) =>
  get(`/runs/form/supervision?${shared.query({ dataset_id: datasetId, split, use_accepted: useAccepted })}`);
/** @param {RunIn} wanted @returns {Promise<EstimateJob>} */
export const estimate = (wanted) => post("/runs/form/estimate", wanted);
/** @param {RunIn} wanted @returns {Promise<RunBrief>} */
export const start = (wanted) => post("/runs", wanted);
/** @param {number} id @returns {Promise<StoppedOut>} */
export const stop = (id) => post(`/runs/${id}/stop`);
/** @param {number} id @returns {Promise<StatusOut>} */
export const resume = (id) => post(`/runs/${id}/resume`);
/** @param {number} id @param {string} name @returns {Promise<NameOut>} */
export const rename = (id, name) => post(`/runs/${id}/name`, { name });
/** @param {number} id */
export const remove = (id) => shared.request(`/runs/${id}`, { method: "DELETE" });
/** @param {number[]} ids queued runs in the order wished */
export const reorder = (ids) => post("/runs/reorder", { runs: ids });
/** @param {PruneIn} wanted @returns {Promise<PrunedOut>} */
export const prune = (wanted) => post("/runs/prune", wanted);
/** @param {number[]} ids @returns {Promise<RunComparisonOut>} */
export const compare = (ids) => get(`/runs/compare/side-by-side?${ids.map((id) => `ids=${id}`).join("&")}`);
/** @param {number} id @param {boolean} overRejected @returns {Promise<PreviewJob>} */
export const askPreview = (id, overRejected) =>
  post(`/runs/${id}/publish/preview`, { over_rejected: overRejected });
/** @param {number} id @returns {Promise<PreviewJob>} */
export const preview = (id) => get(`/runs/${id}/publish/preview`);
/** @param {number} id @param {boolean} overRejected @returns {Promise<PublicationJob>} */
export const publish = (id, overRejected) => post(`/runs/${id}/publish`, { over_rejected: overRejected });
/** @param {number} id @returns {Promise<PublicationJob>} */
export const publication = (id) => get(`/runs/${id}/publish`);
/** @param {number} id @returns {Promise<PublicationJob>} */
export const unpublish = (id) => post(`/runs/${id}/unpublish`);

/** @param {number} id @param {number} epoch @param {number} number place of the picture in the frame */
export const frameUrl = (id, epoch, number) => shared.apiUrl(`/runs/${id}/film/${epoch}/${number}`);
/** @param {number} id @param {number} itemId @param {string} output */
export const pictureUrl = (id, itemId, output) => shared.apiUrl(`/runs/${id}/pictures/${itemId}/${output}`);
/** @param {number} itemId */
export const proposalUrl = (itemId) => shared.apiUrl(`/items/${itemId}/thumbnail`);
