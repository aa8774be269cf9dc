/** One run: progress, loss curves, film, figures, messages, log, settings, and the buttons that act on it. */
import { element, timeAgo } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import * as api from "./api.js";
import { lineChart } from "./charts.js";
import { Film } from "./film.js";
import { duration, moment, percent } from "../shared/format.js";
import { Poller } from "./poller.js";
import { PublishPanel } from "./publish.js";
import { flatSettings, isActive, setting, stageText, STATUS_TEXT } from "./words.js";

/** @import { CurvesOut, MetricsFacts, RunFacts, RunOut, ScoreFacts } from "../shared/openapi" */

/**
 * Events: `changed` (the list should look again), `clone` a run, `gone`.
 * @extends {Emitter<{changed: undefined, clone: RunFacts, gone: undefined}>}
 */
export class RunDetail extends Emitter {
  #lastStep = 0;
  #headShown = "";
  #areFiguresShown = false;
  #messagesShown = -1;
  #areSettingsShown = false;

  /** @param {number} id */
  constructor(id) {
    super();
    this.id = id;
    /** @type {RunFacts|null} */
    this.run = null;
    this.when = element("span");
    this.head = element("header", { class: "rn-head" });
    this.alert = element("div", { class: "rn-alert", role: "alert", hidden: true });
    this.stages = element("ol", { class: "rn-stages", "aria-label": "Stages" });
    this.notDone = element("ul", { class: "rn-not-done", hidden: true });
    this.charts = element("div", { class: "rn-charts" });
    this.film = new Film(id);
    this.charts.append(this.film.root);
    this.figures = element("section", { class: "rn-card", hidden: true });
    this.log = element("pre", { class: "rn-log", tabindex: "0", "aria-label": "End of the trainer's log" });
    this.messages = element("ul", { class: "rn-messages" });
    this.settings = element("div", {});
    this.publish = new PublishPanel(id);
    this.publish.on("changed", () => this.#changed());
    this.root = element(
      "article",
      { class: "rn-detail" },
      this.head,
      this.alert,
      this.stages,
      this.notDone,
      this.publish.root,
      this.figures,
      this.charts,
      element(
        "div",
        { class: "rn-two" },
        element("section", { class: "rn-card" }, element("h3", { text: "What happened" }), this.messages),
        element("section", { class: "rn-card" }, element("h3", { text: "Log" }), this.log),
      ),
      element("details", { class: "rn-card" }, element("summary", { text: "All settings" }), this.settings),
    );
    this.poller = new Poller(() => this.#look());
    this.poller.now();
  }

  close() {
    this.poller.stop();
    this.publish.close();
  }

  async #look() {
    let answer;
    try {
      const [facts, curves, log] = await Promise.all([
        api.run(this.id),
        api.curves(this.id, this.#lastStep),
        api.log(this.id),
      ]);
      answer = facts;
      this.#show(facts);
      if (curves.last !== this.#lastStep) {
        this.#lastStep = curves.last;
        this.#showCurves(curves.stages);
      }
      this.#showLog(log.lines);
    } catch (error) {
      this.#showAlert(api.messageOf(error), null);
      if (error instanceof api.ApiError && error.status === 404) {
        this.poller.stop();
        this.emit("gone");
        return false;
      }
      throw error;
    }
    return answer.is_busy;
  }

  /** @param {RunOut} facts */
  #show({ run, film, unpublishable, worker_is_silent: isSilent }) {
    if (this.run && this.run.status !== run.status) this.emit("changed");
    this.run = run;
    this.#showHead(run, unpublishable);
    if (run.problem) this.#showAlert(run.problem, run.remedy);
    else if (isSilent)
      this.#showAlert(
        "The worker of this run has not responded for a while.",
        "Another worker takes over the run as soon as one is available.",
      );
    else this.alert.hidden = true;
    this.stages.replaceChildren(...run.progress.stages.map((stage) => stageCell(stage)));
    const notDone = run.progress.stages.filter((stage) => stage.not_done);
    this.notDone.hidden = !notDone.length;
    this.notDone.replaceChildren(
      ...notDone.map(({ name, not_done: text }) =>
        element("li", {}, element("strong", { text: `${stageText(name)}: ` }), text),
      ),
    );
    this.film.show(film);
    this.#showFigures(run.metrics);
    this.#showMessages(run);
    this.#showSettings(run.recipe);
    this.publish.show(run);
  }

