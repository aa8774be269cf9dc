/** What is probably an oversight in a mask that is about to be accepted. */

/**
 * @param {Uint8Array} mask class indices
 * @param {number[]} tags class indices of the picture; empty: not known
 * @param {Map<number, string>} names of the classes by index
 * @returns {string|null} a sentence about it, null where nothing is remarkable
 */
export function doubtAbout(mask, tags, names) {
  if (!tags.length) return null; // nothing to compare with
  const isPainted = new Uint8Array(256);
  for (let i = 0; i < mask.length; i++) isPainted[mask[i]] = 1;
  const painted = [...isPainted.keys()].filter((index) => isPainted[index] && index !== 0 && index !== 255);
  const named = (/** @type {number[]} */ indices) =>
    indices.map((index) => names.get(index) ?? `class ${index}`).join(", ");
  if (!painted.length) return `The mask is empty, but the picture has the tags: ${named(tags)}.`;
  const untagged = painted.filter((index) => !tags.includes(index));
  return untagged.length ? `The mask has classes that are no tags of the picture: ${named(untagged)}.` : null;
}
