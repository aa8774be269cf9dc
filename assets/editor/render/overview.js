/** A small map of the whole picture with what is seen of it; a click or a drag on it moves the view. */

/** @typedef {import("../../shared/viewport.js").Viewport} Viewport */

/** CSS pixels of its longer side. */
const SIDE_PX = 150;
const FRAME = "#ffffff";
const FRAME_RIM = "rgb(0 0 0 / 0.7)";

export class Overview {
  #viewport;
  #canvas = document.createElement("canvas");
  #context;
  /** @type {import("./picture.js").Picture|null} */
  #picture = null;
  /** The picture at the size of the map: reducing 12 megapixels for every movement would be felt. */
  #reduced = new OffscreenCanvas(1, 1);
  #isWanted = true;

  /**
   * @param {HTMLElement} root
   * @param {Viewport} viewport
   * @param {(x: number, y: number) => void} centre  shows an image coordinate in the middle
   */
  constructor(root, viewport, centre) {
    this.#viewport = viewport;
    this.#context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d"));
    this.#canvas.className = "pz-overview";
    this.#canvas.hidden = true;
    this.#canvas.title = "The whole picture: click or drag to move the view";
    this.#canvas.setAttribute("role", "img");
    this.#canvas.setAttribute("aria-label", "Overview of the whole picture");
    const move = (/** @type {PointerEvent} */ event) => {
      const box = this.#canvas.getBoundingClientRect();
      centre(
        ((event.clientX - box.left) / box.width) * viewport.imageWidth,
        ((event.clientY - box.top) / box.height) * viewport.imageHeight,
      );
    };
    this.#canvas.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the focus stays where hotkeys work
      this.#canvas.setPointerCapture(event.pointerId);
      move(event);
    });
    this.#canvas.addEventListener("pointermove", (event) => event.buttons && move(event));
    root.append(this.#canvas);
  }

  get isWanted() {
    return this.#isWanted;
  }

  /** @param {boolean} isWanted */
  want(isWanted) {
    this.#isWanted = isWanted;
    this.show();
  }

  /** @param {import("./picture.js").Picture} picture */
  open(picture) {
    this.#picture = picture;
    this.#reduced = new OffscreenCanvas(1, 1);
  }

  /** Draw it, if a part of the picture is out of view. */
  show() {
    const { imageWidth, imageHeight, stageWidth, stageHeight, pixelRatio } = this.#viewport;
    const from = this.#viewport.toImage(0, 0);
    const to = this.#viewport.toImage(stageWidth, stageHeight);
    const isWhole = from.x <= 0 && from.y <= 0 && to.x >= imageWidth && to.y >= imageHeight;
    this.#canvas.hidden = !this.#isWanted || !this.#picture || isWhole;
    if (this.#canvas.hidden || !this.#picture) return;
    const scale = (SIDE_PX * pixelRatio) / Math.max(imageWidth, imageHeight);
    const width = Math.max(1, Math.round(imageWidth * scale));
    const height = Math.max(1, Math.round(imageHeight * scale));
    this.#canvas.width = width;
    this.#canvas.height = height;
    this.#canvas.style.width = `${width / pixelRatio}px`;
    this.#canvas.style.height = `${height / pixelRatio}px`;
    if (this.#reduced.width !== width || this.#reduced.height !== height)
      this.#reduced = reducedTo(this.#picture, width, height);
    this.#context.drawImage(this.#reduced, 0, 0);
    const x0 = Math.max(0, from.x) * scale;
    const y0 = Math.max(0, from.y) * scale;
    const x1 = Math.min(imageWidth, to.x) * scale;
    const y1 = Math.min(imageHeight, to.y) * scale;
    for (const [style, line] of /** @type {const} */ ([
      [FRAME_RIM, 4],
      [FRAME, 2],
    ])) {
      this.#context.strokeStyle = style;
      this.#context.lineWidth = line * pixelRatio;
      this.#context.strokeRect(x0, y0, x1 - x0, y1 - y0);
    }
  }

  destroy() {
    this.#canvas.remove();
  }
}

/** @param {import("./picture.js").Picture} picture @param {number} width @param {number} height */
function reducedTo(picture, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (context) {
    context.imageSmoothingQuality = "medium";
    context.drawImage(picture, 0, 0, width, height);
  }
  return canvas;
}
