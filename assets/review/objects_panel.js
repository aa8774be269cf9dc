/** The objects of the stored mask as a layer that can be shown: outlines and numbers. */
import { count, element } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import * as api from "./api.js";

/**
 * @import { ObjectsHeader } from "../shared/openapi"
 * @import { Desk } from "./desk.js"
 */

/** @extends {Emitter<{toggle: boolean}>} event `toggle`: whether the layer is wanted */
export class ObjectsPanel extends Emitter {
  /** Whether the layer is wanted, for this picture and the next ones. */
  isOn = false;

  constructor() {
    super();
    this.toggle = element("button", {
      class: "pr-chip-button",
      type: "button",
      text: "Show objects",
      "aria-pressed": "false",
      title:
        "Outlines and numbers of the objects of the stored mask, as exports with objects have them; show them again after a change",
      on: { click: () => this.set(!this.isOn) },
    });
    this.sentence = element("p", { class: "pr-note", role: "status" });
    this.root = element(
      "section",
      { class: "pr-panel" },
      element("h2", { text: "Objects" }),
      element("div", { class: "pr-row" }, this.toggle),
      this.sentence,
    );
  }

  /** @param {boolean} isOn */
  set(isOn) {
    this.isOn = isOn;
    this.toggle.setAttribute("aria-pressed", String(isOn));
    this.toggle.textContent = isOn ? "Hide objects" : "Show objects";
    if (!isOn) this.sentence.textContent = "";
    this.emit("toggle", isOn);
  }

  /** @param {ObjectsHeader} header @param {(index: number) => string} nameOf */
  show({ objects }, nameOf) {
    const names = new Map();
    for (const { class_index: index } of objects) names.set(index, (names.get(index) ?? 0) + 1);
    const each = [...names].map(([index, number]) => `${number} ${nameOf(index)}`);
    this.sentence.textContent = objects.length
      ? `${count(objects.length, "object")}: ${each.join(", ")}`
      : "The stored mask has no objects.";
  }
}

/** Show the objects of the current picture while they are wanted. @param {Desk} desk */
export async function showObjects(desk) {
  const { current, editor, objectsPanel } = desk;
  if (!objectsPanel.isOn || !current) {
    editor.setObjects(null);
    return;
  }
  objectsPanel.sentence.textContent = "Loading the objects…";
  try {
    await desk.draft?.flush();
    const { header, arrays } = await api.objects(current.item.id);
    if (desk.current !== current || !objectsPanel.isOn) return;
    editor.setObjects({ ids: arrays.ids.data, places: header.objects });
    const names = new Map(desk.dataset?.classes.map(({ index, name }) => [index, name]));
    objectsPanel.show(header, (index) => names.get(index) ?? `class ${index}`);
  } catch (error) {
    if (desk.current === current) objectsPanel.sentence.textContent = api.messageOf(error);
  }
}
