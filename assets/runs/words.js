/** Labels of statuses, stages and settings on the Runs page. */

/**
 * @import { RunBrief } from "../shared/openapi"
 *
 * @typedef {RunBrief["status"]} RunStatus
 */

/** @type {Record<RunStatus, string>} */
export const STATUS_TEXT = {
  queued: "queued",
  claimed: "starting",
  running: "running",
  stopping: "stopping",
  done: "done",
  failed: "failed",
  cancelled: "stopped",
};

/** Whether a worker has the run. @param {RunStatus} status */
export const isActive = (status) => ["claimed", "running", "stopping"].includes(status);

/** @type {Record<string, string>} */
const STAGE_TEXT = {
  classify: "Classifier",
  cams: "CAMs",
  affinity: "AffinityNet",
  pixels: "Self-training",
  refine: "Walk + CRF",
  segment: "Segmentation",
  relabel: "New labels",
  evaluate: "Evaluation",
};

/** The name of a stage for people; stages of later rounds, such as `segment-2`, have a number. @param {string} stage */
export function stageText(stage) {
  const [name, round] = stage.split("-");
  const text = STAGE_TEXT[name] ?? name;
  return round ? `${text}, round ${round}` : text;
}

/** @param {unknown} value of a setting @returns {string} */
export function setting(value) {
  if (value === null || value === undefined) return "none";
  if (value === true) return "yes";
  if (value === false) return "no";
  return Array.isArray(value) ? value.join(", ") : String(value);
}

/**
 * A recipe as one level of dotted names.
 * @param {Record<string, unknown>} recipe
 * @returns {Record<string, unknown>}
 */
export function flatSettings(recipe, prefix = "") {
  /** @type {Record<string, unknown>} */
  const flat = {};
  for (const [name, value] of Object.entries(recipe)) {
    if (value !== null && typeof value === "object" && !Array.isArray(value))
      Object.assign(flat, flatSettings(/** @type {Record<string, unknown>} */ (value), `${prefix}${name}.`));
    else flat[prefix + name] = value;
  }
  return flat;
}
