/** Panes that show the same part of the picture: they zoom, pan and point together. */
import { Viewport } from "../shared/viewport.js";
import { element, fillSelect } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import { LAYERS } from "./layers.js";
import { Pane } from "./pane.js";
import { enlargedSize, gridSize } from "./pane_size.js";

/**
 * @import { Compared } from "./pane.js"
 * @import { Style, View } from "./view.js"
 *
 * @typedef {{x: number, y: number}} Place in the picture
 */

const STEP_PX = 40;
/** @type {Partial<Record<string, [number, number]>>} */
const KEYS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
/** @type {Partial<Record<string, number>>} */
const DIVIDER_KEYS = { ArrowLeft: -1, ArrowRight: 1 };
const HANDLE_PX = 9; // this near to the divider, dragging moves it and not the picture
const DIVIDE_STEP = 0.05;

/** @extends {Emitter<{point: Place|null}>} event `point`: where the pointer is, null when it leaves */
export class PaneGroup extends Emitter {
  /** @type {number|null} */
  #frame = null;

  constructor() {
    super();
    this.viewport = new Viewport(0);
    /** @type {Style} */
    this.style = {
      layers: { ...LAYERS },
      colormap: "turbo",
      threshold: 0.5,
      colours: new Map(),
      maskSize: { width: 1, height: 1 },
      truth: null,
    };
    this.divide = 0.5; // where a compared view begins, as a share of the width
    /** @type {Map<string, Pane>} */
    this.panes = new Map();
    /** @type {View[]} */
    this.views = [];
    /** @type {ImageBitmap|null} */
    this.image = null;
    /** @type {Place|null} */
    this.pointer = null;
    /** Key of the view that is shown alone. @type {string|null} */
    this.enlarged = null;
    this.grid = element("div", { class: "lb-panes" });
    this.big = this.#buildEnlarged();
    this.root = element("div", { class: "lb-pane-group" }, this.grid, this.big.root);
    new ResizeObserver(() => this.#resize()).observe(this.root);
  }

  #buildEnlarged() {
    const pane = new Pane(() => this.enlarge(null));
    const other = element("select", {
      class: "st-input",
      "aria-label": "Compare with",
      on: { change: () => this.draw() },
    });
    /** @type {HTMLInputElement} */
    const divide = element("input", {
      type: "range",
      min: "0",
      max: "1",
      step: "0.01",
      value: "0.5",
      "aria-label": "Where the compared view begins",
      on: { input: () => this.divideAt(Number(divide.value)) },
    });
    const back = element("button", {
      class: "st-button",
      type: "button",
      text: "Back to all views",
      title: "Esc",
      on: { click: () => this.enlarge(null) },
    });
    const bar = element(
      "div",
      { class: "lb-compare" },
      back,
      element("label", {}, "Compare with ", other),
      divide,
    );
    this.#listen(pane);
    return {
      pane,
      other,
      divide,
      root: element("div", { class: "lb-enlarged", hidden: true }, bar, pane.root),
    };
  }

  /** @param {ImageBitmap} image @param {number} width @param {number} height */
  setPicture(image, width, height) {
    this.image = image;
    this.pointer = null;
    this.viewport.setImage(width, height);
    this.#resize();
    this.draw();
  }

  /** @param {View[]} views */
  show(views) {
    this.views = views;
    /** @type {HTMLElement[]} */
    const children = [];
    /** @type {string|null} */
    let section = null;
    for (const view of views) {
      if (view.heading && view.heading !== section) {
        section = view.heading;
        children.push(element("h3", { class: "lb-section", text: section }));
      }
      const pane = this.#paneOf(view.key);
      pane.show(view);
      children.push(pane.root);
    }
    const isSame =
      children.length === this.grid.children.length &&
      children.every((child, i) => {
        const shown = this.grid.children[i];
        return child === shown || (child.tagName === "H3" && shown.textContent === child.textContent);
      });
    if (!isSame) this.grid.replaceChildren(...children);
    for (const key of this.panes.keys()) if (!views.some((view) => view.key === key)) this.panes.delete(key);
    this.#showEnlarged();
    this.#resize();
    this.#drawSoon();
  }

