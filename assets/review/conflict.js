/**
 * Two people saved one picture: shows both masks and asks which one to keep.
 */
import { element, timeAgo } from "../shared/dom.js";
import { countDifferences, maskPreview } from "./mask_preview.js";

const PREVIEW_WIDTH = 300;

/**
 * Put one's own changes on top of the other person's mask: pixels that differ from `base` in `mine` are kept.
 * @param {Uint8Array} base what both started from
 * @param {Uint8Array} mine
 * @param {Uint8Array} theirs
 * @returns {Uint8Array}
 */
export function mergeMasks(base, mine, theirs) {
  const merged = new Uint8Array(mine.length);
  for (let i = 0; i < mine.length; i++) merged[i] = mine[i] === base[i] ? theirs[i] : mine[i];
  return merged;
}

/** @typedef {"mine"|"theirs"|"merged"} Choice */

/**
 * @param {object} conflict
 * @param {ImageBitmap} conflict.image
 * @param {number} conflict.width
 * @param {number} conflict.height
 * @param {Map<number, string>} conflict.colors class index -> "#rrggbb"
 * @param {Uint8Array} conflict.base
 * @param {Uint8Array} conflict.mine
 * @param {Uint8Array} conflict.theirs
 * @param {import("../shared/openapi").RevisionOut} conflict.current theirs
 * @returns {Promise<Choice>}
 */
export function askHowToResolve(conflict) {
  const { current, base, mine, theirs } = conflict;
  const who = current.author ?? "the studio";
  const merged = mergeMasks(base, mine, theirs);
  return new Promise((resolve) => {
    const dialog = element("dialog", {
      class: "st-page pr-dialog pr-conflict",
      "aria-labelledby": "pr-conflict-title",
    });
    const choose = (/** @type {Choice} */ choice) => {
      dialog.close();
      dialog.remove();
      resolve(choice);
    };
    /**
     * @param {string} title
     * @param {Uint8Array} mask
     * @param {string} note
     * @param {string} text of the button
     * @param {Choice} choice
     */
    const column = (title, mask, note, text, choice, isMain = false) =>
      element(
        "div",
        { class: "pr-conflict-column" },
        element("h3", { text: title }),
        maskPreview(conflict, mask, PREVIEW_WIDTH),
        element("p", { class: "pr-note", text: note }),
        element("button", {
          class: isMain ? "st-button st-primary" : "st-button",
          type: "button",
          text,
          data: { choice },
          on: { click: () => choose(choice) },
        }),
      );
    const pixels = (/** @type {Uint8Array} */ mask, /** @type {Uint8Array} */ other) =>
      `${countDifferences(mask, other).toLocaleString()} pixels differ from the mask that you opened`;
    dialog.append(
      element("h2", { id: "pr-conflict-title", text: `${who} saved this picture too` }),
      element("p", {
        text: `You had opened it before: their revision “${current.action}” was stored ${timeAgo(current.created_at)}. Choose which mask to keep. Theirs stays in the history in any case; if you use it, Ctrl+Z brings yours back.`,
      }),
      element(
        "div",
        { class: "pr-conflict-columns" },
        column("Yours", mine, pixels(mine, base), "Keep mine", "mine"),
        column(`By ${who}`, theirs, pixels(theirs, base), "Use theirs", "theirs"),
        column("Both", merged, "Your changes on top of theirs", "Merge both", "merged", true),
      ),
    );
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    document.body.append(dialog);
    dialog.showModal();
  });
}
