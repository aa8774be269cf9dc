/**
 * Everything that the page needs of a picture, fetched once and ahead of time.
 */
import * as api from "./api.js";

const KEPT = 6;

/**
 * @import { MaskHintsOut } from "../shared/openapi"
 *
 * @typedef {object} Loaded
 * @property {import("../shared/openapi").ItemOut} item
 * @property {ImageBitmap} image
 * @property {Uint8Array} mask
 * @property {number} revision the mask's
 * @property {boolean} isPending whether a newer proposal was being made when the mask was fetched
 * @property {{known: MaskHintsOut|null}} hints what the mask is compared with; null until the studio has answered
 * @property {Promise<api.HeatMaps>} cams rejects with `ApiError` where there is no heatmap
 */

export class Loader {
  constructor() {
    /** @type {Map<number, Promise<Loaded>>} */
    this.pictures = new Map();
  }

  /** @param {number} id @returns {Promise<Loaded>} */
  get(id) {
    let picture = this.pictures.get(id);
    if (!picture) {
      picture = this.#load(id);
      picture.catch(() => this.forget(id));
    }
    this.pictures.delete(id);
    this.pictures.set(id, picture); // the most recently used picture is dropped last
    for (const oldest of this.pictures.keys()) {
      if (this.pictures.size <= KEPT) break;
      this.pictures.delete(oldest);
    }
    return picture;
  }

  /** @param {number} id @returns {boolean} whether the picture was fetched ahead of time */
  has(id) {
    return this.pictures.has(id);
  }

  /** @param {number} id */
  forget(id) {
    this.pictures.delete(id);
  }

  /**
   * The picture with its newest mask: a mask fetched ahead is used only if nobody has saved since.
   * @param {number} id
   * @returns {Promise<Loaded>}
   */
  async fresh(id) {
    const wasAhead = this.pictures.has(id);
    const loaded = await this.get(id);
    if (!wasAhead) return loaded;
    const item = await api.item(id);
    const newest = item.revision?.id ?? 0;
    if (newest === loaded.revision) return { ...loaded, item };
    const cams = api.cams(id); // those that the newer mask was made from
    cams.catch(() => {});
    return { ...loaded, item, cams, ...(await api.mask(id)) };
  }

  /** @param {number} id @returns {Promise<Loaded>} */
  async #load(id) {
    const cams = api.cams(id);
    cams.catch(() => {}); // the heatmap panel reports the error
    /** @type {Loaded["hints"]} */
    const hints = { known: null };
    const [image, mask] = await Promise.all([api.image(id), api.mask(id)]);
    const item = await api.item(id);
    // After the picture, which somebody waits for.
    api.maskHints(id).then(
      (found) => (hints.known = found),
      () => {}, // without them, the mask is compared with its tags alone
    );
    return { item, image, cams, hints, ...mask };
  }
}
