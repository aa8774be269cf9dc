/** The routes that only the Review page asks, as functions. Errors come back as `ApiError`. */
import { json, query, request } from "../shared/api.js";
import { readFrame, writeFrame } from "../shared/frame.js";
import { deflatedOnce } from "./deflate.js";

export { ApiError, datasets, image, item, items, messageOf, thumbnailUrl } from "../shared/api.js";

/**
 * @import {
 *   CamsHeader, CommentIn, CommentOut, ConfirmIn, DecisionIn, GalleryOut, Health, HistoryEntry, ItemState, LiveOut, LooksOut, MaskHintsOut, ObjectsHeader, PlaceOut, Preferences, PrefetchIn, ProgressOut, RefinedHeader, RefineIn,
 *   RevisionOut, Session, SessionOut, SharesOut, Step, StepsIn, SuggestedTagsOut, SuperpixelsHeader, TagIn, TagsOut, VerdictIn
 * } from "../shared/openapi"
 * @import { NamedArray } from "../shared/frame.js"
 *
 * @typedef {ItemState & {revision: RevisionOut}} Stored
 * @typedef {DecisionIn["action"]} Decision
 * @typedef {NamedArray<Float32Array>} Planes  class x height x width, 0..1
 * @typedef {{header: CamsHeader, arrays: Record<"cams"|"whole"|"tiled", Planes>}} HeatMaps
 * @typedef {{header: SuperpixelsHeader, arrays: {labels: NamedArray<Uint16Array>}}} Superpixels
 * @typedef {{header: ObjectsHeader, arrays: {ids: NamedArray<Uint16Array>}}} ObjectsAnswer
 * @typedef {{header: RefinedHeader, arrays: {pixels: NamedArray<Uint8Array>}}} RefinedMask
 */

const FRAMED = { "Content-Type": "application/x-puzzlecam-frame" };
const DEFLATED = { "Content-Type": "application/octet-stream", "Content-Encoding": "deflate" };

/** @returns {Promise<Health>} */
export const health = () => json("/health");

/** @returns {Promise<SessionOut>} */
export const session = () => json("/session");

/** @param {string} annotator @returns {Promise<Session>} */
export const setAnnotator = (annotator) => json("/session", { body: { annotator } });

/** How this person has set the pages. @returns {Promise<Preferences>} */
export const preferences = () => json("/preferences");

/** @param {Preferences} wanted */
export const setPreferences = (wanted) => request("/preferences", { method: "PUT", body: wanted });

/** @param {number} id @param {boolean} isMarked */
export const setBookmark = (id, isMarked) =>
  request(`/items/${id}/bookmark`, { method: isMarked ? "PUT" : "DELETE" });

/** What a mask of this picture is compared with. @param {number} id @returns {Promise<MaskHintsOut>} */
export const maskHints = (id) => json(`/items/${id}/mask-hints`);

/** Remember that what hints point out is right. @param {number} id @param {ConfirmIn["hints"]} hints */
export const confirmHints = (id, hints) => request(`/items/${id}/mask-hints`, { body: { hints } });

/** Ids alone of the pictures that filters keep. @param {number} datasetId @param {Record<string, string|number|null>} wanted @returns {Promise<GalleryOut>} */
export const itemIds = (datasetId, wanted) => json(`/datasets/${datasetId}/gallery?${query(wanted)}`);

/** @param {number} datasetId @returns {Promise<ProgressOut>} */
export const progress = (datasetId) => json(`/datasets/${datasetId}/progress`);

/** Take pictures that are nobody's. @param {number} datasetId @param {number} count @returns {Promise<SharesOut>} */
export const takePictures = (datasetId, count) =>
  json(`/datasets/${datasetId}/assignments/take`, { body: { count } });

/** @param {number} id @returns {Promise<LooksOut>} */
export const secondLooks = (id) => json(`/items/${id}/second-look`);

/** @param {number} id @param {VerdictIn["verdict"]} verdict @param {number} revision @returns {Promise<ItemState>} */
export const sayVerdict = (id, verdict, revision) =>
  json(`/items/${id}/second-look`, { headers: { "If-Match": `"${revision}"` }, body: { verdict } });

/** @param {number} id @param {CommentIn} comment @returns {Promise<CommentOut>} */
export const addComment = (id, comment) => json(`/items/${id}/comments`, { body: comment });

/** @param {number} id @param {number} commentId @returns {Promise<CommentOut>} */
export const resolveComment = (id, commentId) =>
  json(`/items/${id}/comments/${commentId}/resolve`, { method: "POST" });

/** What the live model of a dataset has learned. @param {number} datasetId @returns {Promise<LiveOut>} */
export const live = (datasetId) => json(`/datasets/${datasetId}/live`);

