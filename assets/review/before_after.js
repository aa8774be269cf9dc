/** Before and after: a labeler's mask beside what a reviewer made of it, and where the two differ. */
import { element } from "../shared/dom.js";
import * as api from "./api.js";
import { countDifferences, maskPreview } from "./mask_preview.js";

/**
 * @import { Desk } from "./desk.js"
 *
 * @typedef {object} Change
 * @property {number} before  revision of the labeler's mask
 * @property {string} labeler
 * @property {number|null} after  revision of the reviewer's mask; null: the mask in the editor
 * @property {string} reviewer
 */

const PREVIEW_PX = 420; // on the longer side
const DIFFERENT = 1;

/** @param {Desk} desk @param {Change} change */
export async function showBeforeAfter(desk, { before, labeler, after, reviewer }) {
  const { current, dataset, editor, statusBar } = desk;
  if (!current || !dataset) return;
  const { id, name, width, height } = current.item;
  let masks;
  try {
    masks = await Promise.all(
      [before, after].map(async (revision) =>
        revision === null ? editor.mask.slice() : (await api.mask(id, revision)).mask,
      ),
    );
  } catch (error) {
    statusBar.say(`${name}: the two masks cannot be shown. ${api.messageOf(error)}`);
    return;
  }
  if (desk.current !== current || document.querySelector("dialog[open]")) return;
  const [old, changed] = masks;
  const differences = countDifferences(old, changed);
  const where = old.map((value, at) => (value === changed[at] ? 0 : DIFFERENT));
  const colors = new Map(dataset.classes.map(({ index, color }) => [index, color]));
  const previewWidth = Math.max(1, Math.round((PREVIEW_PX * width) / Math.max(width, height)));
  const picture = { image: current.image, width, height };
  const figure = (
    /** @type {string} */ text,
    /** @type {Uint8Array} */ mask,
    /** @type {Map<number, string>} */ shown = colors,
  ) =>
    element(
      "figure",
      {},
      element("figcaption", { text }),
      maskPreview({ ...picture, colors: shown }, mask, previewWidth),
    );
  const share = ((100 * differences) / (width * height)).toFixed(1);
  const close = element("button", { class: "st-button", type: "submit", text: "Close" });
  /** @type {HTMLDialogElement} */
  const dialog = element(
    "dialog",
    {
      class: "st-page pr-dialog pr-before-after",
      "aria-labelledby": "pr-before-after-title",
      on: { close: () => dialog.remove() },
    },
    element("h2", { id: "pr-before-after-title", text: `${name}: before and after` }),
    element(
      "div",
      { class: "pr-sides" },
      figure(`Before: ${labeler}`, old),
      figure(`After: ${reviewer}`, changed),
      figure("Where they differ", where, new Map([[DIFFERENT, "#ff00ff"]])),
    ),
    element("p", {
      class: "pr-note",
      text: differences
        ? `${differences.toLocaleString()} ${differences === 1 ? "pixel differs" : "pixels differ"}, ${share} % of the picture.`
        : "The two masks are the same.",
    }),
    element("form", { method: "dialog", class: "pr-history-buttons" }, close),
  );
  document.body.append(dialog);
  dialog.showModal();
}
