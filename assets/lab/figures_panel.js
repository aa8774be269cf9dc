/** Figures 1, 3 and 4 of the paper for a run of the workspace. */
import { messageOf } from "../shared/api.js";
import { element, fillSelect } from "../shared/dom.js";
import * as api from "./api.js";

/** @import { FiguresOut, SourceOut } from "../shared/openapi" */

const POLL_MS = 1000;
const MOST_COMPARED = 5;
const MOST_PICTURES = 24;
const USUAL_PICTURES = 4;
/** @type {Partial<Record<string, string>>} */
const TITLES = {
  "figure-1": "Figure 1: CAMs of the whole picture, of its tiles, and of the run",
  "figure-3": "Figure 3: predicted tags and CAMs by loss functions",
  "figure-4": "Figure 4: picture, ground truth, mask",
};

export class FiguresPanel {
  /** Numbers and titles. @type {{value: string, text: string}[]} */
  #runs = [];
  #timer = 0;
  /** The last request. @type {object|null} */
  #asked = null;

  constructor() {
    this.run = element("select", {
      class: "st-input lb-narrow",
      "aria-label": "Run",
      title: "The run that the figures show",
      on: { change: () => this.#load() },
    });
    this.baseline = element("select", {
      class: "st-input lb-narrow",
      "aria-label": "Baseline",
      title: "A conventional classifier, trained without L_p-cls and L_re, for (a) and (b) of figure 1",
    });
    this.others = element("input", { type: "checkbox" });
    this.count = element("input", {
      class: "st-input lb-count",
      type: "number",
      min: "1",
      max: String(MOST_PICTURES),
      value: String(USUAL_PICTURES),
      "aria-label": "Pictures per figure",
      title: "Pictures per figure, spread evenly over the split",
    });
    this.draw = element("button", {
      class: "st-button",
      type: "button",
      text: "Draw figures",
      title: "Draw figures 1, 3 and 4 as SVG and PNG that include the settings",
      on: { click: () => this.#draw() },
    });
    this.status = element("p", { class: "st-muted", role: "status" });
    this.shown = element("div", { class: "lb-figures" });
    this.bar = element(
      "div",
      { class: "lb-bar" },
      this.run,
      element("label", { class: "st-muted" }, "baseline ", this.baseline),
      element(
        "label",
        {
          class: "st-muted",
          title: `Show the other runs on this dataset beside it in figure 3, at most ${MOST_COMPARED}`,
        },
        this.others,
        " compare all runs",
      ),
      element("label", { class: "st-muted" }, this.count, " pictures each"),
      this.draw,
    );
    this.root = element(
      "section",
      { class: "lb-survey-card lb-figures-card" },
      element("h3", { text: "Figures of the paper" }),
      this.bar,
      this.status,
      this.shown,
    );
  }

  /** @param {SourceOut[]} sources */
  open(sources) {
    this.#runs = sources
      .filter(({ key }) => key.startsWith("run-"))
      .map(({ key, title }) => ({ value: key.slice(4), text: title }));
    this.bar.hidden = !this.#runs.length;
    this.shown.replaceChildren();
    if (!this.#runs.length) {
      this.status.textContent =
        "No run on this dataset has made CAMs yet. Start one on the Runs page; for a run directory elsewhere use the command “figures RUN_DIR --out DIR”.";
      return;
    }
    fillSelect(this.run, this.#runs);
    fillSelect(this.baseline, [{ value: "", text: "its own classifier" }, ...this.#runs]);
    void this.#load();
  }

  async #draw() {
    const run = Number(this.run.value);
    const others = this.#runs.map(({ value }) => Number(value)).filter((one) => one !== run);
    const count = Math.round(Number(this.count.value)) || USUAL_PICTURES;
    try {
      await api.drawFigures(run, {
        baseline: Number(this.baseline.value) || null,
        compare: this.others.checked ? others.slice(0, MOST_COMPARED) : [],
        pictures: Math.min(MOST_PICTURES, Math.max(1, count)),
      });
      await this.#load();
    } catch (error) {
      this.status.textContent = messageOf(error);
    }
  }

  async #load() {
    window.clearTimeout(this.#timer);
    const asked = (this.#asked = {});
    const run = Number(this.run.value);
    let found;
    try {
      found = await api.figures(run);
    } catch (error) {
      this.status.textContent = messageOf(error);
      return;
    }
    if (asked !== this.#asked) return;
    const isRunning = found.state === "running";
    this.draw.disabled = isRunning;
    this.status.textContent = sentence(found);
    if (isRunning) {
      this.#timer = window.setTimeout(() => this.root.isConnected && this.#load(), POLL_MS);
      return;
    }
    this.shown.replaceChildren(...found.figures.map((name) => figure(run, name, found.version)));
  }
}

/** @param {FiguresOut} found */
function sentence({ state, done, total, problem, notes }) {
  if (state === "running") return `Drawing, ${done} of ${total} figures …`;
  if (state === "failed") return problem ?? "Drawing failed.";
  return state === "none" ? "Not drawn yet." : notes.join(" ");
}

/** @param {number} run @param {string} name @param {number} version */
function figure(run, name, version) {
  const link = (/** @type {"svg"|"png"} */ suffix) =>
    element("a", {
      class: "st-link",
      href: api.figureUrl(run, name, suffix, version),
      text: suffix.toUpperCase(),
      download: "",
    });
  const title = TITLES[name] ?? name;
  return element(
    "figure",
    {},
    element("figcaption", { class: "lb-bar" }, element("span", { text: title }), link("svg"), link("png")),
    element("img", { src: api.figureUrl(run, name, "png", version), alt: title, loading: "lazy" }),
  );
}