  /** @param {RunFacts} run @param {string|null} unpublishable */
  #showHead(run, unpublishable) {
    /** @type {HTMLElement[]} */
    const buttons = [];
    const button = (
      /** @type {string} */ text,
      /** @type {() => void} */ act,
      { kind = "", title = "" } = {},
    ) =>
      buttons.push(
        element("button", { class: `st-button ${kind}`, type: "button", text, title, on: { click: act } }),
      );
    if (run.status === "queued") button("Cancel", () => this.#do(api.stop));
    if (run.status === "claimed" || run.status === "running")
      button("Stop", () => this.#do(api.stop), {
        title: "Finishes the current step and stores a checkpoint; the run can be resumed",
      });
    if (run.status === "stopping")
      button(run.stop_is_firm ? "Ending…" : "Stop at once", () => this.#do(api.stop), {
        title: "Ends at once; the last checkpoint is kept",
      });
    if (run.status === "failed" || run.status === "cancelled") {
      const text = run.status === "failed" ? "Retry" : "Resume";
      if (!run.pruned_at)
        button(text, () => this.#do(api.resume), {
          kind: "st-primary",
          title: "Continues from the last checkpoint",
        });
    }
    if (!unpublishable)
      button("Publish…", () => this.publish.open(), { kind: run.status === "done" ? "st-primary" : "" });
    button("Clone…", () => this.emit("clone", run), { title: "Start another run from these settings" });
    if (!isActive(run.status) && run.status !== "queued")
      button("Delete", () => this.#delete(), { kind: "st-danger" });
    const state = JSON.stringify([
      run.name,
      run.status,
      run.stop_is_firm,
      unpublishable,
      run.pruned_at,
      run.attempts,
      run.heartbeat_at ? 1 : 0,
    ]);
    if (state === this.#headShown) {
      this.when.textContent = this.#when(run);
      return;
    }
    this.#headShown = state;
    document.title = `${run.name} · Runs · Puzzle-CAM studio`;
    this.when = element("span", { text: this.#when(run) });
    const name = element("input", {
      class: "rn-name",
      value: run.name,
      maxlength: "128",
      "aria-label": "Name of the run",
      title: "Click to rename",
      on: {
        change: async () => {
          try {
            await api.rename(this.id, name.value);
            this.emit("changed");
          } catch (error) {
            this.#showAlert(api.messageOf(error), null);
          }
        },
      },
    });
    this.head.replaceChildren(
      element(
        "div",
        { class: "rn-title" },
        name,
        element("span", {
          class: "st-pill rn-status",
          data: { status: run.status },
          text: STATUS_TEXT[run.status],
        }),
        element("span", { class: "st-spring" }),
        ...buttons,
      ),
      element(
        "p",
        { class: "st-muted" },
        `Run ${run.id} · ${run.dataset}, ${run.split === "all" ? "all splits" : `split ${run.split}`} · recipe ${run.recipe_name} · `,
        this.when,
      ),
      element("p", {}, element("strong", { text: "Learns from: " }), run.learns_from),
    );
  }

  /** @param {RunFacts} run */
  #when(run) {
    const who = run.author ? ` by ${run.author}` : "";
    const device = run.progress.device ? ` · ${run.progress.device}` : "";
    const memory =
      run.progress.memory_mb && isActive(run.status)
        ? ` · ${(run.progress.memory_mb / 1024).toFixed(1)} GB of memory`
        : "";
    const attempt = run.attempts > 1 ? ` · attempt ${run.attempts}` : "";
    if (run.status === "queued") return `queued ${timeAgo(run.created_at)}${who}`;
    if (run.ended_at && run.started_at) {
      const took = (Date.parse(run.ended_at) - Date.parse(run.started_at)) / 1000;
      return `started ${moment(run.started_at)}${who}, ended after ${duration(took)}${attempt}${device}`;
    }
    return `started ${run.started_at ? timeAgo(run.started_at) : "just now"}${who}${attempt}${memory}${device}`;
  }

  /** @param {string} problem @param {string|null} remedy */
  #showAlert(problem, remedy) {
    this.alert.hidden = false;
    this.alert.replaceChildren(element("strong", { text: problem }));
    if (remedy) this.alert.append(element("span", { text: ` ${remedy.replace(/\.?$/, ".")}` }));
  }

  /** @param {CurvesOut["stages"]} stages */
  #showCurves(stages) {
    // The film is not replaced, so that its pictures are not loaded again with each step.
    for (const old of [...this.charts.children]) if (old !== this.film.root) old.remove();
    const [first, ...others] = Object.entries(stages).map(([stage, { steps, total, losses }]) => {
      const names = Object.keys(losses).sort((a, b) => Number(b === "loss") - Number(a === "loss")); // the sum comes first
      return element(
        "section",
        { class: "rn-card" },
        lineChart({
          title: `${stageText(stage)}: loss by term`,
          xLabel: "step",
          xEnd: total,
          series: names.map((name) => ({ name: name.replaceAll("_", " "), x: steps, y: losses[name] })),
        }),
      );
    });
    if (first) this.charts.prepend(first);
    this.charts.append(...others);
    if (first)
      this.charts.append(
        element("a", {
          href: api.curvesUrl(this.id),
          download: "",
          text: "Download the curves as CSV",
          title: "Every step, with learning rate and losses",
        }),
      );
  }

  /** @param {MetricsFacts|null} metrics */
  #showFigures(metrics) {
    this.figures.hidden = !metrics;
    if (!metrics || this.#areFiguresShown) return;
    this.#areFiguresShown = true;
    const { rows } = metrics;
    const cells = (/** @type {"th"|"td"} */ tag, /** @type {string[]} */ values) =>
      element("tr", {}, ...values.map((text) => element(tag, { text })));
    const threshold = (/** @type {ScoreFacts} */ score) =>
      typeof score.threshold === "number" ? ` at ${score.threshold.toFixed(2)}` : "";
    this.figures.replaceChildren(
      element("h3", { text: "Mean IoU in percent" }),
      rows.length
        ? element(
            "table",
            { class: "st-table" },
            element(
              "thead",
              {},
              cells("th", [
                "Output",
                "Split",
                "Pictures",
                "Honest",
                "Oracle (threshold chosen with ground truth)",
              ]),
            ),
            element(
              "tbody",
              {},
              ...rows.map((row) =>
                cells("td", [
                  row.title,
                  row.split,
                  String(row.pictures),
                  `${percent(row.honest.miou)}${threshold(row.honest)}`,
                  row.oracle ? `${percent(row.oracle.miou)}${threshold(row.oracle)}` : "–",
                ]),
              ),
            ),
          )
        : element("p", {
            class: "st-muted",
            text: "The dataset has no ground truth, so nothing was measured.",
          }),
      rows.length ? element("p", { class: "st-muted", text: metrics.note }) : "",
    );
  }

  /** @param {RunFacts} run */
  #showMessages(run) {
    const messages = run.progress.messages;
    if (messages.length === this.#messagesShown) return;
    this.#messagesShown = messages.length;
    this.messages.replaceChildren(
      ...messages
        .slice(-40)
        .reverse()
        .map(({ time, kind, message }) =>
          element(
            "li",
            { data: { kind } },
            element("time", { datetime: time, text: moment(time) }),
            element("span", { text: message }),
          ),
        ),
    );
    const waits = run.status === "queued" ? "The run is waiting for a worker." : "Nothing yet.";
    if (!messages.length) this.messages.append(element("li", { class: "st-muted", text: waits }));
  }

  /** @param {string[]} lines */
  #showLog(lines) {
    const text = lines.join("\n") || "The trainer has printed nothing yet.";
    if (text === this.log.textContent) return;
    const wasAtEnd = this.log.scrollTop + this.log.clientHeight >= this.log.scrollHeight - 8;
    this.log.textContent = text;
    if (wasAtEnd) this.log.scrollTop = this.log.scrollHeight;
  }

  /** @param {RunFacts["recipe"]} recipe */
  #showSettings(recipe) {
    if (this.#areSettingsShown) return;
    this.#areSettingsShown = true;
    const rows = Object.entries(flatSettings(recipe)).filter(
      ([name]) => !["version", "description"].includes(name),
    );
    this.settings.replaceChildren(
      element(
        "dl",
        { class: "rn-settings" },
        ...rows.flatMap(([name, value]) => [
          element("dt", { text: name }),
          element("dd", { text: setting(value) }),
        ]),
      ),
    );
  }

  /** @param {(id: number) => Promise<unknown>} action */
  async #do(action) {
    try {
      await action(this.id);
    } catch (error) {
      this.#showAlert(api.messageOf(error), null);
      return;
    }
    this.#changed();
  }

  async #delete() {
    if (!window.confirm(`Delete run ${this.id} and all its files? This cannot be undone.`)) return;
    try {
      await api.remove(this.id);
    } catch (error) {
      this.#showAlert(api.messageOf(error), null);
      return;
    }
    this.emit("gone");
  }

  #changed() {
    this.emit("changed");
    this.poller.now();
  }
}

