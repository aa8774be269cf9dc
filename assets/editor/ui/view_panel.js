/** How the picture is shown: brightness, contrast, channel, zoom; in a small panel below its button. */
import { CHANNELS, MOST, isAsItIs } from "../render/adjustments.js";
import { button, paintTrack, press, slider } from "./controls.js";

/**
 * @typedef {import("../editor.js").MaskEditor} MaskEditor
 * @typedef {import("../render/adjustments.js").Channel} Channel
 */

/** Steps of a slider for each doubling, halving included: 100 in the middle is the picture as it is. */
const STEPS = 200;
const ZOOM_STEP = 1.25;
/** @type {Record<Channel, string>} */
const CHANNEL_TEXT = { all: "All", red: "Red", green: "Green", blue: "Blue" };

/** @param {MaskEditor} editor */
export function viewPanel(editor) {
  const panel = document.createElement("div");
  panel.className = "pz-panel";
  panel.popover = "auto";
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-label", "How the picture is shown");
  const opener = button({
    icon: "adjust",
    title: "View: brightness, contrast, channel, zoom; the mask and the file stay as they are",
    action: "adjust",
    run: () => toggle(),
  });
  const brightness = row("Brightness", (value) => editor.adjust({ brightness: value }));
  const contrast = row("Contrast", (value) => editor.adjust({ contrast: value }));
  const channels = CHANNELS.map((channel) => ({
    channel,
    element: choice(CHANNEL_TEXT[channel], {
      title: channel === "all" ? "All channels" : `The ${channel} channel alone`,
      action: channel === "all" ? "channel" : undefined,
      run: () => editor.adjust({ channel }),
    }),
  }));
  const reset = choice("As it is", {
    title: "Show the picture as it is",
    run: () => editor.resetAdjustments(),
  });
  const keepsZoom = choice("Keep place and zoom", {
    title: "Show the next picture at the same place and zoom",
    action: "keep-zoom",
    run: () => editor.setViewHabits({ keepsZoom: !editor.keepsZoom }),
  });
  const hasOverview = choice("Small map", {
    title: "Show a small map of the picture while a part is out of view",
    action: "overview",
    run: () => editor.setViewHabits({ hasOverview: !editor.hasOverview }),
  });
  const zoomOut = choice("−", {
    title: "Zoom out",
    action: "zoom-out",
    run: () => editor.zoomAt(1 / ZOOM_STEP),
  });
  const zoomIn = choice("+", { title: "Zoom in", action: "zoom-in", run: () => editor.zoomAt(ZOOM_STEP) });
  const zoomTo = choice("Selection", {
    title: "Zoom to the selected region, or to the current class",
    action: "zoom-to-selection",
    run: () => editor.zoomToSelection(),
  });
  panel.append(
    heading("Picture"),
    brightness.element,
    contrast.element,
    choices("Channel", ...channels.map(({ element }) => element)),
    reset,
    heading("Zoom"),
    choices("Zoom", zoomOut, zoomIn, zoomTo),
    choices("Habits", keepsZoom, hasOverview),
  );

  const toggle = () => {
    panel.togglePopover();
    if (!panel.matches(":popover-open")) return;
    const { left, bottom } = opener.getBoundingClientRect();
    panel.style.left = `${Math.max(8, Math.min(left, window.innerWidth - panel.offsetWidth - 8))}px`;
    panel.style.top = `${bottom + 6}px`;
    brightness.range.focus();
  };
  // A press on the button would close the panel, and the click open it again.
  opener.addEventListener("pointerdown", (event) => {
    if (!panel.matches(":popover-open")) return;
    event.preventDefault();
    event.stopPropagation();
  });
  opener.setAttribute("aria-haspopup", "dialog");
  editor.on("adjustwanted", toggle);
  return {
    opener,
    panel,
    show() {
      const { adjustments } = editor;
      press(opener, !isAsItIs(adjustments));
      brightness.show(adjustments.brightness);
      contrast.show(adjustments.contrast);
      for (const { channel, element } of channels) press(element, adjustments.channel === channel);
      reset.disabled = isAsItIs(adjustments);
      press(keepsZoom, editor.keepsZoom);
      press(hasOverview, editor.hasOverview);
    },
  };
}

/** @param {string} text */
function heading(text) {
  const element = document.createElement("div");
  element.className = "pz-heading";
  element.textContent = text;
  return element;
}

/** @param {string} label @param {...HTMLElement} children */
function choices(label, ...children) {
  const element = document.createElement("div");
  element.className = "pz-choices";
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", label);
  element.append(...children);
  return element;
}

/** @param {string} text @param {{title: string, run: () => void, action?: string}} options */
function choice(text, { title, run, action }) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "pz-choice";
  element.textContent = text;
  element.title = title;
  element.setAttribute("aria-label", title);
  if (action) element.dataset.action = action;
  element.addEventListener("click", run);
  return element;
}

/**
 * @param {string} label
 * @param {(value: number) => void} input  0..MOST, 1: as it is
 */
function row(label, input) {
  const range = slider({
    label,
    max: STEPS,
    input: (step) =>
      input(step <= STEPS / 2 ? (2 * step) / STEPS : 1 + (MOST - 1) * ((2 * step) / STEPS - 1)),
  });
  const element = document.createElement("label");
  element.className = "pz-row";
  const name = document.createElement("span");
  name.textContent = label;
  const output = document.createElement("output");
  element.append(name, range, output);
  return {
    element,
    range,
    show(/** @type {number} */ value) {
      const share = value <= 1 ? value / 2 : 0.5 + (value - 1) / (2 * (MOST - 1));
      range.value = String(Math.round(STEPS * share));
      paintTrack(range);
      output.textContent = `${Math.round(100 * value)} %`;
    },
  };
}
