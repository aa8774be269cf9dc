/** The list of keys, made from the key bindings. */
import { element } from "../shared/dom.js";

/** @typedef {{keys: string[], description: string, group: string}} Listed */

/** @param {Listed[]} bindings */
export function showHelp(bindings) {
  /** @type {Map<string, Listed[]>} */
  const groups = new Map();
  for (const binding of bindings) groups.set(binding.group, [...(groups.get(binding.group) ?? []), binding]);
  const dialog = element("dialog", { class: "st-page pr-dialog pr-help", "aria-label": "Keys" });
  const close = () => {
    dialog.close();
    dialog.remove();
  };
  dialog.append(
    element(
      "header",
      {},
      element("h2", { text: "Keys" }),
      element("button", { class: "st-button", type: "button", text: "Close", on: { click: close } }),
    ),
    element(
      "div",
      { class: "pr-help-groups" },
      ...[...groups].map(([group, entries]) =>
        element(
          "section",
          {},
          element("h3", { text: group }),
          element(
            "dl",
            {},
            ...entries.flatMap(({ keys, description }) => [
              element("dt", {}, ...keys.map((key) => element("kbd", { text: key }))),
              element("dd", { text: description }),
            ]),
          ),
        ),
      ),
    ),
  );
  dialog.addEventListener("cancel", () => dialog.remove());
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "?") return;
    event.stopPropagation();
    close();
  });
  document.body.append(dialog);
  dialog.showModal();
}
