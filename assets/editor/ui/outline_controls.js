/** The switch of magnetic edges, shown while a tool is current that draws outlines. */
import { button, group, press } from "./controls.js";

/** @param {import("../editor.js").MaskEditor} editor */
export function outlineControls(editor) {
  const magnet = button({
    icon: "magnet",
    title: "Magnetic edges: outlines follow the edges of the picture; Alt + click draws straight",
    action: "magnet",
    run: () => editor.setOptions({ isMagnetic: !editor.options.isMagnetic }),
  });
  const element = group("Outline", magnet);
  return {
    element,
    show() {
      element.hidden = editor.tool !== "polygon" && editor.tool !== "lasso";
      press(magnet, editor.options.isMagnetic);
    },
  };
}
