/**
 * Every key and gesture of the editor in one table: what reacts to it and what the help says about it.
 *
 * A (accept), R (reject), the arrows and ? are left to the page.
 */
import { VOID } from "./raster/raster.js";
import { TOOLS } from "./tools/tools.js";

/**
 * @typedef {import("./editor.js").MaskEditor} MaskEditor
 *
 * @typedef {object} Binding
 * @property {string[]} keys        as shown to people
 * @property {string} description
 * @property {string} group
 * @property {string[]} [chords]    as `chordOf` names them; absent: a gesture, listed for the help
 * @property {(editor: MaskEditor, chord: string) => boolean|void} [run]  false: not handled after all
 * @property {boolean} [repeats]    holding the key down repeats it
 */

const ZOOM_STEP = 1.25;
const SMART = "Smart tool (K)";

/** @type {Binding[]} */
export const BINDINGS = [
  ...TOOLS.filter(({ key }) => key).map(({ name, key, title }) => ({
    keys: [key],
    description: title,
    group: "Tools",
    chords: [key.toLowerCase()],
    run: (/** @type {MaskEditor} */ editor) =>
      // Its key again applies Clean up.
      editor.tool === name && name === "cleanup" ? void editor.confirmTool() : editor.setTool(name),
  })),
  {
    keys: ["["],
    description: "Smaller brush",
    group: "Tools",
    chords: ["["],
    repeats: true,
    run: (editor) => editor.stepBrush(-1),
  },
  {
    keys: ["]"],
    description: "Larger brush",
    group: "Tools",
    chords: ["]"],
    repeats: true,
    run: (editor) => editor.stepBrush(1),
  },
  { keys: ["Right button"], description: "Paint background with the current tool", group: "Tools" },
  {
    keys: ["Enter", "Double click"],
    description: "Close the polygon; apply the change of the Smart tool",
    group: "Tools",
    chords: ["enter"],
    run: (editor) => editor.confirmTool(),
  },
  {
    keys: ["Backspace", "Delete"],
    description: "Remove the last corner of the polygon, or the selected or last click",
    group: "Tools",
    chords: ["backspace", "delete"],
    repeats: true,
    run: (editor) => editor.removeLastPoint(),
  },
  {
    keys: ["Esc"],
    description: "Cancel the stroke, the polygon or the last click",
    group: "Tools",
    chords: ["escape"],
    run: (editor) => editor.cancelTool(),
  },
  { keys: ["Click"], description: "Mark the current class; drag to mark a line", group: SMART },
  { keys: ["Shift + click", "Right button"], description: "Mark background", group: SMART },
  {
    keys: ["Alt + drag"],
    description: "Draw a box that one object of the current class fills",
    group: SMART,
  },
  { keys: ["Drag a dot"], description: "Move a click", group: SMART },
  { keys: ["Right button on a dot"], description: "Delete a click", group: SMART },
  {
    keys: ["1–9"],
    description: "Choose a class",
    group: "Classes",
    chords: ["1", "2", "3", "4", "5", "6", "7", "8", "9"],
    run: (editor, chord) => editor.chooseClass(Number(chord)),
  },
  {
    keys: ["Shift + 0–9"],
    description: "Choose one of the next ten classes",
    group: "Classes",
    chords: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"].map((digit) => `shift+${digit}`),
    run: (editor, chord) => editor.chooseClass(10 + Number(chord.at(-1))),
  },
  {
    keys: ["0"],
    description: "Paint background",
    group: "Classes",
    chords: ["0"],
    run: (editor) => editor.setActiveClass(0),
  },
  {
    keys: ["X"],
    description: "Swap class and background",
    group: "Classes",
    chords: ["x"],
    run: (editor) => editor.swapClass(),
  },
  {
    keys: ["U"],
    description: "Paint void: pixels that training ignores",
    group: "Classes",
    chords: ["u"],
    run: (editor) => editor.setActiveClass(VOID),
  },
  {
    keys: ["Alt+]"],
    description: "Grow the current class by a pixel",
    group: "Classes",
    chords: ["alt+]"],
    repeats: true,
    run: (editor) => editor.reshape("grow"),
  },
  {
    keys: ["Alt+["],
    description: "Shrink the current class by a pixel",
    group: "Classes",
    chords: ["alt+["],
    repeats: true,
    run: (editor) => editor.reshape("shrink"),
  },
  {
    keys: ["Alt+S"],
    description: "Smooth the outline of the current class",
    group: "Classes",
    chords: ["alt+s"],
    repeats: true,
    run: (editor) => editor.reshape("smooth"),
  },
  {
    keys: ["Ctrl+Z", "⌘Z"],
    description: "Undo",
    group: "History",
    chords: ["mod+z"],
    repeats: true,
    run: (editor) => editor.undo(),
  },
  {
    keys: ["Ctrl+Y", "Ctrl+Shift+Z", "⇧⌘Z"],
    description: "Redo",
    group: "History",
    chords: ["mod+y", "mod+shift+z"],
    repeats: true,
    run: (editor) => editor.redo(),
  },
  {
    keys: ["H"],
    description: "Hide or show the mask",
    group: "View",
    chords: ["h"],
    run: (editor) => editor.setView({ maskVisible: !editor.view.maskVisible }),
  },
  {
    keys: ["C"],
    description: "Outlines or areas",
    group: "View",
    chords: ["c"],
    run: (editor) => editor.setView({ contour: !editor.view.contour }),
  },
  {
    keys: ["J"],
    description: "Show the current class alone, or all classes",
    group: "View",
    chords: ["j"],
    run: (editor) =>
      editor.setView({ shownClass: editor.view.shownClass === null ? editor.activeClass : null }),
  },
  { keys: ["Wheel"], description: "Zoom at the cursor", group: "View" },
  { keys: ["Space + drag", "Middle button"], description: "Pan", group: "View", chords: ["space"] },
  {
    keys: ["+"],
    description: "Zoom in",
    group: "View",
    chords: ["+", "="],
    repeats: true,
    run: (editor) => editor.zoomAt(ZOOM_STEP),
  },
  {
    keys: ["−"],
    description: "Zoom out",
    group: "View",
    chords: ["-"],
    repeats: true,
    run: (editor) => editor.zoomAt(1 / ZOOM_STEP),
  },
  {
    keys: ["Home"],
    description: "Fit the picture",
    group: "View",
    chords: ["home"],
    run: (editor) => editor.fit(),
  },
];

/** @type {Map<string, Binding>} */
const BY_CHORD = new Map();
for (const binding of BINDINGS) for (const chord of binding.chords ?? []) BY_CHORD.set(chord, binding);

/**
 * @param {string} chord
 * @returns {Binding|undefined}
 */
export const bindingFor = (chord) => BY_CHORD.get(chord);
