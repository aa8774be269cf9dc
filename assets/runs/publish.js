/** Publishing a run: a preview of what would change, largest changes first; and unpublishing it. */
import { count, element } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import * as api from "./api.js";
import { moment } from "../shared/format.js";
import { address } from "../shared/place.js";
import { Poller } from "./poller.js";

/**
 * @import { ItemPlan, PreviewFacts, PublishedFacts, RunFacts, UnpublishedFacts } from "../shared/openapi"
 */

/**
 * A job on the server, as far as it is known.
 * @template Result
 * @typedef {{state: "running"|"done"|"failed", done: number, total: number, result: Result|null, problem: string|null}} Job
 */

/**
 * Events: `changed`.
 * @extends {Emitter<{changed: undefined}>}
 */
export class PublishPanel extends Emitter {
  #runId;
  /** @type {Poller|null} */
  #poller = null;
  #shown = "";
  #progress = element("progress", { max: 1, value: 0, class: "rn-wide", "aria-label": "Progress" });
  #overRejected = false;

  /** @param {number} runId */
  constructor(runId) {
    super();
    this.#runId = runId;
    this.isOpen = false;
    this.state = element("div", { class: "rn-published", hidden: true });
    this.body = element("div", {});
    this.panel = element(
      "section",
      { class: "rn-card rn-publish", hidden: true },
      element("h3", { text: "Publish as proposals" }),
      this.body,
    );
    this.root = element("div", { class: "rn-publish-frame" }, this.state, this.panel);
  }

  close() {
    this.#poller?.stop();
  }

