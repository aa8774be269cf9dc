/**
 * Two people on one picture: their mask beside one's own, and the three ways out.
 */
import { element, timeAgo } from "./dom.js";

const PREVIEW_WIDTH = 300;

/**
 * One's own changes on top of the other's mask: a pixel is one's own where one changed it.
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

/** @param {Uint8Array} a @param {Uint8Array} b @returns {number} pixels that differ */
export function countDifferences(a, b) {
  let count = 0;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) count++;
  return count;
}

/**
 * @param {Object} conflict
 * @param {ImageBitmap} conflict.image
 * @param {number} conflict.width
 * @param {number} conflict.height
 * @param {Map<number, string>} conflict.colors class index -> "#rrggbb"
 * @param {Uint8Array} conflict.base
 * @param {Uint8Array} conflict.mine
 * @param {Uint8Array} conflict.theirs
 * @param {{author: string|null, created_at: string, action: string}} conflict.current
 * @returns {Promise<"mine"|"theirs"|"merged">}
 */
export function askHowToResolve(conflict) {
  const { current, base, mine, theirs } = conflict;
  const who = current.author ?? "the studio";
  const merged = mergeMasks(base, mine, theirs);
  return new Promise((resolve) => {
    const dialog = element("dialog", { class: "pr-dialog pr-conflict", "aria-labelledby": "pr-conflict-title" });
    const choose = (choice) => {
      dialog.close();
      dialog.remove();
      resolve(choice);
    };
    const column = (title, mask, note, text, choice, isMain) =>
      element(
        "div",
        { class: "pr-conflict-column" },
        element("h3", { text: title }),
        preview(conflict, mask),
        element("p", { class: "pr-note", text: note }),
        element("button", {
          class: isMain ? "pr-button pr-primary" : "pr-button",
          type: "button",
          text,
          data: { choice },
          on: { click: () => choose(choice) },
        }),
      );
    const pixels = (mask, other) => `${countDifferences(mask, other).toLocaleString()} pixels differ from the start`;
    dialog.append(
      element("h2", { id: "pr-conflict-title", text: `${who} saved this picture too` }),
      element("p", {
        text: `${who} stored “${current.action}” ${timeAgo(current.created_at)}, after you had opened it. Choose what should stand: theirs stays in the history whatever you choose, and if you take it, Ctrl+Z brings yours back.`,
      }),
      element(
        "div",
        { class: "pr-conflict-columns" },
        column("Yours", mine, pixels(mine, base), "Keep mine", "mine", false),
        column(`By ${who}`, theirs, pixels(theirs, base), "Take theirs", "theirs", false),
        column("Both", merged, "Your changes on top of theirs", "Merge both", "merged", true),
      ),
    );
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** @returns {HTMLCanvasElement} */
function preview({ image, width, height, colors }, mask) {
  const scale = PREVIEW_WIDTH / width;
  const canvas = element("canvas", { width: PREVIEW_WIDTH, height: Math.max(1, Math.round(height * scale)) });
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const shown = context.getImageData(0, 0, canvas.width, canvas.height);
  const rgb = new Map([...colors].map(([index, hex]) => [index, [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16))]));
  for (let y = 0; y < canvas.height; y++) {
    const row = Math.min(height - 1, Math.floor((y + 0.5) / scale)) * width;
    for (let x = 0; x < canvas.width; x++) {
      const index = mask[row + Math.min(width - 1, Math.floor((x + 0.5) / scale))];
      if (index === 0) continue;
      const color = rgb.get(index) ?? [224, 224, 192];
      const at = 4 * (y * canvas.width + x);
      for (let c = 0; c < 3; c++) shown.data[at + c] = (shown.data[at + c] + color[c]) >> 1;
    }
  }
  context.putImageData(shown, 0, 0);
  return canvas;
}
