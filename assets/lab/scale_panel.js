/** The scale of each class over the dataset: how many pictures it is known from, and measuring more of them. */
import { messageOf } from "../shared/api.js";
import { count, element } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import * as api from "./api.js";

/**
 * @import { ScaleOut, ScalesOut } from "../shared/openapi"
 *
 * @typedef {Pick<ScaleOut, "maximum"|"pictures">} Scale
 * @typedef {{datasetId: number, model: string, classes: number}} Wanted
 */

const POLL_MS = 1000;

/** @extends {Emitter<{change: undefined}>} event `change`: `scales` has other values */
export class ScalePanel extends Emitter {
  /** By class index; null before it is known. @type {Map<number, Scale>|null} */
  scales = null;
  /** @type {Wanted|null} */
  #wanted = null;
  /** The last scales as text. @type {string|null} */
  #known = null;
  #timer = 0;

  constructor() {
    super();
    this.status = element("span", { class: "st-muted", role: "status" });
    this.button = element("button", {
      class: "st-button",
      type: "button",
      title: "Computes the maps of a few pictures of each class when the model has nothing else to do",
      on: { click: () => this.#measure() },
    });
    this.root = element("div", { class: "lb-bar", hidden: true }, this.status, this.button);
  }

  /** @param {number} datasetId @param {string} model key @param {number} classes how many there are */
  open(datasetId, model, classes) {
    return this.#load({ datasetId, model, classes });
  }

  /** Stop asking how far measuring is. */
  close() {
    this.#wanted = null;
    window.clearTimeout(this.#timer);
  }

  /** @param {Wanted} wanted */
  async #load(wanted) {
    this.#wanted = wanted;
    window.clearTimeout(this.#timer);
    try {
      const answer = await api.scale(wanted.datasetId, wanted.model);
      if (this.#wanted !== wanted) return;
      this.#show(answer, wanted.classes);
      if (answer.state === "running")
        this.#timer = window.setTimeout(() => this.#load({ ...wanted }), POLL_MS);
    } catch (error) {
      if (this.#wanted === wanted) this.status.textContent = messageOf(error);
    }
  }

  /** @param {ScalesOut} answer @param {number} all how many classes there are */
  #show({ state, done, total, problem, classes, pictures_a_class: each }, all) {
    const text = JSON.stringify(classes);
    const isAnother = text !== this.#known;
    this.#known = text;
    this.scales = new Map(classes.map(({ index, maximum, pictures }) => [index, { maximum, pictures }]));
    this.button.textContent = `Measure ${each} pictures per class`;
    this.button.hidden = state === "running";
    const pictures = classes.map((one) => one.pictures);
    const [least, most] = [Math.min(...pictures), Math.max(...pictures)];
    const range = `${least < most ? `${least} to ` : ""}${count(most, "picture")}`;
    const known = classes.length
      ? `The largest sum of each class so far: ${classes.length} of ${count(all, "class")} known, from ${range} each.`
      : "This model has not processed a picture yet.";
    this.status.textContent =
      state === "running" ? `${known} Measuring: ${done} of ${total || "…"}` : (problem ?? known);
    if (isAnother) this.emit("change");
  }

  async #measure() {
    const wanted = this.#wanted;
    if (!wanted) return;
    try {
      await api.measureScale(wanted.datasetId, wanted.model);
      await this.#load({ ...wanted });
    } catch (error) {
      this.status.textContent = messageOf(error);
    }
  }
}
