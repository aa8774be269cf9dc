/** The picture on the page: the arrays that the server sent, and what has been computed from them. */
import { thresholdLabels } from "./labels.js";
import { mapped, normalised, plane, planes, strongestOf } from "./maps.js";

/**
 * @import { ItemOut, MaskFacts } from "../shared/openapi"
 * @import { ExplanationsAnswer, MaskAnswer, Maps, PuzzleAnswer, SourceMaps, StepMaps, StepsAnswer } from "./api.js"
 * @import { Plane } from "./maps.js"
 */
/**
 * @typedef {keyof StepMaps | keyof SourceMaps} MapName
 *
 * @typedef {object} Reference a mask to measure against
 * @property {"ground-truth"|"accepted"} kind
 * @property {string} title
 * @property {Uint8Array} mask on the grid of masks
 *
 * @typedef {object} MaskSteps the last steps to a mask, as the server made them
 * @property {MaskFacts} settings
 * @property {boolean} isDraft
 * @property {Uint8Array} thresholded on the grid of masks
 * @property {Uint8Array} mask
 * @property {Plane[]|null} walked  the tags' maps, where the random walk was changed
 */

const MOST_PIXELS = 1_000_000; // of masks in the browser: larger pictures are measured on a coarser grid

export class Picture {
  /** Values that are computed once, by name. @type {Map<string, unknown>} */
  #kept = new Map();

  /**
   * @param {ItemOut} item
   * @param {StepsAnswer} answer
   * @param {ImageBitmap} image
   * @param {string} model key of the model that made the maps
   * @param {Map<number, string>} names of the dataset's classes, by index
   */
  constructor(item, { header, arrays }, image, model, names) {
    this.item = item;
    this.header = header;
    this.arrays = arrays;
    this.image = image;
    this.model = model;
    this.names = names;
    this.width = header.item.width;
    this.height = header.item.height;
    const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (this.width * this.height)));
    /** Size that masks are made and measured at: the picture's unless that is very large. */
    this.maskWidth = Math.max(1, Math.round(this.width * scale));
    this.maskHeight = Math.max(1, Math.round(this.height * scale));
    this.classes = header.classes;
    this.tags = this.classes.filter(({ tagged }) => tagged);
    this.tagIndices = this.tags.map(({ index }) => index);
    /** @type {Reference[]} */
    this.references = header.references.map((one, number) => ({
      ...one,
      mask: this.atMaskSize(arrays[`reference_${number}`].data),
    }));
    /** By number of tiles a side. @type {Map<number, PuzzleAnswer>} */
    this.puzzles = new Map();
    /** Null until the server has sent them. @type {ExplanationsAnswer|null} */
    this.explanations = null;
    /** Null until the server has sent them. @type {MaskSteps|null} */
    this.maskSteps = null;
  }

  /** A value that is computed once. @template T @param {string} key @param {() => T} make @returns {T} */
  once(key, make) {
    if (!this.#kept.has(key)) this.#kept.set(key, make());
    return /** @type {T} */ (this.#kept.get(key));
  }

  /**
   * A value that is computed again when one of its inputs is another. Only the last one is kept: masks of every
   * threshold that a slider has passed would fill the memory.
   * @template T
   * @param {string} key
   * @param {unknown[]} inputs
   * @param {() => T} make
   * @returns {T}
   */
  latest(key, inputs, make) {
    const kept = /** @type {{inputs: unknown[], value: T}|undefined} */ (this.#kept.get(key));
    if (kept && kept.inputs.every((input, i) => input === inputs[i])) return kept.value;
    const value = make();
    this.#kept.set(key, { inputs, value });
    return value;
  }

  /** @param {MapName} name @returns {Maps} */
  #array(name) {
    const found = this.arrays[name];
    if (!found) throw new Error(`The model makes no "${name}" of this picture.`);
    return found;
  }

  /** One map of an array, e.g. `plane("views", scale, view, tag)`. @param {MapName} name @param {...number} position */
  plane(name, ...position) {
    return this.once(`${name} ${position}`, () => plane(this.#array(name), ...position));
  }

  /** @param {MapName} name of an array (T, h, w) of values 0..1 */
  planes(name) {
    return this.once(name, () => planes(this.#array(name)));
  }

  /**
   * Maps (T, h, w) of an array, each divided by its maximum.
   * @param {MapName} name
   * @param {...number} position along the axes before the tags
   */
  normalisedPlanes(name, ...position) {
    return this.once(`normalised ${name} ${position}`, () =>
      this.tags.map((_, k) => normalised(plane(this.#array(name), ...position, k))),
    );
  }

  /** The maps that the mask is made from: those of the live model, or after the random walk, where there are any. */
  get final() {
    return this.maskSteps?.walked ?? this.planes(this.#last);
  }

  /** Name of the model's last maps before the threshold. @returns {MapName} */
  get #last() {
    if (this.arrays.live) return "live";
    if (this.arrays.walked) return "walked";
    return this.arrays.self_trained ? "self_trained" : "cams";
  }

  /** The largest of the tags' maps, cell by cell. */
  get strongest() {
    return this.once("strongest tag", () => strongestOf(this.planes(this.#last)));
  }

  get background() {
    return this.once("background", () => mapped(this.strongest, (value) => 1 - value));
  }

  /** A mask of the picture's size on the grid that masks are measured on. @param {Uint8Array} mask */
  atMaskSize(mask) {
    const { width, height, maskWidth, maskHeight } = this;
    if (maskWidth === width && maskHeight === height) return mask;
    const out = new Uint8Array(maskWidth * maskHeight);
    for (let y = 0; y < maskHeight; y++) {
      const row = Math.floor(((y + 0.5) * height) / maskHeight) * width;
      for (let x = 0; x < maskWidth; x++)
        out[y * maskWidth + x] = mask[row + Math.floor(((x + 0.5) * width) / maskWidth)];
    }
    return out;
  }

  /** @param {Plane[]} maps of the tags, 0..1 @param {number} threshold */
  labels(maps, threshold) {
    return thresholdLabels(maps, this.tagIndices, threshold, this.maskWidth, this.maskHeight);
  }

  /** @param {MaskAnswer} answer */
  setMaskSteps({ header, arrays }) {
    this.maskSteps = {
      settings: header.settings,
      isDraft: header.is_draft,
      thresholded: this.atMaskSize(arrays.thresholded.data),
      mask: this.atMaskSize(arrays.mask.data),
      walked: arrays.walked ? planes(arrays.walked) : null,
    };
  }
}
