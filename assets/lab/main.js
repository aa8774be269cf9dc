/**
 * The Lab page: raw arrays of one picture come once, everything that can be looked at differently is computed
 * here. Only the CRF and the random walk ask the server again.
 */
import { element } from "../review/dom.js";
import * as api from "./api.js";
import { classViews } from "./class_view.js";
import { download, figurePng } from "./figure.js";
import { Latest } from "./latest.js";
import { Look } from "./look.js";
import { PaneGroup } from "./pane_group.js";
import { Picker } from "./picker.js";
import { PuzzlePanel, puzzleViews } from "./puzzle_view.js";
import { Readout } from "./readout.js";
import { SettingsPanel } from "./settings_panel.js";
import { SurveyView } from "./survey.js";
import { Toolbar } from "./toolbar.js";
import { wayViews } from "./way_view.js";

const SETTLED_MS = 120; // after the last move of a slider, before the server is asked

/** @param {HTMLElement} root */
export function mount(root) {
  window.puzzlecamLab = new LabPage(root); // for the browser's console
}

class LabPage {
  constructor(root) {
    this.picker = new Picker();
    this.toolbar = new Toolbar();
    this.panes = new PaneGroup();
    this.puzzlePanel = new PuzzlePanel();
    this.settings = new SettingsPanel();
    this.readout = new Readout();
    this.survey = new SurveyView();
    this.look = null;
    this.tiles = null; // chosen by the model until somebody does
    this.masks = new Latest(
      ({ look, wanted }) => api.mask(look.item.id, wanted),
      (answer, { look }) => this._take(look, answer),
      (error) => this._say(error.message),
    );
    this._build(root);
    this._listen();
    this._start();
  }

  _build(root) {
    const button = (text, title, click) => element("button", { class: "lb-button", type: "button", text, title, on: { click } });
    this.title = element("h2");
    this.facts = element("p", { class: "lb-muted" });
    this.review = element("a", { class: "lb-button", text: "Open in Review", title: "Correct this picture's mask" });
    this.saying = element("p", { class: "lb-saying", role: "status" });
    this.sentence = element("div", { class: "lb-sentence", role: "status" });
    const exports = element("span", { class: "lb-exports" }, button("Figure (PNG)", "The views as they are, with legend and settings written in", () => this._figure()), button("Arrays (.npz)", "Every array of this picture for numpy, unrounded, with the settings as JSON", () => this._arrays()), this.review);
    this.header = element("header", { class: "lb-header" }, element("div", {}, this.title, this.facts), element("span", { class: "lb-spring" }), exports);
    this.content = element("div", { class: "lb-content", hidden: true }, this.toolbar.root, this.puzzlePanel.root, this.panes.root, this.puzzlePanel.byClass);
    this.side = element("aside", { class: "lb-side", hidden: true }, this.settings.root, this.readout.root);
    this.main = element("main", { class: "lb-main" }, this.header, this.saying, this.sentence, this.content, this.survey.root);
    this.header.hidden = true;
    root.className = "lb-root";
    this.root = root;
    root.replaceChildren(this.picker.root, this.main, this.side);
  }

  _listen() {
    this.picker.addEventListener("choose", ({ detail }) => (detail === null ? this._nothing("No picture fits. Choose another class or dataset.") : this.open(detail)));
    this.picker.addEventListener("whole", () => this.openSurvey());
    this.picker.addEventListener("dataset", () => {
      if (!this.survey.root.hidden) this.openSurvey();
    });
    this.survey.addEventListener("open", ({ detail }) => this.open(detail));
    this.toolbar.addEventListener("change", ({ detail }) => {
      this.panes.setStyle({ colormap: this.toolbar.values.colormap, opacity: this.toolbar.values.opacity, contours: this.toolbar.values.contours });
      if (detail.includes("tab")) this.panes.enlarge(null);
      this.show();
      this._remember();
    });
    this.toolbar.addEventListener("fit", () => this.panes.fit());
    this.puzzlePanel.addEventListener("tiles", ({ detail }) => {
      this.tiles = detail;
      this.show();
    });
    this.panes.addEventListener("point", ({ detail }) => this.readout.point(detail));
    this.settings.addEventListener("threshold", () => {
      this._frame ??= requestAnimationFrame(() => {
        this._frame = null;
        this.show();
      });
      this._askLater();
    });
    this.settings.addEventListener("settings", () => {
      this._askLater();
      this.show();
    });
  }

