/** The list of runs: running, queued, ended. */
import { element, timeAgo } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import { percent } from "../shared/format.js";
import { isActive, stageText, STATUS_TEXT } from "./words.js";

/**
 * @import { RunBrief } from "../shared/openapi"
 *
 * @typedef {RunBrief["stages"][number]} Stage
 *
 * @typedef {object} ListEvents
 * @property {number} choose     a run's number
 * @property {number[]} reorder  queued runs in the order wished
 * @property {number[]} compare
 * @property {undefined} new
 * @property {undefined} storage
 */

/** @extends {Emitter<ListEvents>} */
export class RunList extends Emitter {
  #shown = "";

  constructor() {
    super();
    /** @type {number|null} */
    this.chosen = null;
    /** @type {Set<number>} */
    this.compared = new Set();
    this.offers = element("div", { class: "rn-offers" });
    this.groups = element("div", { class: "rn-groups" });
    this.compareButton = element("button", {
      class: "st-button",
      type: "button",
      text: "Compare",
      disabled: true,
      title: "Select two or more runs",
      on: { click: () => this.emit("compare", [...this.compared]) },
    });
    this.root = element(
      "nav",
      { class: "rn-list", "aria-label": "Runs" },
      element(
        "div",
        { class: "rn-list-top" },
        element("button", {
          class: "st-button st-primary",
          type: "button",
          text: "New run",
          on: { click: () => this.emit("new") },
        }),
        this.compareButton,
      ),
      this.offers,
      this.groups,
      element("button", {
        class: "st-link rn-list-bottom",
        type: "button",
        text: "Disk space of runs",
        on: { click: () => this.emit("storage") },
      }),
    );
  }

  /** @param {RunBrief[]} runs in the order of the page @param {number|null} chosen */
  show(runs, chosen) {
    this.chosen = chosen;
    const known = new Set(runs.map(({ id }) => id));
    for (const id of this.compared) if (!known.has(id)) this.compared.delete(id);
    const state = JSON.stringify([runs, chosen, [...this.compared]]);
    if (state === this.#shown) return; // do not rebuild what is under the pointer without need
    this.#shown = state;
    const queue = runs.filter(({ status }) => status === "queued");
    const groups = [
      { title: "Running", members: runs.filter(({ status }) => isActive(status)) },
      { title: "Queued", members: queue },
      { title: "Ended", members: runs.filter(({ status }) => !isActive(status) && status !== "queued") },
    ].filter(({ members }) => members.length);
    this.groups.replaceChildren(
      ...groups.map(({ title, members }) =>
        element(
          "section",
          {},
          element("h2", { text: title }),
          ...members.map((run) => this.#row(run, queue)),
        ),
      ),
    );
    if (!runs.length)
      this.groups.append(
        element("p", { class: "st-muted", text: "No run yet. Start one to train on your tags." }),
      );
    this.#showCompare();
  }

  /** @param {RunBrief} run @param {RunBrief[]} queue */
  #row(run, queue) {
    const tick = element("input", {
      type: "checkbox",
      checked: this.compared.has(run.id),
      "aria-label": `Compare run ${run.id}`,
      title: "Compare",
      on: {
        change: () => {
          if (tick.checked) this.compared.add(run.id);
          else this.compared.delete(run.id);
          this.#showCompare();
        },
      },
    });
    const position = queue.findIndex(({ id }) => id === run.id);
    const move = (/** @type {1|-1} */ step, /** @type {string} */ text, /** @type {string} */ label) =>
      element("button", {
        class: "rn-move",
        type: "button",
        text,
        "aria-label": `${label}: run ${run.id}`,
        title: label,
        disabled: position + step < 0 || position + step >= queue.length,
        on: {
          click: () => {
            const ids = queue.map(({ id }) => id);
            ids.splice(position, 1);
            ids.splice(position + step, 0, run.id);
            this.emit("reorder", ids);
          },
        },
      });
    const current = run.stages.find(({ status }) => status === "running");
    return element(
      "div",
      { class: "rn-row", data: { id: run.id }, "aria-current": run.id === this.chosen ? "true" : null },
      tick,
      element(
        "button",
        { class: "rn-open", type: "button", on: { click: () => this.emit("choose", run.id) } },
        element("span", { class: "rn-row-name", text: run.name, title: run.name }),
        element("span", { class: "rn-row-facts", text: this.#facts(run, current) }),
        current ? bar(run.stages) : null,
      ),
      position >= 0 && queue.length > 1
        ? element("span", { class: "rn-moves" }, move(-1, "↑", "Earlier"), move(1, "↓", "Later"))
        : null,
      element("span", {
        class: "st-pill rn-status",
        data: { status: run.status },
        text: run.is_published ? "published" : STATUS_TEXT[run.status],
      }),
    );
  }

  /** @param {RunBrief} run @param {Stage} [current] */
  #facts(run, current) {
    if (current) return stageText(current.name);
    const when = run.ended_at ?? run.created_at;
    const figure = run.miou === null ? "" : ` · mIoU ${percent(run.miou)}`;
    return `#${run.id} · ${timeAgo(when)}${figure}`;
  }

  #showCompare() {
    this.compareButton.disabled = this.compared.size < 2;
    this.compareButton.textContent = this.compared.size ? `Compare ${this.compared.size}` : "Compare";
  }
}

/** One bar for all stages, which have equal parts. @param {Stage[]} stages */
function bar(stages) {
  const share =
    stages.reduce(
      (sum, { status, done, total }) =>
        sum + (status === "done" || status === "skipped" ? 1 : total ? done / total : 0),
      0,
    ) / stages.length;
  return element("progress", { max: 1, value: share, "aria-label": "Progress" });
}
