/** What only leads do to the selected pictures: whose they are, the split, and gold pictures. */
import { count, element, fillSelect } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import * as api from "./api.js";

/**
 * @import { DatasetOut, SessionOut } from "../shared/openapi"
 * @import { Selection } from "./selection.js"
 */

/**
 * The event `said` has a sentence for the person, `done` says that pictures have changed.
 * @extends {Emitter<{said: {text: string, isBad: boolean}, done: undefined}>}
 */
export class LeadTools extends Emitter {
  #selection;
  /** @type {DatasetOut|null} */
  #dataset = null;
  /** @type {Promise<SessionOut>|null} */
  #session = null;
  #known = element("datalist", { id: "gl-splits" });
  #split = element("input", {
    class: "st-input gl-split",
    type: "text",
    maxlength: 64,
    list: "gl-splits",
    placeholder: "none",
    "aria-label": "Split",
  });
  #set = this.#button("Set", "Put the selected pictures into this split; without a name, into none", () =>
    this.#setSplit(),
  );
  #gold = this.#button("Gold", "The masks are right: use them to check people, on the page Team", () =>
    this.#markGold(),
  );
  #people = element("select", { class: "st-input", "aria-label": "Assign to" });
  #assign = this.#button("Assign", "The selected pictures become this person's", () => this.#assignTo());
  #assigning = element(
    "span",
    { class: "gl-lead", hidden: true },
    element("label", { class: "gl-tag" }, "To ", this.#people),
    this.#assign,
  );
  root = element(
    "span",
    { class: "gl-lead", hidden: true },
    element("span", { class: "gl-line" }),
    this.#assigning,
    element("span", { class: "gl-line" }),
    element("label", { class: "gl-tag" }, "Split ", this.#split),
    this.#known,
    this.#set,
    this.#gold,
  );

  /** @param {Selection} selection */
  constructor(selection) {
    super();
    this.#selection = selection;
  }

  /** @param {DatasetOut} dataset */
  async open(dataset) {
    this.#dataset = dataset;
    const names = new Set(["train", "val", "test", ...dataset.splits]);
    this.#known.replaceChildren(...[...names].map((value) => element("option", { value })));
    try {
      this.#session ??= api.session();
      const { has_account: hasAccount, is_admin: isAdmin, roles } = await this.#session;
      this.root.hidden = hasAccount && !isAdmin && !["lead", "admin"].includes(roles[dataset.id]);
      this.#assigning.hidden = true;
      if (this.root.hidden) return;
      const { people } = await api.team(dataset.id);
      if (this.#dataset !== dataset) return; // another one was chosen meanwhile
      fillSelect(
        this.#people,
        people.map(({ name }) => ({ value: name, text: name })),
      );
      this.#assigning.hidden = !people.length;
    } catch {
      this.#session = null; // the rest of the page says what is wrong
    }
  }

  /** @param {boolean} can whether there are pictures to change */
  enable(can) {
    this.#set.disabled = this.#gold.disabled = this.#assign.disabled = !can;
  }

  async #assignTo() {
    const person = this.#people.value;
    await this.#do(async (id, ids) => {
      const { shares } = await api.assign(id, ids, person);
      return `${count(shares[person] ?? 0, "picture")} given to ${person}.`;
    });
  }

  async #setSplit() {
    const split = this.#split.value.trim() || null;
    await this.#do(async (id, ids) => {
      const { changed } = await api.setSplit(id, ids, split);
      return `${count(changed, "picture")} ${split ? `put into ${split}` : "taken out of their split"}.`;
    });
  }

  async #markGold() {
    await this.#do(async (id, ids) => {
      const { marked, left } = await api.markGold(id, ids);
      return [`${count(marked, "picture")} made gold.`, ...left.slice(0, 1)].join(" ");
    });
  }

  /** @param {(datasetId: number, ids: number[]) => Promise<string>} work returns what to say */
  async #do(work) {
    if (!this.#dataset) return;
    try {
      this.emit("said", { text: await work(this.#dataset.id, this.#selection.ids), isBad: false });
      this.emit("done");
    } catch (error) {
      this.emit("said", { text: api.messageOf(error), isBad: true });
    }
  }

  /** @param {string} text @param {string} title @param {() => unknown} click */
  #button(text, title, click) {
    return element("button", { class: "st-button", type: "button", text, title, on: { click } });
  }
}