  /** @param {RunFacts} run */
  show(run) {
    const inForce = run.publications.filter(({ undone_at: undone }) => !undone);
    const state = JSON.stringify(inForce);
    if (state === this.#shown) return;
    this.#shown = state;
    this.state.hidden = inForce.length === 0;
    if (!inForce.length) return;
    const newest = inForce[0];
    this.state.replaceChildren(
      element("span", {
        text: newest.finished_at
          ? `Published ${moment(newest.finished_at)}${newest.author ? ` by ${newest.author}` : ""}: its masks are the proposals in Review.`
          : "Publishing was interrupted; publish again to finish it.",
      }),
      element("button", {
        class: "st-button",
        type: "button",
        text: "Unpublish",
        on: { click: () => this.#undo() },
      }),
    );
  }

  /** Show what would change. */
  open() {
    this.isOpen = true;
    this.panel.hidden = false;
    this.#preview();
    this.panel.scrollIntoView({ block: "nearest" });
  }

  async #preview() {
    this.body.replaceChildren(element("p", { text: "Comparing old and new masks…" }), this.#bar());
    try {
      await api.askPreview(this.#runId, this.#overRejected);
    } catch (error) {
      this.#fail(api.messageOf(error));
      return;
    }
    this.#follow(
      () => api.preview(this.#runId),
      (result) => this.#showPreview(result),
    );
  }

  /** @param {PreviewFacts} preview */
  #showPreview({ counts, items, left_out: leftOut, remarked, warning }) {
    const changes = counts.changed + counts.new;
    const rejected = element("input", {
      type: "checkbox",
      checked: this.#overRejected,
      on: {
        change: () => {
          this.#overRejected = rejected.checked;
          this.#preview();
        },
      },
    });
    const sentence = changes
      ? `${count(changes, "picture")} would get this run's mask as ${changes === 1 ? "its proposal" : "their proposal"}: ${counts.changed} instead of an older one, ${counts.new} as the first.`
      : "Nothing would change: every picture already has this run's mask or a person's work.";
    this.body.replaceChildren(
      element("p", {}, element("strong", { text: sentence })),
      element("p", {
        class: "st-muted",
        text: `Left alone: ${counts.kept} with a person's work (accepted, corrected, drafts${this.#overRejected ? "" : ", rejected"}), ${counts.unchanged} that already have this mask, ${counts["left out"]} that cannot use it.`,
      }),
      warning ? this.#warning(warning, remarked) : "",
      element(
        "label",
        { class: "rn-check" },
        rejected,
        " Make new proposals for rejected pictures too, unless somebody painted on them",
      ),
      items.length
        ? element(
            "div",
            {},
            element("h4", {
              text: "Largest changes first: the current mask, this run's mask, and their IoU",
            }),
            element("div", { class: "rn-changes" }, ...items.slice(0, 24).map((item) => this.#change(item))),
          )
        : "",
      leftOut.length
        ? element(
            "details",
            {},
            element("summary", { text: `${counts["left out"]} cannot use it` }),
            element(
              "ul",
              {},
              ...leftOut.map(({ name, reason }) => element("li", { text: `${name}: ${reason}` })),
            ),
          )
        : "",
      element(
        "div",
        { class: "rn-buttons" },
        element("button", {
          class: "st-button st-primary",
          type: "button",
          text: changes ? `Publish ${changes}` : "Publish",
          disabled: changes === 0,
          on: { click: () => this.#publish() },
        }),
        this.#closeButton(),
      ),
    );
  }

  /** Masks that are probably useless. @param {string} sentence @param {ItemPlan[]} plans */
  #warning(sentence, plans) {
    return element(
      "div",
      { class: "rn-remarked", role: "alert" },
      element("strong", { text: sentence }),
      element(
        "div",
        { class: "rn-changes" },
        ...plans.slice(0, 12).map(({ item_id: id, name, remark }) =>
          element(
            "figure",
            { class: "rn-change" },
            element("img", {
              src: api.pictureUrl(this.#runId, id, "pseudo"),
              alt: `${name}: mask of this run`,
              loading: "lazy",
              title: "this run",
            }),
            element(
              "figcaption",
              {},
              element("span", { text: name, title: name }),
              element("b", { text: remark === "whole" ? "whole picture" : "empty" }),
            ),
          ),
        ),
      ),
    );
  }

  /** @param {ItemPlan} plan */
  #change({ item_id: id, name, iou }) {
    return element(
      "figure",
      { class: "rn-change" },
      element("img", {
        src: api.proposalUrl(id),
        alt: `${name}: current mask`,
        loading: "lazy",
        title: "current mask",
      }),
      element("img", {
        src: api.pictureUrl(this.#runId, id, "pseudo"),
        alt: `${name}: mask of this run`,
        loading: "lazy",
        title: "this run",
      }),
      element(
        "figcaption",
        {},
        element("span", { text: name, title: name }),
        element("b", { text: typeof iou === "number" ? iou.toFixed(2) : "–" }),
      ),
    );
  }

  async #publish() {
    this.body.replaceChildren(element("p", { text: "Publishing…" }), this.#bar());
    try {
      await api.publish(this.#runId, this.#overRejected);
    } catch (error) {
      this.#fail(api.messageOf(error));
      return;
    }
    this.#followPublication();
  }

  async #undo() {
    if (
      !window.confirm(
        "Unpublish this run? Pictures that nobody has worked on get their earlier proposals back.",
      )
    )
      return;
    this.panel.hidden = false;
    this.body.replaceChildren(element("p", { text: "Unpublishing…" }), this.#bar());
    try {
      await api.unpublish(this.#runId);
    } catch (error) {
      this.#fail(api.messageOf(error));
      return;
    }
    this.#followPublication();
  }

  #followPublication() {
    this.#follow(
      () => api.publication(this.#runId),
      (result) => {
        if ("published" in result) this.#showPublished(result);
        else this.#showUnpublished(result);
        this.emit("changed");
      },
    );
  }

  /** @param {PublishedFacts} facts */
  #showPublished({ published, kept, left_out: leftOut, warning }) {
    const note = `${count(published, "picture")} ${published === 1 ? "has" : "have"} a new proposal. Left alone: ${kept} with a person's work, ${leftOut} that could not use the mask.`;
    this.body.replaceChildren(
      element("p", { role: "status" }, element("strong", { text: note })),
      warning ? element("p", { class: "rn-remarked", text: warning }) : "",
      element(
        "div",
        { class: "rn-buttons" },
        element("a", { class: "st-button", href: address("/"), text: "Review them" }),
        this.#closeButton(),
      ),
    );
  }

  /** @param {UnpublishedFacts} facts */
  #showUnpublished({ restored, kept }) {
    this.body.replaceChildren(
      element("p", {
        role: "status",
        text: `${count(restored, "picture")} ${restored === 1 ? "has its" : "have their"} earlier proposal back. Left alone: ${kept} with a person's work.`,
      }),
      this.#closeButton(),
    );
  }

  /**
   * @template Result
   * @param {() => Promise<Job<Result>>} look
   * @param {(result: Result) => void} done
   */
  #follow(look, done) {
    this.#poller?.stop();
    const poller = new Poller(async () => {
      let job;
      try {
        job = await look();
      } catch (error) {
        this.#fail(api.messageOf(error));
        return false;
      }
      if (job.state === "running") {
        if (job.total) this.#progress.value = job.done / job.total;
        return true;
      }
      poller.stop();
      if (job.result !== null) done(job.result);
      else this.#fail(job.problem ?? "");
      return false;
    });
    this.#poller = poller;
    poller.now();
  }

  #bar() {
    this.#progress.value = 0;
    return this.#progress;
  }

  /** @param {string} message */
  #fail(message) {
    this.body.replaceChildren(
      element("p", { class: "rn-error", role: "alert", text: message }),
      this.#closeButton(),
    );
  }

  #closeButton() {
    return element("button", {
      class: "st-button",
      type: "button",
      text: "Close",
      on: { click: () => this.#hide() },
    });
  }

  #hide() {
    this.panel.hidden = true;
    this.isOpen = false;
  }
}
