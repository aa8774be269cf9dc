/**
 * Smart: mark a place with its class, and the engine corrects the mask around it. A click or a stroke marks the
 * current class, with Shift or the right button background; Alt draws a box. Seeds can be dragged and deleted.
 */
import { SmartSession } from "../smart/session.js";
import { boxSeed, clickSeed, moveSeed, scribbleSeed, seedAt } from "../smart/seeds.js";
import { paintSeed } from "../smart/marks.js";
import { Tool } from "./tool.js";

/**
 * @typedef {import("./tool.js").Point} Point
 * @typedef {import("../smart/seeds.js").Seed} Seed
 *
 * @typedef {object} Gesture  what the pointer is doing
 * @property {"mark"|"box"|"move"} kind
 * @property {Point[]} points
 * @property {number} label
 * @property {number} index  of the seed that is moved
 */

/** A pointer this close to a seed, in CSS pixels, selects it. */
const REACH_PX = 9;
/** A click that moves this far, in CSS pixels, is a stroke. */
const STROKE_PX = 6;

export class SmartTool extends Tool {
  /** @type {Gesture|null} */
  #gesture = null;
  /** The seed that Backspace deletes; -1: the last one. */
  #selected = -1;

  /**
   * @param {import("./tool.js").Bench} bench
   * @param {() => boolean} isCurrent
   */
  constructor(bench, isCurrent) {
    super(bench);
    this.session = new SmartSession(bench, {
      isCurrent,
      changed: () => {
        bench.redraw();
        bench.reportRefining(this.session.isRefining, this.session.pending !== null);
      },
    });
  }

  get label() {
    return "Smart";
  }

  get isPending() {
    return this.session.pending !== null;
  }

  get canRemove() {
    return this.session.seeds.length > 0;
  }

  press(
    /** @type {Point} */ point,
    /** @type {boolean} */ erases,
    /** @type {import("./tool.js").Modifiers} */ { shift = false, alt = false } = {},
  ) {
    const label = erases || shift ? 0 : this.bench.activeClass;
    const index = alt ? -1 : seedAt([...this.session.seeds], point, REACH_PX / this.bench.viewport.zoom);
    this.#selected = index;
    if (index >= 0 && erases) this.#remove(index);
    else this.#gesture = { kind: alt ? "box" : index >= 0 ? "move" : "mark", points: [point], label, index };
    this.bench.redraw();
  }

  drag(/** @type {Point[]} */ points) {
    this.#gesture?.points.push(...points);
    this.bench.redraw();
  }

  release(/** @type {Point} */ point) {
    const gesture = this.#gesture;
    this.#gesture = null;
    if (!gesture) return;
    gesture.points.push(point);
    const next = this.#seedsAfter(gesture);
    if (next) this.session.propose(next);
    this.bench.redraw();
  }

  /** Esc: cancel the gesture, else discard the previewed change. */
  cancel() {
    if (this.#gesture) this.#gesture = null;
    else this.session.discard();
    this.#selected = -1;
    this.bench.redraw();
  }

  confirm() {
    this.session.apply();
  }

  settle() {
    this.#gesture = null;
    this.session.apply();
  }

  /** Undo: cancel a request in progress; apply a previewed change first, so that undo reverts it like any other. */
  undoStep() {
    return this.session.isRefining && this.session.discard();
  }

  removeLast() {
    const { length } = this.session.seeds;
    this.#remove(this.#selected >= 0 && this.#selected < length ? this.#selected : length - 1);
  }

  /** Restart from the heatmaps, keeping the seeds. @param {number} threshold */
  startFromHeat(threshold) {
    this.session.propose([...this.session.seeds], { prior: null, heatmap: threshold });
  }

  paint(
    /** @type {CanvasRenderingContext2D} */ context,
    /** @type {import("./tool.js").Viewport} */ viewport,
  ) {
    const seeds = (this.#gesture && this.#seedsAfter(this.#gesture)) ?? [...this.session.seeds];
    seeds.forEach((seed, k) =>
      paintSeed(context, viewport, seed, this.bench.cssColour(seed.label), k === this.#selected),
    );
  }

  /**
   * @param {number} index
   */
  #remove(index) {
    this.#selected = -1;
    this.session.propose(this.session.seeds.filter((_, k) => k !== index));
  }

  /**
   * The seeds after the gesture; null if it changes nothing.
   * @param {Gesture} gesture
   * @returns {Seed[]|null}
   */
  #seedsAfter({ kind, points, label, index }) {
    const { document } = this.bench;
    if (!document) return null;
    const seeds = [...this.session.seeds];
    const [first] = points;
    const last = points[points.length - 1];
    const isStroke = points.some(
      ({ x, y }) => Math.hypot(x - first.x, y - first.y) * this.bench.viewport.zoom >= STROKE_PX,
    );
    if (kind === "move") {
      if (!isStroke || !seeds[index]) return null;
      seeds[index] = moveSeed(seeds[index], last.x - first.x, last.y - first.y, document);
    } else if (kind === "box") {
      if (!isStroke) return null;
      seeds.push(boxSeed(first, last, label, document));
    } else if (isStroke) seeds.push(scribbleSeed(points, label, document));
    else seeds.push(clickSeed(first, label, document));
    return seeds;
  }
}
