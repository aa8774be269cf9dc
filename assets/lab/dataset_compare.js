/** Two models or runs over the dataset: classes that gained or lost, pictures that got worse first. */
import { element, fillSelect } from "../shared/dom.js";
import * as api from "./api.js";
import { direction, pager, percent, signed, table, thumbnail } from "./tables.js";

const PAGE = 24;
const LOOK_MS = 1000;

/** Event: `open` (detail: item id). */
export class DatasetCompare extends EventTarget {
  constructor() {
    super();
    this.offset = 0;
    const select = (label) =>
      element("select", {
        class: "st-input lb-narrow",
        "aria-label": label,
        title: label,
        on: { change: () => this._look() },
      });
    this.first = select("First to compare");
    this.second = select("Second to compare");
    this.start = element("button", {
      class: "st-button",
      type: "button",
      text: "Compare",
      title: "Compare the masks of both on every picture, in the background",
      on: { click: () => this._start() },
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

  /** @param {number} datasetId @param {{key: string, title: string}[]} sources @param {Map<number, string>} names */
  open(datasetId, sources) {
    this.datasetId = datasetId;
    this.bar.hidden = sources.length < 2;
    this.body.replaceChildren();
    if (sources.length < 2) {
      this.status.textContent =
        "There is only the studio's model. Runs on this dataset that have made CAMs can be compared with it: start one on the Runs page.";
      return;
    }
    const options = sources.map(({ key, title }) => ({ value: key, text: title }));
    const isKnown = (select) => options.some(({ value }) => value === select.value);
    const [first, second] =
      isKnown(this.first) && isKnown(this.second)
        ? [this.first.value, this.second.value]
        : [options[0].value, options[1].value];
    fillSelect(this.first, options, first);
    fillSelect(this.second, options, second);
    this._look();
  }

  get _both() {
    return { first: this.first.value, second: this.second.value };
  }

  async _start() {
    try {
      await api.startComparison(this.datasetId, this.first.value, this.second.value);
      await this._look();
    } catch (error) {
      this.status.textContent = error.message;
    }
  }

  async _look(offset = 0) {
    clearTimeout(this._timer);
    const asked = (this._asked = {});
    this.offset = offset;
    if (this.first.value === this.second.value) {
      this.start.disabled = true;
      this.status.textContent = "Choose two different ones.";
      this.body.replaceChildren();
      return;
    }
    let found;
    try {
      found = await api.comparison(this.datasetId, { ...this._both, offset, limit: PAGE });
    } catch (error) {
      this.status.textContent = error.message;
      return;
    }
    if (asked !== this._asked) return;
    const isRunning = found.state === "running";
    this.start.disabled = isRunning;
    this.start.textContent = found.titles ? "Compare again" : "Compare";
    if (isRunning) {
      this.status.textContent = `Comparing, ${found.done} of ${found.total} pictures …`;
      this._timer = setTimeout(() => this.root.isConnected && this._look(), LOOK_MS);
      return;
    }
    this.status.textContent = sentence(found);
    this._show(found);
  }

  _show(found) {
    if (!found.pictures) {
      this.body.replaceChildren();
      return;
    }
    const [first, second] = found.titles;
    const isMeasured = found.measured > 0;
    const change = (one) => (one.first === null || one.second === null ? null : one.second - one.first);
    const classes = [...found.classes].sort((a, b) =>
      isMeasured ? (change(a) ?? 1) - (change(b) ?? 1) : (a.agreement ?? 1) - (b.agreement ?? 1),
    );
    const head = [
      ["class", ""],
      ...(isMeasured
        ? [
            ["first", `IoU of ${first} with the truth, in percent`],
            ["second", `IoU of ${second} with the truth, in percent`],
            ["difference", "What the second gains, in percent points"],
          ]
        : []),
      [
        "agreement",
        "IoU of the class between both masks, over all compared pictures, in percent. It says how alike they are, not who is right",
      ],
    ];
    const rows = classes.map((one) => [
      one.name,
      ...(isMeasured
        ? [
            percent(one.first),
            percent(one.second),
            { text: signed(change(one)), class: ["lb-worse", null, "lb-better"][direction(change(one)) + 1] },
          ]
        : []),
      percent(one.agreement),
    ]);
    const thumbs = found.rows.map((one) =>
      thumbnail({
        id: one.id,
        datasetId: this.datasetId,
        name: one.name,
        note:
          one.gain === null
            ? `agree ${percent(one.agreement)} %`
            : `${percent(one.first)} → ${percent(one.second)} (${signed(one.gain)})`,
        noteTip:
          one.gain === null
            ? "IoU between both masks, mean over the classes in either; there is no truth"
            : `Mean IoU with the truth, in percent: first, second, difference. Agreement of both masks ${percent(one.agreement)} %`,
        open: (id) => this.dispatchEvent(new CustomEvent("open", { detail: id })),
      }),
    );
    this.body.replaceChildren(
      table(head, rows),
      element("h4", {
        text: isMeasured
          ? "Pictures, those that got worse first"
          : "Pictures, those where both differ most first",
      }),
      element("div", { class: "lb-gallery lb-compared" }, ...thumbs),
      pager({ offset: this.offset, page: PAGE, total: found.pictures, go: (offset) => this._look(offset) }),
    );
  }
}

function sentence({ state, problem, pictures, measured, missing, taught, worse, better }) {
  if (state === "failed") return problem;
  if (state === "none") return "Not compared yet.";
  const left = missing ? ` ${missing.toLocaleString()} tagged pictures lack a mask of one of both.` : "";
  if (!pictures)
    return `No picture has a mask of both.${left} In a terminal, python3 launch.py propose makes those of the studio's model.`;
  const learned = taught
    ? ` On ${taught.toLocaleString()} one of both learned from the accepted mask: they are not measured.`
    : "";
  if (!measured)
    return `${pictures.toLocaleString()} pictures compared. None has ground truth or an accepted mask, so this is how far both agree, not which is right.${learned}${left}`;
  return `${pictures.toLocaleString()} pictures compared, ${measured.toLocaleString()} of them with truth: the second is worse on ${worse.toLocaleString()} and better on ${better.toLocaleString()}.${learned}${left}`;
}
