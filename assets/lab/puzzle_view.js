/** The puzzle module live (paper figures 1 and 2): whole, tiles, merged, difference, and the losses. */
import { element } from "../shared/dom.js";
import { maximum, plane, signedDifference, tilesApart } from "./maps.js";

const SIDES = [1, 2, 3, 4];

/**
 * @param {import("./picture.js").Look} look
 * @param {{header: Object, arrays: Object}} puzzle
 * @param {number} k position of the tag
 * @returns {import("./pane.js").View[]}
 */
export function puzzleViews(look, puzzle, k) {
  const { header, arrays } = puzzle;
  const n = header.tiles;
  const name = look.tags[k].name;
  const of = (array) => look.once(`puzzle ${n} ${array} ${k}`, () => plane(arrays[array], k));
  const whole = of("whole");
  const tiled = of("tiled");
  const apart = look.once(`puzzle ${n} apart ${k}`, () =>
    tilesApart(of("tiled_cells"), n, header.cells_share, whole.width, whole.height),
  );
  const strongest = Math.max(maximum(of("whole_cells")), maximum(of("tiled_cells")), 1e-5);
  const difference = look.once(`puzzle ${n} difference ${k}`, () => signedDifference(whole, tiled));
  const tileShare = n > 1 ? header.tile_share : undefined;
  const size = `${n} x ${n}`;
  return [
    {
      key: "whole",
      title: "Whole picture",
      tip: `CAM of ${name} on the whole picture at scale 1 (equation 1), over the larger of its own maximum and that of the tiles`,
      map: whole,
      outlined: whole,
    },
    {
      key: "apart",
      title: n > 1 ? "Each tile" : "The one tile",
      tip: `The network's map of each of the ${size} tiles by itself: no tile sees its neighbour. Positive part, over the largest value of whole and tiles`,
      map: apart,
      range: [0, strongest],
      tileShare,
      gutters: true,
    },
    {
      key: "merged",
      title: "Merged",
      tip: `The maps of the tiles put together again, smoothed like the whole one and over the same maximum`,
      map: tiled,
      outlined: tiled,
      tileShare,
    },
    {
      key: "difference",
      title: "Difference",
      note: `disagreement ${header.disagreement[k].toFixed(3)}`,
      noteTip:
        "Sum of |whole − merged| over the sum of the larger of both: 0 where they are equal, 1 where they never overlap. Review's order “Tiles disagree” takes the largest of the tags",
      tip: "Whole minus merged. Red: seen only in the whole picture. Blue: seen only when a tile is looked at by itself",
      map: difference,
      range: [-1, 1],
      signed: true,
      tileShare,
    },
  ];
}

/** Chooser of tiles and table of losses. Events: `tiles` (detail: n). */
export class PuzzlePanel extends EventTarget {
  constructor() {
    super();
    this.buttons = new Map(
      SIDES.map((n) => [
        n,
        element("button", {
          class: "lb-choice",
          type: "button",
          text: `${n}×${n}`,
          title:
            n === 1
              ? "One tile, the picture itself: whole and merged must be equal"
              : `Cut the picture into ${n} x ${n} tiles`,
          on: { click: () => this.dispatchEvent(new CustomEvent("tiles", { detail: n })) },
        }),
      ]),
    );
    this.losses = element("div", { class: "lb-losses" });
    this.byClass = element("div");
    this.root = element(
      "div",
      { class: "lb-bar" },
      element(
        "span",
        { class: "lb-choices", role: "group", "aria-label": "Tiles" },
        ...this.buttons.values(),
      ),
      this.losses,
    );
  }

  /** @param {number} tiles @param {Object|null} header of the puzzle, null while it is computed */
  show(tiles, header) {
    this.byClass.replaceChildren(...(header?.loss ? [classTable(header.loss.classes)] : []));
    for (const [n, button] of this.buttons) button.setAttribute("aria-pressed", String(n === tiles));
    if (!header)
      this.losses.replaceChildren(element("span", { class: "st-muted", text: "Looking at the tiles …" }));
    else if (!header.loss)
      this.losses.replaceChildren(element("span", { class: "st-muted", text: header.no_loss }));
    else this.losses.replaceChildren(...lossNodes(header));
  }
}

function lossNodes({ loss, loss_settings: settings }) {
  const where = "Of this picture alone, whole and in evaluation mode; training sees random crops";
  const offset = settings?.logit_offset ? ` The run adds ${settings.logit_offset} to every logit.` : "";
  const level = settings
    ? `${settings.level === "cam" ? "CAMs over their maximum" : "raw maps"}, ${settings.distance.toUpperCase()}, classes: ${settings.classes}`
    : "raw maps, L1, present classes averaged over all, as in the paper";
  const trained = settings ? "" : " Nothing was trained with it: the model is zero-shot.";
  const number = (name, value, tip) =>
    element(
      "span",
      { class: "lb-loss", title: `${tip} ${where}.${trained}` },
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
      `Classification loss of the merged maps of the tiles (equation 5).${settings && !settings.tile_classification ? " This run left it out." : ""}`,
    ),
    number(
      "L_re",
      loss.reconstruction,
      `Reconstruction loss (equation 6): ${level}.${settings && !settings.reconstruction ? " This run left it out." : ""}`,
    ),
    number(
      `L = L_cls + L_p-cls + ${loss.alpha} L_re =`,
      loss.total,
      "Equation 7 at the end of training, with the terms that the settings turn on.",
    ),
  ];
}

/** "L_re" as an L with an index. @param {string} text */
const symbols = (text) =>
  text.split(/(L(?:_[a-z-]+)?)/).flatMap((part) => {
    const [letter, index] = part.split("_");
    if (letter !== "L") return [part];
    return [element("i", { text: letter }), ...(index ? [element("sub", { text: index })] : [])];
  });

function classTable(classes) {
  const rows = [...classes].sort((a, b) => b.is_tagged - a.is_tagged || b.whole_logit - a.whole_logit);
  const head = [
    ["class", ""],
    ["logit, whole", "Mean of the class's map over the whole picture (equation 2)"],
    [
      "logit, tiles",
      "The same of the merged tiles: much lower means that the class is told by what only the whole shows",
    ],
    ["L_cls", "What the class adds to the loss before the mean over the classes"],
    ["L_p-cls", "The same of the tiles"],
  ];
  return element(
    "section",
    { class: "lb-loss-classes" },
    element("h3", { text: "Classification losses by class" }),
    element(
      "table",
      { class: "st-table" },
      element("thead", {}, element("tr", {}, ...head.map(([text, title]) => element("th", { text, title })))),
      element(
        "tbody",
        {},
        ...rows.map((row) =>
          element(
            "tr",
            { class: row.is_tagged ? "lb-tagged" : "" },
            element("td", { text: row.name }),
            ...[row.whole_logit, row.tiled_logit, row.classification, row.tile_classification].map((value) =>
              element("td", { text: value.toFixed(3) }),
            ),
          ),
        ),
      ),
    ),
  );
}
