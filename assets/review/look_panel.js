/** Below the picture: what a reviewer said about it, and the comments that are pinned to places. */
import { element } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import * as api from "./api.js";

/**
 * @import { Change } from "./before_after.js"
 * @import { CommentOut, DatasetOut, ItemOut, LooksOut, SessionOut, VerdictIn } from "../shared/openapi"
 */

const DONE = ["accepted", "corrected"];
/** @type {LooksOut} */
const NONE = { looks: [], comments: [] };

/**
 * Events: `verdict`, `comment` (somebody wants to pin one), `resolve` the id of a comment, `compare` (somebody wants
 * to see a mask before and after a reviewer changed it), `changed`.
 * @extends {Emitter<{verdict: VerdictIn["verdict"], comment: undefined, resolve: number, compare: undefined, changed: undefined}>}
 */
export class LookPanel extends Emitter {
  /** @type {SessionOut|null} */
  session = null;
  /** @type {ItemOut|null} */
  #item = null;
  #datasetId = 0;
  #found = NONE;
  #sentence = element("span", { class: "pr-look-sentence" });
  #buttons = element("span", { class: "pr-look-buttons" });
  #list = element("ol", { class: "pr-look-comments", "aria-label": "Comments" });
  /** Where a comment is written. */
  slot = element("div");
  root = element(
    "section",
    { class: "pr-look", "aria-label": "Second look", hidden: true },
    element("div", { class: "pr-look-row" }, this.#sentence, this.#buttons),
    this.slot,
    this.#list,
  );

  /** Comments that are not done with, in the order of their numbers. @returns {CommentOut[]} */
  get comments() {
    return this.#found.comments.filter((one) => !one.is_resolved);
  }

  /** Whether a picture is shown in a dataset whose pictures get second looks. */
  get isOpen() {
    return this.#item !== null;
  }

  get mayReview() {
    const role = this.session?.roles[this.#datasetId];
    return Boolean(this.session?.is_admin) || role === "reviewer" || role === "lead";
  }

  /** @param {ItemOut} item @param {DatasetOut} dataset */
  async open(item, dataset) {
    this.close();
    if (dataset.second_look === "off" && item.status !== "returned") return;
    this.#item = item;
    this.#datasetId = dataset.id;
    await this.reload();
  }

  /** Read what was said anew. */
  async reload() {
    const item = this.#item;
    if (!item) return;
    try {
      const found = await api.secondLooks(item.id);
      if (this.#item === item) this.#found = found;
    } catch {
      return; // the picture's own requests say what is wrong
    }
    if (this.#item === item) this.#show(item);
  }

  close() {
    this.#item = null;
    this.#found = NONE;
    this.root.hidden = true;
    this.slot.replaceChildren();
    this.emit("changed");
  }

  /** @param {ItemOut} item */
  #show(item) {
    const isDone = DONE.includes(item.status);
    const newest = this.#found.looks[0];
    const isApproved = newest?.verdict === "approved" && newest.revision === item.revision?.id;
    this.root.hidden = false;
    this.#sentence.textContent =
      item.status === "returned" && newest
        ? `${newest.reviewer} returned this picture to ${newest.labeler}.`
        : isApproved
          ? `${newest.reviewer} approved this mask${newest.changed_from ? ` after changing ${newest.labeler}'s` : ""}.`
          : isDone
            ? `Finished by ${item.revision?.author ?? "the program"}; no second look yet.`
            : "Not finished yet.";
    this.#buttons.replaceChildren(
      ...(this.change
        ? [
            button("Before and after", "before-after", "The labeler's mask beside the reviewer's", () =>
              this.emit("compare"),
            ),
          ]
        : []),
      button("Comment", "comment", "Pin a comment to a place of the picture", () => this.emit("comment")),
      ...(this.mayReview && isDone && !isApproved
        ? [
            button("Return", "return", "The labeler gets the picture back", () =>
              this.emit("verdict", "returned"),
            ),
            button("Approve", "approve", "The mask is right", () => this.emit("verdict", "approved")),
          ]
        : []),
    );
    this.#list.replaceChildren(...this.comments.map((one) => this.#row(one)));
    this.emit("changed");
  }

  /** What a reviewer changed, or is changing now. @returns {Change|null} */
  get change() {
    if (!this.#item) return null;
    const { status, revision } = this.#item;
    const newest = this.#found.looks[0];
    if (newest?.changed_from) {
      const { changed_from: before, labeler, revision: after, reviewer } = newest;
      return { before, labeler, after, reviewer };
    }
    const labeler = revision?.author;
    const reviewer = this.session?.annotator;
    if (!revision || !labeler || !reviewer || labeler === reviewer) return null;
    if (!this.mayReview || !DONE.includes(status)) return null;
    return { before: revision.id, labeler, after: null, reviewer };
  }

  /** @param {CommentOut} comment */
  #row({ id, author, text }) {
    return element(
      "li",
      {},
      element("span", {}, element("strong", { text: `${author}: ` }), text),
      element("button", {
        class: "st-button",
        type: "button",
        text: "Done",
        title: "Hide this comment",
        "aria-label": `Done: ${text}`,
        on: { click: () => this.emit("resolve", id) },
      }),
    );
  }
}

/** @param {string} text @param {string} action @param {string} title @param {() => unknown} run */
const button = (text, action, title, run) =>
  element(
    "button",
    { class: "st-button", type: "button", title, data: { action }, on: { click: run } },
    text,
    element("kbd", { data: { action } }),
  );
