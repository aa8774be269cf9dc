/** The bar of tools, brush settings, history and view. It holds no state of its own: it shows the editor's. */
import { TOOLS } from "../tools/tools.js";
import { MAX_BRUSH_PX } from "../workbench.js";
import { cleanupControls } from "./cleanup_controls.js";
import { button, group, paintTrack, press, setIcon, slider } from "./controls.js";
import { icon } from "./icons.js";
import { outlineControls } from "./outline_controls.js";
import { showKeys } from "./shown_keys.js";
import { superpixelControls } from "./superpixel_controls.js";
import { viewPanel } from "./view_panel.js";

/**
 * @typedef {import("../editor.js").MaskEditor} MaskEditor
 * @typedef {import("./icons.js").IconName} IconName
 */

/** The size slider is exponential: as fine between 1 and 4 pixels as between 100 and 400. */
const SIZE_STEPS = 100;

/**
 * @param {MaskEditor} editor
 * @returns {HTMLElement}
 */
export function makeToolbar(editor) {
  const bar = document.createElement("div");
  bar.className = "pz-toolbar";
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", "Mask tools");

  const tools = TOOLS.map(({ name, key, title }) => ({
    name,
    element: button({
      icon: name,
      title,
      action: key ? `tool-${name}` : undefined,
      run: () => editor.setTool(name),
    }),
  }));
  const size = sizeControl(editor);
  const round = button({
    icon: "round",
    title: "Round brush",
    run: () => editor.setBrush({ shape: "round" }),
  });
  const square = button({
    icon: "square",
    title: "Square brush",
    run: () => editor.setBrush({ shape: "square" }),
  });
  const only = button({
    icon: "onlyBackground",
    title: "Paint only over background",
    run: () => editor.setOptions({ onlyBackground: !editor.options.onlyBackground }),
  });
  const special = [cleanupControls(editor), outlineControls(editor), superpixelControls(editor)];
  const view = viewPanel(editor);
  const undo = button({ icon: "undo", title: "Undo (Ctrl+Z)", run: () => editor.undo() });
  const redo = button({ icon: "redo", title: "Redo (Ctrl+Y)", run: () => editor.redo() });
  const visible = button({
    icon: "show",
    title: "Hide the mask",
    action: "hide-mask",
    run: () => editor.setView({ maskVisible: !editor.view.maskVisible }),
  });
  const contour = button({
    icon: "contour",
    title: "Outlines instead of areas",
    action: "outlines",
    run: () => editor.setView({ contour: !editor.view.contour }),
  });
  const opacity = slider({
    label: "Mask opacity",
    max: 100,
    input: (value) => editor.setView({ opacity: value / 100 }),
  });
  const fit = button({ icon: "fit", title: "Fit the picture (Home)", run: () => editor.fit() });
  const actual = button({ title: "Zoom to 100 %", run: () => editor.zoomTo(1) });
  actual.classList.add("pz-zoom");
  const brush = group("Brush", size.element, round, square, only);
  bar.append(
    group("Tools", ...tools.map(({ element }) => element)),
    brush,
    ...special.map(({ element }) => element),
    group("History", undo, redo),
    group("View", visible, contour, labelled("opacity", opacity), view.opener),
    group("Zoom", actual, fit),
    view.panel,
  );

  const show = () => {
    for (const { name, element } of tools) press(element, editor.tool === name);
    size.show(editor.brush.size);
    brush.hidden = editor.tool === "cleanup";
    size.element.hidden = round.hidden = square.hidden = editor.tool !== "brush" && editor.tool !== "eraser";
    for (const controls of [...special, view]) controls.show();
    press(round, editor.brush.shape === "round");
    press(square, editor.brush.shape === "square");
    press(only, editor.options.onlyBackground);
    undo.disabled = !editor.canUndo;
    redo.disabled = !editor.canRedo;
    press(visible, !editor.view.maskVisible);
    setIcon(visible, editor.view.maskVisible ? "show" : "hide");
    press(contour, editor.view.contour);
    opacity.value = String(Math.round(editor.view.opacity * 100));
    paintTrack(opacity);
    actual.textContent = `${formatPercent(editor.zoom)} %`;
    for (const element of [...tools.map((tool) => tool.element), round, square, only]) {
      element.disabled = editor.readOnly;
    }
    size.disable(editor.readOnly);
  };
  for (const type of ["toolchange", "viewchange", "optionschange", "historychange"]) {
    editor.addEventListener(type, show);
  }
  editor.keymap.on("change", () => showKeys(bar, editor.keymap));
  showKeys(bar, editor.keymap);
  show();
  return bar;
}

/** @param {number} zoom */
const formatPercent = (zoom) => (zoom < 0.1 ? (zoom * 100).toFixed(1) : Math.round(zoom * 100));

/**
 * @param {IconName} name
 * @param {HTMLElement} control
 */
function labelled(name, control) {
  const element = document.createElement("span");
  element.className = "pz-labelled";
  element.innerHTML = icon(name);
  element.append(control);
  return element;
}

/**
 * Brush size as a slider and a number.
 * @param {MaskEditor} editor
 */
function sizeControl(editor) {
  const element = document.createElement("span");
  element.className = "pz-labelled";
  const range = slider({
    label: "Brush size ([ and ])",
    max: SIZE_STEPS,
    input: (value) => editor.setBrush({ size: Math.round(MAX_BRUSH_PX ** (value / SIZE_STEPS)) }),
  });
  const number = document.createElement("input");
  number.type = "number";
  number.className = "pz-number";
  number.min = "1";
  number.max = String(MAX_BRUSH_PX);
  number.title = "Brush size in image pixels";
  number.setAttribute("aria-label", number.title);
  number.addEventListener("change", () => editor.setBrush({ size: number.valueAsNumber }));
  number.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === "Escape") number.blur();
  });
  element.append(range, number);
  return {
    element,
    show(/** @type {number} */ size) {
      number.value = String(size);
      const shown = Math.round(MAX_BRUSH_PX ** (Number(range.value) / SIZE_STEPS));
      if (shown !== size)
        range.value = String(Math.round((SIZE_STEPS * Math.log(size)) / Math.log(MAX_BRUSH_PX)));
      paintTrack(range);
    },
    disable(/** @type {boolean} */ isDisabled) {
      range.disabled = isDisabled;
      number.disabled = isDisabled;
    },
  };
}
