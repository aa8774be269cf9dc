/**
 * The Lab page: the raw arrays of a picture come once, and every view of them is computed here. Only CRF and random
 * walk ask the server again.
 *
 * The page begins when this module is loaded, which may be before Gradio has made the place that it is mounted in.
 */
import { messageOf } from "../shared/api.js";
import * as api from "./api.js";
import { Comparison } from "./comparison.js";
import { exportButtons, settingsInWords } from "./exports.js";
import { MaskRequests } from "./mask_requests.js";
import { ModelChoice, PROPOSAL_MODEL } from "./model_choice.js";
import { PageLayout } from "./page_layout.js";
import { PaneGroup } from "./pane_group.js";
import { Picker } from "./picker.js";
import { Picture } from "./picture.js";
import { PictureRequests } from "./picture_requests.js";
import { PuzzlePanel } from "./puzzle_panel.js";
import { Readout } from "./readout.js";
import { ScalePanel } from "./scale_panel.js";
import { SettingsPanel } from "./settings_panel.js";
import { firstViews } from "./steps_view.js";
import { SurveyView } from "./survey.js";
import { TabViews } from "./tab_views.js";
import { TABS, Toolbar } from "./toolbar.js";
import { bareView } from "./view.js";

/**
 * @import { ItemOut, ModelChoice as Choice } from "../shared/openapi"
 * @import { MaskAnswer } from "./api.js"
 * @import { Shown } from "./exports.js"
 */

const PREVIEW_MS = 150; // as long as maps that are cached may take before the picture is shown without them
const AHEAD = 2; // pictures below the current one that are computed while the model has nothing else to do

/** @param {HTMLElement} root */
export function mount(root) {
  const page = begun ?? new LabPage();
  begun = null;
  root.replaceWith(page.layout.root);
  Object.assign(window, { puzzlecamLab: page }); // for the browser's console
}

class LabPage {
  /** @type {Picture|null} */
  picture = null;
  /** What is requested of the picture. @type {PictureRequests|null} */
  requests = null;
  /** Key of the model of the page. */
  model = PROPOSAL_MODEL;
  /** Key of the model that the sliders have the settings of. @type {string|null} */
  #settingsOf = null;
  /** Request of an animation frame. @type {number|null} */
  #frame = null;

  constructor() {
    this.picker = new Picker();
    this.toolbar = new Toolbar();
    this.panes = new PaneGroup();
    this.puzzlePanel = new PuzzlePanel();
    this.settings = new SettingsPanel();
    this.survey = new SurveyView();
    this.comparison = new Comparison();
    this.scales = new ScalePanel();
    this.modelChoice = new ModelChoice("Model", { films: false });
    this.readout = new Readout((read) =>
      this.toolbar.values.tab === "compare" ? this.comparison.valuesAt(this.toolbar.values.tag, read) : null,
    );
    this.masks = new MaskRequests(this.settings);
    this.views = new TabViews(this);
    this.layout = new PageLayout({
      picker: this.picker.root,
      exports: exportButtons(
        () => this.#shown(),
        (text) => this.layout.showMessage(text),
      ),
      content: [
        this.toolbar.root,
        this.puzzlePanel.root,
        this.scales.root,
        this.comparison.panel.root,
        this.panes.root,
        this.puzzlePanel.byClass,
      ],
      modelChoice: this.modelChoice.root,
      side: [this.settings.root, this.readout.root],
      survey: this.survey.root,
    });
    this.toolbar.layers.listen(this.layout.root);
    this.#listen();
    void this.#start();
  }

