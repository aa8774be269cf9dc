/**
 * The Review page: queue, editor, classes, heatmaps and decisions around one picture at a time.
 */
import { MaskEditor } from "../editor/editor.js";
import * as api from "../shared/api.js";
import { bindingsOf } from "./bindings.js";
import { ClassPanel, orderClasses } from "./class_panel.js";
import { askHowToResolve, mergeMasks } from "./conflict.js";
import { isTyping } from "../shared/dom.js";
import { Draft } from "./draft.js";
import { enlarge } from "../shared/frame.js";
import { HeatPanel } from "./heat_panel.js";
import { showHelp } from "./help.js";
import { showHistory } from "./history.js";
import { buildLayout } from "./layout.js";
import { Loader } from "./loader.js";
import * as local from "./local_drafts.js";
import { Queue } from "./queue.js";
import { connectSmart, prepare as prepareSmart } from "./smart_link.js";
import { StatusBar } from "./status_bar.js";

const AHEAD = 2; // pictures fetched into the browser
const LAST_DATASET = "puzzlecam-dataset";
const COMPUTED_AHEAD = 4; // pictures whose maps the server is asked for
const REOPEN_MS = 3000; // between attempts to open a picture while the studio does not answer

/** @param {HTMLElement} root */
export async function mount(root) {
  const page = new ReviewPage(root);
  await page.start();
  window.puzzlecamReview = page; // for the browser's console
}

class ReviewPage {
  #undecided = 0; // decisions that the studio has not answered yet
  #opening = 0;
  #reopening;

  constructor(root) {
    this.loader = new Loader();
    this.queue = new Queue();
    this.classPanel = new ClassPanel();
    this.heatPanel = new HeatPanel();
    this.statusBar = new StatusBar();
    /** @type {Map<number, Draft>} drafts that are shown or not yet on the server */
    this.drafts = new Map();
    this.current = null;
    this.draft = null;
    /** Keys of the page; the editor lists its own. */
    this.bindings = bindingsOf(this);

    this.layout = buildLayout(root, this);
    this.editor = new MaskEditor(this.layout.stage);
    this.layout.toolbar.append(this.editor.toolbar);
    this.#wire();
  }

