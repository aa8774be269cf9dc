/** The confusion matrix: what the pixels of each class are painted as. */
import { element } from "../shared/dom.js";
import { percent } from "./tables.js";

const MOST = 40;
const VOID = 255;

/**
 * @param {[number, number, number][]} cells true class, class in the mask, pixels
 * @param {Map<number, string>} names
 * @param {(index: number) => void} choose
 * @returns {HTMLElement}
 */
export function confusionMatrix(cells, names, choose) {
  const counts = new Map();
  const totals = new Map();
  for (const [truth, shown, pixels] of cells) {
    if (truth === VOID) continue;
    counts.set(`${truth} ${shown}`, pixels);
    totals.set(truth, (totals.get(truth) ?? 0) + pixels);
    if (!totals.has(shown)) totals.set(shown, 0);
  }
  const all = [...totals.keys()].sort((a, b) => a - b);
  const kept =
    all.length > MOST
      ? [...all]
          .sort((a, b) => totals.get(b) - totals.get(a))
          .slice(0, MOST)
          .sort((a, b) => a - b)
      : all;
  const nameOf = (index) => names.get(index) ?? (index === 0 ? "background" : `class ${index}`);
  const share = (truth, shown) =>
    totals.get(truth) ? (counts.get(`${truth} ${shown}`) ?? 0) / totals.get(truth) : null;
  const head = element(
    "tr",
    {},
    element("th", { text: "truth ↓ mask →", scope: "col" }),
    ...kept.map((index) =>
      element("th", { scope: "col", title: nameOf(index) }, element("span", { text: nameOf(index) })),
    ),
  );
  const rows = kept.map((truth) =>
    element(
      "tr",
      {},
      element(
        "th",
        { scope: "row" },
        element("button", {
          class: "st-link",
          type: "button",
          text: nameOf(truth),
          title: "Everything about this class",
          on: { click: () => choose(truth) },
        }),
      ),
      ...kept.map((shown) => {
        const value = share(truth, shown);
        const pixels = counts.get(`${truth} ${shown}`) ?? 0;
        const node = element("td", {
          text: value === null || value < 0.005 ? "" : Math.round(100 * value),
          title: `${percent(value)} % of the pixels of ${nameOf(truth)} are painted as ${nameOf(shown)} (${pixels.toLocaleString()} pixels)`,
          class: truth === shown ? "lb-right" : "lb-wrong",
        });
        node.style.setProperty("--share", String(Math.sqrt(value ?? 0)));
        return node;
      }),
    ),
  );
  return element(
    "details",
    { class: "lb-confusion" },
    element("summary", { text: "Confusion matrix", title: "What the pixels of each class are painted as" }),
    element("p", {
      class: "st-muted",
      text: `Percent of the pixels of the class at the left that are painted as the class at the top; void does not count.${kept.length < all.length ? ` The ${MOST} classes with most pixels of ${all.length}.` : ""}`,
    }),
    element(
      "div",
      { class: "lb-scroll" },
      element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)),
    ),
  );
}
