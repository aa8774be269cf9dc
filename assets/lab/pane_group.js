/** Panes that show the same part of the picture: zoom, pan and pointer of one are those of all. */
import { Viewport } from "../shared/viewport.js";
import { element, fillSelect } from "../shared/dom.js";
import { LAYERS } from "./layers.js";
import { Pane } from "./pane.js";

const STEP_PX = 40;
const KEYS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const LEAST_WIDTH = 165;
const MOST_WIDTH = 460;
const HANDLE_PX = 9; // this near to the divider, dragging moves it and not the picture
const DIVIDE_STEP = 0.05;
const AREA = 44_000; // CSS pixels of a view among many: a whole way fits on a screen

/** Events: `point` (detail: {x, y} in the picture, or null when the pointer leaves). */
export class PaneGroup extends EventTarget {
  constructor() {
    super();
    this.viewport = new Viewport(0);
    /** @type {import("./draw.js").Style} */
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
    this.views = [];
    this.image = null;
    this.pointer = null;
    this.enlarged = null; // key of the view that is shown alone
    this.grid = element("div", { class: "lb-panes" });
    this.big = this._buildEnlarged();
    this.root = element("div", { class: "lb-pane-group" }, this.grid, this.big.root);
    new ResizeObserver(() => this._resize()).observe(this.root);
  }

  _buildEnlarged() {
    const pane = new Pane(() => this.enlarge(null));
    const other = element("select", {
      class: "st-input",
      "aria-label": "Compare with",
      on: { change: () => this.draw() },
    });
    const divide = element("input", {
      type: "range",
      min: "0",
      max: "1",
      step: "0.01",
      value: "0.5",
      "aria-label": "Where the compared view begins",
      on: { input: () => this._divideAt(Number(divide.value)) },
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
    this._listen(pane);
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
    this._resize();
    this.draw();
  }

  /** @param {import("./pane.js").View[]} views */
  show(views) {
    this.views = views;
    const children = [];
    let section = null;
    for (const view of views) {
      if (view.heading && view.heading !== section) {
        section = view.heading;
        children.push(element("h3", { class: "lb-section", text: section }));
      }
      let pane = this.panes.get(view.key);
      if (!pane) {
        pane = new Pane(() => this.enlarge(view.key));
        this._listen(pane);
        this.panes.set(view.key, pane);
      }
      pane.show(view);
      children.push(pane.root);
    }
    const same =
      children.length === this.grid.children.length &&
      children.every(
        (child, i) =>
          child === this.grid.children[i] ||
          (child.tagName === "H3" && this.grid.children[i].textContent === child.textContent),
      );
    if (!same) this.grid.replaceChildren(...children);
    for (const key of this.panes.keys()) if (!views.some((view) => view.key === key)) this.panes.delete(key);
    this._showEnlarged();
    this._resize();
    this._drawSoon();
  }

  /** Show one view alone, or all again. @param {string|null} key */
  enlarge(key) {
    this.enlarged = key;
    this._showEnlarged();
    this._resize();
    this._drawSoon();
    if (key) this.big.pane.canvas.focus();
  }

  _showEnlarged() {
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
      { value: "", text: view.against ? view.sides[1] : "nothing" },
      ...others.map(({ key, title }) => ({ value: key, text: title })),
    ]);
  }

  /** Change how all are drawn. @param {Object} change */
  setStyle(change) {
    if (Object.entries(change).every(([name, value]) => this.style[name] === value)) return;
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
    this._drawSoon();
  }

  /** Draw what is not as it should be. */
  _drawSoon() {
    this._frame ??= requestAnimationFrame(() => {
      this._frame = null;
      this._drawNow();
    });
  }

  _drawNow() {
    if (!this.image || !this.views.length) return;
    if (this.enlarged) {
      const compared = this._comparedOf(this.big.pane);
      this.big.divide.disabled = !compared;
      if (this.big.pane.isStale)
        this.big.pane.draw(this.viewport, this.image, this.style, this.pointer, compared);
      return;
    }
    for (const pane of this.panes.values())
      if (pane.isStale)
        pane.draw(this.viewport, this.image, this.style, this.pointer, this._comparedOf(pane));
  }

  /** What a divider slides over a pane's view: what the view brings along, or what was chosen for the enlarged one. */
  _comparedOf(pane) {
    const { view } = pane;
    const chosen = pane === this.big.pane ? this.views.find(({ key }) => key === this.big.other.value) : null;
    if (chosen) return { view: chosen, at: this.divide, sides: [view.title, chosen.title] };
    return view?.against ? { view: view.against, at: this.divide, sides: view.sides } : null;
  }

  _divideAt(share) {
    this.divide = Math.min(1, Math.max(0, share));
    this.big.divide.value = String(this.divide);
    this.draw();
  }

