/**
 * Mouse, pen and touch on the stage, as painting, panning and zooming.
 *
 * A stroke is never lost: when the browser takes the pointer away (pointercancel, lost capture, a window that
 * loses focus) the stroke ends where it was, as if the pointer had been lifted.
 */

/**
 * @typedef {import("./raster/brush.js").Point} Point
 * @typedef {import("../shared/viewport.js").Viewport} Viewport
 *
 * @typedef {object} PointerHandlers
 * @property {() => boolean} pans          the next press moves the picture
 * @property {() => boolean} canPaint
 * @property {(point: Point, erases: boolean, modifiers: import("./tools/tool.js").Modifiers) => void} press
 * @property {(points: Point[]) => void} drag
 * @property {(point: Point) => void} release
 * @property {() => void} abort            undo what the stroke has painted
 * @property {(point: Point|null) => void} hover  null: the pointer has left
 * @property {() => void} doubleClick
 * @property {() => void} viewportMoved
 * @property {() => void} blurred          the window has lost focus: no key is down any more
 */

/** A stroke this young, in ms, was the first finger of a pinch and no stroke. */
const PINCH_GRACE_MS = 250;
/** Zoom per CSS pixel of wheel; a trackpad's pinch (sent with ctrlKey) has far smaller deltas. */
const WHEEL_RATE = 0.0015;
const PINCH_RATE = 0.01;
const LINE_PX = 16;
const PAGE_PX = 400;
const PEN_ERASER_BUTTON = 5;

export class PointerInput {
  /** The pointer that paints or pans. */
  #pointerId = -1;
  #pressedAt = 0;
  /** Last position in device pixels. @type {Point} */
  #last = { x: 0, y: 0 };
  /** Where the pointer hovers, in device pixels; null: not over the stage. @type {Point|null} */
  #hovering = null;
  /** Fingers on the stage. @type {Map<number, Point>} */
  #touches = new Map();
  #listeners;

