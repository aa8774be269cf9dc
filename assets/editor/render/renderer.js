/**
 * What is on the stage: picture, heatmap, mask, guides and the tool's own marks, each on a canvas of its own.
 *
 * A stroke touches the mask canvas alone and only inside its rectangle, a heat slider the heat canvas alone;
 * changes are gathered and drawn once in the next animation frame.
 */
import { unionRect } from "../raster/rect.js";
import { VOID } from "../raster/raster.js";
import { colormap, parseHex, rimColour, toWord, vocColour } from "../../shared/colours.js";
import { AS_IT_IS, makeFilters } from "./adjustments.js";
import { HeatLayer } from "./heat_layer.js";
import { drawChange, drawPixelGrid, drawSegments } from "./guides.js";
import { drawObjects } from "./object_layer.js";
import { readPixels } from "./picture.js";
import { composeMask, makeLookup, screenRect } from "./mask_view.js";

/**
 * @typedef {import("../raster/rect.js").Rect} Rect
 * @typedef {import("../raster/fill.js").Segments} Segments
 * @typedef {import("../../shared/viewport.js").Viewport} Viewport
 * @typedef {import("./picture.js").Picture} Picture
 *
 * @typedef {object} View
 * @property {boolean} maskVisible
 * @property {boolean} contour       outlines instead of areas
 * @property {number} opacity        of areas, 0..1
 * @property {number|null} shownClass  the only class that is drawn; null: all are
 * @property {ReadonlySet<number>} hiddenClasses  are not drawn
 * @property {boolean} imageVisible
 *
 * @typedef {object} HeatView
 * @property {boolean} visible
 * @property {number} opacity    0..1
 * @property {number} threshold  0..1; below it nothing is drawn
 * @property {import("../../shared/colours.js").ColormapName} colormap
 *
 * @typedef {import("../classes.js").ClassInfo} ClassInfo
 * @typedef {(context: CanvasRenderingContext2D, viewport: Viewport) => void} OverlayPainter
 */

const LAYERS = /** @type {const} */ (["image", "heat", "mask", "guides", "overlay"]);

/** @typedef {typeof LAYERS[number]} LayerName */

/** From this zoom on, pixels are drawn as squares. Below it, some would be a third wider than others. */
const PIXELATED_ZOOM = 3;
const GRID_ZOOM = 12;
/** Areas get a rim of one CSS pixel; bare outlines get two. */
const RIM_PX = 1;
const OUTLINE_PX = 2;
/** The line around a previewed change. */
const CHANGE_PX = 2;
/** How much more opaque the rim is than the area. */
const RIM_EXTRA = 0.45;

export class Renderer {
  /** @type {{mask: Uint8Array, rect: Rect|null}|null} */
  #preview = null;
  /** @type {Record<LayerName, CanvasRenderingContext2D>} */
  #layers = /** @type {any} */ ({});
  /** @type {{mask: Uint8Array, width: number, height: number}|null} */
  #document = null;
  /** @type {Picture|null} */
  #picture = null;
  /** @type {ClassInfo[]} */
  #classes = [];
  #colours;
  /** Whether `colours` draw outlines alone. */
  #isOutlined = false;
  #lookup;
  #maskPixels = new ImageData(1, 1);
  #maskWords;
  /** @type {Set<LayerName>} */
  #stale = new Set();
  /** @type {Rect|null} */
  #dirty = null;
  #frame = 0;
  #filters = makeFilters();

