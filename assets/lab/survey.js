/** The whole dataset: signals, classes, a table of pictures, and a scatter that chooses from them. */
import { count, element, fillSelect } from "../shared/dom.js";
import * as api from "./api.js";
import { ClassPage } from "./class_page.js";
import { confusionMatrix } from "./confusion.js";
import { DatasetCompare } from "./dataset_compare.js";
import { FiguresPanel } from "./figures_panel.js";
import { Scatter } from "./scatter.js";
import { fixed, pager, percent, table, thumbnail } from "./tables.js";

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
    this.status = element("p", { class: "st-muted", role: "status" });
    this.source = element("select", {
      class: "st-input lb-narrow",
      "aria-label": "Measured",
      title: "Whose maps and masks are measured: the studio's model, or a run on this dataset",
      on: { change: () => this._choseSource() },
    });
    this.start = element("button", {
      class: "st-button",
      type: "button",
      text: "Measure",
      title: "Measure every picture that the model has looked at, in the background",
      on: { click: () => this._start() },
    });
    this.ranking = element("section", { class: "lb-survey-card" });
    this.classes = element("section", { class: "lb-survey-card lb-wide" });
    this.x = this._select("Horizontal", "disagreement", () => this._loadPoints());
    this.y = this._select("Vertical", "iou", () => this._loadPoints());
    this.scatter = new Scatter();
    this.scatter.addEventListener("choose", ({ detail }) => this._showGallery(detail));
    this.scatter.addEventListener("open", ({ detail }) => this._open(detail));
    this.pointsNote = element("p", { class: "st-muted" });
    this.gallery = element("div", {});
    this.classPage = new ClassPage();
    this.classPage.addEventListener("open", ({ detail }) => this._open(detail));
    this.classPage.addEventListener("filter", ({ detail }) => this._choose(detail));
    this.confusion = element("section", { class: "lb-survey-card", hidden: true });
    this.compare = new DatasetCompare();
    this.compare.addEventListener("open", ({ detail }) => this._open(detail));
    this.figures = new FiguresPanel();
    this.view = element("select", {
      class: "st-input lb-narrow",
      "aria-label": "Table or gallery",
      title: "As a table or as a gallery, in the same order",
      on: { change: () => this._loadRows() },
    });
    fillSelect(
      this.view,
      [
        { value: "table", text: "Table" },
        { value: "gallery", text: "Gallery" },
      ],
      "table",
    );
    this.order = element("select", {
      class: "st-input lb-narrow",
      "aria-label": "Sorted by",
      on: { change: () => this._sortBy(this.order.value) },
    });
    this.search = element("input", {
      class: "st-input lb-narrow",
      type: "search",
      placeholder: "Part of the name",
      "aria-label": "Part of the name",
      on: { input: () => this._reload() },
    });
    this.tag = element("select", {
      class: "st-input lb-narrow",
      "aria-label": "Class",
      on: { change: () => this._reload({ points: true }) },
    });
    this.table = element("div", {});
    this.pager = element("div", {});
    this.body = element(
      "div",
      { hidden: true },
      element(
        "div",
        { class: "lb-survey-top" },
        this.ranking,
        element(
          "section",
          { class: "lb-survey-card" },
          element("div", { class: "lb-bar" }, element("h3", { text: "Pictures as points" }), this.x, this.y),
          this.scatter.root,
          this.pointsNote,
        ),
      ),
      this.gallery,
      this.classes,
      this.classPage.root,
      this.confusion,
      element(
        "section",
        { class: "lb-survey-card" },
        element(
          "div",
          { class: "lb-bar" },
          element("h3", { text: "Pictures" }),
          this.tag,
          this.search,
          this.view,
          this.order,
        ),
        this.table,
        this.pager,
      ),
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

  _select(label, value, change) {
    const select = element("select", { class: "st-input lb-narrow", "aria-label": label, on: { change } });
    fillSelect(
      select,
      NUMBERS.map((name) => ({ value: name, text: name === "iou" ? "IoU" : name })),
      value,
    );
    return select;
  }

  /** @param {Object} dataset as `/api/datasets` lists it */
  async open(dataset) {
    this.dataset = dataset;
    this.offset = 0;
    this.names = new Map(dataset.classes.map(({ index, name }) => [index, name]));
    this.title.textContent = `Whole dataset: ${dataset.name}`;
    fillSelect(
      this.tag,
      [
        { value: "", text: "All classes" },
        ...dataset.classes
          .filter(({ index }) => index)
          .map(({ index, name }) => ({ value: String(index), text: name })),
      ],
      "",
    );
    this.classPage.close();
    let sources = [{ key: "studio", title: "The studio's model" }];
    try {
      sources = await api.sources(dataset.id);
    } catch (error) {
      this.status.textContent = error.message;
    }
    if (dataset !== this.dataset) return;
    fillSelect(
      this.source,
      sources.map(({ key, title }) => ({ value: key, text: title })),
    );
    this.compare.open(dataset.id, sources, this.names);
    this.figures.open(sources);
    await this._look();
  }

  async _choseSource() {
    this.classPage.close();
    this.offset = 0;
    await this._look();
  }

  async _start() {
    try {
      await api.startSurvey(this.dataset.id, this.source.value);
      await this._look();
    } catch (error) {
      this.status.textContent = error.message;
    }
  }

  async _look() {
    clearTimeout(this._timer);
    let found;
    try {
      found = await api.survey(this.dataset.id, this.source.value);
    } catch (error) {
      this.status.textContent = error.message;
      return;
    }
    this.found = found;
    const isRunning = found.state === "running";
    this.start.disabled = isRunning;
    this.start.textContent = found.pictures ? "Measure again" : "Measure";
    this.status.textContent = isRunning
      ? `Measuring, ${found.done} of ${found.total} pictures …`
      : sentence(found, this.source.value === "studio");
    this.body.hidden = !found.pictures;
    if (isRunning) {
      this._timer = setTimeout(() => this.root.hidden || this._look(), LOOK_MS);
      return;
    }
    if (!found.pictures) return;
    if (!found.measured && this.y.value === "iou") this.y.value = "coverage";
    for (const select of [this.x, this.y]) {
      if (this.source.value !== "studio" && select.value === "disagreement") select.value = "undecided"; // runs keep no CAMs of tiles
    }
    if (!found.measured && this.sort === "iou") [this.sort, this.descending] = ["disagreement", true];
    if (this.source.value !== "studio" && this.sort === "disagreement") this.sort = "undecided";
    this._showRanking(found);
    this._showClasses(found);
    this.confusion.hidden = !found.confusion.length;
    this.confusion.replaceChildren(
      ...(found.confusion.length
        ? [confusionMatrix(found.confusion, this.names, (index) => this._showClass(index))]
        : []),
    );
    this._reload({ points: true });
  }

  _showRanking({ ranking, signals, measured }) {
    const head = [
      ["signal", "What is measured of a picture without any truth"],
      ["suspicious", "Which end of the signal is looked at first; fixed beforehand"],
      [
        "Spearman",
        "Rank correlation of the signal, turned so that suspicious is high, with one minus the IoU: 1 orders pictures from worst to best, 0 is a random order",
      ],
      [
        "AUROC",
        "How likely a bad mask (IoU below 50 %) is ahead of a good one: 1 is the perfect order, 0.5 a random one",
      ],
    ];
    const known = measured
      ? table(
          head,
          ranking.map(({ name, order, spearman, auroc }) => [
            { text: name, title: signals[name] },
            order,
            fixed(spearman),
            fixed(auroc),
          ]),
        )
      : element("p", {
          class: "st-muted",
          text: "No picture has both a proposal of this model and a mask to measure it with. Accept masks in Review, or import the dataset again with masks as ground truth.",
        });
    this.ranking.replaceChildren(
      element("h3", { text: "Do the signals find bad masks?" }),
      known,
      ...(measured
        ? [
            element("p", {
              class: "st-muted",
              text: `On ${measured.toLocaleString()} pictures with truth. A random order has 0 and 0.5, the perfect one 1 and 1.`,
            }),
          ]
        : []),
    );
  }

  _showClass(index) {
    this.classPage.show(this.dataset.id, index, this.source.value);
  }

  _showClasses({ classes, stages }) {
    this.classes.hidden = !classes.length;
    const head = [
      ["class", ""],
      ["IoU", "Over all measured pictures, in percent"],
      ["precision", "Share of what is painted that is right: low where the map runs over"],
      ["recall", "Share of the class that is painted: low where only a part lights up"],
      ["painted as", "What most of its missed pixels are called, with their share of the class"],
      [
        "takes from",
        "What most of the pixels are that it paints wrongly, with their share of what is painted",
      ],
    ];
    const shares = (list) => list.map(({ name, share }) => `${name} ${percent(share)}`).join(", ") || "–";
    const rows = [...classes]
      .sort((a, b) => a.iou - b.iou)
      .map(({ index, name, iou, precision, recall, missed, stolen }) => [
        { text: name, title: "Everything about this class", run: () => this._showClass(index) },
        percent(iou),
        percent(precision),
        percent(recall),
        shares(missed),
        shares(stolen),
      ]);
    const told = stages.filter(({ miou }) => miou !== null);
    const mean = ({ title, miou }) => `${title} ${percent(miou)}`;
    const way = told.filter(({ name }) => name !== "segmentation").map(mean);
    const network = told
      .filter(({ name }) => name === "segmentation")
      .map((stage) => `; ${mean(stage)} (${count(stage.pictures, "picture")})`);
    const means = element("p", {
      class: "st-muted",
      text: `Mean IoU over the classes, in percent: ${way.join(" → ")}${network.join("")}`,
      title:
        "Of each stage at its fixed threshold, over all pixels of all measured pictures, background included",
    });
    this.classes.replaceChildren(
      element("h3", { text: "Classes, the worst first" }),
      means,
      table(head, rows),
    );
  }

  /** Show the pictures of a class in the table. @param {number} index */
  _choose(index) {
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
    const page = await api.surveyRows(this.dataset.id, {
      sort: this.sort,
      descending: this.descending,
      class: this.tag.value,
      search: this.search.value,
      offset: this.offset,
      limit: PAGE,
      source: this.source.value,
    });
    if (asked !== this._asked) return;
    const columns = ["name", ...NUMBERS];
    fillSelect(
      this.order,
      columns.map((name) => ({ value: name, text: `by ${label(name)}` })),
      this.sort,
    );
    this.order.hidden = this.view.value === "table";
    this.table.replaceChildren(
      this.view.value === "table" ? this._rows(columns, page.rows) : this._thumbnails(page.rows),
    );
    this.pager.replaceChildren(
      pager({
        offset: this.offset,
        page: PAGE,
        total: page.total,
        go: (offset) => {
          this.offset = offset;
          this._loadRows();
        },
      }),
    );
  }

  _rows(columns, rows) {
    const head = element(
      "tr",
      {},
      ...columns.map((name) =>
        element(
          "th",
          {
            scope: "col",
            "aria-sort": name === this.sort ? (this.descending ? "descending" : "ascending") : "none",
            title: this.found.signals[name] ?? (name === "iou" ? "Mean IoU of the mask, in percent" : ""),
          },
          element("button", {
            class: "lb-sort",
            type: "button",
            text: `${label(name)}${name === this.sort ? (this.descending ? " ↓" : " ↑") : ""}`,
            on: { click: () => this._sortBy(name) },
          }),
        ),
      ),
      element("th", { text: "tags", scope: "col" }),
    );
    const lines = rows.map((row) =>
      element(
        "tr",
        {},
        element(
          "td",
          {},
          element("button", {
            class: "st-link",
            type: "button",
            text: row.name,
            title: "Look at it",
            on: { click: () => this._open(row.id) },
          }),
        ),
        ...NUMBERS.map((name) =>
          element("td", { text: name === "iou" ? percent(row.iou) : fixed(row[name]) }),
        ),
        element("td", { text: row.tags.map((index) => this.names.get(index)).join(", ") }),
      ),
    );
    return element(
      "table",
      { class: "st-table lb-rows" },
      element("thead", {}, head),
      element("tbody", {}, ...lines),
    );
  }

  _thumbnails(rows) {
    const value = (row) =>
      this.sort === "iou" || this.sort === "name"
        ? `IoU ${percent(row.iou)}`
        : `${this.sort} ${fixed(row[this.sort])}`;
    return element(
      "div",
      { class: "lb-gallery" },
      ...rows.map((row) =>
        thumbnail({
          id: row.id,
          datasetId: this.dataset.id,
          name: row.name,
          note: value(row),
          noteTip: `IoU ${percent(row.iou)} %; ${row.tags.map((index) => this.names.get(index)).join(", ")}`,
          open: (id) => this._open(id),
        }),
      ),
    );
  }

  _sortBy(name) {
    this.descending = name === this.sort ? !this.descending : name !== "name" && name !== "iou";
    this.sort = name;
    this._reload();
  }

  async _loadPoints() {
    const points = await api.surveyPoints(this.dataset.id, {
      x: this.x.value,
      y: this.y.value,
      class: this.tag.value,
      source: this.source.value,
    });
    const name = (select) => select.selectedOptions[0].textContent;
    this.scatter.show(points, name(this.x), name(this.y));
    this.pointsNote.textContent = points.ids.length
      ? `${points.ids.length.toLocaleString()} pictures. Drag a rectangle to see its pictures; click a point to look at one.`
      : "No picture has both numbers.";
    this._showGallery(null);
  }

  /** @param {number[]|null} ids @param {number} [offset] */
  _showGallery(ids, offset = 0) {
    if (!ids) {
      this.gallery.replaceChildren();
      return;
    }
    const nodes = ids
      .slice(offset, offset + GALLERY)
      .map((id) => thumbnail({ id, datasetId: this.dataset.id, open: (one) => this._open(one) }));
    const note = element("p", {
      class: "st-muted lb-gallery-note",
      text: ids.length ? `${ids.length.toLocaleString()} chosen` : "No point lies in the rectangle.",
    });
    this.gallery.replaceChildren(
      element("div", { class: "lb-gallery" }, note, ...nodes),
      ...(ids.length > GALLERY
        ? [pager({ offset, page: GALLERY, total: ids.length, go: (to) => this._showGallery(ids, to) })]
        : []),
    );
  }

  _open(id) {
    this.dispatchEvent(new CustomEvent("open", { detail: id }));
  }
}

