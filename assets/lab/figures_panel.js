/** Figures 1, 3 and 4 of the paper for a run of the workspace. */
import { element, fillSelect } from "../shared/dom.js";
import * as api from "./api.js";

const LOOK_MS = 1000;
const TITLES = {
  "figure-1": "Figure 1: CAMs of the whole picture, of its tiles, and of the run",
  "figure-3": "Figure 3: predicted tags and CAMs by loss functions",
  "figure-4": "Figure 4: photograph, ground truth, mask",
};

export class FiguresPanel {
  constructor() {
    const select = (label, title) =>
      element("select", {
        class: "st-input lb-narrow",
        "aria-label": label,
        title,
        on: { change: () => this._look() },
      });
    this.run = select("Run", "The run that the figures are of");
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
      max: "24",
      value: "4",
      "aria-label": "Pictures a figure",
      title: "Pictures a figure, spread evenly over the split",
    });
    this.draw = element("button", {
      class: "st-button",
      type: "button",
      text: "Draw figures",
      title: "Draw figures 1, 3 and 4 as SVG and PNG, with the settings on them",
      on: { click: () => this._draw() },
    });
    this.status = element("p", { class: "st-muted", role: "status" });
    this.shown = element("div", { class: "lb-figures" });
    this.bar = element(
      "div",
      { class: "lb-bar" },
      this.run,
      element("label", { class: "st-muted", text: "baseline " }, this.baseline),
      element(
        "label",
        { class: "st-muted", title: "Put every run on this dataset beside it in figure 3, five at most" },
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

  /** @param {{key: string, title: string}[]} sources */
  open(sources) {
    this.runs = sources
      .filter(({ key }) => key.startsWith("run-"))
      .map(({ key, title }) => ({ value: key.slice(4), text: title }));
    this.bar.hidden = !this.runs.length;
    this.shown.replaceChildren();
    if (!this.runs.length) {
      this.status.textContent =
        "No run on this dataset has made CAMs yet. Start one on the Runs page; for a run elsewhere use the command “figures RUN_DIR --out DIR”.";
      return;
    }
    fillSelect(this.run, this.runs);
    fillSelect(this.baseline, [{ value: "", text: "its own classifier" }, ...this.runs]);
    this._look();
  }

  async _draw() {
    const run = Number(this.run.value);
    const compare = this.others.checked
      ? this.runs
          .map(({ value }) => Number(value))
          .filter((one) => one !== run)
          .slice(0, 5)
      : [];
    const pictures = Math.min(24, Math.max(1, Math.round(Number(this.count.value)) || 4));
    try {
      await api.drawFigures(run, { baseline: Number(this.baseline.value) || null, compare, pictures });
      await this._look();
    } catch (error) {
      this.status.textContent = error.message;
    }
  }

  async _look() {
    clearTimeout(this._timer);
    const asked = (this._asked = {});
    const run = this.run.value;
    let found;
    try {
      found = await api.figures(run);
    } catch (error) {
      this.status.textContent = error.message;
      return;
    }
    if (asked !== this._asked) return;
    const isRunning = found.state === "running";
    this.draw.disabled = isRunning;
    if (isRunning) {
      this.status.textContent = `Drawing, ${found.done} of ${found.total} figures …`;
      this._timer = setTimeout(() => this.root.isConnected && this._look(), LOOK_MS);
      return;
    }
    this.status.textContent =
      found.state === "failed"
        ? found.problem
        : found.state === "none"
          ? "Not drawn yet."
          : found.notes.join(" ");
    this.shown.replaceChildren(...found.figures.map((name) => this._figure(run, name, found.version)));
  }

  _figure(run, name, version) {
    const link = (suffix) =>
      element("a", {
        class: "st-link",
        href: api.figureUrl(run, name, suffix, version),
        text: suffix.toUpperCase(),
        download: "",
      });
    return element(
      "figure",
      {},
      element(
        "figcaption",
        { class: "lb-bar" },
        element("span", { text: TITLES[name] ?? name }),
        link("svg"),
        link("png"),
      ),
      element("img", {
        src: api.figureUrl(run, name, "png", version),
        alt: TITLES[name] ?? name,
        loading: "lazy",
      }),
    );
  }
}
