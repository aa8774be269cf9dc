/**
 * The filters and the order of a queue: chosen once for a dataset, on every page that shows its pictures.
 */
import { currentClasses } from "./classes.js";
import { element, fillSelect } from "./dom.js";
import { Emitter } from "./emitter.js";
import { storageName } from "./place.js";

/**
 * @import { DatasetOut, ItemRow } from "./openapi"
 *
 * @typedef {ItemRow["status"]} Status
 */

const REMEMBERED = "puzzlecam-filters-";
const TYPING_MS = 300;
const TAGS_IN_DOUBT = "tags-in-doubt";
const BOOKMARKS = "bookmarks";
/** The statuses of the groups; those of db/status.py. @type {Record<string, Status[]>} */
const GROUPS = {
  todo: ["new", "proposed", "drafted", "skipped", "returned"],
  done: ["accepted", "corrected"],
};
const STATUS_FILTERS = [
  { value: "todo", text: "To do" },
  { value: "done", text: "Done" },
  { value: "", text: "All" },
  { value: "drafted", text: "Drafts" },
  { value: "skipped", text: "Skipped" },
  { value: "rejected", text: "Rejected" },
  { value: "accepted", text: "Accepted unchanged" },
  { value: "corrected", text: "Corrected" },
  { value: TAGS_IN_DOUBT, text: "Tags in doubt" },
  { value: BOOKMARKS, text: "Bookmarks" },
];
/** Where finished pictures get a second look. */
const LOOK_FILTERS = [
  { value: "returned", text: "Returned" },
  { value: "waiting", text: "Second look" },
  { value: "approved", text: "Approved" },
];
const ORDERS = [
  { value: "doubt", text: "By doubt" },
  { value: "name", text: "By name" },
  { value: "disagreement", text: "Tiles disagree" },
  { value: "random", text: "Random" },
];
const DOUBTS = [
  { value: "", text: "Any doubt" },
  { value: "10", text: "Doubt from 10 %" },
  { value: "20", text: "Doubt from 20 %" },
  { value: "40", text: "Doubt from 40 %" },
  { value: "unknown", text: "Doubt unknown" },
];
const SIZES = [
  { value: "", text: "Any size" },
  { value: "small", text: "Under 0.1 megapixel" },
  { value: "medium", text: "0.1 to 1 megapixel" },
  { value: "large", text: "From 1 megapixel" },
];
const OWNERS = [
  { value: "me", text: "My pictures" },
  { value: "nobody", text: "Nobody's pictures" },
  { value: "", text: "Everybody's pictures" },
];
/** @type {Record<Status, string>} */
export const STATUS_TEXT = {
  new: "new",
  proposed: "proposed",
  drafted: "draft",
  accepted: "accepted",
  corrected: "corrected",
  rejected: "rejected",
  skipped: "skipped",
  returned: "returned",
};

/**
 * The event `change` says that somebody chose another filter or order.
 * @extends {Emitter<{change: undefined}>}
 */
