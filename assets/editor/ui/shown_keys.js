/** The keys beside buttons and in their tooltips, which follow what a person has chosen. */

/**
 * Show the keys of all elements below `root` with `data-action`: the text of a `kbd`, else the end of the tooltip.
 * @param {ParentNode} root
 * @param {import("../keymap.js").Keymap} keymap
 */
export function showKeys(root, keymap) {
  for (const element of root.querySelectorAll("[data-action]")) {
    if (!(element instanceof HTMLElement)) continue;
    const key = keymap.keyOf(element.dataset.action ?? "");
    const text = key.replace("Shift+", "⇧");
    if (element.localName === "kbd") {
      if (element.textContent !== text) element.textContent = text; // else `followKeys` would never end
      // On a small button there is room for one character; its tooltip names the key.
      if (element.classList.contains("pz-key")) element.hidden = text.length !== 1;
      continue;
    }
    element.dataset.hint ??= element.title;
    element.title = key ? `${element.dataset.hint} (${key})` : element.dataset.hint;
    if (key) element.setAttribute("aria-keyshortcuts", key);
  }
}

/**
 * Show them now, when keys change, and on elements that are added later.
 * @param {Element} root
 * @param {import("../keymap.js").Keymap} keymap
 */
export function followKeys(root, keymap) {
  const show = () => showKeys(root, keymap);
  keymap.on("change", show);
  const watcher = new MutationObserver((changes) => {
    // The text under the pointer changes with every movement; it has no keys.
    if (changes.some(({ addedNodes }) => [...addedNodes].some(hasKeys))) show();
  });
  watcher.observe(root, { childList: true, subtree: true });
  show();
}

/** @param {Node} node */
const hasKeys = (node) =>
  node instanceof Element && (node.matches("[data-action]") || node.querySelector("[data-action]") !== null);
