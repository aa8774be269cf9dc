/**
 * The Lab page: raw arrays of one picture come once, everything that can be looked at differently is computed
 * here. Only the CRF and the random walk ask the server again.
 *
 * The page begins when this module has come, which may be before Gradio has made the place it is mounted in.
 */
import { element } from "../shared/dom.js";
import * as api from "./api.js";
import { classViews } from "./class_view.js";
import { Comparison } from "./comparison.js";
import { exportButtons, settingsInWords } from "./exports.js";
import { Latest } from "./latest.js";
import { Look } from "./picture.js";
import { ModelChoice } from "./model_choice.js";
import { Opening } from "./picture_requests.js";
import { PaneGroup } from "./pane_group.js";
import { Picker } from "./picker.js";
import { PuzzlePanel, puzzleViews } from "./puzzle_view.js";
import { Readout } from "./readout.js";
import { ScalePanel } from "./scale_panel.js";
import { SettingsPanel } from "./settings_panel.js";
import { SurveyView } from "./survey.js";
import { TABS, Toolbar } from "./toolbar.js";
import { firstViews, wayViews } from "./steps_view.js";

const SETTLED_MS = 120; // after the last move of a slider, before the mask is asked for that is no draft
const PREVIEW_MS = 150; // as long as a look that is kept may take before the bare photograph is shown
const AHEAD = 2; // pictures below the one in hand that are looked at while nothing else is to be done

/** @param {HTMLElement} root */
export function mount(root) {
  const page = begun ?? new LabPage();
  begun = null;
  root.replaceWith(page.root);
  window.puzzlecamLab = page; // for the browser's console
}

class LabPage {
  constructor() {
    this.picker = new Picker();
    this.toolbar = new Toolbar();
    this.panes = new PaneGroup();
    this.puzzlePanel = new PuzzlePanel();
    this.settings = new SettingsPanel();
    this.readout = new Readout();
    this.survey = new SurveyView();
    this.comparison = new Comparison();
    this.scales = new ScalePanel();
    this.modelChoice = new ModelChoice("Looked at through", { films: false });
    this.readout.more = (read) =>
      this.toolbar.values.tab === "compare" ? this.comparison.at(this.toolbar.values.tag, read) : null;
    this.model = "proposer"; // key of what the page looks through
    this.look = null;
    this.tiles = null; // chosen by the model until somebody does
    this.masks = new Latest(
      ({ look, wanted }) => api.mask(look.item.id, look.model, wanted, this._opening.signal),
      (answer, { look }) => this._take(look, answer),
      (error) => error.name === "AbortError" || this._say(error.message),
    );
    this._build();
    this._listen();
    this._start();
  }

  _build() {
    this.title = element("h2");
    this.facts = element("p", { class: "st-muted" });
    this.review = element("a", {
      class: "st-button",
      text: "Open in Review",
      title: "Correct this picture's mask",
    });
    this.saying = element("p", { class: "lb-saying", role: "status" });
    this.sentence = element("div", { class: "lb-sentence", role: "status" });
    const exports = element(
      "span",
      { class: "lb-exports" },
      ...exportButtons(
        () => this._now(),
        (text) => this._say(text),
      ),
      this.review,
    );
    this.header = element(
      "header",
      { class: "lb-header" },
      element("div", {}, this.title, this.facts),
      element("span", { class: "st-spring" }),
      exports,
    );
    this.content = element(
      "div",
      { class: "lb-content", hidden: true },
      this.toolbar.root,
      this.puzzlePanel.root,
      this.scales.root,
      this.comparison.panel.root,
      this.panes.root,
      this.puzzlePanel.byClass,
    );
    this.side = element(
      "aside",
      { class: "lb-side", hidden: true },
      element(
        "section",
        { class: "lb-side-section" },
        element("h3", { text: "Model" }),
        this.modelChoice.root,
      ),
      this.settings.root,
      this.readout.root,
    );
    this.main = element(
      "main",
      { class: "lb-main" },
      this.header,
      this.saying,
      this.sentence,
      this.content,
      this.survey.root,
    );
    this.header.hidden = true;
    this.root = element("div", { class: "st-page lb-root" }, this.picker.root, this.main, this.side);
    this.toolbar.layers.listen(this.root);
  }