  _resize() {
    const width = this.root.clientWidth;
    if (!this.image || !width) return;
    const ratio = this.viewport.imageHeight / this.viewport.imageWidth;
    const pixelRatio = window.devicePixelRatio;
    let side;
    let height;
    if (this.enlarged) {
      const room = Math.max(240, window.innerHeight - this.root.getBoundingClientRect().top - 110);
      side = Math.min(width - 2, room / Math.min(ratio, 1.2));
      height = Math.min(room, side * ratio);
    } else {
      const wanted = Math.max(LEAST_WIDTH, Math.min(320, Math.sqrt(AREA / ratio)));
      const rowOf = this.views[0]?.rowOf ?? 0; // views that belong together are not torn apart
      const columns =
        rowOf && width >= rowOf * (LEAST_WIDTH + 12)
          ? rowOf
          : rowOf
            ? rowOf / 2
            : this.views.length <= 4
              ? Math.min(this.views.length, 1 + (width > 420) + 2 * (width > 840))
              : Math.max(1, Math.round((width + 12) / (wanted + 12)));
      side = Math.min(MOST_WIDTH, Math.floor((width - 12 * (columns - 1)) / columns) - 2);
      height = side * Math.min(1.5, Math.max(0.5, ratio));
      this.grid.style.setProperty("--lb-columns", String(columns));
    }
    this.root.style.setProperty("--lb-width", `${Math.round(side)}px`);
    this.root.style.setProperty("--lb-height", `${Math.round(height)}px`);
    const size = [
      Math.round(Math.round(side) * pixelRatio),
      Math.round(Math.round(height) * pixelRatio),
      pixelRatio,
    ];
    const { stageWidth, stageHeight } = this.viewport;
    if (size[0] === stageWidth && size[1] === stageHeight && size[2] === this.viewport.pixelRatio) return;
    this.viewport.resize(...size);
    this.draw();
  }

  /** @param {Pane} pane */
  _listen(pane) {
    const { canvas } = pane;
    let isDividing = false;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return {
        px: (event.clientX - box.left) * window.devicePixelRatio,
        py: (event.clientY - box.top) * window.devicePixelRatio,
      };
    };
    const isAtDivider = (px) =>
      this._comparedOf(pane) !== null &&
      Math.abs(px - this.divide * canvas.width) < HANDLE_PX * window.devicePixelRatio;
    canvas.addEventListener("pointermove", (event) => {
      const { px, py } = at(event);
      if (!event.buttons) isDividing = false;
      canvas.style.cursor = isDividing || isAtDivider(px) ? "ew-resize" : "";
      if (isDividing) this._divideAt(px / canvas.width);
      else if (event.buttons)
        this.viewport.panBy(
          event.movementX * window.devicePixelRatio,
          event.movementY * window.devicePixelRatio,
        );
      this._point(this.viewport.toImage(px, py));
    });
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      isDividing = isAtDivider(at(event).px);
    });
    canvas.addEventListener("pointerup", () => {
      isDividing = false;
    });
    canvas.addEventListener("pointerleave", () => this._point(null));
    canvas.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey && !event.altKey && !this.enlarged && !event.shiftKey) return; // the page scrolls
        event.preventDefault();
        const { px, py } = at(event);
        this._zoom(Math.exp(-(event.deltaY || event.deltaX) / 300), px, py);
      },
      { passive: false },
    );
    canvas.addEventListener("dblclick", (event) => {
      const { px, py } = at(event);
      this._zoom(2, px, py);
    });
    canvas.addEventListener("keydown", (event) => this._key(event, pane));
  }

  _key(event, pane) {
    const turn =
      event.shiftKey && this._comparedOf(pane) ? { ArrowLeft: -1, ArrowRight: 1 }[event.key] : undefined;
    if (turn) {
      this._divideAt(this.divide + turn * DIVIDE_STEP);
      event.preventDefault();
      return;
    }
    const middle = [this.viewport.stageWidth / 2, this.viewport.stageHeight / 2];
    if (event.key in KEYS) {
      const [dx, dy] = KEYS[event.key];
      this.viewport.panBy(dx * STEP_PX, dy * STEP_PX);
      this.draw();
    } else if (event.key === "+" || event.key === "=") this._zoom(1.5, ...middle);
    else if (event.key === "-") this._zoom(1 / 1.5, ...middle);
    else if (event.key === "0") this.fit();
    else if (event.key === "Escape" && this.enlarged) this.enlarge(null);
    else if (event.key === "Enter" && !this.enlarged)
      this.enlarge(event.target.closest("figure").dataset.key);
    else return;
    event.preventDefault();
  }

  _zoom(factor, px, py) {
    this.viewport.zoomAt(factor, px, py);
    if (this.viewport.scale <= this.viewport.fitScale() * 1.001) this.viewport.fit();
    this.draw();
  }

  _point(point) {
    const { imageWidth, imageHeight } = this.viewport;
    const isInside = point && point.x >= 0 && point.y >= 0 && point.x < imageWidth && point.y < imageHeight;
    this.pointer = isInside ? point : null;
    this.dispatchEvent(new CustomEvent("point", { detail: this.pointer }));
    this.draw();
  }
}
