/**
 * Every key and gesture of the editor in one table: what reacts to it and what the help says about it.
 *
 * A (accept), R (reject), the arrows and ? are left to the page.
 */
import { VOID } from "./raster/raster.js";
import { CHANNELS } from "./render/adjustments.js";
import { TOOLS } from "./tools/tools.js";

/**
 * @typedef {import("./editor.js").MaskEditor} MaskEditor
 *
 * @typedef {object} Binding
 * @property {string} [id]          people can give it another key; absent: its keys are fixed
 * @property {string[]} keys        as shown to people
 * @property {string} description
 * @property {string} group
 * @property {string[]} [chords]    as `chordOf` names them; absent: a gesture, listed for the help
 * @property {(editor: MaskEditor, chord: string) => unknown} [run]  false: not handled after all
 * @property {boolean} [isPages]    the page runs it, not the editor
 * @property {boolean} [repeats]    holding the key down repeats it
 */

const ZOOM_STEP = 1.25;
/** @type {Record<string, [number, number]>} */
const NUDGES = {
  "shift+arrowleft": [-1, 0],
  "shift+arrowright": [1, 0],
  "shift+arrowup": [0, -1],
  "shift+arrowdown": [0, 1],
};
const SMART = "Smart tool (K)";

/** @type {Binding[]} */
export const BINDINGS = [
  ...TOOLS.filter(({ key }) => key).map(({ name, key, title }) => ({
    id: `tool-${name}`,
    keys: [key],
    description: title,
    group: "Tools",
    chords: [key.toLowerCase()],
    run: (/** @type {MaskEditor} */ editor) =>
      // Its key again applies Clean up.
      editor.tool === name && name === "cleanup" ? void editor.confirmTool() : editor.setTool(name),
  })),
  {
    id: "brush-smaller",
    keys: ["["],
    description: "Smaller brush or superpixels",
    group: "Tools",
    chords: ["["],
    repeats: true,
    run: (editor) => editor.stepBrush(-1),
  },
  {
    id: "brush-larger",
    keys: ["]"],
    description: "Larger brush or superpixels",
    group: "Tools",
    chords: ["]"],
    repeats: true,
    run: (editor) => editor.stepBrush(1),
  },
  {
    id: "magnet",
    keys: ["Shift+M"],
    description: "Magnetic edges for polygon and lasso, on or off; Alt + click draws straight",
    group: "Tools",
    chords: ["shift+m"],
    run: (editor) => editor.setOptions({ isMagnetic: !editor.options.isMagnetic }),
  },
  {
    keys: ["Drag a corner", "Right button on it"],
    description: "Move or remove a corner of the polygon just closed; drag its line for a new one",
    group: "Tools",
  },
  {
    keys: ["Shift + arrows"],
    description: "Move the selected region by a pixel",
    group: "Tools",
    chords: Object.keys(NUDGES),
    repeats: true,
    run: (editor, chord) => editor.nudge(...NUDGES[chord]),
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
    description: "Remove the last or selected corner, the selected region, or the selected or last click",
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
    id: "background",
    keys: ["0"],
    description: "Paint background",
    group: "Classes",
    chords: ["0"],
    run: (editor) => editor.setActiveClass(0),
  },
  {
    id: "swap-class",
    keys: ["X"],
    description: "Swap class and background",
    group: "Classes",
    chords: ["x"],
    run: (editor) => editor.swapClass(),
  },
  {
    id: "void",
    keys: ["U"],
    description: "Paint void: pixels that training ignores",
    group: "Classes",
    chords: ["u"],
    run: (editor) => editor.setActiveClass(VOID),
  },
  {
    id: "grow",
    keys: ["Alt+]"],
    description: "Grow the current class by a pixel",
    group: "Classes",
    chords: ["alt+]"],
    repeats: true,
    run: (editor) => editor.reshape("grow"),
  },
  {
    id: "shrink",
    keys: ["Alt+["],
    description: "Shrink the current class by a pixel",
    group: "Classes",
    chords: ["alt+["],
    repeats: true,
    run: (editor) => editor.reshape("shrink"),
  },
  {
    id: "smooth",
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
    id: "hide-mask",
    keys: ["H"],
    description: "Hide or show the mask",
    group: "View",
    chords: ["h"],
    run: (editor) => editor.setView({ maskVisible: !editor.view.maskVisible }),
  },
  {
    id: "outlines",
    keys: ["C"],
    description: "Outlines or areas",
    group: "View",
    chords: ["c"],
    run: (editor) => editor.setView({ contour: !editor.view.contour }),
  },
  {
    id: "solo",
    keys: ["J"],
    description: "Show the current class alone, or all classes",
    group: "View",
    chords: ["j"],
    run: (editor) =>
      editor.setView({ shownClass: editor.view.shownClass === null ? editor.activeClass : null }),
  },
  {
    id: "hide-class",
    keys: ["Shift+H"],
    description: "Hide or show the current class",
    group: "View",
    chords: ["shift+h"],
    run: (editor) => editor.toggleClass(editor.activeClass),
  },
  {
    id: "adjust",
    keys: ["Shift+I"],
    description: "Brightness, contrast and channel of the picture",
    group: "View",
    chords: ["shift+i"],
    run: (editor) => editor.emit("adjustwanted"),
  },
  {
    id: "channel",
    keys: ["Shift+C"],
    description: "Next channel: red, green, blue, all",
    group: "View",
    chords: ["shift+c"],
    run: (editor) => {
      const next = CHANNELS.indexOf(editor.adjustments.channel) + 1;
      editor.adjust({ channel: CHANNELS[next % CHANNELS.length] });
    },
  },
  {
    id: "zoom-to-selection",
    keys: ["Shift+Z"],
    description: "Zoom to the selected region, or to the current class",
    group: "View",
    chords: ["shift+z"],
    run: (editor) => editor.zoomToSelection(),
  },
  {
    id: "keep-zoom",
    keys: ["Shift+K"],
    description: "Keep place and zoom from picture to picture",
    group: "View",
    chords: ["shift+k"],
    run: (editor) => editor.setViewHabits({ keepsZoom: !editor.keepsZoom }),
  },
  {
    id: "overview",
    keys: ["Shift+O"],
    description: "Small map of the picture while a part is out of view",
    group: "View",
    chords: ["shift+o"],
    run: (editor) => editor.setViewHabits({ hasOverview: !editor.hasOverview }),
  },
  { keys: ["Wheel"], description: "Zoom at the cursor", group: "View" },
  { keys: ["Space + drag", "Middle button"], description: "Pan", group: "View", chords: ["space"] },
  {
    id: "zoom-in",
    keys: ["+"],
    description: "Zoom in",
    group: "View",
    chords: ["+", "="],
    repeats: true,
    run: (editor) => editor.zoomAt(ZOOM_STEP),
  },
  {
    id: "zoom-out",
    keys: ["−"],
    description: "Zoom out",
    group: "View",
    chords: ["-"],
    repeats: true,
    run: (editor) => editor.zoomAt(1 / ZOOM_STEP),
  },
  {
    id: "fit",
    keys: ["Home"],
    description: "Fit the picture",
    group: "View",
    chords: ["home"],
    run: (editor) => editor.fit(),
  },
];
