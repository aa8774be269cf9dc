/** The audit log: who did what, when and from where. */
import { element } from "../shared/dom.js";
import * as api from "./api.js";
import { button, moment, table } from "./parts.js";
import { doneWords } from "./words.js";

/**
 * @import { AuditEntryOut } from "../shared/openapi"
 * @import { Notice } from "./parts.js"
 */

const PAGE = 100;

export class AuditLog {
  /** @type {AuditEntryOut[]} */
  #entries = [];
  #isWhole = false;
  #notice;
  root = element("div");

  /** @param {Notice} notice */
  constructor(notice) {
    this.#notice = notice;
  }

  /** Show the newest entries. */
  async load() {
    this.#entries = [];
    await this.#more();
  }

  async #more() {
    try {
      const older = await api.audit({ before: this.#entries.at(-1)?.id ?? null });
      this.#isWhole = older.length < PAGE;
      this.#entries.push(...older);
    } catch (error) {
      this.#notice.fail(error);
    }
    const rows = this.#entries.map((one) => [
      moment(one.at),
      one.name ?? "",
      one.status === 403 ? `was refused: ${doneWords(one.action)}` : doneWords(one.action),
      about(one),
      one.address,
    ]);
    this.root.replaceChildren(
      table(["When", "Who", "What", "About", "From"], rows, "Nothing was done yet."),
      this.#isWhole ? "" : button("Show older entries", () => this.#more()),
    );
  }
}

/** @param {AuditEntryOut} entry */
function about(entry) {
  const named = /** @type {[string, unknown][]} */ ([
    ["dataset", entry.dataset_id],
    ["picture", entry.item_id],
    ["run", entry.run_id],
    ...Object.entries(entry.detail ?? {}),
  ]);
  const isGiven = (/** @type {[string, unknown]} */ [, value]) =>
    value !== null && value !== undefined && String(value) !== "";
  return named
    .filter(isGiven)
    .map(([name, value]) => `${name.replaceAll("_", " ")} ${plain(value)}`)
    .join(", ");
}

/** @param {unknown} value @returns {string} in words, lists and objects too */
function plain(value) {
  if (value === null || typeof value !== "object") return String(value);
  return Object.values(value).map(plain).join(" ");
}
