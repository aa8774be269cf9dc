/** The routes of class lists, as functions. Errors come back as `ApiError` with the server's sentence. */
import { json } from "../shared/api.js";

export { allDatasets, messageOf, thumbnailUrl } from "../shared/api.js";

/** @import { ClassListIn, ClassListOut, ClassWorkOut, TagListIn, TagListOut, TagWorkOut } from "../shared/openapi" */

/** @param {number} datasetId @returns {Promise<ClassListOut>} */
export const classes = (datasetId) => json(`/datasets/${datasetId}/classes`, { cache: "no-store" });

/** @param {number} datasetId @param {ClassListIn} wanted @returns {Promise<ClassListOut>} */
export const store = (datasetId, wanted) =>
  json(`/datasets/${datasetId}/classes`, { method: "PUT", body: wanted });

/** What merging or removing a class would change. @param {number} datasetId @param {number} index @returns {Promise<ClassWorkOut>} */
export const impact = (datasetId, index) =>
  json(`/datasets/${datasetId}/classes/${index}/impact`, { method: "POST" });

/** @param {number} datasetId @param {number} index @param {number} target @returns {Promise<ClassListOut>} */
export const retire = (datasetId, index, target) =>
  json(`/datasets/${datasetId}/classes/${index}/retire`, { body: { target } });

/** @param {number} datasetId @param {number} changeId @returns {Promise<ClassListOut>} */
export const undo = (datasetId, changeId) =>
  json(`/datasets/${datasetId}/classes/changes/${changeId}/undo`, { method: "POST" });

/** What a list of tags would change. @param {number} datasetId @param {TagListIn} list @returns {Promise<TagListOut>} */
export const previewTags = (datasetId, list) => json(`/datasets/${datasetId}/tags/preview`, { body: list });

/** @param {number} datasetId @param {TagListIn} list @returns {Promise<TagWorkOut>} */
export const applyTags = (datasetId, list) => json(`/datasets/${datasetId}/tags`, { body: list });

/** @param {number} datasetId @returns {Promise<TagWorkOut>} */
export const tagWork = (datasetId) => json(`/datasets/${datasetId}/tags/work`, { cache: "no-store" });
