/** What is known of the picture on the page: arrays as they came, and what has been made from them. */
import { thresholdLabels } from "./labels.js";
import { mapped, normalised, plane, planes, strongestOf } from "./maps.js";

const MOST_PIXELS = 1_000_000; // of masks in the browser: larger pictures are measured on a coarser grid

export class Look {
  /**
   * @param {Object} item as `/api/items/{id}` sends it
   * @param {{header: Object, arrays: Object}} answer of `/api/items/{id}/lab`
   * @param {ImageBitmap} image
   */
  constructor(item, { header, arrays }, image) {
    this.item = item;
    this.header = header;
    this.arrays = arrays;
    this.image = image;
    this.width = header.item.width;
    this.height = header.item.height;
    const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (this.width * this.height)));
    /** Size that masks are made and measured at: the picture's unless that is very large. */
    this.maskWidth = Math.max(1, Math.round(this.width * scale));
    this.maskHeight = Math.max(1, Math.round(this.height * scale));
    /** @type {{index: number, name: string, color: string, tagged: boolean, weak: boolean, seen_as: string, logit: number, maximum: number}[]} */
    this.classes = header.classes;
    this.tags = this.classes.filter(({ tagged }) => tagged);
    this.tagIndices = this.tags.map(({ index }) => index);
    this.references = header.references.map((one, number) => ({
      ...one,
      mask: this.atMaskSize(arrays[`reference_${number}`].data),
    }));
    this.puzzles = new Map();
    /** The server's last mask: {settings, isDraft, thresholded, mask, walked}; null until it has come. */
    this.made = null;
    this._kept = new Map();
  }

  /** A value that is made once. @template T @param {string} key @param {() => T} make @returns {T} */
  once(key, make) {
    if (!this._kept.has(key)) this._kept.set(key, make());
    return this._kept.get(key);
  }

  /** One map of an array, e.g. `plane("views", scale, view, tag)`. */
  plane(name, ...position) {
    return this.once(`${name} ${position}`, () => plane(this.arrays[name], ...position));
  }

  /** @param {string} name of an array (T, h, w) of values 0..1 */
  planes(name) {
    return this.once(name, () => planes(this.arrays[name]));
  }

  /** Maps (T, h, w) of an array, each divided by its maximum. */
  normalisedPlanes(name, ...position) {
    return this.once(`normalised ${name} ${position}`, () =>
      this.tags.map((_, k) => normalised(plane(this.arrays[name], ...position, k))),
    );
  }

  /** The maps that the mask is made from: after the walk where there is one. */
  get final() {
    if (this.made?.walked) return this.made.walked;
    return this.planes(this._last);
  }

  /** Name of the model's last maps before the threshold. */
  get _last() {
    return ["walked", "self_trained", "cams"].find((name) => this.arrays[name]);
  }

  /** The largest of the tags' maps, cell by cell. */
  get strongest() {
    return this.once("strongest tag", () => strongestOf(this.planes(this._last)));
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

  /** @param {import("./maps.js").Plane[]} maps of the tags, 0..1 @param {number} threshold */
  labels(maps, threshold) {
    return thresholdLabels(maps, this.tagIndices, threshold, this.maskWidth, this.maskHeight);
  }

  /** Take over what the server made. */
  setMade({ header, arrays }) {
    this.made = {
      settings: header.settings,
      isDraft: header.is_draft,
      thresholded: this.atMaskSize(arrays.thresholded.data),
      mask: this.atMaskSize(arrays.mask.data),
      walked: arrays.walked ? planes(arrays.walked) : null,
    };
  }
}
