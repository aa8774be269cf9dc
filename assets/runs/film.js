/** The film of a training: one row per picture, one frame per epoch. */
import { element } from "../shared/dom.js";
import * as api from "./api.js";

const MOST_FRAMES = 11;

export class Film {
  #runId;
  #shown = "";

  /** @param {number} runId */
  constructor(runId) {
    this.#runId = runId;
    this.strip = element("div", { class: "rn-film-rows" });
    this.root = element(
      "section",
      { class: "rn-card rn-film", hidden: true },
      element("h3", { text: "CAMs of a few pictures, epoch by epoch" }),
      element("p", {
        class: "st-muted",
        text: "Dark means no class, yellow the strongest of the picture's tags.",
      }),
      this.strip,
    );
  }

  /** @param {import("../shared/openapi").FilmFrame[]} frames by epoch; 0 is before the first step */
  show(frames) {
    this.root.hidden = frames.length === 0;
    const state = JSON.stringify(frames.map(({ epoch }) => epoch));
    if (state === this.#shown || !frames.length) return;
    this.#shown = state;
    const chosen = spread(frames, MOST_FRAMES);
    const names = frames[frames.length - 1].pictures;
    const head = element(
      "div",
      { class: "rn-film-row rn-film-head" },
      ...chosen.map(({ epoch }) => element("span", { text: epoch === 0 ? "before" : `epoch ${epoch}` })),
    );
    this.root.dataset.frames = chosen.length > 5 ? "many" : "few";
    this.strip.replaceChildren(
      head,
      ...names.map((name) =>
        element(
          "div",
          { class: "rn-film-row" },
          ...chosen.map(({ epoch, pictures }) => {
            const number = pictures.indexOf(name);
            if (number < 0) return element("span", {});
            return element("img", {
              src: api.frameUrl(this.#runId, epoch, number),
              alt: `${name}, ${epoch === 0 ? "before training" : `after epoch ${epoch}`}`,
              title: name,
              loading: "lazy",
            });
          }),
        ),
      ),
    );
  }
}

/**
 * At most `count` of a list, evenly, the first and the last among them.
 * @template T
 * @param {T[]} list
 * @param {number} count
 * @returns {T[]}
 */
function spread(list, count) {
  if (list.length <= count) return list;
  return Array.from(
    { length: count },
    (_, number) => list[Math.round((number * (list.length - 1)) / (count - 1))],
  );
}
