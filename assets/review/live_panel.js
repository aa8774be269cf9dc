/**
 * What the live model of the dataset has learned from accepted masks, in words, and how people control it.
 */
import { count, element } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";

/**
 * @import { LiveClassOut, LiveOut, LivePictureOut } from "../shared/openapi"
 *
 * @typedef {"pause"|"resume"|"reset"|"ignore"|"unignore"} LiveCommand
 *
 * @typedef {object} LiveEvents
 * @property {LiveCommand} command
 * @property {number} next     show the pictures of this class
 * @property {number} picture  open this picture
 * @property {undefined} open  somebody wants to read the panel
 */

const IOU_TITLE =
  "IoU of the maps in percent, without and with what was learned. Each accepted mask is measured by a model that has not seen it (leave-one-out)";
const TRUST_TITLE =
  "How much of what was learned is used for this class. It follows from how well the model predicts masks that it has not seen";

/** @extends {Emitter<LiveEvents>} */
export class LivePanel extends Emitter {
  /** @type {LiveOut|null} */
  #state = null;
  /** The current picture. @type {{id: number, name: string}|null} */
  #picture = null;
  short = element("span", { class: "pr-live-short" });
  sentence = element("p", { class: "pr-sentence", role: "status" });
  next = element("p", { class: "pr-live-next" });
  table = element("table", { class: "st-table pr-live-table" });
  note = element("p", { class: "pr-note" });
  pause = this.#button("", "", () => this.#state && this.#command(this.#state.paused ? "resume" : "pause"));
  reset = this.#button(
    "Reset…",
    "Forget what was learned. No mask is lost; you are asked first",
    () => this.#askReset(),
    "st-danger",
  );
  ignore = this.#button("", "", () => this.#command(this.#isIgnored ? "unignore" : "ignore"), "pr-wide");
  ignored = element("p", { class: "pr-note pr-live-ignored" });
  body = element(
    "div",
    { class: "pr-live-body" },
    this.sentence,
    this.next,
    element("div", { class: "pr-live-scroll" }, this.table),
    this.note,
    element("div", { class: "pr-row" }, this.pause, this.reset),
    this.ignore,
    this.ignored,
  );
  /** @type {HTMLDetailsElement} */
  root = element(
    "details",
    { class: "pr-panel pr-live", hidden: true, on: { toggle: () => this.root.open && this.emit("open") } },
    element("summary", {}, element("h2", { text: "Live model" }), this.short),
    this.body,
  );

  /** @param {string} text @param {string} title @param {() => unknown} run @param {string} [kind] */
  #button(text, title, run, kind = "") {
    return element("button", {
      class: `st-button ${kind}`,
      type: "button",
      text,
      title,
      on: { click: run },
    });
  }

  /** The current picture, or null where none is open. @param {{id: number, name: string}|null} picture */
  setPicture(picture) {
    this.#picture = picture;
    this.#showPicture();
  }

  /** @param {LiveOut|null} state null where it is not known */
  show(state) {
    this.#state = state;
    this.root.hidden = state === null;
    if (!state) return;
    this.short.textContent = shortly(state);
    if (this.sentence.textContent !== state.sentence) this.sentence.textContent = state.sentence;
    this.#showNext(state);
    this.#showClasses(state);
    this.pause.textContent = state.paused ? "Resume" : "Pause";
    this.pause.title = state.paused
      ? "Learn again, also from what was accepted meanwhile"
      : "Learn nothing new; proposals stay as they are";
    this.pause.disabled = this.reset.disabled = state.problem !== null;
    this.#showPicture();
    this.#showIgnored(state.ignored);
  }

  /** @param {LiveOut} state */
  #showNext({ next, problem, paused }) {
    this.next.hidden = !next || problem !== null || paused;
    if (!next) return;
    this.next.replaceChildren(
      "Correct next: ",
      element("button", {
        class: "st-link",
        type: "button",
        text: next.name,
        title: `Show only pictures with the tag ${next.name} in the queue`,
        on: { click: () => this.emit("next", next.index) },
      }),
      `. ${next.why}`,
    );
  }

  /** @param {LiveOut} state */
  #showClasses({ classes, measured_on: measuredOn, masks }) {
    const shown = classes.filter(({ masks: known, tagged_todo: todo }) => known || todo);
    const head = (/** @type {string} */ text, title = "") => element("th", { scope: "col", text, title });
    this.table.hidden = !shown.length;
    this.table.replaceChildren(
      element("caption", { class: "pr-unseen", text: "What the live model knows about each class" }),
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          head("Class"),
          head("Masks", "Accepted masks that show the class"),
          head("IoU", IOU_TITLE),
          head("Trust", TRUST_TITLE),
        ),
      ),
      element("tbody", {}, ...shown.map(classRow)),
    );
    this.note.hidden = !masks;
    this.note.textContent = measuredOn
      ? `IoU in %, before → after learning; ${count(measuredOn, "mask")} left out one at a time.`
      : "IoU and trust are measured when nobody is waiting for the studio.";
    this.note.title = IOU_TITLE;
  }

  get #isIgnored() {
    return this.#state?.ignored.some(({ id }) => id === this.#picture?.id) ?? false;
  }

  #showPicture() {
    this.ignore.hidden = !this.#picture;
    this.ignore.disabled = !this.#state || this.#state.problem !== null;
    this.ignore.textContent = this.#isIgnored ? "Learn from this picture again" : "Ignore this picture";
    this.ignore.title = this.#isIgnored
      ? "What its accepted mask teaches counts again"
      : "Do not learn from this picture, and forget what its mask taught; the mask itself stays";
  }

  /** @param {LivePictureOut[]} pictures */
  #showIgnored(pictures) {
    this.ignored.hidden = !pictures.length;
    this.ignored.replaceChildren(
      `${count(pictures.length, "picture")} ${pictures.length === 1 ? "is" : "are"} ignored: `,
      ...pictures.flatMap(({ id, name }, position) => [
        position ? ", " : "",
        element("button", {
          class: "st-link",
          type: "button",
          text: name,
          title: "Open it",
          on: { click: () => this.emit("picture", id) },
        }),
      ]),
    );
  }

  /** @param {LiveCommand} command */
  #command(command) {
    this.emit("command", command);
  }

  #askReset() {
    if (!this.#state) return;
    const close = () => {
      dialog.close();
      dialog.remove();
      this.reset.focus();
    };
    const keep = this.#button("Cancel", "", close);
    const reset = this.#button(
      "Reset the live model",
      "",
      () => {
        close();
        this.#command("reset");
      },
      "st-danger",
    );
    /** @type {HTMLDialogElement} */
    const dialog = element(
      "dialog",
      {
        class: "st-page pr-dialog pr-live-reset",
        "aria-labelledby": "pr-live-reset-title",
        "aria-describedby": "pr-live-reset-text",
        on: { cancel: () => dialog.remove() },
      },
      element("h2", { id: "pr-live-reset-title", text: "Reset the live model?" }),
      element(
        "div",
        { id: "pr-live-reset-text" },
        element("p", {
          text: `It forgets what it learned from ${count(this.#state.masks, "mask")}, for everybody who works on this dataset. Later proposals do not use it. From now on it learns only from masks that are accepted after the reset.`,
        }),
        element("p", {
          text: "No mask, decision or history entry is lost, and exports and runs do not change.",
        }),
      ),
      element("div", { class: "pr-history-buttons" }, keep, reset),
    );
    document.body.append(dialog);
    dialog.showModal();
    keep.focus();
  }
}