  /**
   * @param {HTMLElement} stage
   * @param {Viewport} viewport
   * @param {PointerHandlers} handlers
   */
  constructor(stage, viewport, handlers) {
    this.stage = stage;
    this.viewport = viewport;
    this.handlers = handlers;
    /** @type {"idle"|"paint"|"pan"|"pinch"} */
    this.mode = "idle";

    const listeners = new AbortController();
    this.#listeners = listeners;
    const on = (
      /** @type {EventTarget} */ target,
      /** @type {string} */ type,
      /** @type {(event: any) => void} */ run,
    ) => target.addEventListener(type, run, { signal: listeners.signal, passive: false });
    on(stage, "pointerdown", (event) => this.#down(event));
    on(stage, "pointermove", (event) => this.#move(event));
    on(stage, "pointerup", (event) => this.#up(event));
    on(stage, "pointercancel", (event) => this.#up(event));
    on(stage, "lostpointercapture", (event) => this.#up(event));
    on(stage, "pointerleave", () => this.mode === "idle" && this.#hoverAt(null));
    on(stage, "wheel", (event) => this.#wheel(event));
    on(stage, "dblclick", (event) => event.button === 0 && !handlers.pans() && handlers.doubleClick());
    on(stage, "contextmenu", (event) => event.preventDefault());
    // The middle button would start the browser's own scrolling.
    on(stage, "mousedown", (event) => event.button === 1 && event.preventDefault());
    // A person who uses the pointer needs no focus ring around the stage, even when pressing hotkeys.
    on(stage, "pointerdown", () => stage.classList.add("pz-by-pointer"));
    on(stage, "blur", () => stage.classList.remove("pz-by-pointer"));
    on(window, "blur", () => {
      this.finish();
      handlers.blurred();
    });
  }

  /** End whatever is in progress where it is; painted pixels stay. */
  finish() {
    const { mode } = this;
    const pointerId = this.#pointerId;
    this.mode = "idle";
    this.#pointerId = -1;
    this.#touches.clear();
    this.stage.classList.remove("pz-panning");
    if (this.stage.hasPointerCapture(pointerId)) this.stage.releasePointerCapture(pointerId);
    if (mode === "paint") this.handlers.release(this.viewport.toImage(this.#last.x, this.#last.y));
  }

  /** End the stroke and undo what it painted. */
  abort() {
    if (this.mode !== "paint") return;
    this.mode = "idle";
    this.handlers.abort();
    this.finish();
  }

  /** Something moved under a pointer that did not: report its position again. */
  refreshHover() {
    this.#hoverAt(this.#hovering);
  }

  destroy() {
    this.finish();
    this.#listeners.abort();
  }

  /**
   * @param {PointerEvent} event
   */
  #down(event) {
    const at = this.#position(event);
    if (event.pointerType === "touch") {
      if (this.mode === "paint" && !this.#touches.has(this.#pointerId)) return; // a palm beside the pen
      this.#touches.set(event.pointerId, at);
      if (this.#touches.size === 2) {
        this.#startPinch();
        return;
      }
    }
    if (this.mode !== "idle") return;
    const pans = event.button === 1 || this.handlers.pans();
    if (!pans && !this.handlers.canPaint()) return;
    this.mode = pans ? "pan" : "paint";
    this.stage.classList.toggle("pz-panning", pans);
    this.#pointerId = event.pointerId;
    this.#last = at;
    this.#pressedAt = event.timeStamp;
    this.#capture(event.pointerId);
    if (pans) return;
    const erases = event.button === 2 || event.button === PEN_ERASER_BUTTON;
    this.#hoverAt(at);
    const modifiers = { shift: event.shiftKey, alt: event.altKey };
    this.handlers.press(this.viewport.toImage(at.x, at.y), erases, modifiers);
  }

  /**
   * @param {PointerEvent} event
   */
  #move(event) {
    const at = this.#position(event);
    if (this.mode === "pinch") {
      if (this.#touches.has(event.pointerId)) this.#pinch(event.pointerId, at);
      return;
    }
    if (this.mode !== "idle" && event.pointerId !== this.#pointerId) return;
    if (this.mode === "pan") {
      this.viewport.panBy(at.x - this.#last.x, at.y - this.#last.y);
      this.#last = at;
      this.#hovering = at;
      this.handlers.viewportMoved();
      return;
    }
    if (this.mode === "paint") {
      // Missing in older Safari, empty for events made by scripts.
      const events = event.getCoalescedEvents?.() ?? [];
      const points = (events.length > 0 ? events : [event]).map((single) => {
        const { x, y } = this.#position(single);
        return this.viewport.toImage(x, y);
      });
      this.#last = at;
      this.handlers.drag(points);
    }
    this.#hoverAt(at);
  }

  /**
   * @param {PointerEvent} event
   */
  #up(event) {
    this.#touches.delete(event.pointerId);
    if (this.mode === "pinch") {
      if (this.#touches.size === 0) this.mode = "idle";
      return;
    }
    if (this.mode === "idle" || event.pointerId !== this.#pointerId) return;
    // A cancelled pointer reports no position worth painting to.
    if (event.type === "pointerup") this.#last = this.#position(event);
    this.finish();
    if (event.pointerType === "touch") this.#hoverAt(null);
  }

  /**
   * @param {WheelEvent} event
   */
  #wheel(event) {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? LINE_PX : event.deltaMode === 2 ? PAGE_PX : 1;
    const rate = event.ctrlKey ? PINCH_RATE : WHEEL_RATE;
    const factor = Math.min(2, Math.max(0.5, Math.exp(-event.deltaY * unit * rate)));
    const at = this.#position(event);
    this.viewport.zoomAt(factor, at.x, at.y);
    this.#hovering = at;
    this.handlers.viewportMoved();
  }

  #startPinch() {
    if (this.mode === "paint") {
      if (performance.now() - this.#pressedAt < PINCH_GRACE_MS) {
        this.mode = "idle";
        this.handlers.abort();
      } else {
        const touches = new Map(this.#touches);
        this.finish();
        this.#touches = touches;
      }
    }
    this.mode = "pinch";
    this.#hoverAt(null);
    for (const id of this.#touches.keys()) this.#capture(id);
  }

  /**
   * @param {number} id the finger that moved
   * @param {Point} at
   */
  #pinch(id, at) {
    const before = spread([...this.#touches.values()]);
    this.#touches.set(id, at);
    const after = spread([...this.#touches.values()]);
    this.viewport.panBy(after.x - before.x, after.y - before.y);
    if (before.distance > 0) this.viewport.zoomAt(after.distance / before.distance, after.x, after.y);
    this.handlers.viewportMoved();
  }

  /**
   * @param {Point|null} at device pixels
   */
  #hoverAt(at) {
    this.#hovering = at;
    this.handlers.hover(at && this.viewport.toImage(at.x, at.y));
  }

  /**
   * Keep getting the pointer's events outside the stage.
   * @param {number} pointerId
   */
  #capture(pointerId) {
    try {
      this.stage.setPointerCapture(pointerId);
    } catch {
      // The pointer is already gone; its pointerup or pointercancel ends the stroke.
    }
  }

  /**
   * Device pixels on the stage, also where the page scales it by CSS.
   * @param {MouseEvent} event
   * @returns {Point}
   */
  #position(event) {
    const box = this.stage.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) * this.viewport.stageWidth) / box.width,
      y: ((event.clientY - box.top) * this.viewport.stageHeight) / box.height,
    };
  }
}

/**
 * Centre and spread of one or two fingers.
 * @param {Point[]} points
 */
function spread(points) {
  const [a, b = a] = points;
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, distance: Math.hypot(a.x - b.x, a.y - b.y) };
}
