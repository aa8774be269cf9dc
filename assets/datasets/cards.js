/** Cards of the datasets at the top of the page Datasets: a picture, how far the work is, and the archive. */
import { allDatasets, messageOf, request, thumbnailUrl } from "../shared/api.js";
import { count, element } from "../shared/dom.js";
import { address } from "../shared/place.js";

/** @import { DatasetOut } from "../shared/openapi" */

const DONE = /** @type {const} */ (["accepted", "corrected"]);

/** @param {HTMLElement} root */
export function mount(root) {
  const cards = new Cards(root);
  cards.load();
  // What an import or an upload says is a sign that there is more to show.
  const said = () =>
    ["#import-report", ".ds-uploads [role=status]"].map(
      (place) => document.querySelector(place)?.textContent ?? "",
    );
  let last = said().join();
  new MutationObserver(() => {
    const now = said().join();
    if (now === last) return;
    last = now;
    if (/found/.test(now)) cards.load();
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
}

class Cards {
  #generation = 0;
  #said = element("p", { role: "status" });
  #list = element("ul", { class: "ds-cards", "aria-label": "Datasets" });
  #archived = element("ul", { class: "ds-cards", "aria-label": "Archived datasets" });
  #archive = element("details", { class: "ds-archive", hidden: true }, element("summary"), this.#archived);

  /** @param {HTMLElement} root */
  constructor(root) {
    root.className = "st-page ds-root ds-cards-root";
    root.replaceChildren(element("h2", { text: "Datasets" }), this.#said, this.#list, this.#archive);
  }

  async load() {
    const generation = ++this.#generation;
    try {
      const { datasets } = await allDatasets();
      if (generation !== this.#generation) return;
      const led = datasets.filter(({ is_lead: isLead }) => isLead);
      const archived = led.filter(({ is_archived: isArchived }) => isArchived);
      this.#list.replaceChildren(
        ...led.filter((one) => !archived.includes(one)).map((one) => this.#card(one)),
      );
      this.#archived.replaceChildren(...archived.map((one) => this.#card(one)));
      this.#archive.hidden = !archived.length;
      /** @type {HTMLElement} */ (this.#archive.firstElementChild).textContent =
        `Archived: ${count(archived.length, "dataset")}`;
      this.#said.textContent = led.length ? "" : "There is no dataset yet. Upload or import pictures below.";
    } catch (error) {
      this.#said.textContent = messageOf(error);
    }
  }

  /** @param {DatasetOut} dataset */
  #card(dataset) {
    const { id, name, items, counts, cover, is_archived: isArchived } = dataset;
    const done = DONE.reduce((sum, status) => sum + counts[status], 0);
    const others = [
      counts.rejected ? `${counts.rejected.toLocaleString()} rejected` : "",
      counts.skipped ? `${counts.skipped.toLocaleString()} skipped` : "",
      counts.returned ? `${counts.returned.toLocaleString()} returned` : "",
    ].filter(Boolean);
    const classes = dataset.classes.filter((one) => one.index !== 0 && one.retired_to === null).length;
    const change = isArchived ? "unarchive" : "archive";
    return element(
      "li",
      { class: "ds-card", data: { name } },
      cover === null
        ? element("div", { class: "ds-cover" })
        : element("img", {
            class: "ds-cover",
            src: thumbnailUrl(cover, null),
            alt: "",
            loading: "lazy",
            decoding: "async",
          }),
      element(
        "div",
        { class: "ds-card-text" },
        element("a", {
          class: "ds-card-name",
          href: address(`/datasets?dataset=${id}`),
          text: name,
          title: "Report, classes and names of this dataset, below",
        }),
        element("span", {
          class: "st-muted",
          text: `${count(items, "picture")}, ${count(classes, "class")}`,
        }),
        element("progress", {
          max: Math.max(1, items),
          value: done,
          "aria-label": `Finished pictures of ${name}`,
        }),
        element("span", { text: `${done.toLocaleString()} of ${items.toLocaleString()} finished` }),
        others.length ? element("span", { class: "st-muted", text: others.join(", ") }) : null,
        element(
          "div",
          { class: "ds-card-actions" },
          isArchived
            ? null
            : element("a", { class: "st-button", href: address(`/?dataset=${id}`), text: "Review" }),
          isArchived
            ? null
            : element("a", { class: "st-button", href: address(`/gallery?dataset=${id}`), text: "Gallery" }),
          element("button", {
            class: "st-button",
            type: "button",
            text: isArchived ? "Unarchive" : "Archive",
            title: isArchived
              ? "Show the dataset on all pages again"
              : "Show the dataset only here and on the page Export; nothing in it changes",
            "aria-label": `${isArchived ? "Unarchive" : "Archive"} ${name}`,
            on: { click: () => this.#change(id, change) },
          }),
        ),
      ),
    );
  }

  /** @param {number} id @param {"archive"|"unarchive"} change */
  async #change(id, change) {
    try {
      await request(`/datasets/${id}/${change}`, { method: "POST" });
    } catch (error) {
      this.#said.textContent = messageOf(error);
      return;
    }
    await this.load();
  }
}