  async start() {
    this.layout.showSentence("Loading datasets…");
    let answer;
    try {
      [answer] = await Promise.all([api.datasets(), this.#showSession()]);
    } catch (error) {
      this.layout.showSentence(error.message, { text: "Try again", run: () => this.start() });
      return;
    }
    if (!answer.datasets.length) {
      this.layout.showSentence(
        "There is no dataset yet. Open the Datasets page and import a folder of pictures.",
        {
          text: "Open Datasets",
          run: () => location.assign("/datasets"),
        },
      );
      return;
    }
    this.datasets = answer.datasets;
    const asked = new URLSearchParams(location.search);
    const wanted = Number(asked.get("dataset") ?? localStorage.getItem(LAST_DATASET));
    const dataset = this.datasets.find(({ id }) => id === wanted) ?? this.datasets[0];
    this.layout.showDatasets(this.datasets, dataset.id);
    this.layout.showSentence("Opening the first picture. If it has no mask yet, one is made now…");
    await this.openDataset(dataset, Number(asked.get("item")) || null);
    this.#sendLeftDrafts();
  }

  /** @param {Object} dataset @param {number|null} [itemId] */
  async openDataset(dataset, itemId = null) {
    this.dataset = dataset;
    localStorage.setItem(LAST_DATASET, String(dataset.id));
    await this.queue.open(dataset);
    this.#showProgress();
    if (itemId !== null) await this.queue.loadUntil(itemId);
    await this.#openFirst(itemId);
  }

  /** @param {number|null} [itemId] the first of the queue when omitted */
  async #openFirst(itemId = null) {
    const first = itemId ?? this.queue.first;
    if (first !== null) {
      await this.open(first);
      return;
    }
    this.#opening++;
    this.#leave();
    this.#showNothing(this.queue.list.textContent);
  }

  /** @param {number} id */
  async open(id) {
    if (this.editor.isThinking) await this.editor.finishThinking(); // the last click is work, too
    const turn = ++this.#opening;
    this.#leave();
    clearTimeout(this.#reopening);
    this.statusBar.hush();
    this.queue.setCurrent(id);
    if (this.queue.list.contains(document.activeElement)) this.editor.stage.focus({ preventScroll: true });
    this.layout.setBusy(true);
    let loaded;
    try {
      loaded = await this.loader.fresh(id);
    } catch (error) {
      if (turn === this.#opening) this.#cannotOpen(id, error);
      return;
    }
    if (turn !== this.#opening) return;
    const unsent = this.drafts.get(id);
    const mask = unsent?.hasUnsavedWork ? unsent.mask : loaded.mask.slice();
    this.loader.forget(id); // its mask is about to change
    const classes = orderClasses(this.dataset.classes, loaded.item.tags);
    const active = loaded.item.tags[0] ?? classes[1]?.index ?? 0;
    await this.editor.load({
      id,
      width: loaded.item.width,
      height: loaded.item.height,
      image: loaded.image,
      mask,
      classes: classes.map((one) => ({
        ...one,
        hotkey: one.hotkey === null ? undefined : Number(one.hotkey),
      })),
      activeClass: active,
    });
    if (turn !== this.#opening) return;
    this.editor.setOptions({ lockedClasses: [] }); // locks are about one picture; the class list shows none
    this.current = loaded;
    this.draft = unsent?.hasUnsavedWork ? unsent : this.#newDraft(id, loaded);
    this.draft.mask = this.editor.mask;
    this.layout.showSentence(null);
    this.layout.setBusy(false);
    this.layout.showItem(loaded.item, this.dataset);
    this.queue.update({ id, status: loaded.item.status, revision: loaded.revision });
    this.classPanel.show(classes, active);
    this.#showSave();
    history.replaceState(history.state, "", `?dataset=${this.dataset.id}&item=${id}`);
    this.#showHeat(turn, loaded);
    prepareSmart(this);
    await this.#offerLocalDraft(turn, id);
    this.#lookAhead(id);
  }

  /** Say why, and come back by itself as soon as the studio answers. @param {number} id */
  #cannotOpen(id, error) {
    this.#showNothing(error.message, { text: "Try again", run: () => this.open(id) });
    if (error.isTransient) this.#reopening = setTimeout(() => this.open(id), REOPEN_MS);
  }

  /** A sentence instead of a picture: nothing of the former one may look as if it could be worked on. */
  #showNothing(sentence, action) {
    this.layout.showSentence(sentence, action);
    this.layout.showItem(null);
    this.heatPanel.clear("");
    this.#showSave();
  }

  #showSave() {
    const left = [...this.drafts.values()].filter((draft) => draft !== this.draft && draft.isStuck);
    this.statusBar.showSave(this.draft, left.length);
  }

  /** @param {1|-1} step */
  async step(step) {
    if (this.queue.current === null) return;
    const next = await this.queue.neighbour(this.queue.current, step);
    if (next === null)
      this.statusBar.say(
        step > 0
          ? "This is the last picture of the queue. Choose another status or class to go on."
          : "This is the first picture.",
      );
    else await this.open(next);
  }

  /** @param {"accept"|"reject"|"skip"|"revert"} action */
  async decide(action) {
    // One decision a look: keys pressed fast decide on the next picture only once it is there.
    if (!this.current || this.draft.isDeciding || this.editor.isPointerDown) return;
    const { item } = this.current;
    const draft = this.draft;
    draft.isDeciding = true;
    if (this.editor.isThinking && (!(await this.editor.finishThinking()) || this.draft !== draft)) {
      draft.isDeciding = false; // the last click came to nothing: nobody decides on a mask without it
      return;
    }
    this.editor.settle(); // what the Smart tool shows belongs to the mask that is decided on
    this.#undecided++;
    const sent = draft.decide(action).finally(() => this.#undecided--);
    try {
      if (action === "revert") await this.#afterRevert(item, await sent);
      else {
        // The next picture is opened while the decision travels; a refusal brings the person back.
        sent.then(
          (answer) => this.#afterDecision(item, answer),
          (error) => this.#decisionFailed(draft, item, action, error),
        );
        await this.step(1);
        if (this.draft === draft) await sent.catch(() => {}); // it was the last picture
      }
    } catch (error) {
      this.#decisionFailed(draft, item, action, error);
    } finally {
      draft.isDeciding = false;
    }
  }

  showHistory() {
    return showHistory(this);
  }

  showHelp() {
    showHelp([...this.bindings, ...this.editor.bindings]);
  }

  #wire() {
    this.queue.addEventListener("choose", (event) => this.open(event.detail));
    this.queue.addEventListener("filter", () => this.#openFirst());
    this.layout.addEventListener("dataset", (event) =>
      this.openDataset(this.datasets.find(({ id }) => id === event.detail)),
    );
    this.layout.addEventListener("annotator", (event) => this.#setAnnotator(event.detail));
    this.classPanel.addEventListener("choose", (event) => this.editor.setActiveClass(event.detail));
    this.classPanel.addEventListener("lock", (event) =>
      this.editor.setOptions({ lockedClasses: event.detail }),
    );
    this.heatPanel.addEventListener("heat", (event) => this.editor.setHeat(event.detail));
    this.heatPanel.addEventListener("view", (event) => this.editor.setHeatView(event.detail));
    this.heatPanel.addEventListener("take", (event) =>
      this.editor.thresholdToMask(event.detail.classIndex, event.detail.threshold),
    );
    this.heatPanel.addEventListener("restart", (event) => this.editor.smartFromHeat(event.detail.threshold));
    connectSmart(this);
    this.editor.addEventListener("stroke", (event) => this.draft?.changed(event.detail));
    this.editor.addEventListener("classchange", () => {
      this.classPanel.setActive(this.editor.activeClass);
      this.heatPanel.chooseClassIndex(this.editor.activeClass);
    });
    this.editor.addEventListener("superpixelswanted", () => this.#loadSuperpixels());
    this.editor.addEventListener("hover", (event) => this.statusBar.showHover(event.detail, this.dataset));
    this.editor.addEventListener("message", (event) => this.statusBar.say(event.detail.text));
    document.addEventListener("keydown", (event) => this.#onKey(event));
    document.addEventListener("keyup", (event) => this.editor.handleKey(event));
    window.addEventListener("beforeunload", (event) => this.#warnBeforeLeaving(event));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.draft?.flush().catch(() => {});
    });
    window.addEventListener("online", () => {
      this.#retryDrafts();
      if (!this.current && this.queue.current !== null) this.open(this.queue.current);
    });
  }

  #onKey(event) {
    if (isTyping(event) || document.querySelector("dialog[open]")) return;
    this.draft?.touch();
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const binding = isPlain && this.bindings.find(({ chord }) => chord === event.key.toLowerCase());
    if (binding) {
      event.preventDefault();
      if (!event.repeat || binding.chord.startsWith("arrow")) binding.run();
      return;
    }
    // Without a picture on the stage a key would change the one that was there before.
    if (this.current && this.editor.handleKey(event)) event.preventDefault();
  }

  #newDraft(id, { mask, revision }) {
    const draft = new Draft(id, this.editor.mask, revision, mask, () => this.editor.isThinking);
    this.drafts.set(id, draft);
    draft.addEventListener("state", () => {
      this.#showSave();
      if (draft.state === "saved") {
        this.queue.update({ id, status: draft.status ?? "drafted", revision: draft.revision });
        if (draft === this.draft) this.layout.showStatus(draft.status ?? "drafted");
        if (draft !== this.draft) this.drafts.delete(id);
      }
    });
    draft.addEventListener("conflict", (event) => this.#resolveConflict(draft, event.detail));
    return draft;
  }

  /** Nothing of the picture that is left behind may wait for a timer. */
  #leave() {
    this.editor.settle(); // a stroke in progress is work, too
    const draft = this.draft;
    this.draft = null;
    this.current = null;
    if (!draft) return;
    if (draft.hasUnsavedWork) draft.flush().catch(() => {});
    else if (draft.state === "saved") this.drafts.delete(draft.itemId);
  }

  #afterDecision(item, answer) {
    this.queue.update({ id: item.id, status: answer.status, revision: answer.revision.id });
    this.loader.forget(item.id);
    if (this.draft?.itemId !== item.id) this.drafts.delete(item.id);
    else this.layout.showStatus(answer.status);
    this.#showProgress();
  }

  async #afterRevert(item, answer) {
    this.#afterDecision(item, answer);
    if (this.current?.item.id !== item.id) return;
    const { mask, revision } = await api.mask(item.id);
    this.editor.setMask(mask, { undoable: true, label: "Revert" });
    this.draft.mask = this.editor.mask;
    this.draft.rebase(revision, mask.slice(), { unsaved: false });
    this.statusBar.say("Back to the proposal. Ctrl+Z brings your version back.");
  }

  #decisionFailed(draft, item, action, error) {
    if (draft.state === "conflict") return; // the draft asks what to do
    this.loader.forget(item.id);
    this.statusBar.say(`${item.name}: “${action}” was not stored. ${error.message}`, {
      text: "Go back to it",
      run: () => this.open(item.id),
    });
  }

