/**
 * The mask being edited: the live array, the state at the last commit, and the history between commits.
 *
 * Tools change `mask` freely and report what they touched; `commit` turns everything touched since the last
 * commit into one undoable entry, `rollback` undoes it. Keeping the committed state beside the live one costs
 * one byte per pixel and saves a copy of the whole mask at the start of each stroke.
 */
import { History, applyPatch, makePatch } from "./history.js";
import { clipRect, fullRect, unionRect } from "./raster/rect.js";

/**
 * @typedef {import("./raster/rect.js").Rect} Rect
 * @typedef {import("./history.js").Patch} Patch
 */

export class MaskDocument {
  #committed;
  /** @type {Rect|null} */
  #touched = null;

  /**
   * @param {number} width   image pixels
   * @param {number} height
   * @param {Uint8Array|null} mask  copied; null: all background
   * @throws {RangeError} when the mask has another size
   */
  constructor(width, height, mask) {
    if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
      throw new RangeError(
        `A picture of ${width} x ${height} pixels cannot be edited; give whole numbers above 0.`,
      );
    }
    if (mask) requireSize(mask, width, height);
    this.width = width;
    this.height = height;
    this.mask = mask ? mask.slice() : new Uint8Array(width * height);
    this.history = new History();
    /** Counts committed changes, undo and redo included. */
    this.revision = 0;
    this.#committed = this.mask.slice();
  }

  /**
   * Report a rectangle that may have changed since the last commit.
   * @param {Rect|null} rect
   */
  touch(rect) {
    const clipped = rect && clipRect(rect, this.width, this.height);
    this.#touched = unionRect(this.#touched, clipped);
  }

  /**
   * Make one entry of everything touched; null when no pixel differs.
   * @param {string} label
   * @param {{undoable?: boolean, byHand?: boolean, refinement?: import("./smart/session.js").Refinement,
   *   outline?: import("./tools/outline.js").Outline}} [options]  not
   *   undoable: the history is cleared, older patches no longer fit; with a refinement there is always an entry
   * @returns {Patch|null}
   */
  commit(label, { undoable = true, byHand = false, refinement, outline } = {}) {
    if (!undoable) this.history.clear();
    const patch = this.#takeDifference(label) ?? (refinement ? emptyPatch(label) : null);
    if (!patch) return null;
    patch.byHand = byHand;
    patch.refinement = refinement;
    patch.outline = outline;
    applyPatch(this.#committed, patch, "after");
    if (undoable) this.history.push(patch);
    this.revision++;
    return patch;
  }

  /** Whether something may have changed since the last commit. */
  get isTouched() {
    return this.#touched !== null;
  }

  /** Return to the last commit. @returns {Rect|null} what changed by it */
  rollback() {
    const patch = this.#takeDifference("");
    if (!patch) return null;
    applyPatch(this.mask, patch, "before");
    return patch.rect;
  }

  /** @returns {Patch|null} */
  undo() {
    return this.#replay(this.history.undo(), "before");
  }

  /** @returns {Patch|null} */
  redo() {
    return this.#replay(this.history.redo(), "after");
  }

  /**
   * Copy another mask's pixels; call `commit` afterwards.
   * @param {Uint8Array} mask
   * @throws {RangeError} when the mask has another size
   */
  replace(mask) {
    requireSize(mask, this.width, this.height);
    this.mask.set(mask);
    this.touch(fullRect(this.width, this.height));
  }

  /**
   * @param {Patch|null} patch
   * @param {"before"|"after"} side
   */
  #replay(patch, side) {
    if (!patch) return null;
    applyPatch(this.mask, patch, side);
    applyPatch(this.#committed, patch, side);
    this.revision++;
    return patch;
  }

  /**
   * @param {string} label
   */
  #takeDifference(label) {
    const rect = this.#touched;
    this.#touched = null;
    return rect && makePatch(this.#committed, this.mask, this.width, rect, label);
  }
}

/**
 * @param {string} label
 * @returns {Patch}
 */
function emptyPatch(label) {
  const none = new Uint32Array(0);
  return { label, rect: null, starts: none, lengths: none, classes: new Uint16Array(0) };
}

/**
 * @param {Uint8Array} mask
 * @param {number} width
 * @param {number} height
 */
function requireSize(mask, width, height) {
  if (!(mask instanceof Uint8Array) || mask.length !== width * height) {
    throw new RangeError(
      `The mask has ${mask?.length} values, the picture has ${width} x ${height} pixels; load the mask of this picture.`,
    );
  }
}
