/** Parts that the pages People and Account share. */
import { element } from "../shared/dom.js";
import { messageOf } from "./api.js";

/** A line that says what was done, or what went wrong; screen readers read it out. */
export class Notice {
  root = element("p", { class: "pp-notice", role: "status", hidden: true });

  /** @param {string} text */
  say(text) {
    this.#show(text, false);
  }

  /** @param {unknown} error */
  fail(error) {
    this.#show(messageOf(error), true);
  }

  /**
   * @param {() => Promise<unknown>} work
   * @param {string} done what to say afterwards
   */
  async after(work, done) {
    try {
      await work();
      this.say(done);
    } catch (error) {
      this.fail(error);
    }
  }

  /** @param {string} text @param {boolean} isBad */
  #show(text, isBad) {
    this.root.hidden = false;
    this.root.classList.toggle("pp-bad", isBad);
    this.root.textContent = text;
  }
}

/** @param {string} title @param {...(Node|string|null)} children */
export function section(title, ...children) {
  return element("section", { class: "pp-section" }, element("h3", { text: title }), ...children);
}

/** @param {string} text @param {HTMLElement} field */
export function labelled(text, field) {
  return element("label", { class: "pp-field" }, element("span", { text }), field);
}

/** @param {string} text @param {() => unknown} click @param {Record<string, unknown>} [attributes] */
export function button(text, click, attributes = {}) {
  return element("button", { class: "st-button", type: "button", text, on: { click }, ...attributes });
}

/** @param {{value: string, text: string}[]} options @param {string} chosen @param {Record<string, unknown>} [attributes] */
export function select(options, chosen, attributes = {}) {
  const made = element(
    "select",
    { class: "st-input", ...attributes },
    ...options.map(({ value, text }) => element("option", { value, text })),
  );
  made.value = chosen;
  return made;
}

/** @param {string[]} titles @param {(Node|string)[][]} rows @param {string} empty what to say without rows */
export function table(titles, rows, empty) {
  if (!rows.length) return element("p", { class: "st-muted", text: empty });
  const head = element("tr", {}, ...titles.map((text) => element("th", { scope: "col", text })));
  const body = rows.map((cells) => element("tr", {}, ...cells.map((cell) => element("td", {}, cell))));
  return element(
    "div",
    { class: "pp-scroll" },
    element(
      "table",
      { class: "st-table pp-table" },
      element("thead", {}, head),
      element("tbody", {}, ...body),
    ),
  );
}

/**
 * Something secret that is shown once, to be copied.
 * @param {string} label @param {string} value
 */
export function shownOnce(label, value) {
  /** @type {HTMLInputElement} */
  const field = element("input", {
    class: "st-input pp-secret",
    type: "text",
    value,
    readOnly: true,
    "aria-label": label,
    on: { focus: () => field.select() },
  });
  const copy = button("Copy", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(value);
      copy.textContent = "Copied";
    } catch {
      copy.textContent = "Press Ctrl+C"; // browsers copy for pages only where the connection is secure
    }
  });
  return element(
    "div",
    { class: "pp-once" },
    element("strong", { text: label }),
    element("div", { class: "pp-row" }, field, copy),
  );
}

/** @param {string} iso @returns {string} the day and the time, as people here write them */
export const moment = (iso) =>
  new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

/** @param {string} iso */
export const day = (iso) => new Date(iso).toLocaleDateString(undefined, { dateStyle: "medium" });
