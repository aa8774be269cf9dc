/** The table at the side: scores of all classes under the pointer, or of the whole picture. */
import { sampleHeat } from "../shared/heatmap.js";
import { element } from "../shared/dom.js";

export class Readout {
  constructor() {
    /** Says more of a place: (read: map -> value) -> words or null. @type {((read: Function) => string|null)|null} */
    this.more = null;
    this.where = element("p", { class: "st-muted", role: "status" });
    this.body = element("tbody");
    const head = [
      ["class", "Tags first, in bold; then the classes without a tag, the strongest first"],
      [
        "score",
        "Equation 1 at scale 1 under the pointer, negative values included; of the whole picture its mean, the logit",
      ],
      [
        "sum",
        "Positive parts summed over scales and views under the pointer; of the whole picture the maximum",
      ],
      ["0–1", "The sum over its maximum under the pointer: the CAM"],
    ];
    this.root = element(
      "section",
      { class: "lb-side-section" },
      element("h3", { text: "All classes" }),
      this.where,
      element(
        "table",
        { class: "st-table lb-scores" },
        element(
          "thead",
          {},
          element("tr", {}, ...head.map(([text, title]) => element("th", { text, title }))),
        ),
        this.body,
      ),
    );
  }

  /** @param {import("./picture.js").Look} look */
  setLook(look) {
    this.look = look;
    this.rows = look.classes.map((one) => {
      const cells = [0, 1, 2].map(() => element("td"));
      const row = element(
        "tr",
        { class: one.tagged ? "lb-tagged" : "", title: one.seen_as },
        element("td", {}, element("i", { class: "lb-swatch", style: `background:${one.color}` }), one.name),
        ...cells,
      );
      return { row, cells };
    });
    this.body.replaceChildren(...this.rows.map(({ row }) => row));
    this.point(null);
  }

  /** @param {{x: number, y: number}|null} at in the picture */
  point(at) {
    const { look } = this;
    if (!look) return;
    const values = look.classes.map((one, c) => {
      if (!at) return [one.logit, one.maximum, null];
      const u = at.x / look.width;
      const v = at.y / look.height;
      const sum = sampleHeat(look.plane("raw", c), u, v);
      const share = one.tagged ? sampleHeat(look.planes("cams")[c], u, v) : sum / (one.maximum + 1e-5);
      return [sampleHeat(look.plane("scores", c), u, v), sum, share];
    });
    const best = Math.max(...values.map(([score]) => score));
    values.forEach(([score, sum, share], c) => {
      const { row, cells } = this.rows[c];
      cells[0].textContent = score.toFixed(2);
      cells[1].textContent = sum.toFixed(2);
      cells[2].textContent = share === null ? "–" : share.toFixed(2);
      cells[2].style.setProperty("--lb-share", String(Math.max(0, Math.min(1, share ?? 0))));
      row.classList.toggle("lb-best", score === best);
    });
    this.where.textContent = at
      ? this._sentence(at)
      : "Whole picture: mean score, largest sum. Point at a view for one pixel.";
  }

  _sentence({ x, y }) {
    const { look } = this;
    const parts = [`x ${Math.floor(x)}, y ${Math.floor(y)}`];
    const nameAt = (mask) => {
      const column = Math.floor((x / look.width) * look.maskWidth);
      const row = Math.floor((y / look.height) * look.maskHeight);
      const index = mask[row * look.maskWidth + column];
      if (index === 0) return "background";
      if (index === 255) return "void";
      return look.names.get(index) ?? `class ${index}`;
    };
    if (look.made) parts.push(`mask: ${nameAt(look.made.mask)}`);
    for (const { title, mask } of look.references) parts.push(`${title}: ${nameAt(mask)}`);
    if (look.arrays.edges)
      parts.push(`edge ${sampleHeat(look.plane("edges"), x / look.width, y / look.height).toFixed(2)}`);
    const more = this.more?.((map) => sampleHeat(map, x / look.width, y / look.height));
    if (more) parts.push(more);
    return parts.join(" · ");
  }
}
