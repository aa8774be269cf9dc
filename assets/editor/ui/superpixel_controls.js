/** The size of the superpixels, shown while they are the current tool. */
import { COUNTS } from "../tools/superpixel.js";
import { group } from "./controls.js";

const AUTOMATIC = "";

/** @param {import("../editor.js").MaskEditor} editor */
export function superpixelControls(editor) {
  const select = document.createElement("select");
  select.className = "pz-select";
  select.title = "How many superpixels the picture has ([ and ])";
  select.setAttribute("aria-label", "Number of superpixels");
  select.append(
    new Option("as large as usual", AUTOMATIC),
    ...COUNTS.map((count) => new Option(`about ${count.toLocaleString()}`, String(count))),
  );
  select.addEventListener("change", () => {
    editor.setSuperpixelCount(select.value === AUTOMATIC ? null : Number(select.value));
    select.blur(); // so that hotkeys work
  });
  const element = group("Superpixels", select);
  return {
    element,
    show() {
      element.hidden = editor.tool !== "superpixel";
      select.value = String(editor.options.superpixels ?? AUTOMATIC);
    },
  };
}
