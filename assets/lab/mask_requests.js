/** The mask of the picture while its settings change: drafts while a slider moves, the mask itself when it rests. */
import { messageOf } from "../shared/api.js";
import { Emitter } from "../shared/emitter.js";
import * as api from "./api.js";
import { Latest } from "./latest.js";

/**
 * @import { MaskOnScreenIn } from "../shared/openapi"
 * @import { MaskAnswer } from "./api.js"
 * @import { Picture } from "./picture.js"
 * @import { SettingsPanel } from "./settings_panel.js"
 *
 * @typedef {{picture: Picture, wanted: Partial<MaskOnScreenIn>, signal: AbortSignal}} Request
 */

const SETTLED_MS = 120; // after the last move of a slider, before the mask is requested that is no draft

/**
 * Event `answer`: a mask has come; event `problem`: a sentence.
 * @extends {Emitter<{answer: {picture: Picture, answer: MaskAnswer}, problem: string}>}
 */
export class MaskRequests extends Emitter {
  #settings;
  /** @type {Latest<Request, MaskAnswer>} */
  #latest = new Latest(
    ({ picture, wanted, signal }) => api.mask(picture.item.id, picture.model, wanted, signal),
    (answer, { picture }) => this.emit("answer", { picture, answer }),
    (error) => isAbort(error) || this.emit("problem", messageOf(error)),
  );
  #timer = 0;
  /** Whether a slider moved a moment ago. */
  #isMoving = false;

  /** @param {SettingsPanel} settings */
  constructor(settings) {
    super();
    this.#settings = settings;
  }

  /** Whether another mask than the last one is on its way. */
  get isPending() {
    return this.#latest.isBusy || this.#isMoving;
  }

  /** Follow a slider. @param {Picture} picture @param {AbortSignal} signal */
  follow(picture, signal) {
    window.clearTimeout(this.#timer);
    const wanted = { ...this.#settings.wanted, may_be_draft: true };
    this.#latest.ask({ picture, wanted, signal });
    this.#isMoving = true;
    this.#timer = window.setTimeout(() => this.request(picture, signal), SETTLED_MS);
  }

  /** Request the mask with the present settings. @param {Picture} picture @param {AbortSignal} signal */
  request(picture, signal) {
    this.#isMoving = false;
    this.#latest.ask({ picture, wanted: this.#settings.wanted, signal });
  }

  /** Nothing more is needed where the picture has the mask of the present settings. @param {Picture} picture */
  settle({ maskSteps }) {
    if (!maskSteps || maskSteps.isDraft || !this.#settings.isMadeWith(maskSteps.settings)) return;
    window.clearTimeout(this.#timer);
    this.#isMoving = false;
  }

  /** Forget everything that is requested. */
  forget() {
    window.clearTimeout(this.#timer);
    this.#isMoving = false;
    this.#latest.forget();
  }
}

/** Whether a request was given up on purpose. @param {unknown} error */
export const isAbort = (error) => error instanceof DOMException && error.name === "AbortError";
