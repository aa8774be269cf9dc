/** The confusion matrix: what the pixels of each class are painted as. */
import { element } from "../shared/dom.js";
import { percent } from "./numbers.js";

const MOST = 40;
const VOID = 255;

/** @typedef {[truth: number, shown: number, pixels: number]} Count class in the reference mask, class in the mask */

/**
 * @param {Count[]} counts
 * @param {Map<number, string>} names
 * @param {(index: number) => void} choose
 * @returns {HTMLElement}
 */
export function confusionMatrix(counts, names, choose) {
  const { pixelsOf, totals } = summed(counts);
  const total = (/** @type {number} */ index) => totals.get(index) ?? 0;
  const all = [...totals.keys()].sort((a, b) => a - b);
  const kept = [...all]
    .sort((a, b) => total(b) - total(a))
    .slice(0, MOST)
    .sort((a, b) => a - b);
  const nameOf = (/** @type {number} */ index) =>
    names.get(index) ?? (index === 0 ? "background" : `class ${index}`);
  const head = element(
    "tr",
    {},
    element("th", { text: "reference ↓ mask →", scope: "col" }),
    ...kept.map((index) =>
      element("th", { scope: "col", title: nameOf(index) }, element("span", { text: nameOf(index) })),
    ),
  );
  const rows = kept.map((truth) => {
    const button = element("button", {
      class: "st-link",
      type: "button",
      text: nameOf(truth),
      title: "Show everything about this class",
      on: { click: () => choose(truth) },
    });
    const cells = kept.map((shown) => {
      const pixels = pixelsOf(truth, shown);
      const share = total(truth) ? pixels / total(truth) : null;
      const node = element("td", {
        text: share === null || share < 0.005 ? "" : Math.round(100 * share),
        title: `${percent(share)} % of the pixels of ${nameOf(truth)} are painted as ${nameOf(shown)} (${pixels.toLocaleString()} pixels)`,
        class: truth === shown ? "lb-right" : "lb-wrong",
      });
      node.style.setProperty("--share", String(Math.sqrt(share ?? 0)));
      return node;
    });
    return element("tr", {}, element("th", { scope: "row" }, button), ...cells);
  });
  const left =
    kept.length < all.length ? ` Only the ${MOST} largest of ${all.length} classes are shown.` : "";
  return element(
    "details",
    { class: "lb-confusion" },
    element("summary", { text: "Confusion matrix", title: "What the pixels of each class are painted as" }),
    element("p", {
      class: "st-muted",
      text: `Percent of the pixels of the class on the left that are painted as the class above; void does not count.${left}`,
    }),
    element(
      "div",
      { class: "lb-scroll" },
      element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)),
    ),
  );
}

/** Pixels of each pair, and true pixels of each class. @param {Count[]} counts */
function summed(counts) {
  /** @type {Map<string, number>} */
  const pixels = new Map();
  /** @type {Map<number, number>} */
  const totals = new Map();
  for (const [truth, shown, count] of counts) {
    if (truth === VOID) continue;
    pixels.set(`${truth} ${shown}`, count);
    totals.set(truth, (totals.get(truth) ?? 0) + count);
    if (!totals.has(shown)) totals.set(shown, 0);
  }
  const pixelsOf = (/** @type {number} */ truth, /** @type {number} */ shown) =>
    pixels.get(`${truth} ${shown}`) ?? 0;
  return { pixelsOf, totals };
}