function sentence({ state, problem, pictures, skipped, measured, taught, is_current: isCurrent }, isStudio) {
  if (state === "failed") return problem;
  if (state === "none" && !isStudio)
    return "Not measured yet. Measuring reads the maps and masks that the run has stored.";
  if (state === "none")
    return "Not measured yet. Measuring takes the pictures that the model has looked at; the command “propose” looks at all ahead of time.";
  if (!pictures && !isStudio)
    return "The run has no maps of a picture as it is now. Wait for its stage cams, or start another run.";
  if (!pictures)
    return "The model has not looked at a picture yet. Run the command “propose” with the dataset's name, then measure again.";
  const learned = taught
    ? `; ${taught.toLocaleString()} are left out of all figures: the run learned from their accepted mask`
    : "";
  const left =
    skipped && !isStudio
      ? `; ${skipped.toLocaleString()} tagged pictures are not in the run`
      : skipped
        ? `; ${skipped.toLocaleString()} tagged pictures were not looked at yet: the command “propose” does that`
        : "";
  return `${pictures.toLocaleString()} pictures measured, ${measured.toLocaleString()} of them with truth${learned}${left}.${isCurrent ? "" : " Measured with another model than the studio's: measure again."}`;
}

const label = (name) => (name === "iou" ? "IoU" : name);
