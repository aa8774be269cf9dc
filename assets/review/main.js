/**
 * The Review page: queue, editor, classes, heatmaps and decisions around one picture at a time.
 */
import { chordOf } from "../editor/keyboard.js";
import { followKeys } from "../editor/ui/shown_keys.js";
import { isTyping } from "../shared/dom.js";
import { LAST_DATASET, address } from "../shared/place.js";
import * as api from "./api.js";
import { toggleBookmark } from "./bookmarks.js";
import { bindingsOf } from "./bindings.js";
import { Deciding } from "./deciding.js";
import { Desk } from "./desk.js";
import { goTo } from "./go_to.js";
import { showHelp } from "./help.js";
import { showHistory } from "./history.js";
import { LiveLink } from "./live_link.js";
import { Opening } from "./opening.js";
import { Preferences } from "./preferences.js";
import { Saving } from "./saving.js";
import { connectSmart } from "./smart_link.js";
import { SecondLook } from "./second_look.js";
import { showObjects } from "./objects_panel.js";
import { loadSuperpixels } from "./superpixels.js";
import { TakingBack } from "./taking_back.js";

/** @import { DatasetOut, ItemOut } from "../shared/openapi" */

/** As the help lists it. */
const TAKING_BACK = {
  keys: ["Ctrl+Z", "⌘Z"],
  description: "On the next picture, before anything else: take the last decision back",
  group: "Review",
};

/** @param {HTMLElement} root */
export async function mount(root) {
  const desk = new Desk(root);
  await new ReviewPage(desk).start();
  Object.assign(window, { puzzlecamReview: desk }); // for the browser's console
}

