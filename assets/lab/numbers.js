/** Figures of the Lab as people read them. */

/** @param {number|null|undefined} value 0..1 @returns {string} in percent */
export const percent = (value) => (value === null || value === undefined ? "–" : (100 * value).toFixed(1));

/** @param {number|null|undefined} value @returns {string} */
export const fixed = (value) => (value === null || value === undefined ? "–" : value.toFixed(3));

/** @param {number|null|undefined} value @returns {string} in percentage points, with its sign */
export function signed(value) {
  if (value === null || value === undefined) return "–";
  return `${["−", "±", "+"][direction(value) + 1]}${Math.abs(100 * value).toFixed(1)}`;
}

/** @param {number|null|undefined} value @returns {number} -1, 0 or 1; 0 where `signed` shows zero */
export const direction = (value) =>
  value === null || value === undefined || Math.abs(value) < 0.0005 ? 0 : Math.sign(value);