export class QueueFilters extends Emitter {
  /** @type {DatasetOut|null} */
  #dataset = null;
  #typing = 0;
  statusSelect = this.#select("Status", STATUS_FILTERS);
  orderSelect = this.#select(
    "Order",
    ORDERS,
    "Order. By doubt: the most doubtful pictures first. Doubt is high where much of the picture is close to the threshold between object and background or, for a self-trained run, where its heatmaps are low; of all measured signals, these find bad masks best. Tiles disagree: first the pictures whose whole and tiled maps differ most. In both orders, pictures that no model has processed come last",
  );
  classSelect = this.#select("Class", [{ value: "", text: "Any class" }]);
  splitSelect = this.#select("Split", [{ value: "", text: "Any split" }]);
  doubtSelect = this.#select("Doubt", DOUBTS, "Only pictures whose proposal is at least so doubtful");
  sizeSelect = this.#select("Megapixels", SIZES);
  authorSelect = this.#select("Author of the last change", [{ value: "", text: "Anybody" }]);
  /** Hidden where no picture is assigned to anybody. */
  ownerSelect = this.#select("Whose pictures", OWNERS);
  nameInput = element("input", {
    class: "st-input",
    type: "search",
    maxlength: 128,
    placeholder: "Part of a name",
    "aria-label": "Part of the name",
    title: "Only pictures whose names contain this",
    on: {
      input: () => {
        clearTimeout(this.#typing);
        this.#typing = setTimeout(() => this.#choose(), TYPING_MS);
      },
    },
  });

  /** @param {string} label @param {{value: string, text: string}[]} options @param {string} [title] */
  #select(label, options, title = label) {
    const select = element("select", {
      class: "st-input",
      "aria-label": label,
      title,
      on: { change: () => this.#choose() },
    });
    fillSelect(select, options, options[0].value);
    return select;
  }

  /** Offer what the dataset has, and choose what was last chosen for it. @param {DatasetOut} dataset */
  open(dataset) {
    clearTimeout(this.#typing);
    this.#dataset = dataset;
    // Other datasets have other classes, splits and authors.
    fillSelect(this.classSelect, [
      { value: "", text: "Any class" },
      ...currentClasses(dataset.classes)
        .filter(({ index }) => index !== 0)
        .map(({ index, name }) => ({ value: String(index), text: name })),
    ]);
    fillSelect(this.splitSelect, [
      { value: "", text: "Any split" },
      ...dataset.splits.map((name) => ({ value: name, text: name })),
    ]);
    fillSelect(this.authorSelect, [
      { value: "", text: "Anybody" },
      ...dataset.authors.map((name) => ({ value: name, text: name })),
    ]);
    this.splitSelect.hidden = dataset.splits.length < 2;
    this.authorSelect.hidden = !dataset.authors.length;
    this.ownerSelect.hidden = !dataset.is_shared_out;
    const hasLooks = dataset.second_look !== "off";
    fillSelect(this.statusSelect, hasLooks ? [...STATUS_FILTERS, ...LOOK_FILTERS] : STATUS_FILTERS);
    this.#recall(dataset.id);
  }

  /** As `/api/datasets/{id}/items` names them. @returns {Record<string, string|number|null>} */
  get wanted() {
    const order = this.orderSelect.value;
    const status = this.statusSelect.value;
    const isLook = status === "waiting" || status === "approved";
    return {
      status: this.isInDoubt || isLook || status === BOOKMARKS ? null : status,
      bookmarked: status === BOOKMARKS ? "true" : null,
      second_look: isLook ? status : null,
      tags_in_doubt: this.isInDoubt ? "true" : null,
      class: this.classSelect.value,
      split: this.splitSelect.value,
      author: this.authorSelect.value,
      doubt: this.doubtSelect.value,
      size: this.sizeSelect.value,
      name: this.nameInput.value.trim(),
      owner: this.ownerSelect.hidden ? null : this.ownerSelect.value,
      order,
      seed: order === "random" ? shuffle() : null,
    };
  }

  get isInDoubt() {
    return this.statusSelect.value === TAGS_IN_DOUBT;
  }

  /** Whether the status filter keeps pictures of a status. @param {Status} status */
  keepsStatus(status) {
    const wanted = this.statusSelect.value;
    if (wanted in GROUPS) return GROUPS[wanted].includes(status);
    return !(wanted in STATUS_TEXT) || wanted === status;
  }

  /** Keep the pictures with this tag that nobody has finished. @param {number} classIndex */
  showUnfinished(classIndex) {
    this.classSelect.value = String(classIndex);
    this.statusSelect.value = "todo";
    this.nameInput.value = "";
    this.doubtSelect.value = this.sizeSelect.value = "";
    this.ownerSelect.value = "";
    this.#choose();
  }

  /** Whether they keep what this person has to do, all of it. */
  get isOwnWork() {
    const { authorSelect, classSelect, nameInput, ownerSelect, splitSelect, statusSelect } = this;
    const isUnfiltered =
      !this.doubtSelect.value &&
      !this.sizeSelect.value &&
      !authorSelect.value &&
      !classSelect.value &&
      !splitSelect.value &&
      !nameInput.value;
    const isOwn = !ownerSelect.hidden && ownerSelect.value === "me";
    return isOwn && isUnfiltered && statusSelect.value === "todo";
  }

  /** Why nothing is listed. */
  get emptySentence() {
    if (this.isOwnWork) return "You have finished all pictures that are yours.";
    if (this.statusSelect.value === BOOKMARKS)
      return "You have no bookmark here. Shift+S bookmarks a picture.";
    if (this.statusSelect.value === "waiting") return "No picture waits for a second look by you.";
    if (this.isInDoubt)
      return "No unfinished picture has a suggested or doubtful tag now. Tags are compared with accepted masks.";
    if (this.statusSelect.value === "todo" && !this.nameInput.value)
      return "Nothing left to do here. Choose “Done” or “All” to see finished pictures.";
    return "No picture matches these filters. Choose “All” and “Any class”, and clear the name.";
  }

  /** The fields by the name they are remembered under. */
  get #fields() {
    return {
      status: this.statusSelect,
      order: this.orderSelect,
      class: this.classSelect,
      split: this.splitSelect,
      author: this.authorSelect,
      doubt: this.doubtSelect,
      size: this.sizeSelect,
      // Hidden, it was not chosen, and people who get pictures later start with their own.
      ...(this.ownerSelect.hidden ? {} : { owner: this.ownerSelect }),
      name: this.nameInput,
    };
  }

  /** Whether something is chosen that few people need. */
  get hasRare() {
    return Boolean(this.doubtSelect.value || this.sizeSelect.value);
  }

  #choose() {
    clearTimeout(this.#typing);
    if (!this.#dataset) return;
    const chosen = Object.fromEntries(Object.entries(this.#fields).map(([name, { value }]) => [name, value]));
    localStorage.setItem(storageName(`${REMEMBERED}${this.#dataset.id}`), JSON.stringify(chosen));
    this.emit("change");
  }

  /** Restore what was last chosen for this dataset, except for classes and people that are gone. @param {number} datasetId */
  #recall(datasetId) {
    /** @type {Record<string, string>} */
    let chosen = {};
    try {
      chosen = JSON.parse(localStorage.getItem(storageName(`${REMEMBERED}${datasetId}`)) ?? "{}");
    } catch {
      // written by another version
    }
    for (const [name, field] of Object.entries(this.#fields)) {
      if (field instanceof HTMLInputElement) {
        field.value = chosen[name] ?? "";
        continue;
      }
      // People who have pictures start with their own.
      const usual = name === "owner" && !this.#dataset?.own_items ? "" : field.options[0].value;
      const value = chosen[name] ?? usual;
      const isThere = [...field.options].some((option) => option.value === value);
      field.value = isThere ? value : usual;
    }
  }
}

/** The seed of the random order: one for each tab, because two people must not get the same order. */
function shuffle() {
  const name = storageName("puzzlecam-shuffle");
  const seed = sessionStorage.getItem(name) ?? String(Math.floor(Math.random() * 2 ** 31));
  sessionStorage.setItem(name, seed);
  return Number(seed);
}