  async #resolveConflict(draft, current) {
    if (draft !== this.draft) {
      this.statusBar.say("Somebody else saved a picture that you had changed; your version is kept.", {
        text: "Look at both",
        run: async () => {
          await this.open(draft.itemId);
          this.#resolveConflict(this.draft, current);
        },
      });
      return;
    }
    const { item, image } = this.current;
    const theirs = await api.mask(item.id);
    const mine = this.editor.mask.slice();
    const choice = await askHowToResolve({
      image,
      width: item.width,
      height: item.height,
      colors: new Map(this.dataset.classes.map(({ index, color }) => [index, color])),
      base: draft.base,
      mine,
      theirs: theirs.mask,
      current,
    });
    const outcome = { mine, theirs: theirs.mask, merged: mergeMasks(draft.base, mine, theirs.mask) }[choice];
    if (choice !== "mine") this.editor.setMask(outcome, { undoable: true, label: "Resolve conflict" });
    draft.mask = this.editor.mask;
    draft.rebase(theirs.revision, theirs.mask, { unsaved: choice !== "theirs" });
  }

  async #offerLocalDraft(turn, id) {
    const kept = await local.find(id).catch(() => undefined);
    if (!kept || turn !== this.#opening || this.draft.hasUnsavedWork) return;
    const mask = await api.inflate(kept.deflated);
    const base = await api.mask(id, kept.revision).then(
      (answer) => answer.mask,
      () => this.draft.base,
    );
    if (turn !== this.#opening || mask.length !== this.editor.mask.length) return;
    this.editor.setMask(mask, { undoable: true, label: "Unsent work" });
    this.draft.mask = this.editor.mask;
    this.draft.revision = kept.revision;
    this.draft.base = base;
    this.draft.steps = kept.steps ?? [];
    this.draft.changed();
    this.statusBar.say("Work that could not be sent before is back; it is being saved.");
  }

  /** Send what an earlier visit could not, except where somebody else has saved since. */
  async #sendLeftDrafts() {
    for (const kept of await local.all().catch(() => [])) {
      if (this.drafts.has(kept.itemId)) continue;
      try {
        await api.putMask(kept.itemId, kept.deflated, kept.revision, 0, kept.steps);
        await local.forget(kept.itemId);
      } catch (error) {
        if (error.status === 404) await local.forget(kept.itemId);
        else
          this.statusBar.say("Work on a picture is still unsent.", {
            text: "Open it",
            run: () => this.open(kept.itemId),
          });
      }
    }
  }

  #retryDrafts() {
    for (const draft of this.drafts.values()) if (draft.state === "offline") draft.flush().catch(() => {});
  }

  async #showHeat(turn, loaded) {
    this.heatPanel.clear("Heatmaps are on their way…");
    try {
      const maps = await loaded.cams;
      if (turn === this.#opening) this.heatPanel.show(maps, loaded.image);
    } catch (error) {
      if (turn === this.#opening) this.heatPanel.clear(error.message);
    }
  }

  async #loadSuperpixels() {
    const { current } = this;
    if (!current) return;
    try {
      const { arrays } = await api.superpixels(current.item.id);
      if (this.current === current)
        this.editor.setSuperpixels(enlarge(arrays.labels, current.item.width, current.item.height));
    } catch (error) {
      this.statusBar.say(error.message);
    }
  }

  async #lookAhead(id) {
    const turn = this.#opening;
    const next = this.queue.upcoming(id, COMPUTED_AHEAD);
    if (next.length) api.prefetch(next).catch(() => {});
    for (const one of next.slice(0, AHEAD)) {
      // One after the other: the very next picture must not wait for the one behind it.
      const ahead = await this.loader.get(one).catch(() => null);
      if (ahead) this.queue.update({ id: one, status: ahead.item.status, revision: ahead.revision });
      if (turn !== this.#opening) return;
    }
  }

  async #showSession() {
    const [session, health] = await Promise.all([api.session(), api.health()]);
    this.layout.showAnnotator(session.annotator);
    this.layout.showHealth(health);
  }

  async #setAnnotator(name) {
    try {
      await api.setAnnotator(name);
      this.#showProgress();
    } catch (error) {
      this.statusBar.say(error.message);
      await this.#showSession();
    }
  }

  async #showProgress() {
    try {
      this.layout.showProgress(await api.progress(this.dataset.id));
    } catch {
      // a counter; the next decision shows it again
    }
  }

  #warnBeforeLeaving(event) {
    if (this.#undecided || [...this.drafts.values()].some((draft) => draft.hasUnsavedWork))
      event.preventDefault();
  }
}
