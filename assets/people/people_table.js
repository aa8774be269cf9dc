/** The accounts, their roles on one dataset, and what can be done with them. */
import { count, element } from "../shared/dom.js";
import { Emitter } from "../shared/emitter.js";
import * as api from "./api.js";
import { button, labelled, select, table } from "./parts.js";
import { ROLE_NAMES, ROLES } from "./words.js";

/**
 * @import { PeopleOut, PersonOut, SessionOut } from "../shared/openapi"
 *
 * @typedef {object} Events
 * @property {{id: number, name: string}} reset
 * @property {{work: () => Promise<unknown>, done: string}} change
 */

const NONE = { value: "", text: "none" };

/** @extends {Emitter<Events>} */
export class PeopleTable extends Emitter {
  #datasetId = 0;
  /** @type {{found: PeopleOut, session: SessionOut}|null} */
  #shown = null;
  root = element("div");

  /** @param {PeopleOut} found @param {SessionOut} session */
  show(found, session) {
    this.#shown = { found, session };
    if (!found.datasets.some(({ id }) => id === this.#datasetId))
      this.#datasetId = found.datasets[0]?.id ?? 0;
    this.#draw();
  }

  #draw() {
    if (!this.#shown) return;
    const { found, session } = this.#shown;
    const options = found.datasets.map(({ id, name }) => ({ value: String(id), text: name }));
    const chosen = select(options, String(this.#datasetId), {
      on: {
        change: () => {
          this.#datasetId = Number(chosen.value);
          this.#draw();
        },
      },
    });
    const rows = found.people.map((person) => [
      element("span", {}, person.name, person.name === session.annotator ? " (you)" : ""),
      this.#role(person),
      state(person),
      this.#actions(person, session),
    ]);
    this.root.replaceChildren(
      options.length ? labelled("Roles on the dataset", chosen) : "",
      table(["Name", "Role", "State", ""], rows, "There is nobody yet."),
      options.length ? this.#add() : "",
    );
  }

  /** @param {PersonOut} person */
  #role(person) {
    if (person.is_admin) return "Admin";
    if (!this.#datasetId) return "";
    const role = select([NONE, ...ROLE_NAMES], person.roles[this.#datasetId] ?? "", {
      "aria-label": `Role of ${person.name}`,
      on: { change: () => this.#give(person.name, role.value) },
    });
    return role;
  }

  /** @param {string} name @param {string} role empty takes it away */
  #give(name, role) {
    const datasetId = this.#datasetId;
    const wanted = /** @type {api.DatasetRole|null} */ (role || null);
    this.emit("change", {
      work: () => api.setRole(datasetId, name, wanted),
      done: wanted ? `${name} is now a ${wanted}.` : `${name} has no role on this dataset any more.`,
    });
  }

  #add() {
    const name = element("input", { class: "st-input", type: "text", maxLength: 64, required: true });
    const role = select([...ROLES], "labeler");
    const send = (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#give(name.value.trim(), role.value);
    };
    return element(
      "form",
      { class: "pp-form", on: { submit: send } },
      labelled("Somebody who has an account", name),
      labelled("Role", role),
      element("button", { class: "st-button", type: "submit", text: "Give the role" }),
    );
  }

  /** @param {PersonOut} person @param {SessionOut} session */
  #actions(person, session) {
    if (!session.is_admin) return "";
    const { id, name } = person;
    const act = (
      /** @type {string} */ text,
      /** @type {() => Promise<unknown>} */ work,
      /** @type {string} */ done,
    ) => button(text, () => this.emit("change", { work, done }), { "aria-label": `${text}: ${name}` });
    return element(
      "div",
      { class: "pp-actions" },
      person.is_disabled
        ? act("Enable", () => api.change(id, "enable"), `${name} can sign in again.`)
        : act("Disable", () => api.change(id, "disable"), `${name} is signed out and cannot sign in.`),
      act("Sign out", () => api.change(id, "sign-out"), `${name} is signed out everywhere.`),
      button("New password", () => this.emit("reset", { id, name }), {
        "aria-label": `New password: ${name}`,
      }),
      person.is_admin
        ? act("No longer admin", () => api.setAdmin(id, false), `${name} is no longer an admin.`)
        : act("Make admin", () => api.setAdmin(id, true), `${name} is now an admin.`),
    );
  }
}

/** @param {PersonOut} person */
function state(person) {
  if (person.is_disabled) return "disabled";
  if (!person.has_password) return "no password yet";
  return person.sign_ins ? `signed in (${count(person.sign_ins, "browser")})` : "signed out";
}
