/**
 * The class list: colour, hotkey, tag, lock, and the current class.
 */
import { currentClasses } from "../shared/classes.js";
import { count, element } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";

const LOCK_ICON = `<svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" aria-hidden="true">
  <rect x="3" y="7" width="10" height="7" rx="1.5"/><path class="pr-shackle-closed" d="M5 7V5a3 3 0 0 1 6 0v2"/>
  <path class="pr-shackle-open" d="M5 7V4.5a3 3 0 0 1 5.6-1.5"/></svg>`;

const EYE_ICON = `<svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" aria-hidden="true">
  <path d="M1.5 8S3.8 3.8 8 3.8 14.5 8 14.5 8 12.2 12.2 8 12.2 1.5 8 1.5 8Z"/><circle cx="8" cy="8" r="1.9"/>
  <path class="pr-eye-closed" d="M3 13 13 3"/></svg>`;

const MOST_KEYS = 20;
const VOID = {
  index: 255,
  name: "void",
  color: "#e0e0c0",
  description: "training and measuring ignore it",
  isTagged: false,
  hotkey: null,
};
const FEW = 10; // classes that can be found without searching

/**
 * @import { ClassOut } from "../shared/openapi"
 *
 * @typedef {{index: number, name: string, color: string, description?: string|null, isTagged: boolean, hotkey: number|null}} ListedClass
 */

/**
 * The tags of the picture first. Keys belong to the class list, so that a class has the same key on every picture:
 * its own, or else that of its place: 0 the background, 1 to 9 the next classes, with Shift the ten after them.
 * Classes that were merged or removed are left out.
 * @param {ClassOut[]} all
 * @param {number[]} tags
 * @returns {ListedClass[]}
 */
export function orderClasses(all, tags) {
  const classes = currentClasses(all);
  const taken = new Set(classes.map(({ hotkey }) => hotkey));
  const tagged = new Set(tags);
  const background = classes.filter(({ index }) => index === 0);
  const first = classes.filter(({ index }) => tagged.has(index));
  const rest = classes.filter(({ index }) => index !== 0 && !tagged.has(index));
  const places = new Map(classes.map(({ index }, place) => [index, place]));
  return [...background, ...first, ...rest].map((one) => {
    const place = places.get(one.index) ?? MOST_KEYS;
    const isFree = place < MOST_KEYS && !taken.has(place);
    return { ...one, isTagged: tagged.has(one.index), hotkey: one.hotkey ?? (isFree ? place : null) };
  });
}

/**
 * Events: `choose` a class index, `lock` the locked class indices, `hide` a class that is shown or hidden, `tag` a class that becomes a tag of the picture or
 * is one no more.
 * @extends {Emitter<{choose: number, lock: number[], hide: number, tag: {index: number, isTagged: boolean}}>}
 */
export class ClassPanel extends Emitter {
  /** @type {Map<number, HTMLElement>} */
  #eyes = new Map();

  constructor() {
    super();
    /** @type {Set<number>} */
    this.locked = new Set();
    /** @type {Map<number, HTMLElement>} */
    this.rows = new Map();
    /** @type {Map<number, boolean>} */
    this.tags = new Map();
    this.list = element("div", { class: "pr-classes", role: "radiogroup", "aria-label": "Class to paint" });
    this.more = element("details", { class: "pr-more-classes", hidden: true });
    /** @type {HTMLInputElement} */
    this.finder = element("input", {
      class: "st-input pr-class-finder",
      type: "search",
      placeholder: "Find a class",
      "aria-label": "Find a class",
      title: "Type a part of the name; Enter chooses the first match",
      data: { action: "find-class" },
      hidden: true,
      on: {
        input: () => this.#filter(),
        keydown: (event) => this.#onKey(event),
        blur: () => this.#endSearch(),
      },
    });
    this.root = element(
      "section",
      { class: "pr-panel" },
      element("h2", { text: "Classes" }),
      this.finder,
      this.list,
      this.more,
    );
  }

