/** What the Runs page calls states, stages and values. */

export const STATUS_TEXT = {
  queued: "queued",
  claimed: "starting",
  running: "running",
  stopping: "stopping",
  done: "done",
  failed: "failed",
  cancelled: "stopped",
};
export const ACTIVE = ["claimed", "running", "stopping"];
export const STAGE_TEXT = {
  classify: "Classifier",
  cams: "CAMs",
  affinity: "AffinityNet",
  pixels: "Self-training",
  refine: "Walk + CRF",
  segment: "Segmentation",
  evaluate: "Evaluation",
};

/** @param {any} value of a setting @returns {string} */
export function setting(value) {
  if (value === null || value === undefined) return "none";
  if (value === true) return "yes";
  if (value === false) return "no";
  return Array.isArray(value) ? value.join(", ") : String(value);
}