  _listen() {
    this.picker.addEventListener("choose", ({ detail }) =>
      detail === null
        ? this._nothing("No picture fits. Choose another class or dataset.")
        : this.open(detail),
    );
    this.picker.addEventListener("hover", ({ detail }) => this._lookAhead(detail));
    this.picker.addEventListener("whole", () => this.openSurvey());
    this.picker.addEventListener("dataset", () => {
      if (!this.survey.root.hidden) this.openSurvey();
    });
    this.survey.addEventListener("open", ({ detail }) => this.open(detail));
    this.toolbar.addEventListener("change", ({ detail }) => {
      this.panes.setStyle({
        colormap: this.toolbar.values.colormap,
        layers: { ...this.toolbar.layers.values },
      });
      if (detail.includes("tab")) this.panes.enlarge(null);
      this.show();
      this._remember();
    });
    this.toolbar.addEventListener("fit", () => this.panes.fit());
    this.puzzlePanel.addEventListener("tiles", ({ detail }) => {
      this.tiles = detail;
      this.show();
    });
    this.modelChoice.addEventListener("change", ({ detail }) => {
      this.model = detail;
      this.open(this.look.item.id);
    });
    for (const source of [this.comparison, this.scales]) source.addEventListener("change", () => this.show());
    this.comparison.panel.addEventListener("change", () => {
      this.show();
      this._remember();
    });
    this.panes.addEventListener("point", ({ detail }) => this.readout.point(detail));
    this.settings.addEventListener("threshold", () => {
      this._frame ??= requestAnimationFrame(() => {
        this._frame = null;
        this.show();
      });
      this._follow();
    });
    this.settings.addEventListener("settings", () => {
      this._follow();
      this.show();
    });
  }

