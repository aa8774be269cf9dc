/** Two models or two epochs of a run beside and over each other: their maps, their masks, and what differs. */
import { element } from "../shared/dom.js";
import { changes, measure } from "./labels.js";
import { planes, resampled, signedDifference } from "./maps.js";
import { ModelChoice, another } from "./model_choice.js";

/**
 * @typedef {Object} Side
 * @property {{key: string, identity: string, threshold: number, uses_crf: boolean, note: string|null, logits: number[]|null}} header
 * @property {import("./maps.js").Plane[]} maps of the tags, 0..1
 * @property {Uint8Array} mask on the grid of masks
 */

/** @param {import("./picture.js").Look} look @param {Object} answer of `/lab/side` @returns {Side} */
export const sideOf = (look, { header, arrays }) => ({
  header,
  maps: planes(arrays.maps),
  mask: look.atMaskSize(arrays.mask.data),
});

/**
 * @param {import("./picture.js").Look} look
 * @param {Side} a
 * @param {Side} b
 * @param {{k: number, reference: number, names: [string, string]}} options `names` in words
 * @returns {import("./pane.js").View[]}
 */
export function compareViews(look, a, b, { k, reference, names }) {
  const tag = look.tags[k].name;
  const kept = look.once(`compared ${a.header.key} ${b.header.key}`, () => ({ differences: new Map() }));
  if (kept.a !== a || kept.b !== b)
    Object.assign(kept, { a, b, differences: new Map(), change: changes(a.mask, b.mask) });
  if (!kept.differences.has(k)) {
    const grid = a.maps[k].data.length >= b.maps[k].data.length ? a.maps[k] : b.maps[k];
    const difference = signedDifference(
      resampled(b.maps[k], grid.width, grid.height),
      resampled(a.maps[k], grid.width, grid.height),
    );
    const distance =
      difference.data.reduce((sum, value) => sum + Math.abs(value), 0) / difference.data.length;
    kept.differences.set(k, { difference, distance });
  }
  const { difference, distance } = kept.differences.get(k);
  const truth = look.references[reference]?.mask ?? null;
  const measured = truth ? [a, b].map((side) => measureOnce(look, truth, side)) : null;
  const mapOf = (side, letter, name) => ({
    key: `map ${letter}`,
    title: letter,
    tip: `Map of ${tag} from which the mask is made, 0 to 1. ${name}. The line is this model's own threshold`,
    note: side.header.logits ? `logit ${side.header.logits[k].toFixed(2)}` : "film",
    noteTip: side.header.logits
      ? "Mean of equation 1 over the picture at scale 1 (equation 2); models need not have the same scale"
      : side.header.note,
    map: side.maps[k],
    outlined: side.maps[k],
    level: side.header.threshold,
  });
  const maskOf = (side, letter, name, one, before) => ({
    key: `mask ${letter}`,
    title: `${letter}: mask`,
    tip: `${name}, all tags: threshold ${side.header.threshold}, ${side.header.uses_crf ? "dense CRF" : "no CRF"}`,
    note: one
      ? `IoU ${percent(one.mean)}${gain(one, before)}`
      : `threshold ${Number(side.header.threshold.toFixed(2))}`,
    noteTip: one
      ? `Mean IoU in percent over the classes of either mask, background included${before ? "; in brackets against A" : ""}.${ownClass(look, k, one)}`
      : "A pixel is background unless a tag's map exceeds this",
    labels: side.mask,
  });
  const heading = `Maps of ${tag}`;
  const second = "Masks of all tags, each with its model's own settings";
  const [mapA, mapB] = [mapOf(a, "A", names[0]), mapOf(b, "B", names[1])];
  const [maskA, maskB] = [
    maskOf(a, "A", names[0], measured?.[0], null),
    maskOf(b, "B", names[1], measured?.[1], measured?.[0]),
  ];
  const slider = {
    note: "drag the line",
    noteTip: "Or Shift with the left and right arrow keys on the picture",
  };
  return [
    {
      ...mapA,
      ...slider,
      rowOf: 4,
      key: "map slider",
      heading,
      title: "A | B",
      tip: "The map of A, and right of the line that of B",
      against: mapB,
      sides: ["A", "B"],
    },
    { ...mapA, heading },
    { ...mapB, heading },
    {
      key: "map difference",
      heading,
      title: "B − A",
      tip: "Red: stronger in B. Blue: stronger in A. Maps of different sizes are brought to the finer grid",
      note: `mean |B − A| ${distance.toFixed(3)}`,
      noteTip: "Mean over the picture of the absolute difference of the two maps, 0 to 1",
      map: difference,
      range: [-1, 1],
      signed: true,
    },
    {
      ...maskA,
      ...slider,
      key: "mask slider",
      heading: second,
      title: "A | B: mask",
      tip: "The mask of A, and right of the line that of B",
      against: maskB,
      sides: ["A", "B"],
    },
    { ...maskA, heading: second },
    { ...maskB, heading: second },
    {
      key: "mask change",
      heading: second,
      title: "From A to B",
      tip: "Green: background in A, a class in B. Red: a class in A, background in B. Blue: another class",
      note: `${(100 * kept.change.share).toFixed(1)} % differ`,
      noteTip: "Share of the pixels that the two masks label differently",
      kinds: kept.change.kinds,
    },
  ];
}

