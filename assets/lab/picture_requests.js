/** Everything that a picture's page needs, asked for at once: nothing waits for an answer that it does not need. */
import * as api from "./api.js";

export class Opening {
  /**
   * @param {number} id of the picture
   * @param {string} model key of what it is looked at through
   * @param {Object} settings of the mask, as `SettingsPanel.wanted`; empty for the model's
   */
  constructor(id, model, settings) {
    const controller = new AbortController();
    this.id = id;
    this.model = model;
    this.signal = controller.signal;
    this.abort = () => controller.abort();
    this.item = api.item(id);
    this.image = api.image(id);
    this.look = api.look(id, model, this.signal);
    this.mask = api.mask(id, model, settings, this.signal);
    this.choices = api.models(id);
    /** The mask's answer, null until it has come. */
    this.made = null;
    this.mask.then(
      (answer) => (this.made = answer),
      () => {},
    );
    // Whoever awaits one of these tells what went wrong.
    for (const answer of [this.item, this.image, this.look, this.choices]) answer.catch(() => {});
  }
}