  async _start() {
    const asked = new URLSearchParams(location.search);
    if (asked.has("view"))
      this.toolbar.values.tab = TABS.some(({ value }) => value === asked.get("view"))
        ? asked.get("view")
        : "way";
    const wanted = Number(asked.get("item")) || null;
    this.model = asked.get("model") ?? this.model;
    this.comparison.asked = [asked.get("a"), asked.get("b")];
    const opening = wanted ? new Opening(wanted, this.model, {}) : null;
    try {
      const { datasets } = await api.datasets();
      if (!datasets.length) {
        this._nothing("There is no dataset yet. Import a folder of pictures on the Datasets page.");
        return;
      }
      const item = await opening?.item.catch(() => null);
      const listing = this.picker.setDatasets(
        datasets,
        item?.dataset_id ?? (Number(asked.get("dataset")) || null),
      );
      if (item) await Promise.all([this.open(item.id, opening), listing.then(() => this._lookAhead())]);
      else await listing;
      if (!item && asked.has("dataset")) this.openSurvey();
      else if (!item) this.picker.chooseFirst();
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

  /**
   * Look at a picture.
   * @param {number} id
   * @param {Opening} [opening] what was asked for already
   */
  async open(
    id,
    opening = new Opening(id, this.model, this._settled === this.model ? this.settings.wanted : {}),
  ) {
    this.survey.root.hidden = true;
    this.root.classList.remove("lb-without-side");
    if (this._opening !== opening) this._opening?.abort();
    this._opening = opening;
    this.masks.forget();
    clearTimeout(this._settling);
    this.picker.mark(id);
    this._say("Looking at the picture at every scale …");
    this.content.classList.add("lb-stale");
    const { model } = opening;
    try {
      const [item, image] = await Promise.all([opening.item, opening.image]);
      const shown = setTimeout(
        () => opening.signal.aborted || this._preview(item, image, opening),
        PREVIEW_MS,
      );
      const answer = await opening.look.finally(() => clearTimeout(shown));
      const look = new Look(item, answer, image);
      Object.assign(look, { names: this.picker.names, model });
      const isCompared = this.toolbar.values.tab === "compare";
      if (isCompared) this._setChoices(look, await opening.choices);
      if (opening.signal.aborted) return;
      this._show(look, opening);
      if (isCompared) return;
      const choices = await opening.choices;
      if (look === this.look) this._setChoices(look, choices);
    } catch (error) {
      if (opening.signal.aborted) return;
      if (model === "proposer") return this._nothing(error.message);
      // A run that was removed or pruned: the page goes on with what proposes masks.
      this.model = "proposer";
      await this.open(id);
      this._say(error.message);
    }
  }

  _setChoices(look, choices) {
    this.modelChoice.setChoices(choices, look.model);
    this.comparison.setPicture(look, choices);
    if (look === this.look && this.toolbar.values.tab === "compare") this.show();
  }

  /** The bare photograph while its maps are computed, and the first of them as soon as they are known. */
  async _preview(item, image, opening) {
    this.look = null;
    this.side.hidden = true;
    this.sentence.hidden = true;
    for (const node of [this.header, this.content]) node.hidden = false;
    this.content.classList.remove("lb-stale");
    this.content.classList.add("lb-preview");
    this.title.textContent = item.name;
    this.facts.textContent = item.tags.map((index) => this.picker.names.get(index)).join(", ");
    this.panes.enlarge(null);
    this.panes.setPicture(image, item.width, item.height);
    this.panes.show([
      { key: "photograph", title: "Photograph", tip: "Its maps are being computed", bare: true },
    ]);
    // What goes wrong is told by whoever awaits the look.
    const answer = await api.first(item.id, opening.model, opening.signal).catch(() => null);
    if (!answer || opening.signal.aborted || this.look) return;
    this.panes.show(
      firstViews(
        item.tags.map((index) => this.picker.names.get(index)),
        answer.arrays.scores,
      ),
    );
  }

  _show(look, opening) {
    this.look = look;
    const { model } = look.header;
    for (const node of [this.header, this.content, this.side]) node.hidden = false;
    this.sentence.hidden = true;
    this.content.classList.remove("lb-stale", "lb-preview");
    this._say("");
    this.title.textContent = look.header.item.name;
    this.title.title = look.header.item.name;
    const truth = look.references.length
      ? ""
      : " · Nothing to measure against: accept its mask in Review, or import the dataset again with masks as ground truth";
    this.facts.textContent = `${look.width} × ${look.height} · ${look.tags.map(({ name }) => name).join(", ")}${truth}`;
    this.facts.title = `${model.identity}\nScales ${model.scales.join(", ")}${model.flip ? ", and mirrored" : ""}; longer side at most ${model.max_side} px`;
    this.review.href = `/?dataset=${look.item.dataset_id}&item=${look.item.id}`;
    this.tiles ??= Math.min(4, model.tiles_per_side);
    this.settings.setModel(model);
    this._settled = look.model;
    this.toolbar.setLook(look);
    this.readout.setLook(look);
    const colours = new Map(this.picker.opened.classes.map(({ index, color }) => [index, color]));
    const maskSize = { width: look.maskWidth, height: look.maskHeight };
    this.panes.setStyle({ colours, threshold: this.settings.threshold, maskSize });
    this.panes.setPicture(look.image, look.width, look.height);
    this._remember();
    if (opening.made && this.settings.isMadeWith(opening.made.header.settings)) look.setMade(opening.made);
    this.show();
    if (!look.made) this._awaitMask(look, opening);
    this._lookAhead();
  }

  async _awaitMask(look, opening) {
    const answer = await opening.mask.catch(() => null);
    if (look !== this.look || look.made) return;
    if (answer && this.settings.isMadeWith(answer.header.settings)) this._take(look, answer);
    else this._ask();
  }

  /** Have pictures looked at when nothing else is to be done. @param {number[]} [ids] the next ones of the list when left out */
  _lookAhead(ids = this.picker.following(AHEAD)) {
    const tiles = this.toolbar.values.tab === "puzzle" ? this.tiles : null;
    for (const id of ids) api.lookAhead(id, this.model, tiles).catch(() => {});
  }

  /** Show the views of the chosen tab as things stand. */
  show() {
    const { look } = this;
    if (!look) return;
    const { tab } = this.toolbar.values;
    for (const node of [this.puzzlePanel.root, this.puzzlePanel.byClass]) node.hidden = tab !== "puzzle";
    this.comparison.panel.root.hidden = tab !== "compare";
    this.settings.root.hidden = tab === "compare"; // each side has its model's own
    this._showScales(tab);
    this.panes.setStyle({
      threshold: this.settings.threshold,
      truth: look.references[this.toolbar.values.reference]?.mask ?? null,
    });
    const views = this._views(tab);
    this.panes.show(views);
    this.toolbar.setLegend(views);
  }

  _views(tab) {
    const { look } = this;
    const { tag, scale, others, shown, eachView, reference } = this.toolbar.values;
    if (tab === "classes") return classViews(look, scale, others, this.scales.scales);
    if (tab === "compare" && this.comparison.look !== look)
      return [
        { key: "photograph", title: "Photograph", tip: "The list of models is on its way", bare: true },
      ];
    if (tab === "compare") return this.comparison.views(tag, reference);
    if (tab === "way") {
      const isPending = this.masks.isBusy || this._isAsking;
      return wayViews(look, {
        k: tag,
        threshold: this.settings.threshold,
        shown,
        eachView,
        reference,
        isPending,
        useCrf: this.settings.useCrf,
      });
    }
    const puzzle = look.puzzles.get(this.tiles);
    this.puzzlePanel.show(this.tiles, puzzle?.header ?? null);
    if (puzzle) return puzzleViews(look, puzzle, tag);
    this._loadPuzzle(look, this.tiles);
    return [{ key: "whole", title: "Whole picture", tip: "The CAM of the whole picture is on its way" }];
  }

  _showScales(tab) {
    const isWanted = tab === "classes" && this.toolbar.values.scale === "dataset";
    const { look, scales } = this;
    if (isWanted && (scales.root.hidden || scales.shownFor !== look)) {
      scales.shownFor = look;
      scales.open(
        look.item.dataset_id,
        look.model,
        this.picker.opened.classes.filter(({ index }) => index > 0).length,
      );
    }
    if (!isWanted) scales.close();
    scales.root.hidden = !isWanted;
  }

  async _loadPuzzle(look, tiles) {
    this._loadingPuzzles ??= new Set();
    const key = `${look.item.id} ${tiles}`;
    if (this._loadingPuzzles.has(key)) return;
    this._loadingPuzzles.add(key);
    try {
      look.puzzles.set(tiles, await api.puzzle(look.item.id, look.model, tiles, this._opening.signal));
      if (look === this.look) this.show();
    } catch (error) {
      if (error.name !== "AbortError") this._say(error.message);
    } finally {
      this._loadingPuzzles.delete(key);
    }
  }

  /** Follow a slider: with a draft while it moves, where the CRF takes long, and with the mask when it rests. */
  _follow() {
    clearTimeout(this._settling);
    this.masks.ask({ look: this.look, wanted: { ...this.settings.wanted, may_be_draft: true } });
    this._isAsking = true;
    this._settling = setTimeout(() => this._ask(), SETTLED_MS);
  }

  _ask() {
    this._isAsking = false;
    this.masks.ask({ look: this.look, wanted: this.settings.wanted });
  }

  _take(look, answer) {
    if (look !== this.look) return;
    look.setMade(answer);
    if (!look.made.isDraft && this.settings.isMadeWith(look.made.settings)) {
      clearTimeout(this._settling);
      this._isAsking = false;
    }
    this.show();
    this.readout.point(this.panes.pointer);
  }

  /** What a figure or the arrays are made from. */
  _now() {
    const { look, tiles } = this;
    const { tab, scale, reference } = this.toolbar.values;
    const settings = this.settings.wanted;
    const sides = this.comparison.inWords();
    const lines = settingsInWords(look, { tab, tiles, scale, reference, settings, sides });
    return {
      look,
      views: this.panes.views,
      style: this.panes.style,
      tab,
      tiles,
      model: this.model,
      settings,
      lines,
    };
  }

  _remember() {
    if (!this.look) return;
    const { tab } = this.toolbar.values;
    const model = this.model === "proposer" ? "" : `&model=${this.model}`;
    history.replaceState(
      history.state,
      "",
      `${location.pathname}?item=${this.look.item.id}&view=${tab}${model}${tab === "compare" ? this.comparison.query : ""}`,
    );
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

/** The page until it is mounted. */
let begun = new LabPage();
