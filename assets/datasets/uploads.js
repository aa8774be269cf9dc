/** Uploads on the page Datasets: files, folders and zips for a new dataset or a known one. */
import { datasets, json, messageOf, request } from "../shared/api.js";
import { count, element, fillSelect } from "../shared/dom.js";
import { bytes } from "../shared/format.js";
import { address } from "../shared/place.js";
import { fromDrop, fromField } from "./dropped.js";
import { send } from "./sender.js";

/**
 * @import { UploadIn, UploadOut, UploadsOut, UploadStateOut, UploadWorkOut } from "../shared/openapi"
 * @import { Chosen } from "./dropped.js"
 */

const AGAIN_MS = 500;
const MASKS = [
  { value: "", text: "Do not import masks" },
  { value: "proposals", text: "Import masks as proposals" },
  { value: "ground-truth", text: "Import masks as ground truth" },
  { value: "accepted", text: "Import masks as accepted work" },
];

/** @param {HTMLElement} root */
export function mount(root) {
  Object.assign(window, { puzzlecamUploads: new Uploads(root) }); // for the browser's console
}

class Uploads {
  /** @type {Chosen[]} */
  #chosen = [];
  /** Those that were begun before and can be continued. @type {UploadOut[]} */
  #open = [];
  /** @type {AbortController|null} */
  #sending = null;
  #files = field("Choose files", { multiple: true }, (list) => this.#choose(fromField(list)));
  #folder = field("Choose a folder", { webkitdirectory: true }, (list) => this.#choose(fromField(list)));
  #target = element("select", {
    class: "st-input",
    "aria-label": "Where the pictures go",
    on: { change: () => this.#show() },
  });
  #name = element("input", {
    class: "st-input",
    maxlength: 128,
    placeholder: "Name of the new dataset",
    "aria-label": "Name of the new dataset",
    on: { input: () => this.#show() },
  });
  #masks = element("select", { class: "st-input", "aria-label": "Masks in the upload" });
  #start = button("Upload", () => this.#begin(), "st-button st-primary");
  #stop = button("Stop", () => this.#sending?.abort());
  #progress = element("progress", { max: 1, hidden: true, "aria-label": "How much is uploaded" });
  #said = element("p", { role: "status" });
  #problems = element("ul", { class: "ds-changes" });
  #drop = element(
    "div",
    { class: "ds-drop" },
    element("span", { text: "Drop pictures, folders or zips here, or " }),
    this.#files.root,
    this.#folder.root,
  );
  #begun = element("ul", { class: "ds-changes", "aria-label": "Uploads that are not finished" });

  /** @param {HTMLElement} root */
  constructor(root) {
    fillSelect(this.#masks, MASKS);
    root.className = "st-page ds-root ds-uploads";
    root.replaceChildren(
      element("h2", { text: "Upload pictures" }),
      element("p", {
        class: "st-muted",
        text: "Tags come from a file tags.csv (columns image,tags) or from one folder for each class, as in an import from a folder. Masks and other formats may be in the upload too.",
      }),
      this.#drop,
      element(
        "div",
        { class: "ds-bar" },
        this.#target,
        this.#name,
        this.#masks,
        element("span", { class: "st-spring" }),
        this.#stop,
        this.#start,
      ),
      this.#progress,
      this.#said,
      this.#problems,
      this.#begun,
    );
    for (const event of ["dragenter", "dragover"])
      this.#drop.addEventListener(event, (dragged) => {
        dragged.preventDefault();
        this.#drop.classList.add("ds-over");
      });
    for (const event of ["dragleave", "drop"])
      this.#drop.addEventListener(event, () => this.#drop.classList.remove("ds-over"));
    this.#drop.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer) this.#chooseDropped(event.dataTransfer);
    });
    window.addEventListener("beforeunload", (event) => {
      if (this.#sending) event.preventDefault();
    });
    this.#load();
  }

  async #load() {
    try {
      const [known, state] = await Promise.all([datasets(), json("/uploads", { cache: "no-store" })]);
      fillSelect(this.#target, [
        { value: "", text: "A new dataset" },
        ...known.datasets
          .filter(({ takes_uploads: takes }) => takes)
          .map(({ id, name }) => ({ value: String(id), text: `Add to ${name}` })),
      ]);
      this.#showOpen(state);
    } catch (error) {
      this.#say(messageOf(error), true);
    }
    this.#show();
  }

  /** @param {UploadsOut} state */
  #showOpen({ uploads }) {
    this.#open = uploads;
    this.#begun.replaceChildren(
      ...uploads.map((one) =>
        element(
          "li",
          {},
          `Not finished: ${count(one.files, "file")} for ${one.dataset} (${bytes(one.total_bytes)}), begun ${new Date(one.begun * 1000).toLocaleString()}. Choose the same files to continue. `,
          button("Remove", () => this.#remove(one)),
        ),
      ),
    );
  }

  /** @param {DataTransfer} dropped */
  async #chooseDropped(dropped) {
    try {
      this.#choose(await fromDrop(dropped));
    } catch (error) {
      this.#say(`The files cannot be read: ${messageOf(error)}`, true);
    }
  }

  /** @param {Chosen[]} chosen */
  #choose(chosen) {
    if (this.#sending) return;
    this.#chosen = chosen;
    this.#problems.replaceChildren();
    const same = this.#begunBefore();
    if (same) {
      this.#target.value = same.dataset_id === null ? "" : String(same.dataset_id);
      this.#name.value = same.dataset;
    }
    const what = `${count(chosen.length, "file")}, ${bytes(this.#bytes)}`;
    this.#say(
      chosen.length ? `${what}${same ? ": the upload is continued" : ""}.` : "There is no file in it.",
    );
    this.#show();
  }

  get #bytes() {
    return this.#chosen.reduce((sum, { file }) => sum + file.size, 0);
  }

  #begunBefore() {
    return this.#open.find(
      ({ files, total_bytes: total }) => files === this.#chosen.length && total === this.#bytes,
    );
  }

  #show() {
    this.#name.hidden = this.#target.value !== "";
    this.#start.disabled =
      this.#sending !== null || !this.#chosen.length || (!this.#name.hidden && !this.#name.value.trim());
    this.#stop.hidden = this.#sending === null;
  }

  async #begin() {
    const chosen = this.#chosen;
    const stop = new AbortController();
    this.#sending = stop;
    this.#problems.replaceChildren();
    this.#show();
    try {
      const upload = this.#begunBefore() ?? (await this.#ask());
      this.#progress.hidden = false;
      await send(upload, chosen, (sent, isWaiting) => this.#showSent(sent, isWaiting), stop.signal);
      await this.#import(upload);
    } catch (error) {
      this.#say(stop.signal.aborted ? "Stopped. Choose the same files to continue." : messageOf(error), true);
    }
    this.#sending = null;
    this.#progress.hidden = true;
    await this.#load();
  }

  /** @returns {Promise<UploadOut>} */
  #ask() {
    /** @type {UploadIn} */
    const body = {
      dataset: this.#target.value ? "" : this.#name.value,
      dataset_id: this.#target.value ? Number(this.#target.value) : null,
      total_bytes: this.#bytes,
      files: this.#chosen.length,
    };
    return json("/uploads", { body });
  }

  /** @param {number} sent @param {boolean} isWaiting */
  #showSent(sent, isWaiting) {
    const total = this.#bytes;
    this.#progress.value = total ? sent / total : 1;
    this.#say(
      isWaiting
        ? "The studio does not answer. The upload goes on when it does."
        : `${bytes(sent)} of ${bytes(total)} are uploaded.`,
    );
  }

  /** @param {UploadOut} upload */
  async #import(upload) {
    const masks = this.#masks.value || null;
    /** @type {UploadWorkOut} */
    let work = await json(`/uploads/${upload.id}/import`, { body: { masks } });
    while (work.state === "running") {
      this.#progress.value = work.total ? work.done / work.total : 0;
      this.#say("The files are checked and imported.");
      await new Promise((done) => setTimeout(done, AGAIN_MS));
      /** @type {UploadStateOut} */
      const state = await json(`/uploads/${upload.id}`, { cache: "no-store" });
      work = state.work;
    }
    if (work.state === "failed") throw new Error(`Nothing was imported: ${work.problem}`);
    this.#chosen = [];
    this.#say(work.sentence ?? "");
    this.#said.append(
      " ",
      element("a", { href: address(`/?dataset=${work.dataset_id}`), text: "Review the pictures" }),
      " · ",
      element("a", { href: address(`/datasets?dataset=${work.dataset_id}`), text: "Show its report" }),
    );
    this.#problems.replaceChildren(
      ...work.problems.map(({ file, reason, remedy }) =>
        element("li", { class: "ds-problem", text: `${file}: ${reason}. ${remedy}.` }),
      ),
    );
  }

  /** @param {UploadOut} upload */
  async #remove(upload) {
    try {
      await request(`/uploads/${upload.id}`, { method: "DELETE" });
    } catch (error) {
      this.#say(messageOf(error), true);
    }
    await this.#load();
  }

  /** @param {string} text @param {boolean} [isBad] */
  #say(text, isBad = false) {
    this.#said.textContent = text;
    this.#said.dataset.tone = isBad ? "bad" : "";
  }
}

/** @param {string} text @param {() => unknown} click @param {string} [className] */
function button(text, click, className = "st-button") {
  return element("button", { class: className, type: "button", text, on: { click } });
}

/** A button that opens the browser's dialog. @param {string} text @param {Record<string, boolean>} kind @param {(list: FileList|null) => void} chosen */
function field(text, kind, chosen) {
  const input = element("input", { type: "file", hidden: true, "aria-label": text, ...kind });
  input.addEventListener("change", () => {
    chosen(input.files);
    input.value = "";
  });
  return {
    root: element(
      "span",
      {},
      button(text, () => input.click()),
      input,
    ),
  };
}
