/** Which views each tab shows, and the panels that belong to it. */
import { messageOf } from "../shared/api.js";
import { Emitter } from "../shared/emitter.js";
import * as api from "./api.js";
import { classViews } from "./class_view.js";
import { explainViews } from "./explain_view.js";
import { isAbort } from "./mask_requests.js";
import { puzzleViews } from "./puzzle_view.js";
import { stepViews } from "./steps_view.js";
import { bareView } from "./view.js";

/**
 * @import { Comparison } from "./comparison.js"
 * @import { MaskRequests } from "./mask_requests.js"
 * @import { Picker } from "./picker.js"
 * @import { Picture } from "./picture.js"
 * @import { PuzzlePanel } from "./puzzle_panel.js"
 * @import { ScalePanel } from "./scale_panel.js"
 * @import { SettingsPanel } from "./settings_panel.js"
 * @import { Toolbar } from "./toolbar.js"
 * @import { View } from "./view.js"
 *
 * @typedef {object} Parts of the page that views depend on
 * @property {Picker} picker
 * @property {Toolbar} toolbar
 * @property {PuzzlePanel} puzzlePanel
 * @property {SettingsPanel} settings
 * @property {Comparison} comparison
 * @property {ScalePanel} scales
 * @property {MaskRequests} masks
 */

/**
 * Event `change`: there is more to show; event `problem`: a sentence.
 * @extends {Emitter<{change: undefined, problem: string}>}
 */
export class TabViews extends Emitter {
  /** Tiles a side; chosen by the model until a person does. @type {number|null} */
  tiles = null;
  #parts;
  /** What is requested and has not come yet. @type {Set<string>} */
  #loading = new Set();
  /** The picture that the scales are shown for. @type {Picture|null} */
  #scaled = null;

  /** @param {Parts} parts */
  constructor(parts) {
    super();
    this.#parts = parts;
  }

  /** Show the panels of the chosen tab, and return its views. @param {Picture} picture @param {AbortSignal} signal */
  show(picture, signal) {
    const { toolbar, puzzlePanel, comparison, settings } = this.#parts;
    const { tab } = toolbar.values;
    for (const node of [puzzlePanel.root, puzzlePanel.byClass]) node.hidden = tab !== "puzzle";
    comparison.panel.root.hidden = tab !== "compare";
    settings.root.hidden = tab === "compare"; // each side has its model's own
    this.#showScales(picture);
    return this.#views(picture, signal);
  }

  /** @param {Picture} picture @param {AbortSignal} signal @returns {View[]} */
  #views(picture, signal) {
    const { toolbar, comparison, scales, settings, masks } = this.#parts;
    const { tab, tag, scale, others, shown, eachView, reference } = toolbar.values;
    if (tab === "puzzle") return this.#puzzleViews(picture, tag, signal);
    if (tab === "explain") return this.#explainViews(picture, tag, signal);
    if (tab === "classes") return classViews(picture, scale, others, scales.scales);
    if (tab === "compare")
      return comparison.picture === picture
        ? comparison.views(tag, reference)
        : [bareView("The list of models is being loaded")];
    const { threshold, useCrf } = settings;
    const { isPending } = masks;
    return stepViews(picture, { k: tag, threshold, shown, eachView, reference, isPending, useCrf });
  }

  /** @param {Picture} picture @param {number} tag @param {AbortSignal} signal @returns {View[]} */
  #puzzleViews(picture, tag, signal) {
    const tiles = this.tiles ?? 1;
    const puzzle = picture.puzzles.get(tiles);
    this.#parts.puzzlePanel.show(tiles, puzzle?.header ?? null);
    if (puzzle) return puzzleViews(picture, puzzle, tag);
    void this.#loadPuzzle(picture, tiles, signal);
    return [{ key: "whole", title: "Whole map", tip: "The CAM of the whole picture is being computed" }];
  }

  /** @param {Picture} picture @param {number} tiles @param {AbortSignal} signal */
  async #loadPuzzle(picture, tiles, signal) {
    const key = `${picture.item.id} ${tiles}`;
    if (this.#loading.has(key)) return;
    this.#loading.add(key);
    try {
      picture.puzzles.set(tiles, await api.puzzle(picture.item.id, picture.model, tiles, signal));
      this.emit("change");
    } catch (error) {
      if (!isAbort(error)) this.emit("problem", messageOf(error));
    } finally {
      this.#loading.delete(key);
    }
  }

  /** @param {Picture} picture @param {number} tag @param {AbortSignal} signal @returns {View[]} */
  #explainViews(picture, tag, signal) {
    if (!picture.explanations) {
      void this.#loadExplanations(picture, signal);
      return [bareView("The views are being computed")];
    }
    const { none } = picture.explanations.header;
    return none ? [{ ...bareView(none), note: none }] : explainViews(picture, picture.explanations, tag);
  }

  /** @param {Picture} picture @param {AbortSignal} signal */
  async #loadExplanations(picture, signal) {
    const key = `${picture.item.id} ${picture.model} explain`;
    if (this.#loading.has(key)) return;
    this.#loading.add(key);
    try {
      picture.explanations = await api.explanations(picture.item.id, picture.model, signal);
      this.emit("change");
    } catch (error) {
      if (!isAbort(error)) this.emit("problem", messageOf(error));
    } finally {
      this.#loading.delete(key);
    }
  }

  /** @param {Picture} picture */
  #showScales(picture) {
    const { toolbar, scales, picker } = this.#parts;
    const isWanted = toolbar.values.tab === "classes" && toolbar.values.scale === "dataset";
    if (isWanted && (scales.root.hidden || this.#scaled !== picture)) {
      this.#scaled = picture;
      const classes = picker.opened.classes.filter(({ index }) => index > 0).length;
      void scales.open(picture.item.dataset_id, picture.model, classes);
    }
    if (!isWanted) scales.close();
    scales.root.hidden = !isWanted;
  }
}
