/** The element that pictures lie on: made, and measured in device pixels. */

/**
 * @param {HTMLElement} host
 * @returns {HTMLElement} the stage, inside a root that fills the host
 */
export function makeStage(host) {
  const root = document.createElement("div");
  root.className = "pz-editor";
  const stage = document.createElement("div");
  stage.className = "pz-stage";
  stage.tabIndex = 0;
  stage.setAttribute("role", "application");
  stage.setAttribute("aria-label", "Picture and mask");
  root.append(stage);
  host.append(root);
  return stage;
}

/**
 * Follow an element's size in device pixels, through resizing, browser zoom and a move to another screen.
 * @param {HTMLElement} element
 * @param {(width: number, height: number, pixelRatio: number) => void} report  whole device pixels, at least 1
 * @returns {() => void} stop following
 */
export function observeDevicePixels(element, report) {
  const observer = new ResizeObserver((entries) => {
    const { contentRect, devicePixelContentBoxSize } = entries[entries.length - 1];
    const ratio = window.devicePixelRatio;
    const exact = devicePixelContentBoxSize?.[0];
    const width = wholePixels(contentRect.width * ratio, exact?.inlineSize);
    const height = wholePixels(contentRect.height * ratio, exact?.blockSize);
    if (width > 0 && height > 0) report(width, height, ratio);
  });
  try {
    observer.observe(element, { box: "device-pixel-content-box" });
  } catch {
    observer.observe(element);
  }
  return () => observer.disconnect();
}

/**
 * The exact size where the browser knows it: a rounded one would blur every second column at fractional scales.
 * Emulated screens report CSS pixels there, which is too far off to be a matter of rounding.
 * @param {number} estimate
 * @param {number|undefined} exact
 * @returns {number}
 */
function wholePixels(estimate, exact) {
  return exact !== undefined && Math.abs(exact - estimate) < 2 ? exact : Math.round(estimate);
}
