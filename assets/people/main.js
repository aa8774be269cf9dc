/** The People page: who may do what, invitations, and what was done. */
import { element } from "../shared/dom.js";
import * as api from "./api.js";
import { InviteForm } from "./invite_form.js";
import { AuditLog } from "./audit_log.js";
import { button, day, Notice, section, shownOnce, table } from "./parts.js";
import { PeopleTable } from "./people_table.js";
import { linkOf } from "./words.js";

/**
 * @import { LinkOut, PeopleOut, SessionOut } from "../shared/openapi"
 */

/** @param {HTMLElement} root */
export function mount(root) {
  new PeoplePage(root).load();
}

class PeoplePage {
  #notice = new Notice();
  #link = element("div");
  #invite = new InviteForm();
  #people = new PeopleTable();
  #waiting = element("div");
  #log = new AuditLog(this.#notice);

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#invite.on("invite", (wanted) =>
      this.#make(() => api.invite(wanted), "Send this link to the person"),
    );
    this.#people.on("reset", ({ id, name }) =>
      this.#make(() => api.reset(id), `Send this link to ${name}, who then chooses another password`),
    );
    this.#people.on("change", ({ work, done }) => this.#change(work, done));
    root.className = "st-page pp-root";
    root.replaceChildren(
      element(
        "main",
        { class: "pp-main" },
        element("h2", { text: "People" }),
        this.#notice.root,
        this.#link,
        section("Invite somebody", this.#invite.root),
        section("Accounts and roles", this.#people.root),
        section("Open links", this.#waiting),
        section("What was done", this.#log.root),
      ),
    );
  }

  async load() {
    try {
      const [found, session] = await Promise.all([api.people(), api.session()]);
      this.#show(found, session);
      await this.#log.load();
    } catch (error) {
      this.#notice.fail(error);
    }
  }

  /** @param {PeopleOut} found @param {SessionOut} session */
  #show(found, session) {
    this.#invite.show(found.datasets, session.is_admin);
    this.#people.show(found, session);
    const rows = found.invitations.map((one) => [
      one.is_reset ? `Another password for ${one.name}` : `${one.role} ${on(one.datasets)}`,
      one.name && !one.is_reset ? one.name : "",
      one.created_by ?? "the command line",
      day(one.expires_at),
      button("Revoke", () => this.#change(() => api.revoke(one.id), "The link no longer works.")),
    ]);
    this.#waiting.replaceChildren(
      table(["For", "Only for", "Made by", "Valid until", ""], rows, "There are no open links."),
    );
  }

  /** @param {() => Promise<unknown>} work @param {string} done */
  async #change(work, done) {
    this.#link.replaceChildren();
    await this.#notice.after(work, done);
    await this.load();
  }

  /** @param {() => Promise<LinkOut>} work @param {string} label */
  async #make(work, label) {
    await this.#change(async () => {
      const made = await work();
      this.#link.replaceChildren(shownOnce(label, linkOf(made)));
    }, "The link was made. It works once and is not shown again.");
  }
}

/** @param {string[]} datasets */
const on = (datasets) => (datasets.length ? `on ${datasets.join(", ")}` : "");
