/** The settings of Clean up, shown while it is the current tool. */
import { button, group, paintTrack, press, slider } from "./controls.js";

/** @typedef {import("../editor.js").MaskEditor} MaskEditor */

/** The size slider is exponential: from 0.001 % to 10 % of the picture. */
const STEPS = 100;
const DECADES = 4;
const LARGEST_SHARE = 0.1;

/** @param {MaskEditor} editor */
export function cleanupControls(editor) {
  const size = slider({
    label: "Pieces smaller than this go to what surrounds them",
    max: STEPS,
    input: (value) => editor.setCleanup({ share: LARGEST_SHARE * 10 ** (DECADES * (value / STEPS - 1)) }),
  });
  const text = document.createElement("output");
  text.className = "pz-cleanup-size";
  const specks = button({
    icon: "specks",
    title: "Drop specks: small pieces of classes",
    run: () => editor.setCleanup({ specks: !editor.cleanup.specks }),
  });
  const holes = button({
    icon: "holes",
    title: "Fill holes: small pieces of background",
    run: () => editor.setCleanup({ holes: !editor.cleanup.holes }),
  });
  const element = group("Clean up", specks, holes, size, text);
  return {
    element,
    show() {
      element.hidden = editor.tool !== "cleanup";
      const { share, specks: drops, holes: fills, leastPx, count } = editor.cleanup;
      press(specks, drops);
      press(holes, fills);
      size.value = String(Math.round(STEPS * (1 + Math.log10(share / LARGEST_SHARE) / DECADES)));
      paintTrack(size);
      text.textContent = `< ${Math.ceil(leastPx).toLocaleString()} px: ${count.toLocaleString()}`;
      text.title = `${count.toLocaleString()} pieces of fewer than ${Math.ceil(leastPx).toLocaleString()} pixels (${(100 * share).toPrecision(2)} % of the picture) go`;
    },
  };
}
