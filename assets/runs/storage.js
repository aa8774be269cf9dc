/** Disk space of runs, and pruning. */
import { element, timeAgo } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import * as api from "./api.js";
import { bytes } from "../shared/format.js";
import { STATUS_TEXT } from "./words.js";

/** @import { PruneIn } from "../shared/openapi" */

/**
 * Events: `changed`.
 * @extends {Emitter<{changed: undefined}>}
 */
export class Storage extends Emitter {
  constructor() {
    super();
    this.root = element(
      "article",
      { class: "rn-detail" },
      element("p", { class: "st-muted", text: "Measuring…" }),
    );
    this.#load();
  }

  close() {}

  async #load(note = "") {
    let answer;
    try {
      answer = await api.storage();
    } catch (error) {
      const text = api.messageOf(error);
      this.root.replaceChildren(element("p", { class: "rn-error", role: "alert", text }));
      return;
    }
    const days = element("input", {
      class: "st-input rn-short",
      type: "number",
      min: "0",
      value: "30",
      "aria-label": "Days",
    });
    const size = element("input", {
      class: "st-input rn-short",
      type: "number",
      min: "0",
      step: "0.5",
      value: "20",
      "aria-label": "Gigabytes",
    });
    /**
     * @param {string} text
     * @param {() => PruneIn} wanted
     * @param {{disabled?: boolean}} [attributes]
     */
    const button = (text, wanted, attributes = {}) =>
      element("button", {
        class: "st-button",
        type: "button",
        text,
        on: { click: () => this.#prune(wanted()) },
        ...attributes,
      });
    this.root.replaceChildren(
      element("h2", { text: `Runs take ${bytes(answer.total)}` }),
      element("p", {
        class: "st-muted",
        text: "Pruning removes checkpoints, networks, maps and masks of ended runs. Settings, events, figures and the snapshot are kept. Published runs are never pruned.",
      }),
      element(
        "div",
        { class: "rn-card rn-prune" },
        element("span", {}, "Runs that ended more than ", days, " days ago "),
        button("Prune by age", () => ({ older_than_days: Number(days.value) })),
        element("span", {}, "Oldest first, until all runs hold at most ", size, " GB "),
        button("Prune by size", () => ({ keep_gb: Number(size.value) })),
      ),
      note ? element("p", { role: "status", text: note }) : "",
      element(
        "table",
        { class: "st-table" },
        element(
          "thead",
          {},
          element(
            "tr",
            {},
            ...["Run", "Status", "Ended", "On disk", "Can be pruned", ""].map((text) =>
              element("th", { text }),
            ),
          ),
        ),
        element(
          "tbody",
          {},
          ...answer.runs.map((run) =>
            element(
              "tr",
              {},
              element("td", { text: `#${run.id} ${run.name}` }),
              element("td", { text: run.is_published ? "published" : STATUS_TEXT[run.status] }),
              element("td", { text: run.ended_at ? timeAgo(run.ended_at) : "" }),
              element("td", { text: bytes(run.bytes) }),
              element("td", {
                text: run.is_published
                  ? "no, published"
                  : run.is_pruned
                    ? "pruned"
                    : bytes(run.prunable_bytes),
              }),
              element(
                "td",
                {},
                button("Prune", () => ({ runs: [run.id] }), {
                  disabled: !run.ended_at || run.is_published || run.prunable_bytes === 0,
                }),
              ),
            ),
          ),
        ),
      ),
    );
  }

  /** @param {PruneIn} wanted */
  async #prune(wanted) {
    if (!window.confirm("Remove the large files? These runs can then neither be resumed nor published."))
      return;
    try {
      const { runs, freed } = await api.prune(wanted);
      await this.#load(
        runs.length
          ? `${bytes(freed)} freed from ${runs.length} ${runs.length === 1 ? "run" : "runs"}.`
          : "There was nothing to prune.",
      );
    } catch (error) {
      await this.#load(api.messageOf(error));
    }
    this.emit("changed");
  }
}