  async _start() {
    const asked = new URLSearchParams(location.search);
    if (asked.has("view")) this.toolbar.values.tab = ["puzzle", "classes", "way"].includes(asked.get("view")) ? asked.get("view") : "way";
    const wanted = Number(asked.get("item")) || null;
    try {
      const { datasets } = await api.datasets();
      if (!datasets.length) {
        this._nothing("There is no dataset yet. Import a folder of pictures on the Datasets page.");
        return;
      }
      const item = wanted ? await api.item(wanted).catch(() => null) : null;
      await this.picker.setDatasets(datasets, item?.dataset_id ?? (Number(asked.get("dataset")) || null));
      if (asked.has("dataset") && !item) this.openSurvey();
      else if (item) await this.open(item.id);
      else this.picker.chooseFirst();
    } catch (error) {
      this._nothing(error.message);
    }
  }

  /** Show the whole dataset. */
  openSurvey() {
    this._opening?.abort();
    this._nothing("");
    this.picker.mark(null);
    this.sentence.hidden = true;
    this.survey.root.hidden = false;
    this.root.classList.add("lb-without-side");
    this.survey.open(this.picker.opened);
    history.replaceState(history.state, "", `${location.pathname}?dataset=${this.picker.opened.id}`);
  }

  /** Look at a picture. @param {number} id */
  async open(id) {
    this.survey.root.hidden = true;
    this.root.classList.remove("lb-without-side");
    this._opening?.abort();
    const opening = new AbortController();
    this._opening = opening;
    this.masks.forget();
    clearTimeout(this._asking);
    this.picker.mark(id);
    this._say("Looking at the picture at every scale …");
    this.content.classList.add("lb-stale");
    try {
      const [item, answer, image] = await Promise.all([api.item(id), api.look(id, opening.signal), api.image(id)]);
      if (opening.signal.aborted) return;
      const look = new Look(item, answer, image);
      look.names = this.picker.names;
      this._show(look);
    } catch (error) {
      if (opening.signal.aborted) return;
      this._nothing(error.message);
    }
  }

  _show(look) {
    this.look = look;
    const { model } = look.header;
    for (const node of [this.header, this.content, this.side]) node.hidden = false;
    this.sentence.hidden = true;
    this.content.classList.remove("lb-stale");
    this._say("");
    this.title.textContent = look.header.item.name;
    this.title.title = look.header.item.name;
    const truth = look.references.length ? "" : " · Nothing to measure against: accept its mask in Review, or import the dataset again with masks as ground truth";
    this.facts.textContent = `${look.width} × ${look.height} · ${look.tags.map(({ name }) => name).join(", ")} · model: ${model.title}${truth}`;
    this.facts.title = `${model.identity}\nScales ${model.scales.join(", ")}${model.flip ? ", and mirrored" : ""}; longer side at most ${model.max_side} px`;
    this.review.href = `/?dataset=${look.item.dataset_id}&item=${look.item.id}`;
    this.tiles ??= Math.min(4, model.tiles_per_side);
    this.settings.setModel(model);
    this.toolbar.setLook(look);
    this.readout.setLook(look);
    const colours = new Map(this.picker.opened.classes.map(({ index, color }) => [index, color]));
    this.panes.setStyle({ colours, threshold: this.settings.threshold });
    this.panes.setPicture(look.image, look.width, look.height);
    this._remember();
    this.show();
    this._ask();
  }

  /** Show the views of the chosen tab as things stand. */
  show() {
    const { look } = this;
    if (!look) return;
    const { tab } = this.toolbar.values;
    for (const node of [this.puzzlePanel.root, this.puzzlePanel.byClass]) node.hidden = tab !== "puzzle";
    this.panes.style.threshold = this.settings.threshold;
    const views = this._views(tab);
    this.panes.show(views);
    this.toolbar.setLegend(views);
    this.panes.draw();
  }

