/** What can be exported of a picture: the views as a figure, and every array. */
import { messageOf } from "../shared/api.js";
import { element } from "../shared/dom.js";
import * as api from "./api.js";
import { download, figurePng } from "./figure.js";
import { figureSvg } from "./figure_svg.js";

/**
 * @import { LossFacts, MaskIn } from "../shared/openapi"
 * @import { Figure } from "./figure_layout.js"
 * @import { Picture } from "./picture.js"
 * @import { TabName } from "./toolbar.js"
 * @import { Style, View } from "./view.js"
 *
 * @typedef {object} Shown what is on the page
 * @property {Picture} picture
 * @property {View[]} views
 * @property {Style} style
 * @property {TabName} tab
 * @property {number} tiles a side
 * @property {MaskIn} settings of the mask
 * @property {string[]} lines the settings in words
 */

/**
 * Buttons that export what is on the page when they are pressed.
 * @param {() => Shown|null} now
 * @param {(text: string) => void} showMessage
 * @returns {HTMLElement[]}
 */
export function exportButtons(now, showMessage) {
  const button = (
    /** @type {string} */ text,
    /** @type {string} */ title,
    /** @type {(shown: Shown) => Promise<void>} */ make,
  ) =>
    element("button", {
      class: "st-button",
      type: "button",
      text,
      title,
      on: {
        click: () => {
          const shown = now();
          if (shown) make(shown).catch((error) => showMessage(messageOf(error)));
        },
      },
    });
  return [
    button("PNG", "The views as they are as one figure that includes legend and settings", async (shown) =>
      download(await figurePng(figureOf(shown)), `${nameOf(shown)}.png`),
    ),
    button("SVG", "The same figure, with text, legend and outlines that can be edited", async (shown) =>
      download(figureSvg(figureOf(shown)), `${nameOf(shown)}.svg`),
    ),
    button(
      ".npz",
      "Every array of this picture for numpy, without rounding, with the settings as JSON",
      async ({ picture, tiles, settings }) => {
        showMessage("Packing the arrays …");
        const arrays = await api.arrays(picture.item.id, picture.model, tiles, settings);
        download(arrays, `${picture.header.item.name}.npz`);
        showMessage("");
      },
    ),
  ];
}

/** @param {Shown} shown */
const nameOf = ({ picture, tab }) => `${picture.header.item.name}-${tab}`;

/** @param {Shown} shown @returns {Figure} */
function figureOf({ picture, views, style, lines }) {
  return {
    title: `${picture.header.item.name} · ${picture.tags.map(({ name }) => name).join(", ")}`,
    views,
    image: picture.image,
    width: picture.width,
    height: picture.height,
    style,
    lines,
  };
}

/**
 * The settings of a figure in words, a line each.
 * @param {Picture} picture
 * @param {object} options
 * @param {TabName} options.tab
 * @param {number} options.tiles
 * @param {string} options.scale
 * @param {number} options.reference
 * @param {MaskIn} options.settings
 * @param {string[]} options.sides of a comparison, in words
 * @returns {string[]}
 */
export function settingsInWords(picture, { tab, tiles, scale, reference, settings, sides }) {
  const { model } = picture.header;
  const truth = picture.references[reference];
  const against = truth
    ? `IoU against ${truth.title}, mean over the classes of either mask, background included`
    : "No reference mask to measure against";
  if (tab === "compare") return [...sides, against];
  const spread = model.affinity_power ? `, spread with power ${model.affinity_power}` : "";
  const how =
    tab === "puzzle"
      ? `; ${tiles} x ${tiles} tiles`
      : tab === "explain"
        ? "; shown: the picture once, at scale 1, not mirrored"
        : tab === "classes"
          ? `; colours: ${scale}`
          : "";
  const flip = model.flip ? " and mirrored" : "";
  const crf = settings.use_crf ? `; CRF ${JSON.stringify(settings.crf)}` : "; no CRF";
  const pieces = model.min_piece_share ? `; no pieces below ${model.min_piece_share} of the picture` : "";
  const background = model.walk_background ? " with background" : "";
  const walk = model.walk ? `; random walk ${JSON.stringify(settings.walk ?? model.walk)}${background}` : "";
  return [
    `Model: ${model.identity}`,
    `CAMs: scales ${model.scales.join(", ")}${flip}, longer side at most ${model.max_side} px${spread}${how}`,
    `Mask: threshold ${settings.threshold}${crf}${pieces}${walk}`,
    ...(tab === "puzzle" ? lossLine(picture.puzzles.get(tiles)?.header.loss) : []),
    against,
  ];
}

/** @param {LossFacts|null|undefined} loss @returns {string[]} */
function lossLine(loss) {
  if (!loss) return [];
  const { classification, tile_classification: tile, reconstruction, alpha, total } = loss;
  const [cls, pCls, re, l] = [classification, tile, reconstruction, total].map((value) => value.toFixed(3));
  return [`Losses of this picture: L_cls ${cls}, L_p-cls ${pCls}, L_re ${re}, alpha ${alpha}, L ${l}`];
}
