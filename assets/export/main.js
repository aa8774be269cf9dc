/** Earlier exports on the Export page: what is in them, download and remove. */
import { allDatasets, apiUrl, json, messageOf, request } from "../shared/api.js";
import { count, element, timeAgo } from "../shared/dom.js";
import { bytes, moment } from "../shared/format.js";

/**
 * @import { DatasetOut, ExportOut, ExportsOut } from "../shared/openapi"
 *
 * @typedef {{dataset: DatasetOut, kept: ExportOut}} Row
 */

const MOST_CLASSES = 12;

/** @param {HTMLElement} root */
export function mount(root) {
  const page = new EarlierExports(root);
  page.load();
  // Gradio replaces the element of the result as it likes, so the whole page is watched for a new text.
  const result = () => document.getElementById("export-result")?.textContent ?? "";
  let last = result();
  new MutationObserver(() => {
    if (result() === last) return;
    last = result();
    page.load();
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
}

class EarlierExports {
  #generation = 0;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.list = element("ul", { class: "ex-list", "aria-label": "Earlier exports" });
    this.saying = element("p", { class: "ex-saying st-muted", role: "status" });
    root.replaceChildren(element("h3", { text: "Earlier exports" }), this.saying, this.list);
  }

  async load() {
    const generation = ++this.#generation;
    try {
      const { datasets: all } = await allDatasets();
      const answers = await Promise.all(
        all.map(async (dataset) => {
          /** @type {ExportsOut} */
          const { exports } = await json(`/datasets/${dataset.id}/exports`, { cache: "no-store" });
          return exports.map((kept) => ({ dataset, kept }));
        }),
      );
      if (generation !== this.#generation) return;
      this.#show(answers.flat().sort((a, b) => b.kept.created.localeCompare(a.kept.created)));
    } catch (error) {
      this.saying.textContent = messageOf(error);
    }
  }

  /** @param {Row[]} rows */
  #show(rows) {
    this.saying.textContent = rows.length ? "" : "There is no export yet.";
    this.list.replaceChildren(...rows.map((row) => this.#row(row)));
  }

  /** @param {Row} row */
  #row({ dataset, kept }) {
    const path = `/datasets/${dataset.id}/exports/${encodeURIComponent(kept.name)}`;
    const download = element("button", {
      class: "st-button",
      type: "button",
      text: "Download",
      "aria-label": `Download ${kept.name} as a zip`,
      on: { click: ({ currentTarget }) => this.#download(currentTarget, path, kept) },
    });
    const remove = element("button", {
      class: "st-button st-danger",
      type: "button",
      text: "Remove",
      "aria-label": `Remove ${kept.name}`,
      on: { click: () => this.#remove(path, kept) },
    });
    return element(
      "li",
      { class: "ex-row", data: { name: kept.name } },
      element(
        "div",
        { class: "ex-text" },
        element("strong", { text: kept.dataset }),
        element("span", {
          class: "st-muted",
          text: [moment(kept.created), `(${timeAgo(kept.created)})`, kept.by ? `by ${kept.by}` : ""].join(
            " ",
          ),
          title: kept.name,
        }),
        element("span", { text: contents(kept) }),
        element("span", { class: "st-muted", text: classNames(kept) }),
      ),
      element("div", { class: "ex-actions" }, download, remove),
    );
  }

  /** @param {EventTarget|null} button @param {string} path @param {ExportOut} kept */
  async #download(button, path, kept) {
    if (!(button instanceof HTMLButtonElement)) return;
    button.disabled = true;
    this.saying.textContent = "Preparing the zip …";
    try {
      // The first byte comes when the zip is ready; a refusal says why.
      await request(`${path}/zip`, { headers: { Range: "bytes=0-0" } });
      this.saying.textContent = "";
      element("a", { href: apiUrl(`${path}/zip`), download: `${kept.name}.zip` }).click();
    } catch (error) {
      this.saying.textContent = messageOf(error);
    } finally {
      button.disabled = false;
    }
  }

  /** @param {string} path @param {ExportOut} kept */
  async #remove(path, kept) {
    const what = `the export of ${kept.dataset} from ${moment(kept.created)}`;
    if (!window.confirm(`Remove ${what}? Pictures and masks in the studio stay.`)) return;
    try {
      await request(path, { method: "DELETE" });
    } catch (error) {
      this.saying.textContent = messageOf(error);
      return;
    }
    await this.load();
  }
}

/** @param {ExportOut} kept */
function contents(kept) {
  const filters = [
    kept.statuses.join(" or "),
    kept.splits.length ? `split ${kept.splits.join(" or ")}` : "",
    kept.with_tags.length ? `tagged ${kept.with_tags.join(" or ")}` : "",
    kept.void_boundary_px ? `void boundary ${kept.void_boundary_px} px` : "",
    kept.left_out ? `${count(kept.left_out, "picture")} left out` : "",
  ].filter(Boolean);
  return `${count(kept.pictures, "picture")}, ${kept.format}, ${bytes(kept.size_bytes)}: ${filters.join(", ")}`;
}

/** @param {ExportOut} kept */
function classNames({ classes }) {
  const more = classes.length - MOST_CLASSES;
  const named = classes.slice(0, MOST_CLASSES).join(", ");
  return `${count(classes.length, "class")}: ${named}${more > 0 ? ` and ${more} more` : ""}`;
}
