/** The whole dataset: signals, classes, a table of pictures, and points that choose from them. */
import { messageOf } from "../shared/api.js";
import { element, fillSelect } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import * as api from "./api.js";
import { ClassPage } from "./class_page.js";
import { confusionMatrix } from "./confusion.js";
import { DatasetCompare } from "./dataset_compare.js";
import { FiguresPanel } from "./figures_panel.js";
import { classTable } from "./survey_classes.js";
import { SurveyPictures } from "./survey_pictures.js";
import { SurveyPoints } from "./survey_points.js";
import { signalRanking } from "./survey_signals.js";

/** @import { DatasetOut, SurveyOut } from "../shared/openapi" */

const POLL_MS = 1000;
const STUDIO = "studio"; // key of the studio's model among the sources

/** @extends {Emitter<{open: number}>} event `open`: id of a picture */
export class SurveyView extends Emitter {
  /** @type {DatasetOut|null} */
  #dataset = null;
  /** Names of its classes by index. @type {Map<number, string>} */
  #names = new Map();
  /** What each signal measures. @type {SurveyOut["signals"]} */
  #signals = {};
  #timer = 0;

  constructor() {
    super();
    this.status = element("p", { class: "st-muted", role: "status" });
    this.source = element("select", {
      class: "st-input lb-narrow",
      "aria-label": "Measured",
      title: "Whose maps and masks are measured: the studio's model, or a run on this dataset",
      on: { change: () => this.#chooseSource() },
    });
    this.start = element("button", {
      class: "st-button",
      type: "button",
      text: "Measure",
      title: "Measure every picture that the model has processed, in the background",
      on: { click: () => this.#start() },
    });
    this.ranking = element("section", { class: "lb-survey-card" });
    this.classes = element("section", { class: "lb-survey-card lb-wide" });
    this.confusion = element("section", { class: "lb-survey-card", hidden: true });
    this.downloads = element("p", { class: "st-muted" });
    this.points = new SurveyPoints();
    this.classPage = new ClassPage();
    this.pictures = new SurveyPictures();
    this.compare = new DatasetCompare();
    this.figures = new FiguresPanel();
    const open = (/** @type {number} */ id) => this.emit("open", id);
    this.points.on("open", open);
    this.classPage.on("open", open);
    this.pictures.on("open", open);
    this.compare.on("open", open);
    this.classPage.on("filter", (index) => this.#filter(index));
    this.pictures.on("tag", () => this.#showPictures());
    this.body = element(
      "div",
      { hidden: true },
      element("div", { class: "lb-survey-top" }, this.ranking, this.points.root),
      this.points.gallery,
      this.classes,
      this.classPage.root,
      this.confusion,
      this.downloads,
      this.pictures.root,
    );
    this.title = element("h2", { text: "Whole dataset" });
    this.root = element(
      "div",
      { class: "lb-survey", hidden: true },
      element(
        "header",
        { class: "lb-header" },
        element("div", {}, this.title, this.status),
        element("span", { class: "st-spring" }),
        this.source,
        this.start,
      ),
      this.body,
      this.compare.root,
      this.figures.root,
    );
  }

  /** @param {DatasetOut} dataset */
  async open(dataset) {
    this.#dataset = dataset;
    this.#names = new Map(dataset.classes.map(({ index, name }) => [index, name]));
    this.title.textContent = `Whole dataset: ${dataset.name}`;
    this.pictures.setDataset(dataset);
    this.classPage.close();
    let sources = [{ key: STUDIO, title: "The studio's model" }];
    try {
      sources = await api.sources(dataset.id);
    } catch (error) {
      this.status.textContent = messageOf(error);
    }
    if (dataset !== this.#dataset) return;
    fillSelect(
      this.source,
      sources.map(({ key, title }) => ({ value: key, text: title })),
    );
    this.compare.open(dataset.id, sources);
    this.figures.open(sources);
    await this.#load(dataset);
  }

  async #chooseSource() {
    this.classPage.close();
    if (this.#dataset) await this.#load(this.#dataset);
  }

  async #start() {
    if (!this.#dataset) return;
    try {
      await api.startSurvey(this.#dataset.id, this.source.value);
      await this.#load(this.#dataset);
    } catch (error) {
      this.status.textContent = messageOf(error);
    }
  }

  /** @param {DatasetOut} dataset */
  async #load(dataset) {
    window.clearTimeout(this.#timer);
    const source = this.source.value;
    let found;
    try {
      found = await api.survey(dataset.id, source);
    } catch (error) {
      this.status.textContent = messageOf(error);
      return;
    }
    if (dataset !== this.#dataset || source !== this.source.value) return;
    const isRunning = found.state === "running";
    const isStudio = source === STUDIO;
    this.start.disabled = isRunning;
    this.start.textContent = found.pictures ? "Measure again" : "Measure";
    this.status.textContent = isRunning
      ? `Measuring, ${found.done} of ${found.total} pictures …`
      : sentence(found, isStudio);
    this.body.hidden = !found.pictures;
    if (isRunning) this.#timer = window.setTimeout(() => this.root.hidden || this.#load(dataset), POLL_MS);
    else if (found.pictures) this.#show(dataset, found, isStudio);
  }

  /** @param {DatasetOut} dataset @param {SurveyOut} found @param {boolean} isStudio */
  #show(dataset, found, isStudio) {
    const showClass = (/** @type {number} */ index) =>
      void this.classPage.show(dataset.id, index, this.source.value);
    for (const view of [this.points, this.pictures]) view.setKnown(found.measured > 0, isStudio); // runs keep no CAMs of tiles
    this.ranking.replaceChildren(...signalRanking(found));
    this.classes.hidden = !found.classes.length;
    this.classes.replaceChildren(...classTable(found, showClass));
    this.confusion.hidden = !found.confusion.length;
    this.confusion.replaceChildren(
      ...(found.confusion.length ? [confusionMatrix(found.confusion, this.#names, showClass)] : []),
    );
    this.downloads.replaceChildren(
      "Download as CSV: ",
      csvLink("all pictures", api.tableUrl(dataset.id, "pictures", this.source.value)),
      ...(found.confusion.length
        ? [", ", csvLink("confusion matrix", api.tableUrl(dataset.id, "confusion", this.source.value))]
        : []),
    );
    this.#signals = found.signals;
    this.#showPictures();
  }

  /** Show table and points of the chosen class. */
  #showPictures() {
    const dataset = this.#dataset;
    if (!dataset) return;
    const source = this.source.value;
    this.pictures.show({ dataset, names: this.#names, source, signals: this.#signals });
    void this.points.show({ datasetId: dataset.id, source, tag: this.pictures.tag.value });
  }

  /** Show only the pictures of a class. @param {number} index */
  #filter(index) {
    this.pictures.tag.value = String(index);
    this.#showPictures();
    this.pictures.tag.scrollIntoView({ block: "center" });
  }
}

/** @param {SurveyOut} found @param {boolean} isStudio whether the studio's model is measured, and not a run */
function sentence(found, isStudio) {
  const { state, problem, pictures, skipped, measured, taught, is_current: isCurrent } = found;
  if (state === "failed") return problem ?? "Measuring failed.";
  if (state === "none")
    return isStudio
      ? "Not measured yet. Only pictures that the model has processed are measured; the command “propose” processes all of them."
      : "Not measured yet. Measuring reads the maps and masks that the run has stored.";
  if (!pictures)
    return isStudio
      ? "The model has not processed a picture yet. Run the command “propose” with the dataset's name, then measure again."
      : "The run has no maps of the pictures as they are now. Wait for its stage cams, or start another run.";
  const learned = taught
    ? `; ${taught.toLocaleString()} are left out of all figures, because the run learned from their accepted mask`
    : "";
  const missing = isStudio
    ? "have not been processed yet: the command “propose” does that"
    : "are not in the run";
  const left = skipped ? `; ${skipped.toLocaleString()} tagged pictures ${missing}` : "";
  const other = isCurrent ? "" : " These are the figures of another model than the studio's: measure again.";
  return `${pictures.toLocaleString()} pictures measured, ${measured.toLocaleString()} of them with a reference mask${learned}${left}.${other}`;
}

/** @param {string} text @param {string} url */
const csvLink = (text, url) => element("a", { href: url, download: "", text });
