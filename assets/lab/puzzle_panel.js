/** How many tiles the puzzle view has, and the losses of the picture. */
import { element } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import { table } from "./tables.js";

/** @import { ClassLossFacts, LossFacts, PuzzleHeader, PuzzleLossConfig } from "../shared/openapi" */

const SIDES = [1, 2, 3, 4];
const CLASS_COLUMNS = /** @type {[string, string][]} */ ([
  ["class", ""],
  ["logit, whole", "Mean of the class's map over the whole picture (equation 2)"],
  [
    "logit, tiles",
    "The same of the tiles: if it is much lower, the classifier recognises the class by something that only the whole picture shows",
  ],
  ["L_cls", "What the class adds to the loss before the mean over the classes"],
  ["L_p-cls", "The same of the tiles"],
]);

/** @extends {Emitter<{tiles: number}>} event `tiles`: how many a side were chosen */
export class PuzzlePanel extends Emitter {
  #buttons;

  constructor() {
    super();
    this.#buttons = SIDES.map((n) =>
      element("button", {
        class: "lb-choice",
        type: "button",
        text: `${n}×${n}`,
        title:
          n === 1
            ? "One tile, the picture itself: whole and tiled map must be equal"
            : `Cut the picture into ${n} x ${n} tiles`,
        on: { click: () => this.emit("tiles", n) },
      }),
    );
    this.losses = element("div", { class: "lb-losses" });
    this.byClass = element("div");
    this.root = element(
      "div",
      { class: "lb-bar" },
      element("span", { class: "lb-choices", role: "group", "aria-label": "Tiles" }, ...this.#buttons),
      this.losses,
    );
  }

  /** @param {number} tiles @param {PuzzleHeader|null} header null while it is computed */
  show(tiles, header) {
    this.byClass.replaceChildren(...(header?.loss ? [classTable(header.loss.classes)] : []));
    this.#buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(SIDES[i] === tiles)));
    const note = header ? header.no_loss : "Computing the maps of the tiles …";
    this.losses.replaceChildren(
      ...(header?.loss
        ? lossNodes(header.loss, header.loss_settings)
        : [element("span", { class: "st-muted", text: note })]),
    );
  }
}

/** @param {LossFacts} loss @param {PuzzleLossConfig|null} settings null where nothing was trained */
function lossNodes(loss, settings) {
  const scope = "For this picture alone, uncropped and in evaluation mode; training uses random crops";
  const offset = settings?.logit_offset ? ` The run adds ${settings.logit_offset} to every logit.` : "";
  const level = settings
    ? `${settings.level === "cam" ? "CAMs divided by their maximum" : "raw maps"}, ${settings.distance.toUpperCase()}, classes: ${settings.classes}`
    : "raw maps, L1, present classes averaged over all, as in the paper";
  const untrained = settings ? "" : " Nothing was trained with it: the model is zero-shot.";
  const unused = (/** @type {boolean|undefined} */ isUsed) =>
    isUsed === false ? " This run was trained without it." : "";
  const number = (/** @type {string} */ name, /** @type {number} */ value, /** @type {string} */ tip) =>
    element(
      "span",
      { class: "lb-loss", title: `${tip} ${scope}.${untrained}` },
      ...symbols(name),
      ` ${value.toFixed(3)}`,
    );
  return [
    number(
      "L_cls",
      loss.classification,
      `Classification loss of the whole picture (equations 2 to 4), mean over ${loss.classes.length} classes.${offset}`,
    ),
    number(
      "L_p-cls",
      loss.tile_classification,
      `Classification loss of the tiles' maps put together (equation 5).${unused(settings?.tile_classification)}`,
    ),
    number(
      "L_re",
      loss.reconstruction,
      `Reconstruction loss (equation 6): ${level}.${unused(settings?.reconstruction)}`,
    ),
    number(
      `L = L_cls + L_p-cls + ${loss.alpha} L_re =`,
      loss.total,
      "Equation 7 at the end of training, with the terms that the settings turn on.",
    ),
  ];
}

/** "L_re" as an L with an index. @param {string} text @returns {(string|HTMLElement)[]} */
const symbols = (text) =>
  text.split(/(L(?:_[a-z-]+)?)/).flatMap(
    /** @returns {(string|HTMLElement)[]} */ (part) => {
      const [letter, index] = part.split("_");
      if (letter !== "L") return [part];
      return [element("i", { text: letter }), ...(index ? [element("sub", { text: index })] : [])];
    },
  );

/** @param {ClassLossFacts[]} classes */
function classTable(classes) {
  const rows = [...classes].sort(
    (a, b) => Number(b.is_tagged) - Number(a.is_tagged) || b.whole_logit - a.whole_logit,
  );
  const cells = rows.map((row) => [
    row.name,
    ...[row.whole_logit, row.tiled_logit, row.classification, row.tile_classification].map((value) =>
      value.toFixed(3),
    ),
  ]);
  const losses = table(CLASS_COLUMNS, cells, {
    rowClasses: rows.map((row) => (row.is_tagged ? "lb-tagged" : "")),
  });
  return element(
    "section",
    { class: "lb-loss-classes" },
    element("h3", { text: "Classification losses by class" }),
    losses,
  );
}
