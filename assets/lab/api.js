/** The Lab's routes, as functions. Errors come back as `ApiError` with the server's sentence. */
import { apiUrl, query, request } from "../shared/api.js";
import { readFrame } from "../shared/frame.js";

/**
 * @import { Options } from "../shared/api.js"
 * @import { NamedArray } from "../shared/frame.js"
 * @import {
 *   ClassPage, DatasetComparisonOut, FiguresIn, FiguresOut, ExplanationsHeader, FirstHeader, StepsHeader, MaskHeader, MaskIn,
 *   MaskOnScreenIn, ModelChoice, PointsOut, PuzzleHeader, RowsOut, ScalesOut, SideHeader, SourceOut, SurveyOut
 * } from "../shared/openapi"
 */
/**
 * Arrays of framed answers, see docs/formats.md: T tags, C classes, h x w cells.
 * @typedef {NamedArray<Float32Array>} Maps
 * @typedef {NamedArray<Uint8Array>} Mask of the picture's size
 *
 * @typedef {object} StepMaps
 * @property {Maps} views   (scales, views, T, h, w) signed
 * @property {Maps} scales  (scales, T, h, w)
 * @property {Maps} total   (T, h, w)
 * @property {Maps} own     (T, h, w) 0..1
 * @property {Maps} cams    (T, h, w) 0..1
 * @property {Maps} raw     (C, h, w) sums over scales and views
 * @property {Maps} scores  (C, h, w) equation 1 at scale 1, signed
 * @property {Maps} [spread]        (T, h, w)
 * @property {Maps} [self_trained]  (T, h, w) 0..1
 * @property {Maps} [edges]         (h, w)
 * @property {Maps} [walked]        (T, h, w) 0..1
 * @property {Maps} [learned]       (T, h, w) 0..1, 0.5 where what was learned changes nothing
 * @property {Maps} [live]          (T, h, w) 0..1
 *
 * @typedef {{[name: `source_${number}`]: Maps}} SourceMaps of further classifiers
 * @typedef {{[name: `reference_${number}`]: Mask}} ReferenceMasks
 * @typedef {StepMaps & SourceMaps & ReferenceMasks} StepArrays
 *
 * @typedef {{whole: Maps, tiled: Maps, whole_cells: Maps, tiled_cells: Maps}} PuzzleArrays
 *
 * @typedef {object} ExplanationArrays all 0..1
 * @property {Maps} cam_once          (T, h, w)
 * @property {Maps} layercam          (T, h, w)
 * @property {Maps} layercam_stage_3  (T, h, w)
 * @property {Maps} layercam_stage_4  (T, h, w)
 * @property {Maps} eigencam          (h, w)
 * @property {Maps} gradient          (T, pixels, pixels)
 */
/**
 * @template Header, Arrays
 * @typedef {{header: Header, arrays: Arrays}} Framed
 */
/**
 * @typedef {Framed<StepsHeader, StepArrays>} StepsAnswer
 * @typedef {Framed<FirstHeader, {scores: Maps}>} FirstAnswer
 * @typedef {Framed<PuzzleHeader, PuzzleArrays>} PuzzleAnswer
 * @typedef {Framed<ExplanationsHeader, Partial<ExplanationArrays>>} ExplanationsAnswer
 * @typedef {Framed<MaskHeader, {thresholded: Mask, mask: Mask, walked?: Maps}>} MaskAnswer
 * @typedef {Framed<SideHeader, {maps: Maps, mask: Mask}>} SideAnswer
 */

export { datasets, image, item, items, thumbnailUrl } from "../shared/api.js";

/** @param {string} path below /api @param {Options} [options] */
const ask = (path, options) => request(path, { cache: "no-store", ...options });

/** @param {string} path @param {Options} [options] @returns {Promise<any>} */
const json = async (path, options) => (await ask(path, options)).json();

/**
 * What comes is the caller's to know.
 * @template Header
 * @template {Partial<Record<string, NamedArray>>} Arrays
 * @param {string} path @param {Options} [options]
 * @returns {Promise<Framed<Header, Arrays>>}
 */
const frame = async (path, options) => readFrame(await (await ask(path, options)).arrayBuffer());

// `model` is a key that `models` lists.

/**
 * Every step to the maps of a picture. The browser keeps the arrays, and only asks whether they are up to date.
 * @param {number} id @param {string} model @param {AbortSignal} signal @returns {Promise<StepsAnswer>}
 */
export const steps = (id, model, signal) =>
  frame(`/items/${id}/lab?model=${model}`, { signal, cache: "no-cache" });

/** @param {number} id @param {string} model @param {AbortSignal} signal @returns {Promise<FirstAnswer>} */
export const firstMaps = (id, model, signal) => frame(`/items/${id}/lab/first?model=${model}`, { signal });

/**
 * @param {number} id @param {string} model @param {number} tiles a side @param {AbortSignal} signal
 * @returns {Promise<PuzzleAnswer>}
 */
