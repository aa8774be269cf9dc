/** Two models or runs over the dataset: classes that gained or lost, pictures that got worse first. */
import { messageOf } from "../shared/api.js";
import { element, fillSelect } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import * as api from "./api.js";
import { direction, percent, signed } from "./numbers.js";
import { pager, table, thumbnail } from "./tables.js";

/**
 * @import { ComparedClass, ComparedPictureOut, DatasetComparisonOut, SourceOut } from "../shared/openapi"
 * @import { Column, TableCell } from "./tables.js"
 */

const PAGE = 24;
const POLL_MS = 1000;
const GAIN_CLASSES = ["lb-worse", undefined, "lb-better"];

/** @extends {Emitter<{open: number}>} event `open`: id of a picture */
export class DatasetCompare extends Emitter {
  #datasetId = 0;
  #offset = 0;
  #timer = 0;
  /** The last request. @type {object|null} */
  #asked = null;

  constructor() {
    super();
    const select = (/** @type {string} */ label) =>
      element("select", {
        class: "st-input lb-narrow",
        "aria-label": label,
        title: label,
        on: { change: () => this.#load() },
      });
    this.first = select("First to compare");
    this.second = select("Second to compare");
    this.start = element("button", {
      class: "st-button",
      type: "button",
      text: "Compare",
      title: "Compare the masks of both on every picture, in the background",
      on: { click: () => this.#start() },
    });
    this.status = element("p", { class: "st-muted", role: "status" });
    this.bar = element(
      "div",
      { class: "lb-bar" },
      this.first,
      element("span", { class: "st-muted", text: "with" }),
      this.second,
      this.start,
    );
    this.body = element("div", {});
    this.root = element(
      "section",
      { class: "lb-survey-card lb-compare-card" },
      element("h3", { text: "Compare two models or runs" }),
      this.bar,
      this.status,
      this.body,
    );
  }

  /** @param {number} datasetId @param {SourceOut[]} sources */
  open(datasetId, sources) {
    this.#datasetId = datasetId;
    this.bar.hidden = sources.length < 2;
    this.body.replaceChildren();
    if (sources.length < 2) {
      this.status.textContent =
        "There is only the studio's model. Runs on this dataset that have made CAMs can be compared with it: start one on the Runs page.";
      return;
    }
    const options = sources.map(({ key, title }) => ({ value: key, text: title }));
    const isKnown = (/** @type {HTMLSelectElement} */ select) =>
      options.some(({ value }) => value === select.value);
    const [first, second] =
      isKnown(this.first) && isKnown(this.second)
        ? [this.first.value, this.second.value]
        : [options[0].value, options[1].value];
    fillSelect(this.first, options, first);
    fillSelect(this.second, options, second);
    void this.#load();
  }

  async #start() {
    try {
      await api.startComparison(this.#datasetId, this.first.value, this.second.value);
      await this.#load();
    } catch (error) {
      this.status.textContent = messageOf(error);
    }
  }

  async #load(offset = 0) {
    window.clearTimeout(this.#timer);
    const asked = (this.#asked = {});
    this.#offset = offset;
    const [first, second] = [this.first.value, this.second.value];
    if (first === second) {
      this.start.disabled = true;
      this.status.textContent = "Choose two different ones.";
      this.body.replaceChildren();
      return;
    }
    let found;
    try {
      found = await api.comparison(this.#datasetId, { first, second, offset, limit: PAGE });
    } catch (error) {
      this.status.textContent = messageOf(error);
      return;
    }
    if (asked !== this.#asked) return;
    const isRunning = found.state === "running";
    this.start.disabled = isRunning;
    this.start.textContent = found.titles ? "Compare again" : "Compare";
    if (isRunning) {
      this.status.textContent = `Comparing, ${found.done} of ${found.total} pictures …`;
      this.#timer = window.setTimeout(() => this.root.isConnected && this.#load(), POLL_MS);
      return;
    }
    this.status.textContent = sentence(found);
    this.#show(found);
  }

  /** @param {DatasetComparisonOut} found */
  #show(found) {
    if (!found.pictures) {
      this.body.replaceChildren();
      return;
    }
    const isMeasured = found.measured > 0;
    const [first, second] = found.titles ?? ["the first", "the second"];
    this.body.replaceChildren(
      isMeasured ? gainTable(found.classes, first, second) : agreementTable(found.classes),
      element("h4", {
        text: isMeasured
          ? "Pictures, those that got worse first"
          : "Pictures, those where both differ most first",
      }),
      element("div", { class: "lb-gallery lb-compared" }, ...found.rows.map((one) => this.#thumbnail(one))),
      pager({ offset: this.#offset, page: PAGE, total: found.pictures, go: (offset) => this.#load(offset) }),
    );
  }

  /** @param {ComparedPictureOut} one */
  #thumbnail({ id, name, first, second, gain, agreement }) {
    const [note, noteTip] =
      gain === null
        ? [
            `agree ${percent(agreement)} %`,
            "IoU between both masks, mean over the classes in either; there is no reference mask",
          ]
        : [
            `${percent(first)} → ${percent(second)} (${signed(gain)})`,
            `Mean IoU with the reference mask, in percent: first, second, difference. Agreement of both masks ${percent(agreement)} %`,
          ];
    const open = (/** @type {number} */ item) => this.emit("open", item);
    return thumbnail({ id, datasetId: this.#datasetId, name, note, noteTip, open });
  }
}

/** @type {Column} */
const AGREEMENT = [
  "agreement",
  "IoU of the class between both masks, over all compared pictures, in percent. It says how similar they are, not which is right",
];

/** What the second gains. @param {ComparedClass} one @returns {number|null} */
const change = ({ first, second }) => (first === null || second === null ? null : second - first);

/** @param {ComparedClass[]} classes @param {string} first @param {string} second */
function gainTable(classes, first, second) {
  const sorted = [...classes].sort((a, b) => (change(a) ?? 1) - (change(b) ?? 1));
  return table(
    [
      ["class", ""],
      ["first", `IoU of ${first} with the reference mask, in percent`],
      ["second", `IoU of ${second} with the reference mask, in percent`],
      ["difference", "What the second gains, in percentage points"],
      AGREEMENT,
    ],
    sorted.map((one) => {
      /** @type {TableCell} */
      const gain = { text: signed(change(one)), class: GAIN_CLASSES[direction(change(one)) + 1] };
      return [one.name, percent(one.first), percent(one.second), gain, percent(one.agreement)];
    }),
  );
}

/** @param {ComparedClass[]} classes */
function agreementTable(classes) {
  const sorted = [...classes].sort((a, b) => (a.agreement ?? 1) - (b.agreement ?? 1));
  return table(
    [["class", ""], AGREEMENT],
    sorted.map((one) => [one.name, percent(one.agreement)]),
  );
}

/** @param {DatasetComparisonOut} found */
function sentence({ state, problem, pictures, measured, missing, taught, worse, better }) {
  if (state === "failed") return problem ?? "Comparing failed.";
  if (state === "none") return "Not compared yet.";
  const left = missing
    ? ` For ${missing.toLocaleString()} tagged pictures one of the two masks is missing.`
    : "";
  if (!pictures)
    return `No picture has both masks.${left} To make those of the studio's model, run python3 launch.py propose in a terminal.`;
  const learned = taught
    ? ` ${taught.toLocaleString()} are not measured, because one of the two learned from their accepted mask.`
    : "";
  if (!measured)
    return `${pictures.toLocaleString()} pictures compared. None has a reference mask, so this shows how far the two agree, not which is right.${learned}${left}`;
  return `${pictures.toLocaleString()} pictures compared, ${measured.toLocaleString()} of them with a reference mask: the second is worse on ${worse.toLocaleString()} and better on ${better.toLocaleString()}.${learned}${left}`;
}