class ReviewPage {
  #desk;
  /** @type {Saving} */
  #saving;
  /** @type {Opening} */
  #opening;
  #takingBack;
  #deciding;
  #live;
  #secondLook;
  #preferences;
  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
    this.#saving = new Saving(desk, (id) => this.#opening.open(id));
    this.#opening = new Opening(desk, this.#saving);
    this.#live = new LiveLink(desk);
    this.#takingBack = new TakingBack(desk, this.#saving, this.#opening);
    this.#deciding = new Deciding(desk, this.#saving, this.#opening, this.#takingBack, () => {
      this.#showProgress();
      this.#live.refresh();
    });
    this.#preferences = new Preferences(desk);
    this.#secondLook = new SecondLook(desk, this.#saving, this.#opening);
    const bindings = bindingsOf({
      decide: (action) => this.#deciding.decide(action),
      step: (step) => this.#opening.step(step),
      copyPrevious: () => this.#opening.copyPrevious(),
      showHistory: () => showHistory(desk),
      goTo: () => this.#goTo(),
      bookmark: () => toggleBookmark(desk),
      showHelp: () => this.#showHelp(),
      findClass: () => desk.classPanel.search(),
      toggleTag: () => desk.classPanel.toggleTag(desk.editor.activeClass),
      heatPanel: desk.heatPanel,
      tagLine: desk.tagLine,
      secondLook: this.#secondLook,
    });
    desk.editor.keymap.add([...bindings, TAKING_BACK]);
    this.#wire();
  }

  async start() {
    const { layout } = this.#desk;
    layout.showSentence("Loading datasets…");
    const asked = new URLSearchParams(location.search);
    const itemId = asked.get("item");
    let answer;
    let item;
    try {
      [answer, item] = await Promise.all([
        api.datasets(),
        itemId === null ? null : findItem(itemId),
        this.#showSession(),
        this.#preferences.load(),
      ]);
    } catch (error) {
      layout.showSentence(api.messageOf(error), { text: "Try again", run: () => this.start() });
      return;
    }
    const { datasets } = answer;
    if (!datasets.length) {
      layout.showSentence(
        "There is no dataset yet. Open the Datasets page and import a folder of pictures.",
        {
          text: "Open Datasets",
          run: () => location.assign(address("/datasets")),
        },
      );
      return;
    }
    await this.#saving.sendLeft(); // before a picture is opened, so that it opens as it was left
    this.#desk.datasets = datasets;
    const wanted = item?.dataset_id ?? asked.get("dataset") ?? localStorage.getItem(LAST_DATASET);
    const dataset = datasets.find(({ id }) => id === Number(wanted));
    const first = dataset ?? datasets[0];
    const missing =
      itemId !== null && !item
        ? `There is no picture ${itemId}.`
        : !dataset && asked.has("dataset")
          ? `There is no dataset ${asked.get("dataset")}.`
          : null;
    if (missing !== null) {
      layout.showDatasets(datasets, null);
      layout.showItem(null);
      this.#desk.heatPanel.clear("");
      layout.showSentence(`${missing} It may have been removed. Choose a dataset at the top left.`, {
        text: `Open ${first.name}`,
        run: () => {
          layout.showDatasets(datasets, first.id);
          return this.#openDataset(first);
        },
      });
      return;
    }
    layout.showDatasets(datasets, first.id);
    layout.showSentence("Opening the first picture. If it has no proposal yet, one is being made…");
    await this.#openDataset(first, item?.id ?? null);
  }

  /** @param {DatasetOut} dataset @param {number|null} [itemId] */
  async #openDataset(dataset, itemId = null) {
    const { queue } = this.#desk;
    this.#desk.dataset = dataset;
    localStorage.setItem(LAST_DATASET, String(dataset.id));
    await queue.open(dataset);
    this.#showProgress();
    this.#live.open();
    if (itemId !== null) await queue.loadUntil(itemId);
    await this.#opening.openFirst(itemId);
  }

  #wire() {
    const desk = this.#desk;
    const { classPanel, editor, heatPanel, layout, livePanel, queue, statusBar, tagLine } = desk;
    queue.on("choose", (id) => this.#opening.open(id));
    queue.on("filter", () => this.#opening.openFirst());
    layout.on("dataset", (chosen) => {
      const dataset = desk.datasets.find(({ id }) => id === chosen);
      if (!dataset) return;
      layout.showDatasets(desk.datasets, chosen);
      this.#openDataset(dataset);
    });
    layout.on("annotator", (name) => this.#setAnnotator(name));
    layout.on("decide", (action) => this.#deciding.decide(action));
    layout.on("step", (step) => this.#opening.step(step));
    layout.on("bookmark", () => toggleBookmark(desk));
    layout.on("history", () => showHistory(desk));
    layout.on("help", () => this.#showHelp());
    classPanel.on("choose", (index) => editor.setActiveClass(index));
    classPanel.on("tag", ({ index, isTagged }) => {
      if (desk.isLookOnly) statusBar.say("Somebody else works on this picture, so its tags stay.");
      else tagLine.change(index, isTagged);
    });
    classPanel.on("hide", (index) => editor.toggleClass(index));
    editor.on("viewchange", () => classPanel.setHidden(editor.view.hiddenClasses));
    classPanel.on("lock", (lockedClasses) => editor.setOptions({ lockedClasses }));
    heatPanel.on("heat", (heat) => editor.setHeat(heat));
    heatPanel.on("view", (view) => editor.setHeatView(view));
    heatPanel.on("take", ({ classIndex, threshold }) => editor.thresholdToMask(classIndex, threshold));
    heatPanel.on("restart", ({ threshold }) => editor.smartFromHeat(threshold));
    livePanel.on("picture", (id) => this.#opening.open(id));
    connectSmart(desk);
    tagLine.on("tags", (id) => {
      desk.loader.forget(id); // its maps and its proposal were made for the former tags
      if (desk.current?.item.id === id) this.#opening.open(id);
    });
    tagLine.on("problem", (text) => statusBar.say(text));
    editor.on("stroke", (change) => {
      layout.showWarning(null);
      desk.draft?.changed(change);
    });
    editor.on("classchange", () => {
      classPanel.setActive(editor.activeClass);
      heatPanel.chooseClassIndex(editor.activeClass);
    });
    desk.objectsPanel.on("toggle", () => showObjects(desk));
    editor.on("superpixelswanted", ({ count }) => loadSuperpixels(desk, count));
    editor.on("hover", (point) => statusBar.showHover(point, desk.dataset));
    editor.on("message", ({ text }) => statusBar.say(text));
    document.addEventListener("keydown", (event) => this.#onKey(event));
    followKeys(desk.layout.root, editor.keymap);
    document.addEventListener("keyup", (event) => editor.handleKey(event));
    window.addEventListener("beforeunload", (event) => {
      if (this.#deciding.isUnderWay || this.#saving.hasUnsavedWork) event.preventDefault();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") desk.draft?.flush().catch(() => {});
    });
    window.addEventListener("online", () => {
      this.#saving.retry();
      if (!desk.current && queue.current !== null) this.#opening.open(queue.current);
    });
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const { current, draft, editor } = this.#desk;
    if (isTyping(event) || document.querySelector("dialog[open]")) return;
    draft?.touch();
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z") {
      if (this.#takingBack.isNext) {
        event.preventDefault();
        if (!event.repeat) this.#takingBack.takeBack().then(() => this.#live.refresh());
        return;
      }
    }
    const binding = editor.keymap.find(chordOf(event, editor.keymap));
    if (binding?.isPages) {
      event.preventDefault();
      if (!event.repeat || binding.repeats) binding.run?.(editor, "");
      return;
    }
    // Without a picture on the stage, a key would change the previous one.
    if (current && editor.handleKey(event)) event.preventDefault();
  }

  #goTo() {
    goTo(this.#desk, async (id) => {
      await this.#desk.queue.loadUntil(id);
      await this.#opening.open(id);
    });
  }

  #showHelp() {
    showHelp(this.#desk.editor.keymap);
  }

  async #showSession() {
    const { layout } = this.#desk;
    const [session, health] = await Promise.all([api.session(), api.health()]);
    this.#desk.lookPanel.session = session;
    layout.showAnnotator(session.annotator, session.has_account);
    layout.showHealth(health);
  }

  /** @param {string} name */
  async #setAnnotator(name) {
    try {
      await api.setAnnotator(name);
      await this.#preferences.load();
      this.#showProgress();
    } catch (error) {
      this.#desk.statusBar.say(api.messageOf(error));
      await this.#showSession();
    }
  }

  async #showProgress() {
    const { dataset, layout } = this.#desk;
    if (!dataset) return;
    try {
      layout.showProgress(await api.progress(dataset.id));
    } catch {
      // only a counter; the next decision updates it
    }
  }
}

/** @param {string} id as the address names it @returns {Promise<ItemOut|null>} null where there is none */
async function findItem(id) {
  if (!/^\d{1,9}$/.test(id)) return null;
  try {
    return await api.item(Number(id));
  } catch (error) {
    if (error instanceof api.ApiError && error.status === 404) return null;
    throw error;
  }
}
