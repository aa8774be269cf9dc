/** Numbers and moments as people read them. */

/** @param {number|null|undefined} seconds @returns {string} e.g. "1 h 05 min", "40 s" */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 1) return "under 1 s";
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** @param {number} bytes @returns {string} e.g. "1.2 GB" */
export function bytes(bytes) {
  if (bytes < 1e6) return `${Math.round(bytes / 1e3)} kB`;
  if (bytes < 1e9) return `${Math.round(bytes / 1e6)} MB`;
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** @param {number|null|undefined} share in [0, 1] @returns {string} percent with two digits, or a dash */
export const percent = (share) => (share === null || share === undefined ? "–" : (100 * share).toFixed(2));

/** @param {string} iso @returns {string} date and time, short */
export const moment = (iso) =>
  new Date(iso).toLocaleString(undefined, {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });

/** @param {number} value @returns {string} for an axis */
export function tick(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 10_000) return `${Number((value / 1000).toPrecision(3))}k`;
  if (size < 0.001) return value.toExponential(0);
  return String(Number(value.toPrecision(3)));
}
