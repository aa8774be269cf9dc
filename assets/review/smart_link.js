/** Connects the Smart tool to its engine in the studio. */
import * as api from "./api.js";

/** @import { Desk } from "./desk.js" */

/** Identifies this tab to the studio, where a newer request replaces an older one of the same tab. */
const CLIENT = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
  byte.toString(16).padStart(2, "0"),
).join("");

/** @param {Desk} desk */
export function connectSmart(desk) {
  const { editor } = desk;
  editor.setRefine((wanted, signal) => refine(Number(editor.id), wanted, signal));
  editor.on("toolchange", () => prepare(desk));
}

/** While the Smart tool is current, prepare the current picture for it. @param {Desk} desk */
export function prepare({ current, editor }) {
  if (editor.tool === "smart" && current) api.prepareSmart(current.item.id).catch(() => {}); // the first click prepares it
}

/**
 * @param {number} id
 * @param {import("../editor/smart/session.js").RefineRequest} wanted
 * @param {AbortSignal} signal
 * @returns {Promise<import("../editor/smart/session.js").Refined>}
 */
async function refine(id, { mask, seeds, lockedClasses, onlyBackground, protectedRuns, heatmap }, signal) {
  const header = {
    client: CLIENT,
    seeds,
    locked_classes: lockedClasses,
    only_background: onlyBackground,
    protected: protectedRuns,
    heatmap,
  };
  const refined = await api.refine(id, header, mask, signal);
  const { rect, step } = refined.header;
  const [y0, x0, y1, x1] = rect ?? [0, 0, 0, 0];
  return { rect: rect && { x0, y0, x1, y1 }, pixels: refined.arrays.pixels.data, step };
}
