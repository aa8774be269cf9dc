/** Second looks: a reviewer's verdict, and comments that are pinned to places of the picture. */
import { element } from "../shared/dom.js";
import * as api from "./api.js";
import { showBeforeAfter } from "./before_after.js";

/**
 * @import { VerdictIn } from "../shared/openapi"
 * @import { Desk } from "./desk.js"
 * @import { Opening } from "./opening.js"
 * @import { Saving } from "./saving.js"
 */

const MOST_CHARACTERS = 2000;

export class SecondLook {
  #desk;
  #saving;
  #opening;
  #isSending = false;
  #pins = element("div", { class: "pr-pins" });

  /** @param {Desk} desk @param {Saving} saving @param {Opening} opening */
  constructor(desk, saving, opening) {
    this.#desk = desk;
    this.#saving = saving;
    this.#opening = opening;
    desk.layout.stage.append(this.#pins);
    desk.lookPanel.on("verdict", (verdict) => this.say(verdict));
    desk.lookPanel.on("comment", () => this.comment());
    desk.lookPanel.on("resolve", (id) => this.#resolve(id));
    desk.lookPanel.on("compare", () => this.compare());
    desk.lookPanel.on("changed", () => this.#showPins());
    desk.editor.on("viewchange", () => this.#placePins());
  }

  /** Approve the mask that is shown, or return the picture. @param {VerdictIn["verdict"]} verdict */
  async say(verdict) {
    const { current, draft, layout, loader, lookPanel, queue, statusBar } = this.#desk;
    if (!current || !draft || !lookPanel.isOpen || !lookPanel.mayReview || this.#isSending) return;
    const { id, name } = current.item;
    this.#isSending = true;
    try {
      // What the reviewer has changed is finished first, so that the verdict is about it.
      if (draft.hasUnsavedWork || draft.status === "drafted") await this.#saving.decide(draft, "accept");
      const { revision } = await api.item(id);
      const answer = await api.sayVerdict(id, verdict, revision?.id ?? 0);
      queue.update({ id, status: answer.status, revision: answer.revision?.id ?? null });
      loader.forget(id);
      if (this.#desk.draft === draft) layout.showStatus(answer.status);
      await this.#opening.step(1);
      // The last one is left too: whom it goes back to must be able to open it.
      if (this.#desk.draft === draft) this.#opening.close("No other picture of this filter waits for you.");
      statusBar.say(verdict === "approved" ? `${name} is approved.` : `${name} goes back to its labeler.`);
    } catch (error) {
      statusBar.say(`${name}: the verdict was not stored. ${api.messageOf(error)}`);
    } finally {
      this.#isSending = false;
    }
  }

  /** Show the labeler's mask beside what a reviewer made of it. */
  compare() {
    const { change } = this.#desk.lookPanel;
    if (change) showBeforeAfter(this.#desk, change);
  }

  /** Let the person click on a place, and write there. */
  comment() {
    const { current, editor, lookPanel } = this.#desk;
    if (!current || !lookPanel.isOpen) return;
    const { stage } = editor;
    lookPanel.slot.replaceChildren(
      element("p", { class: "pr-look-hint", text: "Click on the place. Escape cancels." }),
    );
    const stop = () => {
      stage.removeEventListener("pointerdown", place, true);
      document.removeEventListener("keydown", cancel, true);
      stage.classList.remove("pr-pinning");
    };
    const cancel = (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      stop();
      lookPanel.slot.replaceChildren();
    };
    const place = (/** @type {PointerEvent} */ event) => {
      event.preventDefault();
      event.stopPropagation(); // the tools must not paint there
      stop();
      const box = stage.getBoundingClientRect();
      const at = editor.toImage(event.clientX - box.left, event.clientY - box.top);
      if (this.#desk.current === current) this.#write(current.item, at);
    };
    stage.classList.add("pr-pinning");
    stage.addEventListener("pointerdown", place, true);
    document.addEventListener("keydown", cancel, true);
  }

  /** @param {{id: number, width: number, height: number}} item @param {{x: number, y: number}} at */
  #write({ id, width, height }, at) {
    const { lookPanel, statusBar } = this.#desk;
    const x = Math.min(Math.max(at.x, 0), width);
    const y = Math.min(Math.max(at.y, 0), height);
    const text = element("input", {
      class: "st-input",
      type: "text",
      maxlength: MOST_CHARACTERS,
      required: true,
      "aria-label": "Comment",
      placeholder: "What should change here?",
    });
    const send = async (/** @type {Event} */ event) => {
      event.preventDefault();
      try {
        await api.addComment(id, { x, y, text: text.value });
        lookPanel.slot.replaceChildren();
        await lookPanel.reload();
      } catch (error) {
        statusBar.say(`The comment was not stored. ${api.messageOf(error)}`);
      }
    };
    lookPanel.slot.replaceChildren(
      element(
        "form",
        { class: "pr-look-row", on: { submit: send } },
        text,
        element("button", { class: "st-button st-primary", type: "submit", text: "Add" }),
        element("button", {
          class: "st-button",
          type: "button",
          text: "Cancel",
          on: { click: () => lookPanel.slot.replaceChildren() },
        }),
      ),
    );
    text.focus();
  }

  /** @param {number} commentId */
  async #resolve(commentId) {
    const { current, lookPanel, statusBar } = this.#desk;
    if (!current) return;
    try {
      await api.resolveComment(current.item.id, commentId);
      await lookPanel.reload();
    } catch (error) {
      statusBar.say(api.messageOf(error));
    }
  }

  #showPins() {
    this.#pins.replaceChildren(
      ...this.#desk.lookPanel.comments.map(({ author, text }, index) =>
        element("span", { class: "pr-pin", title: `${author}: ${text}`, text: String(index + 1) }),
      ),
    );
    this.#placePins();
  }

  #placePins() {
    this.#desk.lookPanel.comments.forEach(({ x, y }, index) => {
      const pin = this.#pins.children[index];
      if (!(pin instanceof HTMLElement)) return;
      const at = this.#desk.editor.toStage(x, y);
      pin.style.left = `${at.x}px`;
      pin.style.top = `${at.y}px`;
    });
  }
}
