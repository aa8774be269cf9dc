/** Class lists as the pages show them. */

/** @import { ClassOut } from "./openapi" */

/**
 * Those that can be painted, in the order of the class list; the background first.
 * @param {ClassOut[]} classes
 */
export function currentClasses(classes) {
  const last = Number.MAX_SAFE_INTEGER;
  return classes
    .filter(({ retired_to: target }) => target === null || target === undefined)
    .sort(
      (a, b) =>
        Number(b.index === 0) - Number(a.index === 0) ||
        (a.position ?? last) - (b.position ?? last) ||
        a.index - b.index,
    );
}
