/** Opens a picture of the dataset by its name or by its number in the queue. */
import { count, element } from "../shared/dom.js";
import * as api from "./api.js";

/**
 * @import { Desk } from "./desk.js"
 * @import { ItemRow } from "../shared/openapi"
 */

const MOST_FOUND = 8;
const TYPING_MS = 150;

/** @param {Desk} desk @param {(id: number) => unknown} open */
export function goTo(desk, open) {
  if (desk.dataset) new GoTo(desk, desk.dataset.id, open).show();
}

class GoTo {
  #desk;
  #datasetId;
  #open;
  #timer = 0;
  /** Counts searches: a late answer to an earlier one is ignored. */
  #turn = 0;
  #chosen = 0;
  /** @type {{id: number, text: string}[]} */
  #found = [];
  #input = element("input", {
    class: "st-input",
    type: "text",
    maxlength: 128,
    placeholder: "Name, or number in the queue",
    "aria-label": "Name of the picture, or its number in the queue",
    "aria-controls": "pr-go-to-found",
    autocomplete: "off",
    on: {
      input: () => {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#search(), TYPING_MS);
      },
      keydown: (event) => this.#onKey(event),
    },
  });
  #list = element("ul", {
    class: "pr-go-to-found",
    id: "pr-go-to-found",
    role: "listbox",
    "aria-label": "Found",
  });
  #sentence = element("p", { class: "pr-note", role: "status" });
  #dialog = element(
    "dialog",
    { class: "st-page pr-dialog pr-go-to", "aria-label": "Go to a picture" },
    element("h2", { text: "Go to a picture" }),
    this.#input,
    this.#list,
    this.#sentence,
  );

  /** @param {Desk} desk @param {number} datasetId @param {(id: number) => unknown} open */
  constructor(desk, datasetId, open) {
    this.#desk = desk;
    this.#datasetId = datasetId;
    this.#open = open;
    this.#dialog.addEventListener("close", () => this.#dialog.remove());
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.#dialog.close(); // the backdrop
    });
  }

  show() {
    document.body.append(this.#dialog);
    this.#dialog.showModal();
    this.#input.focus();
    this.#say();
  }

  /** @param {string} [text] */
  #say(
    text = `The queue has ${count(this.#desk.queue.total, "picture")} with these filters; names are found in the whole dataset.`,
  ) {
    this.#sentence.textContent = text;
  }

  /** @param {KeyboardEvent} event */
  async #onKey(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const { length } = this.#found;
      if (length) this.#chosen = (this.#chosen + step + length) % length;
      this.#showFound();
    } else if (event.key === "Enter") {
      event.preventDefault();
      clearTimeout(this.#timer);
      await this.#search();
      const chosen = this.#found[this.#chosen];
      if (chosen) this.#go(chosen.id);
    }
  }

  /** @param {number} id */
  #go(id) {
    this.#dialog.close();
    this.#open(id);
  }

  async #search() {
    const typed = this.#input.value.trim();
    const turn = ++this.#turn;
    if (!typed) {
      this.#found = [];
      this.#showFound();
      this.#say();
      return;
    }
    try {
      const [numbered, named] = await Promise.all([this.#numbered(typed), this.#named(typed)]);
      if (turn !== this.#turn) return;
      const next = [...numbered, ...named];
      if (next[this.#chosen]?.id !== this.#found[this.#chosen]?.id) this.#chosen = 0;
      this.#found = next;
      this.#showFound();
      this.#say(next.length ? "" : `No picture is called “${typed}”, and the queue has no such number.`);
    } catch (error) {
      if (turn === this.#turn) this.#say(api.messageOf(error));
    }
  }

  /** The picture with this number in the queue. @param {string} typed */
  async #numbered(typed) {
    if (!/^[1-9]\d{0,6}$/.test(typed)) return [];
    const id = await this.#desk.queue.idAt(Number(typed));
    return id === null ? [] : [{ id, text: `Number ${Number(typed).toLocaleString()} of the queue` }];
  }

  /** Pictures with this in their names; the one with exactly this name first. @param {string} typed */
  async #named(typed) {
    const { items } = await api.items(this.#datasetId, { name: typed, order: "name", limit: MOST_FOUND });
    const bare = (/** @type {ItemRow} */ { name }) => name.replace(/\.[^.]*$/, "");
    const isExact = (/** @type {ItemRow} */ item) => item.name === typed || bare(item) === typed;
    items.sort((a, b) => Number(isExact(b)) - Number(isExact(a)));
    return items.map(({ id, name }) => ({ id, text: name }));
  }

  #showFound() {
    this.#list.replaceChildren(
      ...this.#found.map(({ id, text }, place) =>
        element("li", {
          role: "option",
          text,
          "aria-selected": String(place === this.#chosen),
          on: { click: () => this.#go(id) },
        }),
      ),
    );
  }
}
