/** Which models have learned the tags of a picture, and which one a comparison begins with. Pure functions. */

/** @import { ModelChoice as Choice } from "../shared/openapi" */

/** @param {Choice} choice @returns {string[]} */
export const keysOf = ({ key, moments }) => [
  ...(key === null ? [] : [key]),
  ...moments.map((moment) => moment.key),
];

/** A model in a list, with the reason why its maps may be empty. @param {Choice} choice */
export const inList = ({ title, not_learned: names }) =>
  names.length ? `${title} – not trained on ${listed(names)}` : title;

/** @param {string[]} names @returns {string} e.g. "cat, dog and 2 more" */
export const listed = (names) =>
  names.slice(0, 2).join(", ") + (names.length > 2 ? ` and ${names.length - 2} more` : "");

/** Whether a model has learned all tags of the picture. @param {Choice[]} choices @param {string} key */
export const hasLearned = (choices, key) =>
  !choices.find((choice) => keysOf(choice).includes(key))?.not_learned.length;

/** How many models and moments can be chosen. @param {Choice[]} choices */
export const keyCount = (choices) => choices.flatMap(keysOf).length;

/**
 * What a model is compared with by default: the next model that has learned all tags of the picture, else the start
 * of its own training.
 * @param {Choice[]} choices
 * @param {string} key of the one side
 * @returns {string|null}
 */
export function another(choices, key) {
  const own = choices.find((choice) => keysOf(choice).includes(key));
  const learned = choices.filter(({ not_learned: names }) => !names.length);
  const model = learned.find((choice) => choice !== own && choice.key !== null);
  if (model) return model.key;
  const moments = [...(own ? [own] : []), ...learned].flatMap(keysOf);
  return moments.find((one) => one !== key) ?? null;
}
