/** What is seen of the picture: zoom, layers, heatmap. The editor adds the work on the mask. */
import { Emitter } from "../shared/emitter.js";
import { Keymap } from "./keymap.js";
import { BINDINGS } from "./keys.js";
import { AS_IT_IS, MOST } from "./render/adjustments.js";
import { Overview } from "./render/overview.js";
import { Renderer } from "./render/renderer.js";
import { makeStage } from "./stage.js";
import { Viewport } from "../shared/viewport.js";

/**
 * @typedef {import("./render/renderer.js").View} View
 * @typedef {import("./render/renderer.js").HeatView} HeatView
 *
 * @typedef {object} Change
 * @property {number|null} id       of the picture
 * @property {string} label
 * @property {import("./raster/rect.js").Rect|null} rect  half open, in image pixels; null: no pixel changed
 * @property {number} revision      counts the changes of the mask
 * @property {import("./workbench.js").ChangeKind} kind
 * @property {Step|null} step       of the Smart tool, to be stored with the mask
 *
 * @typedef {import("../shared/openapi").Step} Step
 *
 * @typedef {object} EditorEvents
 * @property {Change} stroke        the mask was changed
 * @property {{isRefining: boolean, isPending: boolean}} refining  a change is being computed; a change is previewed
 * @property {{tool: import("./tools/tools.js").ToolName}} toolchange
 * @property {{classIndex: number}} classchange
 * @property {undefined} viewchange
 * @property {undefined} optionschange
 * @property {undefined} adjustwanted  the controls of brightness and contrast are to be shown
 * @property {undefined} habitchange  something that a person keeps from picture to picture was set differently
 * @property {undefined} historychange
 * @property {import("./hover.js").HoverDetail} hover
 * @property {{text: string}} message
 * @property {{busy: boolean}} busy
 * @property {{id: number|null, count: number|null}} superpixelswanted  their tool is current and `setSuperpixels` was not
 *   called; how many, null: in proportion to the picture
 */

/** @extends {Emitter<EditorEvents>} */
export class EditorView extends Emitter {
  /** @param {HTMLElement} host */
  constructor(host) {
    super();
    /** Its keys; the page adds its own. */
    this.keymap = new Keymap(BINDINGS);
    this.stage = makeStage(host);
    /** @protected */
    this.viewport = new Viewport();
    /** @protected */
    this.renderer = new Renderer(this.stage, this.viewport);
    /** @protected */
    this.overview = new Overview(
      /** @type {HTMLElement} */ (this.stage.parentElement),
      this.viewport,
      (x, y) => {
        this.viewport.centreOn(x, y);
        this.viewportMoved();
      },
    );
    /** Whether the next picture is shown at the same place and zoom. */
    this.keepsZoom = false;
  }

  /**
   * @param {import("./render/heat_layer.js").HeatInput|null} heat  of any resolution
   * @throws {RangeError} when data and size disagree
   */
  setHeat(heat) {
    this.renderer.setHeat(heat);
  }

  /** @param {Partial<HeatView>} changes */
  setHeatView(changes) {
    this.renderer.setHeatView(changes);
    this.emit("viewchange");
  }

  /** @returns {Readonly<HeatView>} */
  get heatView() {
    return this.renderer.heatView;
  }

  /** @returns {Readonly<View>} */
  get view() {
    return this.renderer.view;
  }

  /** @param {Partial<View>} changes */
  setView(changes) {
    this.renderer.setView(changes);
    this.emit("viewchange");
  }

  /**
   * Show outlines and numbers of objects over the mask until another picture is opened; null: none.
   * @param {import("./render/object_layer.js").Objects|null} objects
   */
  setObjects(objects) {
    this.renderer.setObjects(objects);
  }

  /** @returns {Readonly<import("./render/adjustments.js").Adjustments>} */
  get adjustments() {
    return this.renderer.adjustments;
  }

  /** Show the picture lighter, with more contrast, or one channel. @param {Partial<import("./render/adjustments.js").Adjustments>} changes */
  adjust(changes) {
    const { brightness, contrast, channel } = { ...this.renderer.adjustments, ...changes };
    const within = (/** @type {number} */ value) => Math.min(MOST, Math.max(0, value));
    this.renderer.adjust({ brightness: within(brightness), contrast: within(contrast), channel });
    this.emit("viewchange");
  }

  /** Show the picture as it is. */
  resetAdjustments() {
    this.adjust(AS_IT_IS);
  }

  /** Whether a small map is shown while a part of the picture is out of view. */
  get hasOverview() {
    return this.overview.isWanted;
  }

  /** @param {{keepsZoom?: boolean, hasOverview?: boolean}} changes */
  setViewHabits({ keepsZoom = this.keepsZoom, hasOverview = this.hasOverview }) {
    this.keepsZoom = keepsZoom;
    this.overview.want(hasOverview);
    this.emit("viewchange");
    this.emit("habitchange");
  }

  /** Show or hide a class. @param {number} index */
  toggleClass(index) {
    const hiddenClasses = new Set(this.view.hiddenClasses);
    if (!hiddenClasses.delete(index)) hiddenClasses.add(index);
    this.setView({ hiddenClasses });
  }

  /** CSS pixels per image pixel. */
  get zoom() {
    return this.viewport.zoom;
  }

  fit() {
    this.viewport.fit();
    this.viewportMoved();
  }

  /**
   * Zoom by a factor around a point in CSS pixels from the editor's top left corner, by default its centre.
   * @param {number} factor
   * @param {number} [x]
   * @param {number} [y]
   */
  zoomAt(factor, x = this.stage.clientWidth / 2, y = this.stage.clientHeight / 2) {
    this.viewport.zoomAt(factor, x * this.viewport.pixelRatio, y * this.viewport.pixelRatio);
    this.viewportMoved();
  }

  /** @param {number} zoom  1: an image pixel is a CSS pixel */
  zoomTo(zoom) {
    this.zoomAt(zoom / this.zoom);
  }

  /** @param {number} x CSS pixels from the stage's left @param {number} y @returns {{x: number, y: number}} image coordinates */
  toImage(x, y) {
    const { pixelRatio } = this.viewport;
    return this.viewport.toImage(x * pixelRatio, y * pixelRatio);
  }

  /** @param {number} x image coordinates @param {number} y @returns {{x: number, y: number}} CSS pixels on the stage */
  toStage(x, y) {
    const at = this.viewport.toScreen(x, y);
    return { x: at.x / this.viewport.pixelRatio, y: at.y / this.viewport.pixelRatio };
  }

  /** @protected */
  viewportMoved() {
    this.renderer.viewportChanged();
    this.overview.show();
    this.emit("viewchange");
  }
}
