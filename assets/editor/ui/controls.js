/** The parts that the toolbar is made of: groups, buttons and sliders. */
import { icon } from "./icons.js";

/** @typedef {import("./icons.js").IconName} IconName */

/**
 * @param {string} label
 * @param {...HTMLElement} children
 */
export function group(label, ...children) {
  const element = document.createElement("div");
  element.className = "pz-group";
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", label);
  element.append(...children);
  return element;
}

/** @param {{title: string, run: () => void, icon?: IconName, action?: string}} options  `action` shows its key */
export function button({ title, run, icon: name, action }) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "pz-button";
  element.title = title;
  element.setAttribute("aria-label", title);
  if (name) element.innerHTML = icon(name);
  if (action) {
    element.dataset.action = action;
    element.insertAdjacentHTML(
      "beforeend",
      `<kbd class="pz-key" aria-hidden="true" data-action="${action}"></kbd>`,
    );
  }
  // A click must not move the focus here: Space would press the button again instead of panning.
  element.addEventListener("mousedown", (event) => event.preventDefault());
  element.addEventListener("click", run);
  return element;
}

/**
 * @param {HTMLElement} element
 * @param {boolean} isPressed
 */
export function press(element, isPressed) {
  element.setAttribute("aria-pressed", String(isPressed));
}

/**
 * @param {HTMLElement} element
 * @param {IconName} name
 */
export function setIcon(element, name) {
  const holder = document.createElement("template");
  holder.innerHTML = icon(name);
  element.querySelector(".pz-icon")?.replaceWith(holder.content);
}

/** @param {{label: string, max: number, input: (value: number) => void}} options */
export function slider({ label, max, input }) {
  const element = document.createElement("input");
  element.type = "range";
  element.className = "pz-slider";
  element.min = "0";
  element.max = String(max);
  element.title = label;
  element.setAttribute("aria-label", label);
  element.addEventListener("input", () => input(Number(element.value)));
  // After dragging by mouse the focus is released, so that hotkeys keep working.
  element.addEventListener("pointerup", () => element.blur());
  return element;
}

/** Show how far a slider is by colouring its track. @param {HTMLInputElement} element */
export function paintTrack(element) {
  element.style.setProperty("--pz-filled", `${(100 * Number(element.value)) / Number(element.max)}%`);
}