  /**
   * @param {HTMLElement} stage
   * @param {Viewport} viewport
   */
  constructor(stage, viewport) {
    this.viewport = viewport;
    /** @type {View} */
    this.view = {
      maskVisible: true,
      contour: false,
      opacity: 0.5,
      shownClass: null,
      hiddenClasses: new Set(),
      imageVisible: true,
    };
    /** @type {Readonly<import("./adjustments.js").Adjustments>} */
    this.adjustments = AS_IT_IS;
    /** @type {HeatView} */
    this.heatView = { visible: true, opacity: 0.5, threshold: 0, colormap: "turbo" };
    /** @type {OverlayPainter|null} */
    this.paintOverlay = null;
    /** @type {HeatLayer|null} */
    this.heat = null;
    /** @type {Segments|null} */
    this.segments = null;
    /** @type {import("./object_layer.js").Objects|null} */
    this.objects = null;

    for (const name of LAYERS) {
      const canvas = document.createElement("canvas");
      canvas.className = `pz-layer pz-layer-${name}`;
      canvas.hidden = true;
      stage.append(canvas);
      // The mask comes from putImageData alone: kept in memory it needs no round trip through the GPU.
      const options = name === "mask" ? { willReadFrequently: true } : undefined;
      this.#layers[name] = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", options));
    }
    stage.append(this.#filters.element);
    this.#colours = makeColours([], { ...this.view, contour: false });
    this.#lookup = makeLookup(viewport);
    this.#maskWords = new Uint32Array(this.#maskPixels.data.buffer);
  }

  /**
   * @param {{mask: Uint8Array, width: number, height: number}} document  its mask is read live
   * @param {Picture} image  drawn at the document's size, whatever its own
   * @param {ClassInfo[]} classes
   * @throws {RangeError} when a colour cannot be read; what was open stays
   */
  open(document, image, classes) {
    const colours = makeColours(classes, this.view);
    this.#classes = classes;
    this.#document = document;
    this.#picture = image;
    this.heat = null;
    this.segments = null;
    this.objects = null;
    this.#preview = null;
    this.#colours = colours;
    this.#isOutlined = this.view.contour;
  }

  /** @param {import("./adjustments.js").Adjustments} adjustments */
  adjust(adjustments) {
    this.adjustments = adjustments;
    this.#layers.image.canvas.style.filter = this.#filters.filterOf(adjustments);
  }

  /**
   * A part of the picture.
   * @param {Rect} rect  image pixels
   * @param {number} width  of the answer
   * @param {number} height
   * @returns {ImageData|null} null when no picture is open
   */
  pixels(rect, width, height) {
    if (!this.#picture || !this.#document) return null;
    return readPixels(this.#picture, this.#document, rect, width, height);
  }

  /** Redraw a layer in the next frame. @param {LayerName} name */
  invalidate(name) {
    this.#stale.add(name);
    this.#schedule();
  }

  /** Redraw an image rectangle of the mask in the next frame. @param {Rect|null} rect */
  invalidateMask(rect) {
    if (!rect) return;
    this.#dirty = unionRect(this.#dirty, rect);
    this.#schedule();
  }

  /**
   * Show another mask than the live one and mark where it differs; null: the live one again.
   * @param {Uint8Array|null} mask
   * @param {Rect|null} rect  where it differs
   */
  setPreview(mask, rect) {
    this.invalidateMask(this.#preview?.rect ?? null);
    this.#preview = mask && { mask, rect };
    this.invalidateMask(rect);
    this.invalidate("guides");
  }

  /**
   * Show the objects of a mask over it; null: none.
   * @param {import("./object_layer.js").Objects|null} objects
   */
  setObjects(objects) {
    this.objects = objects;
    this.invalidate("guides");
  }

  viewportChanged() {
    this.#lookup = makeLookup(this.viewport);
    for (const name of LAYERS) this.#stale.add(name);
    this.#schedule();
  }

  /** The stage has another size: canvases are cleared by resizing, so draw before the next paint. */
  resize() {
    const { stageWidth, stageHeight } = this.viewport;
    for (const name of LAYERS) {
      this.#layers[name].canvas.width = stageWidth;
      this.#layers[name].canvas.height = stageHeight;
    }
    this.#maskPixels = new ImageData(stageWidth, stageHeight);
    this.#maskWords = new Uint32Array(this.#maskPixels.data.buffer);
    this.viewportChanged();
    this.draw();
  }

  /** @param {Partial<View>} changes */
  setView(changes) {
    Object.assign(this.view, changes);
    this.view.opacity = Math.min(1, Math.max(0, this.view.opacity));
    this.#recolour();
    if ("imageVisible" in changes) this.invalidate("image");
  }

  /**
   * @param {import("./heat_layer.js").HeatInput|null} heat
   * @throws {RangeError} when data and size disagree
   */
  setHeat(heat) {
    const document = this.#document;
    this.heat = heat && document && new HeatLayer(heat, document.width, document.height);
    this.invalidate("heat");
    if (this.#wantsOutlines !== this.#isOutlined) this.#recolour();
  }

  /**
   * @param {Partial<HeatView>} changes
   * @throws {RangeError} when there is no such colour map
   */
  setHeatView(changes) {
    if (changes.colormap) colormap(changes.colormap);
    Object.assign(this.heatView, changes);
    this.invalidate("heat");
    if (this.#wantsOutlines !== this.#isOutlined) this.#recolour();
  }

  /** Whether the mask is drawn as outlines: areas on top of a heatmap would hide its colours. */
  get #wantsOutlines() {
    return this.view.contour || (this.heat !== null && this.heatView.visible);
  }

  #recolour() {
    this.#isOutlined = this.#wantsOutlines;
    this.#colours = makeColours(this.#classes, { ...this.view, contour: this.#isOutlined });
    this.invalidate("mask");
    if (this.#preview) this.invalidate("guides");
  }

  /** Draw all invalid layers now. */
  draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const stale = this.#stale;
    this.#stale = new Set();
    if (stale.has("image")) this.#drawImage();
    if (stale.has("heat")) this.#drawHeat();
    this.#drawMask(stale.has("mask"));
    if (stale.has("guides")) this.#drawGuides();
    if (stale.has("overlay")) this.#drawOverlay();
  }

  destroy() {
    cancelAnimationFrame(this.#frame);
    for (const name of LAYERS) this.#layers[name].canvas.remove();
    this.#filters.element.remove();
  }

  #schedule() {
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.draw());
  }

  #drawImage() {
    this.#clear("image");
    if (!this.#picture || !this.view.imageVisible) return;
    this.#drawScaled("image", this.#picture, this.viewport.zoom < PIXELATED_ZOOM);
  }

  #drawHeat() {
    this.#clear("heat");
    if (!this.heat || !this.heatView.visible) return;
    this.heat.colour(this.heatView.colormap, this.heatView.threshold);
    this.#layers.heat.globalAlpha = this.heatView.opacity;
    this.#drawScaled("heat", this.heat.canvas, true);
  }

  /**
   * Draw a picture of any resolution where the image lies.
   * @param {LayerName} name
   * @param {CanvasImageSource} source
   * @param {boolean} isSmooth
   */
  #drawScaled(name, source, isSmooth) {
    const { originX, originY, imageWidth, imageHeight, scale } = this.viewport;
    const context = this.#ink(name);
    context.imageSmoothingEnabled = isSmooth;
    // Medium and above use mipmaps: a 12-megapixel picture neither flickers nor aliases when it is shrunk.
    context.imageSmoothingQuality = "medium";
    context.drawImage(source, originX, originY, imageWidth * scale, imageHeight * scale);
  }

  /**
   * @param {boolean} isWhole
   */
  #drawMask(isWhole) {
    const { viewport, view } = this;
    const document = this.#document;
    const dirty = this.#dirty;
    this.#dirty = null;
    if (!document || (!isWhole && !dirty)) return;
    if (!view.maskVisible) {
      this.#clear("mask");
      return;
    }
    const edgeWidth = Math.max(1, Math.round((this.#isOutlined ? OUTLINE_PX : RIM_PX) * viewport.pixelRatio));
    const stage = { x0: 0, y0: 0, x1: viewport.stageWidth, y1: viewport.stageHeight };
    const rect = isWhole ? stage : dirty && screenRect(viewport, dirty, edgeWidth);
    if (!rect) return;
    const shown = this.#preview?.mask ?? document.mask;
    composeMask(this.#maskWords, rect, shown, document.width, this.#lookup, this.#colours, edgeWidth);
    this.#ink("mask").putImageData(
      this.#maskPixels,
      0,
      0,
      rect.x0,
      rect.y0,
      rect.x1 - rect.x0,
      rect.y1 - rect.y0,
    );
  }

  #drawGuides() {
    this.#clear("guides");
    const { segments, viewport } = this;
    const document = this.#document;
    const preview = this.#preview;
    if (segments && document)
      drawSegments(this.#ink("guides"), segments.labels, document.width, this.#lookup);
    if (this.objects && document) drawObjects(this.#ink("guides"), this.objects, viewport, this.#lookup);
    const thickness = Math.max(1, Math.round(CHANGE_PX * viewport.pixelRatio));
    const changed =
      preview?.rect && this.view.maskVisible ? screenRect(viewport, preview.rect, thickness) : null;
    if (preview && document && changed) {
      drawChange(
        this.#ink("guides"),
        document.mask,
        preview.mask,
        document.width,
        changed,
        this.#lookup,
        thickness,
      );
    }
    if (viewport.zoom >= GRID_ZOOM) drawPixelGrid(this.#ink("guides"), viewport);
  }

  #drawOverlay() {
    this.#clear("overlay");
    if (!this.paintOverlay) return;
    const context = this.#ink("overlay");
    context.save();
    this.paintOverlay(context, this.viewport);
    context.restore();
  }

  /**
   * Empty a layer. Hidden it costs nothing to compose; without a GPU every visible layer costs milliseconds.
   * @param {LayerName} name
   */
  #clear(name) {
    const { canvas } = this.#layers[name];
    if (canvas.hidden) return;
    this.#layers[name].clearRect(0, 0, canvas.width, canvas.height);
    canvas.hidden = true;
  }

  /**
   * A layer to draw on.
   * @param {LayerName} name
   */
  #ink(name) {
    this.#layers[name].canvas.hidden = false;
    return this.#layers[name];
  }
}

/**
 * @param {ClassInfo[]} classes
 * @param {Pick<View, "opacity"|"contour"|"shownClass"|"hiddenClasses">} view
 * @returns {import("./mask_view.js").MaskColours}
 */
function makeColours(classes, { opacity, contour, shownClass, hiddenClasses }) {
  const inside = new Uint32Array(256);
  const edge = new Uint32Array(256);
  const named = new Map(classes.map(({ index, color }) => [index, parseHex(color)]));
  for (let index = 1; index < 256; index++) {
    if ((shownClass !== null && index !== shownClass) || hiddenClasses.has(index)) continue;
    const rgb = named.get(index) ?? vocColour(index);
    inside[index] = contour ? 0 : toWord(rgb, opacity);
    edge[index] = toWord(
      rimColour(rgb),
      contour ? 1 : Math.min(1, opacity + RIM_EXTRA * Math.min(1, 4 * opacity)),
    );
  }
  return { inside, edge, hatched: contour ? -1 : VOID };
}
