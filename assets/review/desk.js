/** The parts of the Review page, and the current picture. */
import { MaskEditor } from "../editor/editor.js";
import { ClassPanel } from "./class_panel.js";
import { HeatPanel } from "./heat_panel.js";
import { Layout } from "./layout.js";
import { LivePanel } from "./live_panel.js";
import { Loader } from "./loader.js";
import { LookPanel } from "./look_panel.js";
import { ObjectsPanel } from "./objects_panel.js";
import { Queue } from "./queue.js";
import { StatusBar } from "./status_bar.js";
import { TagLine } from "./tag_line.js";

/**
 * @import { DatasetOut } from "../shared/openapi"
 * @import { Draft } from "./draft.js"
 * @import { Loaded } from "./loader.js"
 */

export class Desk {
  loader = new Loader();
  queue = new Queue();
  classPanel = new ClassPanel();
  heatPanel = new HeatPanel();
  livePanel = new LivePanel();
  objectsPanel = new ObjectsPanel();
  statusBar = new StatusBar();
  /** The draft is stored first, because the studio replaces proposals that nobody has worked on. */
  tagLine = new TagLine(async () => {
    await this.draft?.flush();
  });
  lookPanel = new LookPanel();
  /** @type {DatasetOut[]} */
  datasets = [];
  /** @type {DatasetOut|null} */
  dataset = null;
  /** The current picture. @type {Loaded|null} */
  current = null;
  /** The draft of the current picture. @type {Draft|null} */
  draft = null;
  /** Somebody else works on the current picture. */
  isLookOnly = false;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.layout = new Layout(root, this);
    this.editor = new MaskEditor(this.layout.stage);
    this.layout.toolbar.append(this.editor.toolbar);
  }
}
