/** The routes of the gallery, as functions. Errors come back as `ApiError`. */
import { json, query } from "../shared/api.js";

export { datasets, messageOf, thumbnailUrl } from "../shared/api.js";

/** @import { BulkIn, BulkOut, GalleryOut, GalleryRowsOut, MarkedOut, SessionOut, SharesOut, SplitOut, TeamOut } from "../shared/openapi" */

/**
 * Ids of pictures.
 * @param {number} datasetId
 * @param {Record<string, string|number|null>} wanted as `/api/datasets/{id}/gallery` names it
 * @returns {Promise<GalleryOut>}
 */
export const ids = (datasetId, wanted) => json(`/datasets/${datasetId}/gallery?${query(wanted)}`);

/** @param {number} datasetId @param {number[]} wanted ids @returns {Promise<GalleryRowsOut>} */
export const rows = (datasetId, wanted) =>
  json(`/datasets/${datasetId}/gallery/rows`, { body: { ids: wanted } });

/** @param {number} datasetId @returns {Promise<BulkOut>} */
export const action = (datasetId) => json(`/datasets/${datasetId}/gallery/actions`, { cache: "no-store" });

/** @param {number} datasetId @param {BulkIn} wanted @returns {Promise<BulkOut>} */
export const start = (datasetId, wanted) => json(`/datasets/${datasetId}/gallery/actions`, { body: wanted });

/** @param {number} datasetId @returns {Promise<BulkOut>} */
export const undo = (datasetId) => json(`/datasets/${datasetId}/gallery/actions/undo`, { method: "POST" });

/** @returns {Promise<SessionOut>} */
export const session = () => json("/session");

/** @param {number} datasetId @param {number[]} ids @param {string|null} split @returns {Promise<SplitOut>} */
export const setSplit = (datasetId, ids, split) =>
  json(`/datasets/${datasetId}/gallery/split`, { body: { ids, split } });

/** @param {number} datasetId @param {number[]} ids @returns {Promise<MarkedOut>} */
export const markGold = (datasetId, ids) => json(`/datasets/${datasetId}/gold`, { body: { ids } });

/** @param {number} datasetId @returns {Promise<TeamOut>} */
export const team = (datasetId) => json(`/datasets/${datasetId}/team`);

/** Give the pictures to a person, also those that are somebody's. @param {number} datasetId @param {number[]} ids @param {string} person @returns {Promise<SharesOut>} */
export const assign = (datasetId, ids, person) =>
  json(`/datasets/${datasetId}/assignments`, { body: { ids, people: [person], is_reassigned: true } });