/** @param {RunFacts["progress"]["stages"][number]} stage */
function stageCell({
  name,
  status,
  done,
  total,
  unit,
  eta_s: eta,
  epoch,
  epochs,
  seconds,
  not_done: notDone,
}) {
  const share = status === "done" ? 1 : total ? done / total : 0;
  const facts = [];
  if (status === "waiting" || status === "skipped") facts.push(status);
  else if (status === "done")
    facts.push(
      `${notDone ? "partly done" : "done"}${typeof seconds === "number" ? ` in ${duration(seconds)}` : ""}`,
    );
  else {
    if (total) facts.push(`${done} of ${total} ${unit}`);
    if (unit === "steps" && epochs) facts.push(`epoch ${Math.min(epoch ?? 1, epochs)} of ${epochs}`);
    if (status === "stopped") facts.push("stopped");
    else if (typeof eta === "number") facts.push(`${duration(eta)} left`);
    else if (!total) facts.push("starting");
  }
  return element(
    "li",
    { class: "rn-stage", data: { status, stage: name } },
    element("strong", { text: stageText(name) }),
    element("progress", { max: 1, value: share, "aria-label": `${name}: ${Math.round(100 * share)} %` }),
    element("span", { class: "st-muted", text: facts.join(" · ") }),
  );
}
