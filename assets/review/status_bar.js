/** What is under the pointer, whether the work is saved, and sentences that somebody must see. */
import { element } from "./dom.js";

const SAYING_MS = 8000;
const SAVE_TEXT = {
  saved: "Saved",
  unsaved: "Unsaved changes",
  saving: "Saving…",
  offline: "Offline: kept in this browser, sent when the studio is back",
  conflict: "Somebody else saved this picture",
};

export class StatusBar {
  constructor() {
    this.hover = element("span", { class: "pr-hover" });
    this.save = element("span", { class: "pr-save", role: "status", "aria-live": "polite" });
    this.saying = element("span", { class: "pr-saying", role: "status", "aria-live": "polite" });
    this.root = element("div", { class: "pr-status-bar" }, this.save, this.saying, this.hover);
    this._timer = 0;
  }

  /** @param {{state: string, message: string}} draft */
  showSave(draft) {
    this.save.dataset.state = draft.state;
    this.save.textContent = SAVE_TEXT[draft.state];
    this.save.title = draft.message;
  }

  /** @param {string} text @param {{text: string, run: () => void}} [action] stays until it is used */
  say(text, action) {
    clearTimeout(this._timer);
    this.saying.replaceChildren(text);
    if (action) {
      const use = () => {
        this.saying.replaceChildren();
        action.run();
      };
      this.saying.append(" ", element("button", { class: "pr-link", type: "button", text: action.text, on: { click: use } }));
    } else {
      this._timer = setTimeout(() => this.saying.replaceChildren(), SAYING_MS);
    }
  }

  showHover({ x, y, classIndex, heat }, dataset) {
    if (x === null || x === undefined) {
      this.hover.textContent = "";
      return;
    }
    const name = dataset?.classes.find(({ index }) => index === classIndex)?.name ?? (classIndex === 255 ? "void" : "");
    const heatText = heat === null || heat === undefined ? "" : ` · heat ${heat.toFixed(2)}`;
    this.hover.textContent = `${x}, ${y} · ${name}${heatText}`;
  }
}