/**
 * @param {number} datasetId
 * @param {"pause"|"resume"|"reset"|"ignore"|"unignore"} command
 * @param {number} [itemId] the picture to ignore, or to learn from again
 * @returns {Promise<LiveOut>}
 */
export const tellLive = (datasetId, command, itemId) =>
  json(`/datasets/${datasetId}/live/${command}`, {
    method: "POST",
    body: itemId === undefined ? undefined : { item_id: itemId },
  });

/** @param {number} id @returns {Promise<HistoryEntry[]>} oldest first */
export const history = (id) => json(`/items/${id}/revisions`);

/**
 * @param {number} id
 * @param {number} [revision] the latest when omitted
 * @returns {Promise<{mask: Uint8Array, revision: number, isProposal: boolean, isPending: boolean}>} revision 0
 *   when the picture has none; whether nobody has worked on it; whether a newer proposal is being made
 */
export async function mask(id, revision) {
  const suffix = revision === undefined ? "" : `?revision=${revision}`;
  const response = await request(`/items/${id}/mask${suffix}`, { cache: "no-store" });
  const tag = response.headers.get("ETag") ?? "";
  return {
    mask: new Uint8Array(await response.arrayBuffer()),
    revision: Number(tag.replace(/\D/g, "")),
    isProposal: response.headers.get("X-Mask-Action") === "proposed",
    isPending: response.headers.get("X-Renewal") === "pending",
  };
}

/**
 * @param {number} id
 * @param {Uint8Array} deflated zlib format
 * @param {number} revision the one the mask was painted on
 * @param {{seconds?: number, strokes?: number, steps?: Step[]}} [effort] time, changes by hand and steps of the Smart
 *   tool since the last save
 * @returns {Promise<Stored>}
 */
export function putMask(id, deflated, revision, { seconds = 0, strokes = 0, steps = [] } = {}) {
  /** @type {StepsIn} */
  const header = { steps };
  return json(`/items/${id}/mask?seconds_spent=${seconds.toFixed(1)}&strokes=${strokes}`, {
    method: "PUT",
    headers: { ...(steps.length ? FRAMED : DEFLATED), "If-Match": `"${revision}"` },
    body: steps.length ? writeFrame(header, "mask", deflated) : deflated,
  });
}

/**
 * Ask for a refined mask.
 * @param {number} id
 * @param {RefineIn} header
 * @param {Uint8Array} mask must not be changed any more
 * @param {AbortSignal} signal
 * @returns {Promise<RefinedMask>}
 */
export async function refine(id, header, mask, signal) {
  const body = writeFrame(header, "mask", await deflatedOnce(mask));
  const response = await request(`/items/${id}/refine`, { headers: FRAMED, body, signal });
  return readFrame(await response.arrayBuffer());
}

/** Have a picture made ready for the Smart tool. @param {number} id */
export const prepareSmart = (id) => request(`/items/${id}/refine/prepare`, { method: "POST" });

/**
 * @param {number} id
 * @param {Decision} action
 * @param {number} revision
 * @param {number} seconds
 * @returns {Promise<Stored>}
 */
export function decide(id, action, revision, seconds) {
  /** @type {DecisionIn} */
  const body = { action, seconds_spent: Number(seconds.toFixed(1)) };
  return json(`/items/${id}/decision`, { headers: { "If-Match": `"${revision}"` }, body });
}

/** @param {number} id @returns {Promise<SuggestedTagsOut>} */
export const suggestedTags = (id) => json(`/items/${id}/tags/suggestions`);

/**
 * Say that a class is in a picture, or that it is not.
 * @param {number} id
 * @param {TagIn} said
 * @returns {Promise<TagsOut>}
 */
export const sayTag = (id, said) => json(`/items/${id}/tags`, { body: said });

/** Where a picture stands in the line of those that are computed. @param {number} id @returns {Promise<PlaceOut>} */
export const place = (id) => json(`/items/${id}/place`);

/** @param {number} id @returns {Promise<HeatMaps>} */
export const cams = async (id) => readFrame(await (await request(`/items/${id}/cams`)).arrayBuffer());

/** @param {number} id @param {number|null} count  about how many; null: as usual @returns {Promise<Superpixels>} */
export const superpixels = async (id, count) => {
  const asked = count === null ? "" : `?count=${count}`;
  return readFrame(await (await request(`/items/${id}/superpixels${asked}`)).arrayBuffer());
};

/** The objects of the newest mask. @param {number} id @returns {Promise<ObjectsAnswer>} */
export const objects = async (id) => readFrame(await (await request(`/items/${id}/objects`)).arrayBuffer());

/** Ask the server to compute the maps of pictures that come next. @param {PrefetchIn["items"]} items */
export const prefetch = (items) => request("/items/prefetch", { body: { items } });
