/** The form that makes an invitation. */
import { element } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import { labelled, select } from "./parts.js";
import { ADMIN, ROLES } from "./words.js";

/**
 * @import { InvitationIn, NamedDataset } from "../shared/openapi"
 *
 * @typedef {{invite: InvitationIn}} Events
 */

/** @extends {Emitter<Events>} */
export class InviteForm extends Emitter {
  #role = element("div");
  #choice = select([...ROLES], "labeler");
  #datasets = element("fieldset", { class: "pp-datasets" });
  #name = element("input", { class: "st-input", type: "text", maxLength: 64, placeholder: "free to choose" });
  #days = element("input", { class: "st-input pp-short", type: "number", min: "1", max: "90", value: "7" });

  /** Usable once the datasets are known. */
  #submit = element("button", {
    class: "st-button st-primary",
    type: "submit",
    text: "Make a link",
    disabled: true,
  });

  root = element(
    "form",
    {
      class: "pp-form",
      on: {
        submit: (event) => {
          event.preventDefault();
          this.#send();
        },
      },
    },
    this.#role,
    labelled("Name of the account", this.#name),
    labelled("Days the link is valid", this.#days),
    this.#datasets,
    this.#submit,
  );

  /** @param {NamedDataset[]} datasets @param {boolean} isAdmin */
  show(datasets, isAdmin) {
    const chosen = this.#chosen();
    this.#choice = select([...ROLES, ...(isAdmin ? [ADMIN] : [])], this.#choice.value, {
      on: { change: () => this.#showDatasets() },
    });
    this.#role.replaceChildren(labelled("Role", this.#choice));
    this.#datasets.replaceChildren(
      element("legend", { text: "On these datasets" }),
      ...datasets.map(({ id, name }) =>
        element(
          "label",
          {},
          element("input", {
            type: "checkbox",
            value: String(id),
            checked: chosen.includes(id) || datasets.length === 1,
          }),
          ` ${name}`,
        ),
      ),
    );
    this.#showDatasets();
  }

  #showDatasets() {
    this.#submit.disabled = false;
    this.#datasets.hidden = this.#choice.value === ADMIN.value;
  }

  /** @returns {number[]} ids of the datasets */
  #chosen() {
    const boxes = /** @type {NodeListOf<HTMLInputElement>} */ (
      this.#datasets.querySelectorAll("input:checked")
    );
    return [...boxes].map(({ value }) => Number(value));
  }

  #send() {
    const role = /** @type {InvitationIn["role"]} */ (this.#choice.value);
    this.emit("invite", {
      role,
      dataset_ids: role === "admin" ? [] : this.#chosen(),
      name: this.#name.value.trim() || null,
      days: Number(this.#days.value),
    });
    this.#name.value = "";
  }
}
