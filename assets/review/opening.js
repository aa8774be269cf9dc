/** Opens pictures, and fetches the next ones ahead. */
import * as api from "./api.js";
import { orderClasses } from "./class_panel.js";
import { showObjects } from "./objects_panel.js";
import { Renewing } from "./renewing.js";
import { prepare as prepareSmart } from "./smart_link.js";
import { TeamLease } from "./team_lease.js";
import { Waiting } from "./waiting.js";

/**
 * @import { DatasetOut } from "../shared/openapi"
 * @import { Desk } from "./desk.js"
 * @import { Draft } from "./draft.js"
 * @import { Action } from "./layout.js"
 * @import { Loaded } from "./loader.js"
 * @import { Saving } from "./saving.js"
 */

const AHEAD = 2; // pictures fetched into the browser
const COMPUTED_AHEAD = 4; // pictures whose maps the server is asked for
const NO_KEY = -1;
const MORE = 10; // pictures that a person takes when theirs are finished
const REOPEN_MS = 3000; // between attempts to open a picture while the studio does not answer

export class Opening {
  #desk;
  #saving;
  /** Counts openings: a late answer to an earlier one is ignored. */
  #turn = 0;
  #reopening = 0;
  #renewing;
  #lease;
  #waiting;
  /** The mask of the picture that was open before. @type {{name: string, width: number, height: number, mask: Uint8Array}|null} */
  #previous = null;

