/** Everything that the page of a picture needs, requested at once: nothing waits for an answer that it does not need. */
import * as api from "./api.js";

/**
 * @import { MaskOnScreenIn } from "../shared/openapi"
 * @import { MaskAnswer } from "./api.js"
 */

export class PictureRequests {
  #controller = new AbortController();
  /** The answer to `mask`, null until it has come. @type {MaskAnswer|null} */
  maskAnswer = null;

  /**
   * @param {number} id of the picture
   * @param {string} model key
   * @param {Partial<MaskOnScreenIn>} settings of the mask; empty for the model's
   */
  constructor(id, model, settings) {
    this.id = id;
    this.model = model;
    this.item = api.item(id);
    this.image = api.image(id);
    this.steps = api.steps(id, model, this.signal);
    this.mask = api.mask(id, model, settings, this.signal);
    this.choices = api.models(id);
    this.mask.then(
      (answer) => (this.maskAnswer = answer),
      () => {},
    );
    // Whoever awaits one of these shows what went wrong.
    for (const answer of [this.item, this.image, this.steps, this.choices]) answer.catch(() => {});
  }

  get signal() {
    return this.#controller.signal;
  }

  abort() {
    this.#controller.abort();
  }
}
