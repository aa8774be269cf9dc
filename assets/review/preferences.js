/** What a person keeps from day to day: keys, view habits. The studio stores it for the account or the name. */
import * as api from "./api.js";

/**
 * @import { Desk } from "./desk.js"
 * @import { Preferences as Stored } from "../shared/openapi"
 */

/** Settings that change quickly, such as a slider, are stored once. */
const SAVE_MS = 400;

export class Preferences {
  #desk;
  #timer = 0;
  /** While they are being set as stored, nothing is stored again. */
  #isUsing = false;

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
    desk.editor.keymap.on("change", () => this.#later());
    desk.editor.on("habitchange", () => this.#later());
  }

  /** Use what the person has stored. A studio that does not answer leaves the usual settings. */
  async load() {
    try {
      this.#use(await api.preferences());
    } catch {
      // only comfort; the pictures' own requests say what is wrong
    }
  }

  /** @param {Stored} stored */
  #use({
    keys = {},
    keeps_zoom: keepsZoom,
    has_overview: hasOverview,
    is_magnetic: isMagnetic,
    superpixels,
  }) {
    const { editor } = this.#desk;
    this.#isUsing = true;
    editor.keymap.use(keys);
    editor.setViewHabits({ keepsZoom, hasOverview });
    editor.setOptions({ isMagnetic, superpixels: superpixels ?? null });
    this.#isUsing = false;
  }

  #later() {
    if (this.#isUsing) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#save(), SAVE_MS);
  }

  async #save() {
    const { editor, statusBar } = this.#desk;
    try {
      await api.setPreferences({
        keys: { ...editor.keymap.own },
        keeps_zoom: editor.keepsZoom,
        has_overview: editor.hasOverview,
        is_magnetic: editor.options.isMagnetic,
        superpixels: editor.options.superpixels,
      });
    } catch (error) {
      statusBar.say(
        `Your settings hold until you close this tab; they were not stored. ${api.messageOf(error)}`,
      );
    }
  }
}