  /** @param {string} key @returns {Pane} */
  #paneOf(key) {
    const known = this.panes.get(key);
    if (known) return known;
    const pane = new Pane(() => this.enlarge(key));
    this.#listen(pane);
    this.panes.set(key, pane);
    return pane;
  }

  /** Show one view alone, or all again. @param {string|null} key */
  enlarge(key) {
    this.enlarged = key;
    this.#showEnlarged();
    this.#resize();
    this.#drawSoon();
    if (key) this.big.pane.canvas.focus();
  }

  #showEnlarged() {
    const view = this.views.find(({ key }) => key === this.enlarged);
    this.big.root.hidden = !view;
    this.grid.hidden = Boolean(view);
    if (!view) {
      this.enlarged = null;
      return;
    }
    this.big.pane.show(view);
    const others = this.views.filter(({ key }) => key !== view.key);
    fillSelect(this.big.other, [
      { value: "", text: view.sides?.[1] ?? "nothing" },
      ...others.map(({ key, title }) => ({ value: key, text: title })),
    ]);
  }

  /** Change how all are drawn. @param {Partial<Style>} change */
  setStyle(change) {
    const isSame = Object.entries(change).every(
      ([name, value]) => this.style[/** @type {keyof Style} */ (name)] === value,
    );
    if (isSame) return;
    Object.assign(this.style, change);
    this.draw();
  }

  fit() {
    this.viewport.fit();
    this.draw();
  }

  /** Draw everything at the next frame, however often it is asked for. */
  draw() {
    for (const pane of [...this.panes.values(), this.big.pane]) pane.isStale = true;
    this.#drawSoon();
  }

  /** Draw what has changed at the next frame. */
  #drawSoon() {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#drawNow();
    });
  }

  #drawNow() {
    const { image, big } = this;
    if (!image || !this.views.length) return;
    if (this.enlarged) big.divide.disabled = !this.#comparedOf(big.pane);
    for (const pane of this.enlarged ? [big.pane] : this.panes.values())
      if (pane.isStale) pane.draw(this.viewport, image, this.style, this.pointer, this.#comparedOf(pane));
  }

  /**
   * What a divider slides over a pane's view: the view's own comparison, or what was chosen for the enlarged one.
   * @param {Pane} pane @returns {Compared|null}
   */
  #comparedOf(pane) {
    const { view } = pane;
    if (!view) return null;
    const chosen = pane === this.big.pane ? this.views.find(({ key }) => key === this.big.other.value) : null;
    if (chosen) return { view: chosen, at: this.divide, sides: [view.title, chosen.title] };
    return view.against ? { view: view.against, at: this.divide, sides: view.sides } : null;
  }

  /** Move the divider. @param {number} share of the width */
  divideAt(share) {
    this.divide = Math.min(1, Math.max(0, share));
    this.big.divide.value = String(this.divide);
    this.draw();
  }

  #resize() {
    const room = this.root.clientWidth;
    if (!this.image || !room) return;
    const { imageWidth, imageHeight, stageWidth, stageHeight } = this.viewport;
    const ratio = imageHeight / imageWidth;
    /** @type {{width: number, height: number}} */
    let size;
    if (this.enlarged) {
      const heightRoom = Math.max(240, window.innerHeight - this.root.getBoundingClientRect().top - 110);
      size = enlargedSize(room, heightRoom, ratio);
    } else {
      const { columns, ...paneSize } = gridSize(this.views.length, this.views[0]?.rowOf ?? 0, room, ratio);
      size = paneSize;
      this.grid.style.setProperty("--lb-columns", String(columns));
    }
    const [width, height] = [Math.round(size.width), Math.round(size.height)];
    this.root.style.setProperty("--lb-width", `${width}px`);
    this.root.style.setProperty("--lb-height", `${height}px`);
    const pixelRatio = window.devicePixelRatio;
    const [devicePx, devicePy] = [Math.round(width * pixelRatio), Math.round(height * pixelRatio)];
    if (devicePx === stageWidth && devicePy === stageHeight && pixelRatio === this.viewport.pixelRatio)
      return;
    this.viewport.resize(devicePx, devicePy, pixelRatio);
    this.draw();
  }

  /** @param {Pane} pane */
  #listen(pane) {
    const { canvas } = pane;
    let isDividing = false;
    const at = (/** @type {MouseEvent} */ event) => {
      const box = canvas.getBoundingClientRect();
      return {
        px: (event.clientX - box.left) * window.devicePixelRatio,
        py: (event.clientY - box.top) * window.devicePixelRatio,
      };
    };
    const isAtDivider = (/** @type {number} */ px) =>
      this.#comparedOf(pane) !== null &&
      Math.abs(px - this.divide * canvas.width) < HANDLE_PX * window.devicePixelRatio;
    canvas.addEventListener("pointermove", (event) => {
      const { px, py } = at(event);
      if (!event.buttons) isDividing = false;
      canvas.style.cursor = isDividing || isAtDivider(px) ? "ew-resize" : "";
      if (isDividing) this.divideAt(px / canvas.width);
      else if (event.buttons)
        this.viewport.panBy(
          event.movementX * window.devicePixelRatio,
          event.movementY * window.devicePixelRatio,
        );
      this.#point(this.viewport.toImage(px, py));
    });
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      isDividing = isAtDivider(at(event).px);
    });
    canvas.addEventListener("pointerup", () => {
      isDividing = false;
    });
    canvas.addEventListener("pointerleave", () => this.#point(null));
    canvas.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey && !event.altKey && !this.enlarged && !event.shiftKey) return; // the page scrolls
        event.preventDefault();
        const { px, py } = at(event);
        this.#zoom(Math.exp(-(event.deltaY || event.deltaX) / 300), px, py);
      },
      { passive: false },
    );
    canvas.addEventListener("dblclick", (event) => {
      const { px, py } = at(event);
      this.#zoom(2, px, py);
    });
    canvas.addEventListener("keydown", (event) => this.#key(event, pane));
  }

  /** @param {KeyboardEvent} event @param {Pane} pane */
  #key(event, pane) {
    const { key } = event;
    const turn = event.shiftKey && this.#comparedOf(pane) ? DIVIDER_KEYS[key] : undefined;
    const step = KEYS[key];
    const middle = /** @type {const} */ ([this.viewport.stageWidth / 2, this.viewport.stageHeight / 2]);
    if (turn) this.divideAt(this.divide + turn * DIVIDE_STEP);
    else if (step) {
      this.viewport.panBy(step[0] * STEP_PX, step[1] * STEP_PX);
      this.draw();
    } else if (key === "+" || key === "=") this.#zoom(1.5, ...middle);
    else if (key === "-") this.#zoom(1 / 1.5, ...middle);
    else if (key === "0") this.fit();
    else if (key === "Escape" && this.enlarged) this.enlarge(null);
    else if (key === "Enter" && !this.enlarged && pane.view) this.enlarge(pane.view.key);
    else return;
    event.preventDefault();
  }

  /** @param {number} factor @param {number} px device pixels @param {number} py */
  #zoom(factor, px, py) {
    this.viewport.zoomAt(factor, px, py);
    if (this.viewport.scale <= this.viewport.fitScale() * 1.001) this.viewport.fit();
    this.draw();
  }

  /** @param {Place|null} place */
  #point(place) {
    const { imageWidth, imageHeight } = this.viewport;
    const isInside = place && place.x >= 0 && place.y >= 0 && place.x < imageWidth && place.y < imageHeight;
    this.pointer = isInside ? place : null;
    this.emit("point", this.pointer);
    this.draw();
  }
}
