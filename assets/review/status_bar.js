/** What is under the pointer, whether the work is saved, and messages. */
import { count, element } from "../shared/dom.js";

const SAYING_MS = 8000;
/** @type {Record<import("./draft.js").DraftState, string>} */
const SAVE_TEXT = {
  saved: "Saved",
  unsaved: "Unsaved changes",
  saving: "Saving…",
  offline: "Offline: kept in this browser and sent when the studio is back",
  conflict: "Somebody else saved this picture",
  refused: "Not stored",
};

export class StatusBar {
  #timer = 0;
  #mustBeSeen = false;

  constructor() {
    this.hover = element("span", { class: "pr-hover" });
    this.save = element("span", { class: "pr-save", role: "status", "aria-live": "polite", hidden: true });
    this.saying = element("span", { class: "pr-saying", role: "status", "aria-live": "polite" });
    this.root = element("div", { class: "pr-status-bar" }, this.save, this.saying, this.hover);
  }

  /**
   * @param {{state: import("./draft.js").DraftState, message: string, isAnswered: boolean}|null} draft null: no picture is open
   * @param {number} left pictures that were left and could not be sent
   * @param {number} refused pictures that were left and whose last change or decision the studio did not take
   */
  showSave(draft, left, refused) {
    const picture = draft ? "other picture" : "picture";
    const others = [
      left && `${count(left, picture)} kept in this browser, not sent yet`,
      refused && `the last change of ${count(refused, picture)} not stored`,
    ];
    // “Saved” beside them would be read as said of all.
    const own = draft && (draft.state !== "saved" || !(left || refused)) ? sentenceOf(draft) : "";
    const text = [own, ...others].filter(Boolean).join(" · ");
    this.save.hidden = text === "";
    this.save.dataset.state = left ? "offline" : refused ? "refused" : (draft?.state ?? "saved");
    this.save.textContent = text.charAt(0).toUpperCase() + text.slice(1);
    this.save.title = draft?.message ?? "";
  }

  /** @param {string} text @param {import("./layout.js").Action} [action] the message stays until it is used */
  say(text, action) {
    clearTimeout(this.#timer);
    this.saying.replaceChildren(element("span", { class: "pr-said", text }));
    this.saying.title = text;
    this.#mustBeSeen = action !== undefined;
    if (action) {
      const use = () => {
        this.#mustBeSeen = false;
        this.hush();
        action.run();
      };
      this.saying.append(
        element("button", { class: "st-link", type: "button", text: action.text, on: { click: use } }),
      );
    } else {
      this.#timer = setTimeout(() => this.hush(), SAYING_MS);
    }
  }

  /** Remove a message about the previous picture; one with an action stays. */
  hush() {
    if (this.#mustBeSeen) return;
    clearTimeout(this.#timer);
    this.saying.replaceChildren();
    this.saying.removeAttribute("title");
  }

  /**
   * @param {import("../editor/hover.js").HoverDetail} point
   * @param {import("../shared/openapi").DatasetOut|null} dataset
   */
  showHover({ x, y, classIndex, heat }, dataset) {
    if (x === null || x === undefined) {
      this.hover.textContent = "";
      return;
    }
    const name =
      dataset?.classes.find(({ index }) => index === classIndex)?.name ?? (classIndex === 255 ? "void" : "");
    const heatText = heat === null || heat === undefined ? "" : ` · heat ${heat.toFixed(2)}`;
    this.hover.textContent = `${x}, ${y} · ${name}${heatText}`;
  }
}

/** @param {{state: import("./draft.js").DraftState, message: string, isAnswered: boolean}} draft */
const sentenceOf = ({ state, message, isAnswered }) =>
  state === "offline" && isAnswered
    ? `Not stored yet: kept in this browser and sent again. ${message}`
    : SAVE_TEXT[state];
