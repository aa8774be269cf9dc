/** The list of keys, made from the key bindings; each can be given another key. */
import { chordOf } from "../editor/keyboard.js";
import { isModifier } from "../editor/keymap.js";
import { element } from "../shared/dom.js";

/**
 * @typedef {import("../editor/keymap.js").Keymap} Keymap
 * @typedef {import("../editor/keymap.js").Listed} Listed
 */

const HINT = "Click a key to choose another one.";

/** @param {Keymap} keymap */
export function showHelp(keymap) {
  new Help(keymap).open();
}

class Help {
  #keymap;
  /** The action that waits for a key. @type {string|null} */
  #waiting = null;
  #close = element("button", {
    class: "st-button",
    type: "button",
    text: "Close",
    on: { click: () => this.#end() },
  });
  #reset = element("button", {
    class: "st-button",
    type: "button",
    text: "Usual keys",
    title: "Give all actions their usual keys again",
    on: { click: () => this.#try(() => this.#keymap.reset()) },
  });
  #sentence = element("p", { class: "pr-help-sentence", role: "status", text: HINT });
  #groups = element("div", { class: "pr-help-groups" });
  #dialog = element(
    "dialog",
    { class: "st-page pr-dialog pr-help", "aria-label": "Keys" },
    element("header", {}, element("h2", { text: "Keys" }), this.#sentence, this.#reset, this.#close),
    this.#groups,
  );

  /** @param {Keymap} keymap */
  constructor(keymap) {
    this.#keymap = keymap;
    this.#dialog.addEventListener("cancel", () => this.#dialog.remove());
    this.#dialog.addEventListener("keydown", (event) => this.#onKey(event), { capture: true });
  }

  open() {
    this.#show();
    document.body.append(this.#dialog);
    this.#dialog.showModal();
    this.#close.focus();
  }

  #end() {
    this.#dialog.close();
    this.#dialog.remove();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const chord = chordOf(event, this.#keymap);
    const id = this.#waiting;
    if (id === null) {
      if (this.#keymap.find(chord)?.id !== "help") return;
      event.preventDefault();
      event.stopPropagation();
      this.#end();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (isModifier(chord)) return;
    this.#waiting = null;
    if (chord === "escape") this.#say(HINT);
    else this.#try(() => this.#keymap.change(id, chord));
    this.#show(id);
  }

  /** @param {() => void} run */
  #try(run) {
    try {
      run();
      this.#say(HINT);
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error), true);
    }
    this.#show();
  }

  /** @param {string} text @param {boolean} [isRefusal] */
  #say(text, isRefusal = false) {
    this.#sentence.textContent = text;
    this.#sentence.classList.toggle("pr-refusal", isRefusal);
  }

  /** @param {string} [focused] the action whose key keeps the focus */
  #show(focused) {
    /** @type {Map<string, Listed[]>} */
    const groups = new Map();
    for (const line of this.#keymap.listed) groups.set(line.group, [...(groups.get(line.group) ?? []), line]);
    this.#reset.hidden = !Object.keys(this.#keymap.own).length;
    this.#groups.replaceChildren(
      ...[...groups].map(([group, lines]) =>
        element(
          "section",
          {},
          element("h3", { text: group }),
          element("dl", {}, ...lines.flatMap((line) => this.#line(line))),
        ),
      ),
    );
    /** @type {HTMLElement|null} */
    const key = focused ? this.#groups.querySelector(`button[data-id="${focused}"]`) : null;
    key?.focus();
  }

  /** @param {Listed} line */
  #line({ id, keys, description, isOwn }) {
    if (id === undefined) {
      const fixed = keys.map((key) => element("kbd", { text: key }));
      return [element("dt", {}, ...fixed), element("dd", { text: description })];
    }
    const isWaiting = this.#waiting === id;
    const key = element("button", {
      class: "pr-key",
      type: "button",
      text: isWaiting ? "Press a key" : keys.join(" "),
      title: isWaiting ? "Esc keeps the key" : "Choose another key",
      "aria-label": `${description}: ${keys.join(" or ")}. Choose another key`,
      data: { id, own: String(isOwn) },
      on: { click: () => this.#ask(id, description) },
    });
    const usual = isOwn
      ? element("button", {
          class: "st-link",
          type: "button",
          text: "usual key",
          "aria-label": `${description}: its usual key again`,
          on: { click: () => this.#try(() => this.#keymap.reset(id)) },
        })
      : null;
    return [element("dt", {}, key), element("dd", {}, description, usual && " ", usual)];
  }

  /** @param {string} id @param {string} description */
  #ask(id, description) {
    this.#waiting = id;
    this.#say(`Press the key for “${description}”. Esc keeps the present one.`);
    this.#show(id);
  }
}
