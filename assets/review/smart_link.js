/** The Smart tool's way to its engine: the editor asks, the studio answers. */
import * as api from "../shared/api.js";

/** Names this tab to the studio: a newer question takes the place of an older one. */
const CLIENT = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
  byte.toString(16).padStart(2, "0"),
).join("");

/**
 * @param {Object} page the Review page
 */
export function connectSmart(page) {
  const { editor } = page;
  editor.setRefine((wish, signal) => refine(editor.id, wish, signal));
  editor.addEventListener("toolchange", () => prepare(page));
}

/** While the tool is in hand, the picture that is shown is made ready. @param {Object} page */
export function prepare(page) {
  if (page.editor.tool === "smart" && page.current) api.prepareSmart(page.current.item.id).catch(() => {}); // the first click does it
}

/**
 * @param {number} id
 * @param {import("../editor/smart/session.js").Wish} wish
 * @param {AbortSignal} signal
 * @returns {Promise<import("../editor/smart/session.js").Refined>}
 */
async function refine(id, { mask, seeds, lockedClasses, onlyBackground, protectedRuns, heatmap }, signal) {
  const words = {
    client: CLIENT,
    seeds,
    locked_classes: lockedClasses,
    only_background: onlyBackground,
    protected: protectedRuns,
    heatmap,
  };
  const { header, arrays } = await api.refine(id, words, mask, signal);
  const [y0, x0, y1, x1] = header.rect ?? [0, 0, 0, 0];
  return { rect: header.rect && { x0, y0, x1, y1 }, pixels: arrays.pixels.data, step: header.step };
}
