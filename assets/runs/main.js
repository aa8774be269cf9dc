/**
 * The Runs page: the list of runs, and one view beside it. The address names the view, so that a reload or
 * another browser shows the same one.
 */
import { element } from "../shared/dom.js";
import * as api from "./api.js";
import { Comparison } from "./compare.js";
import { RunDetail } from "./detail.js";
import { StartForm } from "./form.js";
import { RunList } from "./list.js";
import { showOffers } from "./offer.js";
import { Poller } from "./poller.js";
import { Storage } from "./storage.js";

const LIST_MS = 2000;

/** @param {HTMLElement} root */
export function mount(root) {
  Object.assign(window, { puzzlecamRuns: new RunsPage(root) }); // for the browser's console
}

/**
 * @import { OfferFacts, RunBrief, RunFacts } from "../shared/openapi"
 *
 * @typedef {{root: HTMLElement, close: () => void}} View
 */

class RunsPage {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.list = new RunList();
    /** @type {RunBrief[]|null} */
    this.runs = null;
    /** @type {View|null} */
    this.view = null;
    /** @type {number|null} */
    this.chosen = null;
    this.main = element("main", { class: "rn-main" });
    root.className = "st-page rn-root";
    root.replaceChildren(this.list.root, this.main);
    this.list.on("choose", (id) => this.open(id));
    this.list.on("new", () => this.startNew());
    this.list.on("compare", (ids) => this.compare(ids));
    this.list.on("storage", () => this.#showStorage());
    this.list.on("reorder", async (ids) => {
      await api.reorder(ids).catch((error) => window.alert(error.message));
      this.poller.now();
    });
    this.poller = new Poller(() => this.#look(), LIST_MS);
    this.poller.now();
  }

  async #look() {
    let answer;
    let offered;
    try {
      [answer, offered] = await Promise.all([api.runs(), api.offers()]);
    } catch (error) {
      const text = api.messageOf(error);
      if (!this.view) this.main.replaceChildren(element("p", { class: "rn-error", role: "alert", text }));
      throw error;
    }
    this.runs = answer.runs;
    if (!this.view) this.#openFirst(answer.runs);
    this.list.show(answer.runs, this.chosen);
    showOffers(this.list.offers, offered.offers, (offer) => this.#take(offer));
    return answer.is_busy;
  }

  /** @param {RunBrief[]} runs */
  #openFirst(runs) {
    const asked = new URLSearchParams(location.search);
    const id = Number(asked.get("run"));
    const compared = (asked.get("compare") ?? "").split(",").map(Number).filter(Boolean);
    const unknown = compared.find((one) => !runs.some((run) => run.id === one));
    if (unknown !== undefined) this.#sayMissing(`There is no run ${unknown}.`);
    else if (compared.length > 1) this.compare(compared);
    else if (runs.some((run) => run.id === id)) this.open(id);
    else if (asked.has("run")) this.#sayMissing(`There is no run ${asked.get("run")}.`);
    else if (runs.length && !asked.has("new")) this.open(runs[0].id);
    else this.startNew();
  }

  /** @param {string} text */
  #sayMissing(text) {
    const root = element("p", {
      class: "rn-error",
      role: "alert",
      text: `${text} It may have been deleted. Choose a run on the left, or start a new one.`,
    });
    this.#show({ root, close: () => {} }, null, location.search);
  }

  /** @param {number} id */
  open(id) {
    const detail = new RunDetail(id);
    detail.on("changed", () => this.poller.now());
    detail.on("clone", (run) => this.startNew(run));
    detail.on("gone", () => {
      this.view?.close();
      this.view = null;
      this.chosen = null;
      history.replaceState(history.state, "", location.pathname);
      this.poller.now();
    });
    this.#show(detail, id, `?run=${id}`);
  }

  /** @param {RunFacts|null} [cloned] @param {{datasetId: number, split: string}|null} [asked] */
  startNew(cloned = null, asked = null) {
    const form = new StartForm(cloned, asked);
    form.on("started", ({ id }) => {
      this.poller.now();
      this.open(id);
    });
    this.#show(form, null, "?new");
  }

  /** Fill in the form from a suggestion, with the settings of the last run if there was one. @param {OfferFacts} offer */
  async #take({ dataset_id: datasetId, split, since }) {
    const last = since ? (await api.run(since.id).catch(() => null))?.run : null;
    this.startNew(last, { datasetId, split });
  }

  /** @param {number[]} ids */
  compare(ids) {
    const inOrder = [...ids].sort((a, b) => a - b);
    for (const id of inOrder) this.list.compared.add(id);
    this.#show(new Comparison(inOrder), null, `?compare=${inOrder.join(",")}`);
  }

  #showStorage() {
    const storage = new Storage();
    storage.on("changed", () => this.poller.now());
    this.#show(storage, null, "?disk");
  }

  /** @param {View} view @param {number|null} chosen @param {string} address */
  #show(view, chosen, address) {
    this.view?.close();
    this.view = view;
    this.chosen = chosen;
    this.main.replaceChildren(view.root);
    this.main.scrollTop = 0;
    document.title = "Runs · Puzzle-CAM studio";
    history.replaceState(history.state, "", `${location.pathname}${address}`);
    if (this.runs) this.list.show(this.runs, chosen);
  }
}
