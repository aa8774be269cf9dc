/** What can be taken along of a picture: the views as a figure, and every array. */
import { element } from "../shared/dom.js";
import * as api from "./api.js";
import { download, figurePng } from "./figure.js";
import { figureSvg } from "./figure_svg.js";

/**
 * Buttons. What they need is asked for when they are pressed.
 * @param {() => {look: import("./picture.js").Look, views: Object[], style: Object, tab: string, tiles: number, model: string, settings: Object, lines: string[]}} now
 * @param {(text: string) => void} say
 * @returns {HTMLElement[]}
 */
export function exportButtons(now, say) {
  const button = (text, title, make) =>
    element("button", {
      class: "st-button",
      type: "button",
      text,
      title,
      on: {
        click: async () => {
          try {
            await make(now());
          } catch (error) {
            say(error.message);
          }
        },
      },
    });
  return [
    button("PNG", "The views as they are as one figure, with legend and settings written in", async (state) =>
      download(await figurePng(figureOf(state)), `${nameOf(state)}.png`),
    ),
    button("SVG", "The same figure with text, legend and outlines that can be edited", async (state) =>
      download(figureSvg(figureOf(state)), `${nameOf(state)}.svg`),
    ),
    button(
      ".npz",
      "Every array of this picture for numpy, unrounded, with the settings as JSON",
      async ({ look, model, tiles, settings }) => {
        say("Packing the arrays …");
        download(await api.arrays(look.item.id, model, tiles, settings), `${look.header.item.name}.npz`);
        say("");
      },
    ),
  ];
}

const nameOf = ({ look, tab }) => `${look.header.item.name}-${tab}`;

function figureOf({ look, views, style, lines }) {
  return {
    title: `${look.header.item.name} · ${look.tags.map(({ name }) => name).join(", ")}`,
    views,
    image: look.image,
    width: look.width,
    height: look.height,
    style,
    lines,
  };
}

/**
 * The settings of a figure in words, a line each.
 * @param {import("./picture.js").Look} look
 * @param {{tab: string, tiles: number, scale: string, reference: number, settings: Object, sides: string[]}} options
 * @returns {string[]}
 */
export function settingsInWords(look, { tab, tiles, scale, reference, settings, sides }) {
  const { model } = look.header;
  const against = look.references.length
    ? `IoU against ${look.references[reference].title}, mean over the classes of either mask, background included`
    : "Nothing to measure against";
  if (tab === "compare") return [...sides, against];
  const spread = model.affinity_power ? `, spread with power ${model.affinity_power}` : "";
  const how = tab === "puzzle" ? `${tiles} x ${tiles} tiles` : tab === "classes" ? `colours: ${scale}` : "";
  return [
    `Model: ${model.identity}`,
    `CAMs: scales ${model.scales.join(", ")}${model.flip ? " and mirrored" : ""}, longer side at most ${model.max_side} px${spread}${how ? `; ${how}` : ""}`,
    `Mask: threshold ${settings.threshold}${settings.use_crf ? `; CRF ${JSON.stringify(settings.crf)}` : "; no CRF"}${model.walk ? `; walk ${JSON.stringify(settings.walk ?? model.walk)}${model.walk_background ? " with background" : ""}` : ""}`,
    ...(tab === "puzzle" ? lossLine(look.puzzles.get(tiles)?.header.loss) : []),
    against,
  ];
}

function lossLine(loss) {
  if (!loss) return [];
  const shown = (value) => value.toFixed(3);
  return [
    `Losses of this picture: L_cls ${shown(loss.classification)}, L_p-cls ${shown(loss.tile_classification)}, L_re ${shown(loss.reconstruction)}, alpha ${loss.alpha}, L ${shown(loss.total)}`,
  ];
}
