/** Runs side by side: settings that differ, figures, loss curves, classes, and pictures. */
import { element, fillSelect } from "../shared/dom.js";
import * as api from "./api.js";
import { barChart, lineChart } from "./charts.js";
import { percent } from "../shared/format.js";
import { setting, stageText } from "./words.js";

/** @import { RunComparisonOut } from "../shared/openapi" */

const OUTPUTS = [
  { value: "pseudo", text: "Pseudo-labels" },
  { value: "cam", text: "CAMs" },
  { value: "pixels", text: "Self-trained maps" },
  { value: "walk", text: "After the random walk" },
];

export class Comparison {
  /** @param {number[]} ids */
  constructor(ids) {
    this.ids = ids;
    this.root = element(
      "article",
      { class: "rn-detail" },
      element("p", { class: "st-muted", text: "Comparing…" }),
    );
    this.#load();
  }

  close() {}

  async #load() {
    let answer;
    try {
      answer = await api.compare(this.ids);
    } catch (error) {
      const text = api.messageOf(error);
      this.root.replaceChildren(element("p", { class: "rn-error", role: "alert", text }));
      return;
    }
    const names = answer.runs.map(({ id, name }) => `#${id} ${name}`);
    const table = (/** @type {string} */ head, /** @type {string[][]} */ rows) =>
      element(
        "table",
        { class: "st-table" },
        element(
          "thead",
          {},
          element("tr", {}, element("th", { text: head }), ...names.map((text) => element("th", { text }))),
        ),
        element(
          "tbody",
          {},
          ...rows.map(([label, ...values]) =>
            element(
              "tr",
              {},
              element("td", { text: label }),
              ...values.map((text) => element("td", { text })),
            ),
          ),
        ),
      );
    const card = (/** @type {string} */ title, /** @type {Node[]} */ ...children) =>
      element("section", { class: "rn-card" }, element("h3", { text: title }), ...children);
    this.root.replaceChildren(
      element("h2", { text: `Comparing ${answer.runs.length} runs` }),
      card(
        "Settings that differ",
        answer.settings.length
          ? table(
              "Setting",
              answer.settings.map(({ setting: name, values }) => [name, ...values.map(setting)]),
            )
          : element("p", { class: "st-muted", text: "None: these runs have the same settings." }),
      ),
      card(
        "Mean IoU in percent, honest",
        answer.metrics.length
          ? table(
              "Output",
              answer.metrics.map(({ title, split, runs }) => [
                `${title} (${split})`,
                ...runs.map((one) => percent(one?.honest)),
              ]),
            )
          : element("p", {
              class: "st-muted",
              text: "None of these runs was measured: they have not finished, or there is no ground truth.",
            }),
      ),
      this.#curves(answer, names),
      answer.classes.length
        ? element(
            "section",
            { class: "rn-card" },
            barChart({
              title: "IoU of each class in percent, pseudo-labels",
              names,
              rows: answer.classes.map(({ class: label, values }) => ({ label, values })),
            }),
          )
        : "",
      this.#pictures(answer, names),
    );
  }

  /** @param {RunComparisonOut} answer @param {string[]} names of the runs */
  #curves(answer, names) {
    const stages = [...new Set(answer.curves.flatMap((one) => Object.keys(one)))];
    const charts = stages.map((stage) =>
      element(
        "section",
        { class: "rn-card" },
        lineChart({
          title: `${stageText(stage)}: loss`,
          xLabel: "step",
          series: answer.curves.flatMap((one, number) =>
            one[stage]
              ? [{ name: names[number], x: one[stage].steps, y: one[stage].losses.loss ?? [] }]
              : [{ name: names[number], x: [], y: [] }],
          ),
        }),
      ),
    );
    return element("div", { class: "rn-charts" }, ...charts);
  }

  /** @param {RunComparisonOut} answer @param {string[]} names of the runs */
  #pictures({ runs, items }, names) {
    if (!items.length) return "";
    const rows = element("div", {});
    /** @type {HTMLSelectElement} */
    const choice = element("select", {
      class: "st-input rn-auto",
      "aria-label": "What to show",
      on: { change: () => fill() },
    });
    fillSelect(choice, OUTPUTS, "pseudo");
    const fill = () =>
      rows.replaceChildren(
        ...items.map(({ id, name }) =>
          element(
            "div",
            { class: "rn-side-by-side" },
            ...runs.map((run, number) => {
              const image = element("img", {
                src: api.pictureUrl(run.id, id, choice.value),
                alt: `${name}, ${names[number]}`,
                loading: "lazy",
              });
              const figure = element(
                "figure",
                {},
                image,
                element("figcaption", { text: number === 0 ? name : "" }),
              );
              image.addEventListener("error", () =>
                image.replaceWith(element("span", { class: "st-muted", text: "not made" })),
              );
              return figure;
            }),
          ),
        ),
      );
    fill();
    return element(
      "section",
      { class: "rn-card" },
      element("h3", { text: "The same pictures" }),
      choice,
      element(
        "div",
        { class: "rn-side-by-side rn-film-head" },
        ...names.map((text) => element("span", { text })),
      ),
      rows,
    );
  }
}
