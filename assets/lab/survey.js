/** The whole dataset: signals, classes, a table of pictures, and a scatter that chooses from them. */
import { element, fillSelect } from "../review/dom.js";
import * as api from "./api.js";
import { Scatter } from "./scatter.js";

const PAGE = 50;
const GALLERY = 60;
const LOOK_MS = 1000;
const NUMBERS = ["iou", "disagreement", "coverage", "entropy", "undecided", "score", "flips"];

/** Event: `open` (detail: item id, to be looked at). */
export class SurveyView extends EventTarget {
  constructor() {
    super();
    this.sort = "iou";
    this.descending = false;
    this.offset = 0;
    this.status = element("p", { class: "lb-muted", role: "status" });
    this.start = element("button", { class: "lb-button", type: "button", text: "Measure", title: "Measure every picture that the model has looked at, in the background", on: { click: () => this._start() } });
    this.ranking = element("section", { class: "lb-survey-card" });
    this.classes = element("section", { class: "lb-survey-card lb-wide" });
    this.x = this._select("Horizontal", "disagreement", () => this._loadPoints());
    this.y = this._select("Vertical", "iou", () => this._loadPoints());
    this.scatter = new Scatter();
    this.scatter.addEventListener("choose", ({ detail }) => this._showGallery(detail));
    this.scatter.addEventListener("open", ({ detail }) => this._open(detail));
    this.pointsNote = element("p", { class: "lb-muted" });
    this.gallery = element("div", { class: "lb-gallery" });
    this.search = element("input", { class: "lb-input lb-narrow", type: "search", placeholder: "Part of the name", "aria-label": "Part of the name", on: { input: () => this._reload() } });
    this.tag = element("select", { class: "lb-input lb-narrow", "aria-label": "Class", on: { change: () => this._reload({ points: true }) } });
    this.table = element("table", { class: "lb-table lb-rows" });
    this.pager = element("div", { class: "lb-bar" });
    this.body = element(
      "div",
      { hidden: true },
      element("div", { class: "lb-survey-top" }, this.ranking, element("section", { class: "lb-survey-card" }, element("div", { class: "lb-bar" }, element("h3", { text: "Pictures as points" }), this.x, this.y), this.scatter.root, this.pointsNote)),
      this.gallery,
      this.classes,
      element("section", { class: "lb-survey-card" }, element("div", { class: "lb-bar" }, element("h3", { text: "Pictures" }), this.tag, this.search), this.table, this.pager),
    );
    this.title = element("h2", { text: "Whole dataset" });
    this.root = element("div", { class: "lb-survey", hidden: true }, element("header", { class: "lb-header" }, element("div", {}, this.title, this.status), element("span", { class: "lb-spring" }), this.start), this.body);
  }

  _select(label, value, change) {
    const select = element("select", { class: "lb-input lb-narrow", "aria-label": label, on: { change } });
    fillSelect(select, NUMBERS.map((name) => ({ value: name, text: name === "iou" ? "IoU" : name })), value);
    return select;
  }

  /** @param {Object} dataset as `/api/datasets` lists it */
  async open(dataset) {
    this.dataset = dataset;
    this.offset = 0;
    this.names = new Map(dataset.classes.map(({ index, name }) => [index, name]));
    this.title.textContent = `Whole dataset: ${dataset.name}`;
    fillSelect(this.tag, [{ value: "", text: "All classes" }, ...dataset.classes.filter(({ index }) => index).map(({ index, name }) => ({ value: String(index), text: name }))], "");
    await this._look();
  }

  async _start() {
    try {
      await api.startSurvey(this.dataset.id);
      await this._look();
    } catch (error) {
      this.status.textContent = error.message;
    }
  }