  /** @param {Desk} desk @param {Saving} saving */
  constructor(desk, saving) {
    this.#desk = desk;
    this.#saving = saving;
    this.#renewing = new Renewing(desk);
    this.#waiting = new Waiting(desk);
    this.#lease = new TeamLease(
      desk,
      (id) => this.open(id),
      () => this.openFree(),
    );
  }

  /** Show a newer proposal of the open picture, if there is one and nobody has begun to work on it. */
  renew() {
    this.#renewing.begin();
  }

  /** @param {number|null} [itemId] the first of the queue when omitted */
  async openFirst(itemId = null) {
    const first = itemId ?? this.#desk.queue.first;
    if (first !== null) {
      if ((await this.open(first, { isPassed: itemId === null })) === "passed") await this.step(1);
      return;
    }
    this.close(this.#desk.queue.list.textContent, this.#takeMore);
  }

  /** Leave the picture, so that others can have it, and show a sentence. @param {string} text @param {Action} [action] */
  close(text, action) {
    this.#turn++;
    this.#waiting.end();
    this.#leave();
    this.#lease.leave();
    this.#showNothing(text, action);
  }
  /** Offered where all pictures of a person are finished. @returns {Action|undefined} */
  get #takeMore() {
    const { queue, statusBar } = this.#desk;
    if (!queue.filters.isOwnWork || !queue.dataset) return undefined;
    const { id } = queue.dataset;
    const run = async () => {
      try {
        const { shares } = await api.takePictures(id, MORE);
        await queue.reload();
        await this.openFirst();
        if (!Object.values(shares).some(Boolean)) statusBar.say("All pictures are somebody's already.");
      } catch (error) {
        statusBar.say(api.messageOf(error));
      }
    };
    return { text: `Take ${MORE} more pictures`, run };
  }

  /**
   * @param {number} id
   * @param {{isPassed?: boolean}} [options]  whether a picture is passed over that somebody else works on
   * @returns {Promise<"passed"|void>}
   */
  async open(id, { isPassed = false } = {}) {
    const { dataset, editor, layout, loader, queue, statusBar } = this.#desk;
    if (!dataset) return;
    if (editor.isRefining) await editor.finishRefining(); // the change of the last click must not be lost
    const turn = ++this.#turn;
    this.#leave();
    clearTimeout(this.#reopening);
    statusBar.hush();
    layout.showWarning(null);
    this.#lease.show(null);
    queue.setCurrent(id);
    if (queue.list.contains(document.activeElement)) editor.stage.focus({ preventScroll: true });
    layout.setBusy(true);
    const wasAhead = loader.has(id);
    const asked = this.#lease.take(id, { isChosen: !isPassed });
    const earlier = this.#saving.drafts.get(id); // it may be on its way to the studio
    this.#waiting.begin(id);
    let loaded;
    try {
      loaded = await loader.fresh(id);
    } catch (error) {
      if (turn === this.#turn) this.#cannotOpen(id, error);
      return;
    } finally {
      if (turn === this.#turn) this.#waiting.end();
    }
    const lease = await asked;
    if (turn !== this.#turn) return;
    loaded = newest(loaded, earlier);
    const unsent = this.#saving.unsent(id);
    if (isPassed && !unsent && ((lease && !lease.own) || this.#isDoneByOther(loaded))) return "passed";
    const mask = unsent?.mask ?? loaded.mask.slice();
    loader.forget(id); // its mask is about to change
    const classes = orderClasses(dataset.classes, loaded.item.tags);
    const active = loaded.item.tags[0] ?? classes[1]?.index ?? 0;
    await editor.load({
      id,
      width: loaded.item.width,
      height: loaded.item.height,
      image: loaded.image,
      mask,
      classes: classes.map((one) => ({
        ...one,
        hotkey: one.hotkey ?? NO_KEY,
      })),
      activeClass: active,
    });
    if (turn !== this.#turn) return;
    editor.setOptions({ lockedClasses: [] }); // locks apply to one picture only
    editor.setView({ hiddenClasses: new Set() });
    loaded = newest(loaded, earlier);
    this.#show(loaded, dataset);
    this.#lease.show(lease);
    this.#desk.classPanel.show(classes, active);
    this.#saving.show();
    history.replaceState(history.state, "", `?dataset=${dataset.id}&item=${id}`);
    this.#showHeat(turn, loaded);
    prepareSmart(this.#desk);
    await this.#saving.offerLocal(id, () => turn === this.#turn);
    if (wasAhead || loaded.isPending) this.renew();
    this.#lookAhead(id);
  }

  /** Use the mask of the picture that was open before, for pictures of a sequence. */
  copyPrevious() {
    const { draft, editor, statusBar } = this.#desk;
    const previous = this.#previous;
    if (!draft || editor.readOnly) return;
    if (!previous) {
      statusBar.say("No picture was open before this one, so there is no mask to copy.");
      return;
    }
    if (previous.width !== editor.width || previous.height !== editor.height) {
      statusBar.say(
        `The mask of ${previous.name} has ${previous.width} x ${previous.height} pixels; this picture has ${editor.width} x ${editor.height}.`,
      );
      return;
    }
    editor.setMask(previous.mask, { undoable: true, label: "Mask of the previous picture" });
    draft.mask = editor.mask;
    draft.changed();
    statusBar.say(`The mask of ${previous.name} is copied. Ctrl+Z undoes this.`);
  }

  /** @param {1|-1} step */
  async step(step) {
    const { queue, statusBar } = this.#desk;
    if (queue.current === null) return;
    let isTaken = false;
    for (;;) {
      const next = await queue.neighbour(queue.current, step);
      if (next === null) break;
      if ((await this.open(next, { isPassed: true })) !== "passed") return;
      isTaken = true;
    }
    if (isTaken) {
      this.#showNothing(
        "Other people are working on the pictures that are left here. Choose another filter.",
      );
      return;
    }
    statusBar.say(
      step > 0
        ? "This is the last picture of the queue. Choose another status or class to continue."
        : "This is the first picture.",
      step > 0 ? this.#takeMore : undefined,
    );
  }

  /** Open the next picture of the list that nobody works on; after the last one, the list begins again. */
  async openFree() {
    const { current, items } = this.#desk.queue;
    const at = items.findIndex(({ id }) => id === current);
    for (const { id } of [...items.slice(at + 1), ...items.slice(0, Math.max(0, at))]) {
      if ((await this.open(id, { isPassed: true })) !== "passed") return;
    }
    this.#showAllTaken();
  }

  #showAllTaken() {
    this.#showNothing("Other people are working on the pictures that are left here. Choose another filter.");
  }

  /** Whether another person has finished a picture that is still listed as to do. @param {Loaded} loaded */
  #isDoneByOther({ item }) {
    const { layout, queue } = this.#desk;
    const author = item.revision?.author ?? null;
    return (
      queue.filters.statusSelect.value === "todo" &&
      ["accepted", "corrected", "rejected"].includes(item.status) &&
      author !== null &&
      author !== layout.annotator.value
    );
  }

  /** @param {Loaded} loaded @param {DatasetOut} dataset */
  #show(loaded, dataset) {
    const desk = this.#desk;
    const { item } = loaded;
    desk.current = loaded;
    desk.draft = this.#saving.unsent(item.id) ?? this.#saving.begin(item.id, loaded);
    desk.draft.mask = desk.editor.mask;
    desk.layout.showSentence(null);
    desk.isLookOnly = false;
    desk.layout.setUsable(true);
    desk.layout.setBusy(false);
    desk.layout.showItem(item, dataset);
    desk.livePanel.setPicture(item);
    void showObjects(desk);
    desk.queue.update({ id: item.id, status: item.status, revision: loaded.revision });
    desk.queue.updateTags(item);
    desk.tagLine.open(item.id);
    desk.lookPanel.open(item, dataset);
  }

  #leave() {
    const desk = this.#desk;
    desk.tagLine.close();
    desk.lookPanel.close();
    desk.editor.settle(); // a stroke in progress must not be lost
    const { draft, editor, current } = desk;
    if (draft && current) {
      const { name, width, height } = current.item;
      this.#previous = { name, width, height, mask: editor.mask.slice() };
    }
    desk.draft = null;
    desk.current = null;
    if (draft) this.#saving.leave(draft);
  }

  /** Say why, and try again until the studio answers. @param {number} id @param {unknown} error */
  #cannotOpen(id, error) {
    this.#showNothing(api.messageOf(error), { text: "Try again", run: () => this.open(id) });
    if (error instanceof api.ApiError && error.isTransient)
      this.#reopening = setTimeout(() => this.open(id), REOPEN_MS);
  }

  /**
   * Show a sentence instead of a picture, and nothing of the previous picture.
   * @param {string|null} sentence
   * @param {Action} [action]
   */
  #showNothing(sentence, action) {
    const { heatPanel, layout, livePanel } = this.#desk;
    layout.showSentence(sentence, action);
    livePanel.setPicture(null);
    layout.setUsable(false);
    layout.showItem(null);
    heatPanel.clear("");
    this.#saving.show();
  }

  /** @param {number} turn @param {Loaded} loaded */
  async #showHeat(turn, loaded) {
    const { editor, heatPanel } = this.#desk;
    heatPanel.clear("Loading heatmaps…");
    try {
      const maps = await loaded.cams;
      if (turn === this.#turn) heatPanel.show(maps, loaded.image, editor.activeClass);
    } catch (error) {
      if (turn === this.#turn) heatPanel.clear(api.messageOf(error));
    }
  }

  /** @param {number} id */
  async #lookAhead(id) {
    const { loader, queue } = this.#desk;
    const turn = this.#turn;
    const next = queue.upcoming(id, COMPUTED_AHEAD);
    if (next.length) api.prefetch(next).catch(() => {});
    for (const one of next.slice(0, AHEAD)) {
      // One after the other, so that the next picture does not wait for the one after it.
      const ahead = await loader.get(one).catch(() => null);
      if (ahead) queue.update({ id: one, status: ahead.item.status, revision: ahead.revision });
      if (turn !== this.#turn) return;
    }
  }
}

/**
 * The picture as its draft has left it, if that was sent while the picture was fetched: what came may be older.
 * @param {Loaded} loaded
 * @param {Draft|undefined} draft
 * @returns {Loaded}
 */
function newest(loaded, draft) {
  if (!draft || draft.revision <= loaded.revision) return loaded;
  const { base: mask, revision, status } = draft;
  return { ...loaded, mask, revision, item: { ...loaded.item, status: status ?? loaded.item.status } };
}
