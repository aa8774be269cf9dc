/** How far people agree who labeled the same pictures without knowing it, and a consensus of their masks. */
import { apiUrl } from "../shared/api.js";
import { count, element } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import { address } from "../shared/place.js";
import { barPlot } from "./bar_plot.js";
import { interval, iouText, iouWords } from "./iou_words.js";
import { Layers } from "./layers.js";
import { button, table } from "./parts.js";

/**
 * @import { AgreementOut, ConsensusIn, SharedItemOut } from "../shared/openapi"
 */

const METHODS = /** @type {const} */ ([
  ["majority", "Majority"],
  ["staple", "STAPLE"],
]);
const AT_ONCE = 10;

/** @extends {Emitter<{consensus: {item: SharedItemOut, method: ConsensusIn["method"]}}>} */
export class AgreementPanel extends Emitter {
  #datasetId = 0;
  #layers = new Layers();
  #title = element("h4");
  #review = element("a", { class: "st-button", text: "Open in Review" });
  #actions = element("div", { class: "pp-actions" });
  #opened = element(
    "div",
    { class: "pp-opened", hidden: true },
    this.#title,
    this.#layers.root,
    this.#actions,
  );
  #tables = element("div");
  root = element("div", {}, this.#tables, this.#opened);

  /** @param {number} datasetId @param {AgreementOut} found */
  show(datasetId, found) {
    this.#datasetId = datasetId;
    this.#opened.hidden = true;
    if (!found.shared) {
      this.#tables.replaceChildren(
        element("p", {
          class: "st-muted",
          text: "No picture was given to several people yet. Choose under Share pictures out how many are.",
        }),
      );
      return;
    }
    const head = element("p", {
      text: `${count(found.shared, "picture")} given to several people, ${found.compared.toLocaleString()} finished by at least two of them.`,
    });
    if (!found.compared) {
      this.#tables.replaceChildren(head);
      return;
    }
    this.#tables.replaceChildren(
      head,
      table(
        ["People", "IoU, mean of the classes", "95 % interval"],
        found.pairs.map((pair) => [pair.people.join(" and "), iouWords(pair), interval(pair)]),
        "",
      ),
      element("a", {
        class: "st-button",
        href: apiUrl(`/datasets/${datasetId}/agreement.csv`),
        download: "agreement.csv",
        text: "Download (CSV)",
      }),
      barPlot(
        "IoU by class",
        found.classes.map((one) => ({
          name: one.name,
          value: one.iou,
          low: one.low,
          high: one.high,
          text: iouWords(one),
        })),
        1,
      ),
      table(
        ["Class", "IoU", "95 % interval"],
        found.classes.map((one) => [one.name, iouWords(one), interval(one)]),
        "",
      ),
      this.#list(found.items),
    );
  }

  /** @param {SharedItemOut[]} items the largest differences first */
  #list(items) {
    const rows = items.map((one) => [
      one.name,
      iouText(one.iou),
      one.masks.map(({ person }) => person).join(", "),
      one.has_consensus ? "consensus" : "",
      button("Compare", () => this.#open(one), { "aria-label": `Compare: ${one.name}` }),
    ]);
    const titles = ["Picture", "IoU", "People", "", ""];
    if (rows.length <= AT_ONCE) return table(titles, rows, "");
    return element(
      "div",
      {},
      table(titles, rows.slice(0, AT_ONCE), ""),
      element(
        "details",
        {},
        element("summary", { text: `${count(rows.length - AT_ONCE, "more picture")}` }),
        table(titles, rows.slice(AT_ONCE), ""),
      ),
    );
  }

  /** @param {SharedItemOut} one */
  #open(one) {
    const at = (/** @type {string} */ shown) =>
      apiUrl(`/items/${one.item_id}/agreement/picture?shown=${shown}`);
    this.#title.textContent = `${one.name}: IoU ${iouText(one.iou)}`;
    this.#layers.show(one.item_id, one.name, [
      { text: "Where they differ", source: at("difference") },
      ...one.masks.map(({ person, revision }) => ({
        text: person,
        source: at(`mask&revision=${revision}`),
      })),
      ...METHODS.map(([method, text]) => ({ text, source: at(method) })),
    ]);
    this.#review.href = address(`/?dataset=${this.#datasetId}&item=${one.item_id}`);
    this.#actions.replaceChildren(
      ...METHODS.map(([method, text]) =>
        button(
          `Use the ${text.replace("Majority", "majority")} mask`,
          () => this.emit("consensus", { item: one, method }),
          {
            title: "Adds a revision to the history of the picture; nothing is deleted",
          },
        ),
      ),
      this.#review,
    );
    this.#opened.hidden = false;
    this.#opened.scrollIntoView({ block: "nearest" });
  }
}
