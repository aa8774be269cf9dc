/** A line below the picture: a class that may be there without its tag, or a tag that may be wrong. */
import { element } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import * as api from "./api.js";

/** @import { SuggestedTagOut } from "../shared/openapi" */

/**
 * Events: `tags` the id of a picture whose tags have changed, `problem` why an answer was not stored.
 * @extends {Emitter<{tags: number, problem: string}>}
 */
export class TagLine extends Emitter {
  #beforeAnswer;
  /** @type {number|null} */
  #item = null;
  /** Those that are still to be answered, the shown one first. @type {SuggestedTagOut[]} */
  #open = [];
  #isSending = false;
  text = element("span", { class: "pr-tag-text" });
  yes = this.#button("tag-yes", () => this.answer(true));
  no = this.#button("tag-no", () => this.answer(false));
  root = element(
    "div",
    { class: "pr-tag-line", role: "status", hidden: true },
    this.text,
    element("span", { class: "st-spring" }),
    this.yes,
    this.no,
  );

  /** @param {() => Promise<void>} beforeAnswer stores what was painted */
  constructor(beforeAnswer) {
    super();
    this.#beforeAnswer = beforeAnswer;
  }

  /** Show what is suggested for a picture, when the studio knows it. @param {number} id */
  async open(id) {
    this.close();
    this.#item = id;
    let answer;
    try {
      answer = await api.suggestedTags(id);
    } catch {
      return; // only a hint; the picture's own requests say what is wrong
    }
    if (this.#item !== id) return;
    this.#open = answer.suggestions;
    this.#show();
  }

  close() {
    this.#item = null;
    this.#open = [];
    this.#show();
  }

  /** @param {boolean} isThere whether the class that the line names is in the picture */
  async answer(isThere) {
    const id = this.#item;
    const asked = this.#open[0];
    if (id === null || !asked || this.#isSending) return;
    const isMissing = asked.kind === "missing";
    const action = isMissing ? (isThere ? "added" : "refused") : isThere ? "kept" : "removed";
    if (!(await this.#say(id, asked.class_index, action))) return;
    if (isThere === isMissing) this.emit("tags", id);
  }

  /** Give the picture a tag or take it away. @param {number} classIndex @param {boolean} isThere */
  async change(classIndex, isThere) {
    const id = this.#item;
    if (id === null || this.#isSending) return;
    if (await this.#say(id, classIndex, isThere ? "added" : "removed")) this.emit("tags", id);
  }

  /**
   * @param {number} id
   * @param {number} classIndex
   * @param {import("../shared/openapi").TagIn["action"]} action
   * @returns {Promise<boolean>} whether it is stored
   */
  async #say(id, classIndex, action) {
    this.#isSending = true;
    try {
      await this.#beforeAnswer();
      await api.sayTag(id, { class_index: classIndex, action });
    } catch (error) {
      this.emit("problem", api.messageOf(error));
      return false;
    } finally {
      this.#isSending = false;
    }
    if (this.#item === id) {
      this.#open = this.#open.filter((one) => one.class_index !== classIndex);
      this.#show();
    }
    return true;
  }

  #show() {
    const [asked] = this.#open;
    this.root.hidden = !asked;
    if (!asked) return;
    const isMissing = asked.kind === "missing";
    this.text.textContent = isMissing
      ? `“${asked.name}” may be in the picture, but it is not among its tags.`
      : `Nothing in the picture looks like “${asked.name}”, which is one of its tags.`;
    this.#label(this.yes, isMissing ? "Add tag" : "It is there");
    this.#label(this.no, isMissing ? "Not here" : "Remove tag");
  }

  /** @param {string} action @param {() => unknown} run */
  #button(action, run) {
    return element("button", { class: "st-button", type: "button", data: { action }, on: { click: run } });
  }

  /** @param {HTMLElement} button @param {string} text */
  #label(button, text) {
    button.dataset.hint = text;
    button.replaceChildren(text, element("kbd", { data: { action: button.dataset.action ?? "" } }));
  }
}