export const puzzle = (id, model, tiles, signal) =>
  frame(`/items/${id}/lab/puzzle?model=${model}&tiles=${tiles}`, { signal });

/** @param {number} id @param {string} model @param {AbortSignal} signal @returns {Promise<ExplanationsAnswer>} */
export const explanations = (id, model, signal) =>
  frame(`/items/${id}/lab/explain?model=${model}`, { signal });

/**
 * @param {number} id @param {string} model @param {Partial<MaskOnScreenIn>} settings @param {AbortSignal} signal
 * @returns {Promise<MaskAnswer>}
 */
export const mask = (id, model, settings, signal) =>
  frame(`/items/${id}/lab/mask?model=${model}`, { body: settings, signal });

/**
 * Every array as one .npz.
 * @param {number} id @param {string} model @param {number} tiles a side @param {MaskIn} settings
 * @returns {Promise<Blob>}
 */
export const arrays = async (id, model, tiles, settings) =>
  (await ask(`/items/${id}/lab/arrays?model=${model}&tiles=${tiles}`, { body: settings })).blob();

/** @param {number} id @returns {Promise<ModelChoice[]>} */
export const models = (id) => json(`/items/${id}/lab/models`);

/** @param {number} id @param {string} model @returns {Promise<SideAnswer>} */
export const side = (id, model) => frame(`/items/${id}/lab/side?model=${model}`);

/**
 * Have the maps of a picture computed when the model has nothing else to do.
 * @param {number} id @param {string} model @param {number|null} tiles a side, where they are to be computed too
 */
export const computeAhead = (id, model, tiles) =>
  ask(`/items/${id}/lab/ahead?${query({ model, tiles })}`, { body: {} });

/** @param {number} datasetId @param {string} model @returns {Promise<ScalesOut>} */
export const scale = (datasetId, model) => json(`/datasets/${datasetId}/lab/scale?model=${model}`);

/** @param {number} datasetId @param {string} model */
export const measureScale = (datasetId, model) =>
  ask(`/datasets/${datasetId}/lab/scale?model=${model}`, { body: {} });

/** @param {number} datasetId @param {string} source a key that `sources` lists */
export const startSurvey = (datasetId, source) =>
  ask(`/datasets/${datasetId}/lab/survey?source=${source}`, { body: {} });

/** @param {number} datasetId @param {"pictures"|"confusion"} table @param {string} source @returns {string} address of a CSV file */
export const tableUrl = (datasetId, table, source) =>
  apiUrl(`/datasets/${datasetId}/lab/${table}.csv?${query({ source })}`);
/** @param {number} datasetId @param {string} source @returns {Promise<SurveyOut>} */
export const survey = (datasetId, source) => json(`/datasets/${datasetId}/lab/survey?source=${source}`);

/** @param {number} datasetId @returns {Promise<SourceOut[]>} */
export const sources = (datasetId) => json(`/datasets/${datasetId}/lab/sources`);

/** @param {number} datasetId @param {number} index @param {string} source @returns {Promise<ClassPage>} */
export const classPage = (datasetId, index, source) =>
  json(`/datasets/${datasetId}/lab/classes/${index}?source=${source}`);

/** @param {number} datasetId @param {string} first @param {string} second */
export const startComparison = (datasetId, first, second) =>
  ask(`/datasets/${datasetId}/lab/compare?${query({ first, second })}`, { body: {} });

/**
 * @param {number} datasetId
 * @param {{first: string, second: string, offset: number, limit: number}} wanted
 * @returns {Promise<DatasetComparisonOut>}
 */
export const comparison = (datasetId, wanted) => json(`/datasets/${datasetId}/lab/compare?${query(wanted)}`);

/** @param {number} runId @param {FiguresIn} wanted */
export const drawFigures = (runId, wanted) => ask(`/runs/${runId}/figures`, { body: wanted });

/** @param {number} runId @returns {Promise<FiguresOut>} */
export const figures = (runId) => json(`/runs/${runId}/figures`);

/** @param {number} runId @param {string} name @param {"svg"|"png"} suffix @param {number} version */
export const figureUrl = (runId, name, suffix, version) =>
  apiUrl(`/runs/${runId}/figures/${name}.${suffix}?v=${version}`);

/**
 * A page of the measured pictures.
 * @param {number} datasetId
 * @param {{sort: string, descending: boolean, class: string, search: string, offset: number, limit: number,
 *   source: string}} wanted
 * @returns {Promise<RowsOut>}
 */
export const surveyRows = (datasetId, wanted) => json(`/datasets/${datasetId}/lab/rows?${query(wanted)}`);

/**
 * Two numbers of every measured picture.
 * @param {number} datasetId
 * @param {{x: string, y: string, class: string, source: string}} wanted
 * @returns {Promise<PointsOut>}
 */
export const surveyPoints = (datasetId, wanted) => json(`/datasets/${datasetId}/lab/points?${query(wanted)}`);
