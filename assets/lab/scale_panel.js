/** The scale of each class over the dataset: how many pictures it is known from, and measuring more of them. */
import { count, element } from "../shared/dom.js";
import * as api from "./api.js";

const POLL_MS = 1000;

/** Event: `change`, when `scales` is another. */
export class ScalePanel extends EventTarget {
  constructor() {
    super();
    /** By class index; null before it is known. @type {Map<number, {maximum: number, pictures: number}>|null} */
    this.scales = null;
    this.said = element("span", { class: "st-muted", role: "status" });
    this.button = element("button", {
      class: "st-button",
      type: "button",
      title:
        "Looks at a few pictures of each class, spread over the dataset, when the model has nothing else to do",
      on: { click: () => this._measure() },
    });
    this.root = element("div", { class: "lb-bar", hidden: true }, this.said, this.button);
  }

  /** @param {number} datasetId @param {string} model key @param {number} classes how many there are */
  async open(datasetId, model, classes) {
    const asked = { datasetId, model, classes };
    this._asked = asked;
    clearTimeout(this._timer);
    try {
      const answer = await api.scale(datasetId, model);
      if (this._asked !== asked) return;
      this._take(answer, classes);
      if (answer.state === "running")
        this._timer = setTimeout(() => this.open(datasetId, model, classes), POLL_MS);
    } catch (error) {
      if (this._asked === asked) this.said.textContent = error.message;
    }
  }

  /** Stop asking how far measuring is. */
  close() {
    this._asked = null;
    clearTimeout(this._timer);
  }

  _take({ state, done, total, problem, classes, pictures_a_class: each }, all) {
    const isAnother = JSON.stringify(classes) !== this._known;
    this._known = JSON.stringify(classes);
    this.scales = new Map(classes.map(({ index, maximum, pictures }) => [index, { maximum, pictures }]));
    this.button.textContent = `Measure ${each} pictures a class`;
    this.button.hidden = state === "running";
    const pictures = classes.map((one) => one.pictures);
    const [least, most] = [Math.min(...pictures), Math.max(...pictures)];
    const known = classes.length
      ? `The largest sum of each class over the pictures looked at so far: ${classes.length} of ${count(all, "class")} known, from ${least < most ? `${least} to ` : ""}${count(most, "picture")} each.`
      : "No picture has been looked at with this model yet.";
    this.said.textContent =
      state === "running" ? `${known} Measuring: ${done} of ${total || "…"}` : (problem ?? known);
    if (isAnother) this.dispatchEvent(new CustomEvent("change"));
  }

  async _measure() {
    const { datasetId, model, classes } = this._asked;
    try {
      await api.measureScale(datasetId, model);
      await this.open(datasetId, model, classes);
    } catch (error) {
      this.said.textContent = error.message;
    }
  }
}
