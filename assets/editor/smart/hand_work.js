/** What a person has painted by hand, which the Smart tool does not change. */
import { pointsOf } from "./seeds.js";

/**
 * @typedef {import("../history.js").Patch} Patch
 * @typedef {import("./seeds.js").Seed} Seed
 */

export const FREE = 0;
export const PAINTED = 1;
export const PROTECTED = 2;

/**
 * Flags of every pixel: PROTECTED where it was painted by hand, PAINTED where a seed contradicts the stroke.
 * @param {Iterable<Patch>} patches  the history that can be undone
 * @param {Seed[]} seeds
 * @param {Uint8Array} mask   as it is now
 * @param {number} width
 * @returns {Uint8Array|null}  null: nothing was painted
 */
export function handWork(patches, seeds, mask, width) {
  const against = seeds
    .filter(({ kind }) => kind !== "box")
    .flatMap((seed) => pointsOf(seed).map(([y, x]) => ({ pixel: y * width + x, label: seed.label })))
    .filter(({ pixel, label }) => mask[pixel] !== label)
    .map(({ pixel }) => pixel);
  /** @type {Uint8Array|null} */
  let flags = null;
  for (const patch of patches) {
    if (!patch.byHand) continue;
    flags ??= new Uint8Array(mask.length);
    const isContradicted = against.some((pixel) => covers(patch, pixel));
    for (let k = 0; k < patch.starts.length; k++) {
      flags.fill(isContradicted ? PAINTED : PROTECTED, patch.starts[k], patch.starts[k] + patch.lengths[k]);
    }
  }
  return flags;
}

/**
 * The mask that the engine starts from: `prior`, except for painted pixels and locked classes, which stay as in
 * `mask`. Without either it is `prior` itself, so that its compressed form can be reused for the next seed.
 * @param {Uint8Array} prior
 * @param {Uint8Array} mask  as it is now
 * @param {Uint8Array|null} flags  of `handWork`
 * @param {Iterable<number>} lockedClasses
 * @returns {Uint8Array}
 */
export function composePrior(prior, mask, flags, lockedClasses) {
  const isLocked = new Uint8Array(256);
  let stays = flags !== null;
  for (const index of lockedClasses) {
    isLocked[index] = 1;
    stays = true;
  }
  if (!stays) return prior;
  const composed = prior.slice();
  for (let i = 0; i < mask.length; i++) if (flags?.[i] || isLocked[mask[i]]) composed[i] = mask[i];
  return composed;
}

/**
 * Lengths of runs, alternately free and protected; what follows the last run is free.
 * @param {Uint8Array|null} flags
 * @returns {number[]}
 */
export function protectedRuns(flags) {
  /** @type {number[]} */
  const runs = [];
  if (!flags) return runs;
  let from = 0;
  let isOn = false;
  for (let i = 0; i < flags.length; i++) {
    if ((flags[i] === PROTECTED) === isOn) continue;
    runs.push(i - from);
    from = i;
    isOn = !isOn;
  }
  if (isOn) runs.push(flags.length - from);
  return runs;
}

/**
 * @param {Patch} patch
 * @param {number} pixel
 */
function covers({ starts, lengths }, pixel) {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= pixel) low = middle + 1;
    else high = middle;
  }
  return low > 0 && pixel < starts[low - 1] + lengths[low - 1];
}
