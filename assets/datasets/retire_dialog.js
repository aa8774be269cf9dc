/** Asks what the pixels of a class become, after saying how many pictures that changes. */
import { element, fillSelect } from "../shared/dom.js";
import * as api from "./api.js";

/** @import { ListedClassOut } from "../shared/openapi" */

const ASK_AGAIN_MS = 400;
const BACKGROUND = "0";
const VOID = "255";

/**
 * @param {number} datasetId
 * @param {ListedClassOut} retired
 * @param {ListedClassOut[]} others
 * @returns {Promise<number|null>} the target; null if the person thinks better of it
 */
export function askTarget(datasetId, retired, others) {
  const target = element("select", { class: "st-input", "aria-label": "What its pixels become" });
  fillSelect(target, [
    { value: "", text: "Choose…" },
    ...others.map(({ index, name }) => ({ value: String(index), text: name })),
    { value: BACKGROUND, text: "background" },
    { value: VOID, text: "void (ignored in training)" },
  ]);
  const impact = element("p", { role: "status", text: "Counting the pictures…" });
  const confirm = element("button", {
    class: "st-button st-primary",
    type: "submit",
    text: "Change the masks",
    disabled: true,
  });
  const cancel = element("button", { class: "st-button", type: "button", text: "Cancel" });
  const form = element(
    "form",
    { method: "dialog" },
    element("h2", { id: "ds-retire-title", text: `Merge or remove ${retired.name}` }),
    element("label", {}, "Its pixels become ", target),
    impact,
    element("p", {
      class: "st-muted",
      text: "New versions of these masks are stored; the old ones stay in the history, and you can undo the change.",
    }),
    element("div", { class: "ds-dialog-buttons" }, confirm, cancel),
  );
  const dialog = element(
    "dialog",
    { class: "st-page ds-dialog", "aria-labelledby": "ds-retire-title" },
    form,
  );
  document.body.append(dialog);
  dialog.showModal();
  let isCounted = false;
  const allow = () => (confirm.disabled = !isCounted || target.value === "");
  target.addEventListener("change", allow);
  count(datasetId, retired.index, dialog).then(
    (sentence) => {
      impact.textContent = sentence;
      isCounted = true;
      allow();
    },
    (error) => (impact.textContent = api.messageOf(error)),
  );
  return new Promise((done) => {
    /** @type {number|null} */
    let chosen = null;
    form.addEventListener("submit", () => (chosen = Number(target.value)));
    cancel.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      done(chosen);
    });
  });
}

/** @param {number} datasetId @param {number} index @param {HTMLDialogElement} dialog @returns {Promise<string>} */
async function count(datasetId, index, dialog) {
  for (;;) {
    const work = await api.impact(datasetId, index);
    if (work.state !== "running" || !dialog.open) return work.sentence;
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}