  /** @param {ListedClass[]} classes @param {number} active */
  show(classes, active) {
    this.rows.clear();
    this.#eyes.clear();
    this.tags = new Map(
      classes.filter(({ index }) => index !== 0).map(({ index, isTagged }) => [index, isTagged]),
    );
    this.locked.clear();
    const near = classes.filter(({ index, isTagged }) => index === 0 || isTagged);
    const others = classes.filter(({ index, isTagged }) => index !== 0 && !isTagged);
    this.list.replaceChildren(...near.map((one) => this.#row(one)), this.#row(VOID));
    this.more.replaceChildren(
      element("summary", { text: count(others.length, "other class") }),
      ...others.map((one) => this.#row(one)),
    );
    this.more.hidden = !others.length;
    this.more.open = near.length < 2;
    this.finder.hidden = classes.length <= FEW;
    this.setActive(active);
  }

  /** Make a class a tag of the picture, or no tag any more. @param {number} index */
  toggleTag(index) {
    const isTagged = this.tags.get(index);
    if (isTagged !== undefined) this.emit("tag", { index, isTagged: !isTagged });
  }

  /** Put the cursor into the search field. */
  search() {
    if (!this.finder.hidden) this.finder.focus();
  }

  /** Show the classes whose names contain what is typed. */
  #filter() {
    const typed = this.finder.value.trim().toLowerCase();
    if (typed) this.more.open = true;
    for (const button of this.rows.values()) {
      const name = button.querySelector(".pr-class-name")?.textContent?.toLowerCase() ?? "";
      const row = /** @type {HTMLElement} */ (button.parentElement);
      row.hidden = !name.includes(typed);
    }
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    const found = [...this.rows].find(([, button]) => !button.parentElement?.hidden);
    if (event.key === "Enter" && this.finder.value.trim() && found) this.emit("choose", found[0]);
    this.finder.blur();
  }

  #endSearch() {
    this.finder.value = "";
    this.#filter();
  }

  /** @param {ListedClass} listed */
  #row({ index, name, color, description, hotkey, isTagged }) {
    const key = hotkey === null ? null : keyName(hotkey);
    const isVoid = index === VOID.index;
    const meaning = description ? `: ${description}` : "";
    const choose = element(
      "button",
      {
        class: "pr-class",
        type: "button",
        role: "radio",
        title: `Paint ${name}${key === null ? "" : ` (${key})`}${meaning}`,
        data: isVoid ? { action: "void" } : {},
        on: { click: () => this.emit("choose", index) },
      },
      element("span", { class: "pr-swatch", style: `background:${color}` }),
      element("span", { class: "pr-class-name", text: name }),
      isVoid
        ? element("kbd", { data: { action: "void" } })
        : key === null
          ? null
          : element("kbd", { text: key }),
    );
    const tag = this.tags.has(index)
      ? element("button", {
          class: "st-pill pr-tag",
          type: "button",
          text: "tag",
          "aria-pressed": String(isTagged),
          "aria-label": `${name} is a tag of the picture`,
          title: isTagged ? "A tag of the picture: remove it" : "Make it a tag of the picture",
          data: { action: "tag" },
          on: { click: () => this.toggleTag(index) },
        })
      : null;
    const lock = element("button", {
      class: "pr-lock",
      type: "button",
      "aria-pressed": "false",
      "aria-label": `Lock ${name}`,
      title: `Lock ${name}: no tool changes its pixels`,
      on: {
        click: () => {
          this.#toggleLock(index, lock);
        },
      },
    });
    lock.innerHTML = LOCK_ICON;
    const eye =
      index === 0
        ? null
        : element("button", {
            class: "pr-lock pr-eye",
            type: "button",
            "aria-pressed": "false",
            "aria-label": `Hide ${name}`,
            title: `Hide ${name} on the picture; its pixels stay`,
            on: { click: () => this.emit("hide", index) },
          });
    if (eye) {
      eye.innerHTML = EYE_ICON;
      this.#eyes.set(index, eye);
    }
    const row = element("div", { class: "pr-class-row" }, choose, tag, eye, lock);
    this.rows.set(index, choose);
    return row;
  }

  /** @param {number} index @param {HTMLButtonElement} button */
  #toggleLock(index, button) {
    if (this.locked.has(index)) this.locked.delete(index);
    else this.locked.add(index);
    button.setAttribute("aria-pressed", String(this.locked.has(index)));
    this.emit("lock", [...this.locked]);
  }

  /** @param {ReadonlySet<number>} hidden classes that are not drawn */
  setHidden(hidden) {
    for (const [index, eye] of this.#eyes) eye.setAttribute("aria-pressed", String(hidden.has(index)));
  }

  /** @param {number} index */
  setActive(index) {
    for (const [one, row] of this.rows) row.setAttribute("aria-checked", String(one === index));
    const row = this.rows.get(index);
    if (row && this.more.contains(row)) this.more.open = true;
  }
}

/** @param {number} hotkey @returns {string} as shown to people */
const keyName = (hotkey) => (hotkey < 10 ? String(hotkey) : `⇧${hotkey - 10}`);