  _views(tab) {
    const { look } = this;
    const { tag, scale, others, shown, eachView, reference } = this.toolbar.values;
    if (tab === "classes") return classViews(look, scale, others);
    if (tab === "way") {
      const isPending = this.masks.isBusy || this._isAsking;
      return wayViews(look, { k: tag, threshold: this.settings.threshold, shown, eachView, reference, isPending, useCrf: this.settings.useCrf });
    }
    const puzzle = look.puzzles.get(this.tiles);
    this.puzzlePanel.show(this.tiles, puzzle?.header ?? null);
    if (puzzle) return puzzleViews(look, puzzle, tag);
    this._loadPuzzle(look, this.tiles);
    return [{ key: "whole", title: "Whole picture", tip: "The CAM of the whole picture is on its way" }];
  }

  async _loadPuzzle(look, tiles) {
    this._loadingPuzzles ??= new Set();
    const key = `${look.item.id} ${tiles}`;
    if (this._loadingPuzzles.has(key)) return;
    this._loadingPuzzles.add(key);
    try {
      look.puzzles.set(tiles, await api.puzzle(look.item.id, tiles, this._opening.signal));
      if (look === this.look) this.show();
    } catch (error) {
      if (error.name !== "AbortError") this._say(error.message);
    } finally {
      this._loadingPuzzles.delete(key);
    }
  }

  _askLater() {
    clearTimeout(this._asking);
    this._isAsking = true;
    this._asking = setTimeout(() => this._ask(), SETTLED_MS);
  }

  _ask() {
    this._isAsking = false;
    this.masks.ask({ look: this.look, wanted: this.settings.wanted });
  }

  _take(look, answer) {
    if (look !== this.look) return;
    look.setMade(answer);
    this.show();
    this.readout.point(this.panes.pointer);
  }

  async _figure() {
    const { look } = this;
    const { model, item } = look.header;
    const { tab } = this.toolbar.values;
    const settings = this.settings.wanted;
    const blob = await figurePng({
      title: `${item.name} · ${look.tags.map(({ name }) => name).join(", ")}`,
      views: this.panes.views,
      image: look.image,
      width: look.width,
      height: look.height,
      style: this.panes.style,
      lines: [
        `Model: ${model.identity}`,
        `CAMs: scales ${model.scales.join(", ")}${model.flip ? " and mirrored" : ""}, longer side at most ${model.max_side} px${model.affinity_power ? `, spread with power ${model.affinity_power}` : ""}; ${tab === "puzzle" ? `${this.tiles} x ${this.tiles} tiles` : `colours: ${this.toolbar.values.scale}`}`,
        `Mask: threshold ${settings.threshold}${settings.use_crf ? `; CRF ${JSON.stringify(settings.crf)}` : "; no CRF"}${model.walk ? `; walk ${JSON.stringify(settings.walk ?? model.walk)}` : ""}`,
        ...(tab === "puzzle" && this._lossLine() ? [this._lossLine()] : []),
        look.references.length ? `IoU against ${look.references[this.toolbar.values.reference].title}, mean over the classes of either mask, background included` : "Nothing to measure against",
      ],
    });
    download(blob, `${item.name}-${tab}.png`);
  }

  _lossLine() {
    const loss = this.look.puzzles.get(this.tiles)?.header.loss;
    if (!loss) return null;
    const shown = (value) => value.toFixed(3);
    return `Losses of this picture: L_cls ${shown(loss.classification)}, L_p-cls ${shown(loss.tile_classification)}, L_re ${shown(loss.reconstruction)}, alpha ${loss.alpha}, L ${shown(loss.total)}`;
  }

  async _arrays() {
    this._say("Packing the arrays …");
    try {
      download(await api.arrays(this.look.item.id, this.tiles, this.settings.wanted), `${this.look.header.item.name}.npz`);
      this._say("");
    } catch (error) {
      this._say(error.message);
    }
  }

  _remember() {
    if (this.look) history.replaceState(history.state, "", `${location.pathname}?item=${this.look.item.id}&view=${this.toolbar.values.tab}`);
  }

  _say(text) {
    this.saying.textContent = text;
  }

  _nothing(text) {
    this._say("");
    this.look = null;
    for (const node of [this.header, this.content, this.side]) node.hidden = true;
    this.sentence.hidden = false;
    this.sentence.textContent = text;
  }
}
