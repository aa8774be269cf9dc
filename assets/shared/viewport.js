/**
 * Where the picture is on the stage, in device pixels; `scale` is device pixels per image pixel.
 *
 * The origin is rounded to whole device pixels only when it is read, so that separately drawn layers agree to the
 * pixel, and zooming in and out does not drift.
 */
const FIT_MARGIN_PX = 16;
const MAX_ZOOM = 64;
/** A rectangle that is shown takes this part of the stage: 1 / 1.3. */
const ROOM_AROUND = 1.3;
const MOST_ZOOM_TO_RECT = 16;
/** CSS pixels of the picture that always stay on the stage. */
const KEEP_VISIBLE_PX = 48;

export class Viewport {
  #marginPx;
  #x = 0;
  #y = 0;

  /** @param {number} [marginPx] CSS pixels around the picture when it is fitted */
  constructor(marginPx = FIT_MARGIN_PX) {
    this.#marginPx = marginPx;
    this.imageWidth = 1;
    this.imageHeight = 1;
    this.stageWidth = 1;
    this.stageHeight = 1;
    this.pixelRatio = 1;
    this.scale = 1;
    /** Whether the picture is fitted again when the stage changes its size: until somebody zooms or pans. */
    this.isFitted = true;
  }

  /** Screen x of the image's left edge, whole device pixels. */
  get originX() {
    return Math.round(this.#x);
  }

  get originY() {
    return Math.round(this.#y);
  }

  /** CSS pixels per image pixel: what people call 100 %. */
  get zoom() {
    return this.scale / this.pixelRatio;
  }

  /**
   * @param {number} px device pixels from the stage's left
   * @param {number} py
   * @returns {{x: number, y: number}} image coordinates; floor gives the pixel
   */
  toImage(px, py) {
    return { x: (px - this.originX) / this.scale, y: (py - this.originY) / this.scale };
  }

  /**
   * @param {number} x image coordinates
   * @param {number} y
   * @returns {{x: number, y: number}} device pixels
   */
  toScreen(x, y) {
    return { x: this.originX + x * this.scale, y: this.originY + y * this.scale };
  }

  /**
   * @param {number} width
   * @param {number} height
   * @param {{keepsZoom?: boolean}} [options]  whether a view that is not fitted shows the same part of the new picture
   */
  setImage(width, height, { keepsZoom = false } = {}) {
    const centre = this.toImage(this.stageWidth / 2, this.stageHeight / 2);
    const x = centre.x / this.imageWidth;
    const y = centre.y / this.imageHeight;
    this.imageWidth = width;
    this.imageHeight = height;
    if (keepsZoom && !this.isFitted) this.centreOn(x * width, y * height);
    else this.fit();
  }

  /** Show an image coordinate in the middle. @param {number} x @param {number} y */
  centreOn(x, y) {
    this.#x = this.stageWidth / 2 - x * this.scale;
    this.#y = this.stageHeight / 2 - y * this.scale;
    this.isFitted = false;
    this.#keepVisible();
  }

  /**
   * Show a rectangle of the image as large as the stage allows, with room around it.
   * @param {{x0: number, y0: number, x1: number, y1: number}} rect
   */
  show({ x0, y0, x1, y1 }) {
    const wanted = Math.min(
      this.stageWidth / (ROOM_AROUND * (x1 - x0)),
      this.stageHeight / (ROOM_AROUND * (y1 - y0)),
      MOST_ZOOM_TO_RECT * this.pixelRatio,
    );
    this.scale = Math.max(wanted, this.fitScale());
    this.centreOn((x0 + x1) / 2, (y0 + y1) / 2);
  }

  /**
   * @param {number} width   device pixels
   * @param {number} height
   * @param {number} pixelRatio  device pixels per CSS pixel
   */
  resize(width, height, pixelRatio) {
    const centre = this.toImage(this.stageWidth / 2, this.stageHeight / 2);
    const zoom = this.zoom;
    this.stageWidth = width;
    this.stageHeight = height;
    this.pixelRatio = pixelRatio;
    if (this.isFitted) {
      this.fit();
      return;
    }
    this.scale = zoom * pixelRatio;
    this.#x = width / 2 - centre.x * this.scale;
    this.#y = height / 2 - centre.y * this.scale;
    this.#keepVisible();
  }

  fit() {
    this.scale = this.fitScale();
    this.#x = (this.stageWidth - this.imageWidth * this.scale) / 2;
    this.#y = (this.stageHeight - this.imageHeight * this.scale) / 2;
    this.isFitted = true;
  }

  /**
   * Zoom by a factor; the image point under (px, py) stays where it is.
   * @param {number} factor
   * @param {number} px device pixels
   * @param {number} py
   */
  zoomAt(factor, px, py) {
    const least = Math.min(this.fitScale(), this.pixelRatio) / 2;
    const scale = Math.min(MAX_ZOOM * this.pixelRatio, Math.max(least, this.scale * factor));
    this.#x = px - ((px - this.#x) * scale) / this.scale;
    this.#y = py - ((py - this.#y) * scale) / this.scale;
    this.scale = scale;
    this.isFitted = false;
    this.#keepVisible();
  }

  /**
   * @param {number} dx device pixels
   * @param {number} dy
   */
  panBy(dx, dy) {
    this.#x += dx;
    this.#y += dy;
    this.isFitted = false;
    this.#keepVisible();
  }

  /** Scale at which the whole picture is seen. */
  fitScale() {
    const margin = 2 * this.#marginPx * this.pixelRatio;
    const scale = Math.min(
      (this.stageWidth - margin) / this.imageWidth,
      (this.stageHeight - margin) / this.imageHeight,
    );
    // A stage narrower than its margins still needs a positive scale.
    return Math.min(
      MAX_ZOOM * this.pixelRatio,
      Math.max(scale, 1 / Math.max(this.imageWidth, this.imageHeight)),
    );
  }

  #keepVisible() {
    const keep = KEEP_VISIBLE_PX * this.pixelRatio;
    const width = this.imageWidth * this.scale;
    const height = this.imageHeight * this.scale;
    this.#x = Math.min(this.stageWidth - keep, Math.max(keep - width, this.#x));
    this.#y = Math.min(this.stageHeight - keep, Math.max(keep - height, this.#y));
  }
}