  async _look() {
    clearTimeout(this._timer);
    let found;
    try {
      found = await api.survey(this.dataset.id);
    } catch (error) {
      this.status.textContent = error.message;
      return;
    }
    this.found = found;
    const isRunning = found.state === "running";
    this.start.disabled = isRunning;
    this.start.textContent = found.pictures ? "Measure again" : "Measure";
    this.status.textContent = isRunning ? `Measuring, ${found.done} of ${found.total} pictures …` : sentence(found);
    this.body.hidden = !found.pictures;
    if (isRunning) {
      this._timer = setTimeout(() => this.root.hidden || this._look(), LOOK_MS);
      return;
    }
    if (!found.pictures) return;
    if (!found.measured && this.y.value === "iou") this.y.value = "coverage";
    if (!found.measured && this.sort === "iou") [this.sort, this.descending] = ["disagreement", true];
    this._showRanking(found);
    this._showClasses(found);
    this._reload({ points: true });
  }

  _showRanking({ ranking, signals, measured }) {
    const head = [
      ["signal", "What is measured of a picture without any truth"],
      ["suspicious", "Which end of the signal is looked at first; fixed beforehand"],
      ["Spearman", "Rank correlation of the signal, turned so that suspicious is high, with one minus the IoU: 1 orders pictures from worst to best, 0 is a random order"],
      ["AUROC", "How likely a bad mask (IoU below 50 %) is ahead of a good one: 1 is the perfect order, 0.5 a random one"],
    ];
    const known = measured
      ? table(head, ranking.map(({ name, order, spearman, auroc }) => [{ text: name, title: signals[name] }, order, fixed(spearman), fixed(auroc)]))
      : element("p", { class: "lb-muted", text: "No picture has both a proposal of this model and a mask to measure it with. Accept masks in Review, or import the dataset again with masks as ground truth." });
    this.ranking.replaceChildren(element("h3", { text: "Do the signals find bad masks?" }), known, ...(measured ? [element("p", { class: "lb-muted", text: `On ${measured.toLocaleString()} pictures with truth. A random order has 0 and 0.5, the perfect one 1 and 1.` })] : []));
  }

  _showClasses({ classes }) {
    this.classes.hidden = !classes.length;
    const head = [
      ["class", ""],
      ["IoU", "Over all measured pictures, in percent"],
      ["precision", "Share of what is painted that is right: low where the map runs over"],
      ["recall", "Share of the class that is painted: low where only a part lights up"],
      ["painted as", "What most of its missed pixels are called, with their share of the class"],
      ["takes from", "What most of the pixels are that it paints wrongly, with their share of what is painted"],
    ];
    const shares = (list) => list.map(({ name, share }) => `${name} ${percent(share)}`).join(", ") || "–";
    const rows = [...classes].sort((a, b) => a.iou - b.iou).map(({ name, iou, precision, recall, missed, stolen }) => [{ text: name, run: () => this._choose(name) }, percent(iou), percent(precision), percent(recall), shares(missed), shares(stolen)]);
    this.classes.replaceChildren(element("h3", { text: "Classes, the worst first" }), table(head, rows));
  }

  _choose(name) {
    const index = [...this.names].find(([, one]) => one === name)?.[0];
    if (!index) return;
    this.tag.value = String(index);
    this._reload({ points: true });
    this.tag.scrollIntoView({ block: "center" });
  }

  _reload({ points = false } = {}) {
    this.offset = 0;
    this._loadRows();
    if (points) this._loadPoints();
  }