/** @param {LiveOut} state @returns {string} for the line that is always shown */
function shortly({ masks, paused, problem, waiting }) {
  if (problem !== null) return "off";
  if (paused) return "paused";
  if (masks) return `learned from ${count(masks, "mask")}`;
  return waiting ? `learning from ${count(waiting, "mask")}` : "nothing learned yet";
}

/** @param {LiveClassOut} known */
function classRow({ name, masks, iou_before: before, iou_after: after, trust, tagged_todo: todo }) {
  const isMeasured = before !== null && after !== null;
  return element(
    "tr",
    { title: `${name}: ${count(todo, "unfinished picture")} with this tag` },
    element("th", { scope: "row", text: name }),
    element("td", { text: masks }),
    element(
      "td",
      { class: isMeasured && after > before ? "pr-live-better" : "" },
      isMeasured ? element("span", { class: "pr-unseen", text: spoken(before, after) }) : null,
      element("span", {
        "aria-hidden": isMeasured ? "true" : null,
        text: isMeasured ? `${percent(before)} → ${percent(after)}` : "–",
      }),
    ),
    element("td", {
      text: trustWord(trust),
      title: trust === null ? "Not measured yet" : `${percent(trust)} % of what was learned is used`,
    }),
  );
}

/** @param {number} before @param {number} after @returns {string} for screen readers */
const spoken = (before, after) => `${percent(before)} % before, ${percent(after)} % after`;

/** @param {number} share 0..1 @returns {string} */
const percent = (share) => (100 * share).toFixed(0);

/**
 * @param {number|null} trust 0..1; null if it was not measured
 * @returns {string} in a plain word
 */
export function trustWord(trust) {
  if (trust === null) return "–";
  if (trust < 0.05) return "none";
  if (trust < 0.35) return "low";
  return trust < 0.7 ? "medium" : "high";
}