function measureOnce(look, truth, side) {
  const kept = look.once(`measured side ${side.header.key}`, () => ({}));
  if (kept.truth !== truth || kept.mask !== side.mask)
    Object.assign(kept, { truth, mask: side.mask, result: measure(truth, side.mask) });
  return kept.result;
}

const percent = (value) => (value === null || value === undefined ? "–" : (100 * value).toFixed(1));

function gain(one, before) {
  if (!before || one.mean === null || before.mean === null) return "";
  const points = 100 * (one.mean - before.mean);
  return ` (${points >= 0 ? "+" : "−"}${Math.abs(points).toFixed(1)})`;
}

function ownClass(look, k, measured) {
  const own = measured.classes.get(look.tags[k].index);
  return own
    ? ` ${look.tags[k].name}: IoU ${percent(own.iou)}, precision ${percent(own.precision)}, recall ${percent(own.recall)}.`
    : "";
}

/** Chooser of the two sides. Event: `change`. */
export class ComparePanel extends EventTarget {
  constructor() {
    super();
    this.a = new ModelChoice("A");
    this.b = new ModelChoice("B");
    for (const side of [this.a, this.b]) side.addEventListener("change", () => this._changed());
    const swap = element("button", {
      class: "st-button",
      type: "button",
      text: "Swap",
      title: "Exchange A and B",
      on: {
        click: () => {
          [this.a.key, this.b.key] = [this.b.key, this.a.key];
          this._changed();
        },
      },
    });
    this.said = element("p", { class: "st-muted", role: "status" });
    this.controls = element(
      "div",
      { class: "lb-bar" },
      element("label", { class: "lb-inline" }, element("b", { text: "A" }), this.a.root),
      element("label", { class: "lb-inline" }, element("b", { text: "B" }), this.b.root),
      swap,
    );
    this.root = element("div", { class: "lb-compare-panel", hidden: true }, this.controls, this.said);
  }

  /**
   * @param {import("./model_choice.js").Choice[]} choices of the picture
   * @param {string} own key of the model that the page looks through
   */
  setChoices(choices, own) {
    const [a, b] = [this.a, this.b].map((side) => (side.choices.length ? side.key : null));
    this.a.setChoices(choices, own);
    if (a && this.isChosen && this.a.has(a)) this.a.key = a;
    const other = b && this.a.has(b) && b !== this.a.key ? b : another(choices, this.a.key);
    this.b.setChoices(choices, other ?? own);
    this.isAlone = other === null;
    this.controls.hidden = this.isAlone;
  }

  /** @param {Side} a @param {Side} b both null while they are on their way */
  say(a, b) {
    if (this.isAlone)
      this.said.textContent =
        "There is one model only. Train a run on the Runs page: it can then be compared with this one, and its epochs with each other.";
    else if (!a || !b) this.said.textContent = "Looking through the other model …";
    else if (a.header.key === b.header.key)
      this.said.textContent = "A and B are the same. Choose another model or epoch for one of them.";
    else if (a.header.note && a.header.note === b.header.note)
      this.said.textContent = `A and B: ${a.header.note}.`;
    else
      this.said.textContent =
        [a, b]
          .map(({ header }, side) => (header.note ? `${"AB"[side]}: ${header.note}.` : ""))
          .join(" ")
          .trim() || "Each with its own threshold and CRF.";
  }

  _changed() {
    this.isChosen = true;
    this.dispatchEvent(new CustomEvent("change"));
  }
}