  async _loadRows() {
    const asked = (this._asked = {});
    const page = await api.surveyRows(this.dataset.id, { sort: this.sort, descending: this.descending, class: this.tag.value, search: this.search.value, offset: this.offset, limit: PAGE });
    if (asked !== this._asked) return;
    const columns = ["name", ...NUMBERS];
    const head = element(
      "tr",
      {},
      ...columns.map((name) =>
        element(
          "th",
          { "aria-sort": name === this.sort ? (this.descending ? "descending" : "ascending") : "none", title: this.found.signals[name] ?? (name === "iou" ? "Mean IoU of the model's proposal, in percent" : "") },
          element("button", { class: "lb-sort", type: "button", text: `${name === "iou" ? "IoU" : name}${name === this.sort ? (this.descending ? " ↓" : " ↑") : ""}`, on: { click: () => this._sortBy(name) } }),
        ),
      ),
      element("th", { text: "tags" }),
    );
    const rows = page.rows.map((row) =>
      element(
        "tr",
        {},
        element("td", {}, element("button", { class: "lb-link", type: "button", text: row.name, title: "Look at it", on: { click: () => this._open(row.id) } })),
        ...NUMBERS.map((name) => element("td", { text: name === "iou" ? percent(row.iou) : fixed(row[name]) })),
        element("td", { text: row.tags.map((index) => this.names.get(index)).join(", ") }),
      ),
    );
    this.table.replaceChildren(element("thead", {}, head), element("tbody", {}, ...rows));
    const turn = (text, step, isOff) => element("button", { class: "lb-button", type: "button", text, disabled: isOff, on: { click: () => { this.offset += step; this._loadRows(); } } });
    const last = Math.min(page.total, this.offset + PAGE);
    this.pager.replaceChildren(
      turn("Back", -PAGE, this.offset === 0),
      turn("On", PAGE, last >= page.total),
      element("span", { class: "lb-muted", text: page.total ? `${this.offset + 1} to ${last} of ${page.total.toLocaleString()}` : "No picture fits." }),
    );
  }

  _sortBy(name) {
    this.descending = name === this.sort ? !this.descending : name !== "name" && name !== "iou";
    this.sort = name;
    this._reload();
  }

  async _loadPoints() {
    const points = await api.surveyPoints(this.dataset.id, { x: this.x.value, y: this.y.value, class: this.tag.value });
    const name = (select) => select.selectedOptions[0].textContent;
    this.scatter.show(points, name(this.x), name(this.y));
    this.pointsNote.textContent = points.ids.length ? `${points.ids.length.toLocaleString()} pictures. Drag a rectangle to see its pictures; click a point to look at one.` : "No picture has both numbers.";
    this._showGallery(null);
  }

  /** @param {number[]|null} ids */
  _showGallery(ids) {
    const nodes = (ids ?? []).slice(0, GALLERY).map((id) =>
      element(
        "span",
        { class: "lb-thumb" },
        element("button", { type: "button", title: "Look at it", on: { click: () => this._open(id) } }, element("img", { src: api.thumbnailUrl(id, 0), alt: `Picture ${id}`, loading: "lazy" })),
        element("a", { class: "lb-muted", href: `/?dataset=${this.dataset.id}&item=${id}`, text: "Review" }),
      ),
    );
    if (ids) nodes.unshift(element("p", { class: "lb-muted lb-gallery-note", text: ids.length ? `${ids.length.toLocaleString()} chosen${ids.length > GALLERY ? `; the first ${GALLERY}` : ""}` : "No point lies in the rectangle." }));
    this.gallery.replaceChildren(...nodes);
  }

  _open(id) {
    this.dispatchEvent(new CustomEvent("open", { detail: id }));
  }
}

function sentence({ state, problem, pictures, skipped, measured, is_current: isCurrent }) {
  if (state === "failed") return problem;
  if (state === "none") return "Not measured yet. Measuring takes the pictures that the model has looked at; the command “propose” looks at all ahead of time.";
  if (!pictures) return "The model has not looked at a picture yet. Run the command “propose” with the dataset's name, then measure again.";
  const left = skipped ? `; ${skipped.toLocaleString()} tagged pictures were not looked at yet: the command “propose” does that` : "";
  return `${pictures.toLocaleString()} pictures measured, ${measured.toLocaleString()} of them with truth${left}.${isCurrent ? "" : " Measured with another model than the studio's: measure again."}`;
}

function table(head, rows) {
  return element(
    "table",
    { class: "lb-table" },
    element("thead", {}, element("tr", {}, ...head.map(([text, title]) => element("th", { text, title })))),
    element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells.map(cell)))),
  );
}

function cell(content) {
  if (typeof content === "string") return element("td", { text: content });
  const { text, title, run } = content;
  return run ? element("td", {}, element("button", { class: "lb-link", type: "button", text, title: "Its pictures", on: { click: run } })) : element("td", { text, title });
}

const percent = (value) => (value === null || value === undefined ? "–" : (100 * value).toFixed(1));
const fixed = (value) => (value === null || value === undefined ? "–" : value.toFixed(3));