  #listen() {
    this.picker.on("choose", (id) =>
      id === null ? this.#clear("No picture matches. Choose another class or dataset.") : this.open(id),
    );
    this.picker.on("hover", (ids) => this.#computeAhead(ids));
    this.picker.on("whole", () => this.openSurvey());
    this.picker.on("dataset", () => {
      if (this.layout.isSurveyShown) this.openSurvey();
    });
    this.survey.on("open", (id) => this.open(id));
    this.toolbar.on("change", (names) => {
      const { colormap } = this.toolbar.values;
      this.panes.setStyle({ colormap, layers: { ...this.toolbar.layers.values } });
      if (names.includes("tab")) this.panes.enlarge(null);
      this.show();
      this.#remember();
    });
    this.toolbar.on("fit", () => this.panes.fit());
    this.puzzlePanel.on("tiles", (tiles) => {
      this.views.tiles = tiles;
      this.show();
    });
    this.modelChoice.on("change", (key) => {
      this.model = key;
      if (this.picture) void this.open(this.picture.item.id);
    });
    this.comparison.on("change", () => this.show());
    this.scales.on("change", () => this.show());
    this.views.on("change", () => this.show());
    this.views.on("problem", (text) => this.layout.showMessage(text));
    this.comparison.panel.on("change", () => {
      this.show();
      this.#remember();
    });
    this.panes.on("point", (place) => this.readout.point(place));
    this.settings.on("threshold", () => {
      this.#frame ??= requestAnimationFrame(() => {
        this.#frame = null;
        this.show();
      });
      this.#follow();
    });
    this.settings.on("settings", () => {
      this.#follow();
      this.show();
    });
    this.masks.on("answer", ({ picture, answer }) => this.#take(picture, answer));
    this.masks.on("problem", (text) => this.layout.showMessage(text));
  }

  async #start() {
    const address = new URLSearchParams(location.search);
    const tab = TABS.find(({ value }) => value === address.get("view"));
    if (tab) this.toolbar.values.tab = tab.value;
    const wanted = Number(address.get("item")) || null;
    this.model = address.get("model") ?? this.model;
    this.comparison.requested = [address.get("a"), address.get("b")];
    const requests = wanted ? new PictureRequests(wanted, this.model, {}) : undefined;
    try {
      const { datasets } = await api.datasets();
      if (!datasets.length) {
        this.#clear("There is no dataset yet. Import a folder of pictures on the Datasets page.");
        return;
      }
      const item = await requests?.item.catch(() => null);
      const asked = address.get("dataset");
      const dataset = item?.dataset_id ?? (Number(asked) || null);
      const listing = this.picker.setDatasets(datasets, dataset);
      const missing =
        address.has("item") && !item
          ? `There is no picture ${address.get("item")}.`
          : asked !== null && !datasets.some(({ id }) => id === dataset)
            ? `There is no dataset ${asked}.`
            : null;
      if (missing !== null) {
        this.#clear(`${missing} It may have been removed. Choose a picture on the left.`);
        await listing;
        return;
      }
      if (item) {
        await Promise.all([this.open(item.id, requests), listing.then(() => this.#computeAhead())]);
        return;
      }
      await listing;
      if (address.has("dataset")) this.openSurvey();
      else this.picker.chooseFirst();
    } catch (error) {
      this.#clear(messageOf(error));
    }
  }

  /** Show the whole dataset. */
  openSurvey() {
    this.requests?.abort();
    this.#clear("");
    this.picker.mark(null);
    this.layout.showSurvey();
    void this.survey.open(this.picker.opened);
    this.#setAddress(`?dataset=${this.picker.opened.id}`);
  }

  /** Show a picture. @param {number} id @param {PictureRequests} [requests] where they were made already */
  async open(id, requests = new PictureRequests(id, this.model, this.#settingsFor(this.model))) {
    if (this.requests !== requests) this.requests?.abort();
    this.requests = requests;
    this.masks.forget();
    this.picker.mark(id);
    this.layout.beginPicture();
    const { model } = requests;
    try {
      const [item, image] = await Promise.all([requests.item, requests.image]);
      const timer = window.setTimeout(() => {
        if (!requests.signal.aborted) void this.#preview(item, image, requests);
      }, PREVIEW_MS);
      const answer = await requests.steps.finally(() => window.clearTimeout(timer));
      const picture = new Picture(item, answer, image, model, this.picker.names);
      const isCompared = this.toolbar.values.tab === "compare";
      if (isCompared) this.#setChoices(picture, await requests.choices);
      if (requests.signal.aborted) return;
      this.#showPicture(picture, requests);
      if (isCompared) return;
      const choices = await requests.choices;
      if (picture === this.picture) this.#setChoices(picture, choices);
    } catch (error) {
      if (requests.signal.aborted) return;
      if (model === PROPOSAL_MODEL) {
        this.#clear(messageOf(error));
        return;
      }
      // A run that was removed or pruned: the page goes on with the proposal model.
      this.model = PROPOSAL_MODEL;
      await this.open(id);
      this.layout.showMessage(messageOf(error));
    }
  }

  /** What the sliders say, where they are those of the model. @param {string} model */
  #settingsFor(model) {
    return this.#settingsOf === model ? this.settings.wanted : {};
  }

  /** @param {Picture} picture @param {Choice[]} choices */
  #setChoices(picture, choices) {
    this.modelChoice.setChoices(choices, picture.model);
    this.comparison.setPicture(picture, choices);
    if (picture === this.picture && this.toolbar.values.tab === "compare") this.show();
  }

  /**
   * The picture alone while its maps are computed, and the first of them as soon as they are known.
   * @param {ItemOut} item @param {ImageBitmap} image @param {PictureRequests} requests
   */
  async #preview(item, image, requests) {
    this.picture = null;
    const tags = item.tags.map((index) => this.picker.names.get(index) ?? `class ${index}`);
    this.layout.showPreview(item, tags);
    this.panes.enlarge(null);
    this.panes.setPicture(image, item.width, item.height);
    this.panes.show([bareView("Its maps are being computed")]);
    // Whoever awaits the steps shows what went wrong.
    const answer = await api.firstMaps(item.id, requests.model, requests.signal).catch(() => null);
    if (!answer || requests.signal.aborted || this.picture) return;
    this.panes.show(firstViews(tags, answer.arrays.scores));
  }

  /** @param {Picture} picture @param {PictureRequests} requests */
  #showPicture(picture, requests) {
    this.picture = picture;
    const { model } = picture.header;
    this.layout.showPicture(picture);
    this.views.tiles ??= Math.min(4, model.tiles_per_side);
    this.settings.setModel(model);
    this.#settingsOf = picture.model;
    this.toolbar.setPicture(picture);
    this.readout.setPicture(picture);
    this.panes.setStyle({
      colours: new Map(this.picker.opened.classes.map(({ index, color }) => [index, color])),
      threshold: this.settings.threshold,
      maskSize: { width: picture.maskWidth, height: picture.maskHeight },
    });
    this.panes.setPicture(picture.image, picture.width, picture.height);
    this.#remember();
    const { maskAnswer } = requests;
    if (maskAnswer && this.settings.isMadeWith(maskAnswer.header.settings)) picture.setMaskSteps(maskAnswer);
    this.show();
    if (!picture.maskSteps) void this.#awaitMask(picture, requests);
    this.#computeAhead();
  }

  /** @param {Picture} picture @param {PictureRequests} requests */
  async #awaitMask(picture, requests) {
    const answer = await requests.mask.catch(() => null);
    if (picture !== this.picture || picture.maskSteps) return;
    if (answer && this.settings.isMadeWith(answer.header.settings)) this.#take(picture, answer);
    else this.masks.request(picture, requests.signal);
  }

  /**
   * Have pictures computed when the model has nothing else to do.
   * @param {number[]} [ids] the next ones of the list when left out
   */
  #computeAhead(ids = this.picker.following(AHEAD)) {
    const tiles = this.toolbar.values.tab === "puzzle" ? this.views.tiles : null;
    for (const id of ids) api.computeAhead(id, this.model, tiles).catch(() => {});
  }

  /** Show the views of the chosen tab with everything that is known. */
  show() {
    const { picture, requests } = this;
    if (!picture || !requests) return;
    const reference = picture.references[this.toolbar.values.reference];
    const views = this.views.show(picture, requests.signal);
    this.panes.setStyle({ threshold: this.settings.threshold, truth: reference?.mask ?? null });
    this.panes.show(views);
    this.toolbar.setLegend(views);
  }

  #follow() {
    if (this.picture && this.requests) this.masks.follow(this.picture, this.requests.signal);
  }

  /** @param {Picture} picture @param {MaskAnswer} answer */
  #take(picture, answer) {
    if (picture !== this.picture) return;
    picture.setMaskSteps(answer);
    this.masks.settle(picture);
    this.show();
    this.readout.point(this.panes.pointer);
  }

  /** What a figure or the arrays are made from. @returns {Shown|null} */
  #shown() {
    const { picture, panes } = this;
    if (!picture) return null;
    const { tab, scale, reference } = this.toolbar.values;
    const tiles = this.views.tiles ?? 1;
    const settings = this.settings.wanted;
    const sides = this.comparison.inWords();
    const lines = settingsInWords(picture, { tab, tiles, scale, reference, settings, sides });
    return { picture, views: panes.views, style: panes.style, tab, tiles, settings, lines };
  }

  /** Keep what is shown in the page's address. */
  #remember() {
    if (!this.picture) return;
    const { tab } = this.toolbar.values;
    const model = this.model === PROPOSAL_MODEL ? "" : `&model=${this.model}`;
    const sides = tab === "compare" ? this.comparison.query : "";
    this.#setAddress(`?item=${this.picture.item.id}&view=${tab}${model}${sides}`);
  }

  /** @param {string} query */
  #setAddress(query) {
    history.replaceState(history.state, "", `${location.pathname}${query}`);
  }

  /** Show a sentence in place of a picture. @param {string} text */
  #clear(text) {
    this.picture = null;
    this.layout.showNotice(text);
  }
}

/** The page until it is mounted. @type {LabPage|null} */
let begun = new LabPage();
