/** The Account page: one's own roles, password, browsers and tokens. */
import { element, timeAgo } from "../shared/dom.js";
import * as api from "./api.js";
import { Identities, wasLinked } from "./identities.js";
import { button, day, labelled, Notice, section, select, shownOnce, table } from "./parts.js";
import { ADMIN, ROLES } from "./words.js";

/** @import { AccountOut, TokenIn } from "../shared/openapi" */

/** @param {HTMLElement} root */
export function mount(root) {
  new AccountPage(root).load();
}

class AccountPage {
  #notice = new Notice();
  #once = element("div");
  #roles = element("p");
  #title = element("h2", { text: "Account" });
  #password = element("div");
  #identities = new Identities((work, done) => this.#change(work, done));
  #browsers = element("div");
  #tokens = element("div");

  /** @param {HTMLElement} root */
  constructor(root) {
    root.className = "st-page pp-root";
    root.replaceChildren(
      element(
        "main",
        { class: "pp-main" },
        this.#title,
        this.#roles,
        this.#notice.root,
        this.#once,
        section("Password", this.#password),
        this.#identities.root,
        section("Where you are signed in", this.#browsers),
        section(
          "Tokens for scripts",
          element("p", {
            class: "st-muted",
            text: "A script that sends a token with each request (Authorization: Bearer …) works as you, with at most the role of the token.",
          }),
          this.#tokens,
          this.#tokenForm(),
        ),
      ),
    );
  }

  async load() {
    try {
      const account = await api.account();
      this.#show(account);
      if (wasLinked()) this.#notice.say(`You can now sign in with ${account.provider} too.`);
    } catch (error) {
      this.#notice.fail(error);
    }
  }

  /** @param {AccountOut} account */
  #show(account) {
    this.#title.textContent = account.name;
    const roles = account.roles.map(({ role, dataset }) => `${role} on ${dataset}`).join(", ");
    this.#roles.textContent = account.is_admin
      ? "You are an admin: you may do everything, on every dataset."
      : roles
        ? `Your roles: ${roles}.`
        : "You have no role on any dataset yet. Ask a lead or an admin for one.";
    this.#showPassword(account);
    this.#identities.show(account);
    const browsers = account.sign_ins.map((one) => [
      browserName(one.browser),
      one.address,
      timeAgo(one.seen_at),
      one.is_this
        ? "this browser"
        : button("Sign out", () => this.#change(() => api.endSignIn(one.id), "That browser is signed out.")),
    ]);
    this.#browsers.replaceChildren(
      table(["Browser", "Address", "Last used", ""], browsers, ""),
      button(
        "Sign out in all other browsers",
        () => this.#change(api.signOutElsewhere, "You are signed out in all other browsers."),
        { disabled: browsers.length < 2 },
      ),
    );
    const tokens = account.tokens.map((one) => [
      one.name,
      one.role,
      one.used_at ? timeAgo(one.used_at) : "never",
      day(one.expires_at),
      button("Revoke", () => this.#change(() => api.revokeToken(one.id), `${one.name} no longer works.`), {
        "aria-label": `Revoke: ${one.name}`,
      }),
    ]);
    this.#tokens.replaceChildren(
      table(["For", "Role", "Last used", "Valid until", ""], tokens, "You have no tokens."),
    );
  }

  /** @param {() => Promise<unknown>} work @param {string} done */
  async #change(work, done) {
    this.#once.replaceChildren();
    await this.#notice.after(work, done);
    await this.load();
  }

  /** @param {AccountOut} account */
  #showPassword({ has_password: hasPassword }) {
    // What somebody is typing stays.
    if (hasPassword && this.#password.querySelector("form")) return;
    this.#password.replaceChildren(
      hasPassword
        ? this.#passwordForm()
        : element("p", {
            class: "st-muted",
            text: "This account has no password. An admin can make a link with which you choose one.",
          }),
    );
  }

  #passwordForm() {
    const old = password("current-password");
    const chosen = password("new-password");
    const again = password("new-password");
    const form = element(
      "form",
      {
        class: "pp-form",
        on: {
          submit: async (event) => {
            event.preventDefault();
            const isSame = chosen.value === again.value;
            again.setCustomValidity(isSame ? "" : "The two new passwords differ.");
            if (!again.reportValidity()) return;
            await this.#change(
              () => api.changePassword(old.value, chosen.value),
              "The password was changed. You are signed out in all other browsers.",
            );
            form.reset();
          },
          input: () => again.setCustomValidity(""),
        },
      },
      labelled("Present password", old),
      labelled("New password, at least 10 characters", chosen),
      labelled("New password again", again),
      element("button", { class: "st-button st-primary", type: "submit", text: "Change the password" }),
    );
    return form;
  }

  #tokenForm() {
    const name = element("input", { class: "st-input", type: "text", maxLength: 64, required: true });
    const role = select([...ROLES, ADMIN], "labeler");
    const days = element("input", {
      class: "st-input pp-short",
      type: "number",
      min: "1",
      max: "366",
      value: "90",
    });
    return element(
      "form",
      {
        class: "pp-form",
        on: {
          submit: (event) => {
            event.preventDefault();
            const wanted = /** @type {TokenIn["role"]} */ (role.value);
            this.#change(async () => {
              const made = await api.makeToken({
                name: name.value,
                role: wanted,
                days: Number(days.value),
              });
              this.#once.replaceChildren(shownOnce("The token", made.token));
              name.value = "";
            }, "The token was made. It is not shown again.");
          },
        },
      },
      labelled("What it is for", name),
      labelled("Highest role", role),
      labelled("Days it is valid", days),
      element("button", { class: "st-button", type: "submit", text: "Make a token" }),
    );
  }
}

/** @param {AutoFill} autocomplete */
function password(autocomplete) {
  return element("input", { class: "st-input", type: "password", required: true, autocomplete });
}

/** @param {string} agent as the browser calls itself @returns {string} e.g. "Firefox on Linux" */
function browserName(agent) {
  const name = ["Edg", "Firefox", "Chrome", "Safari"].find((one) => agent.includes(`${one}/`));
  const system = ["Windows", "Android", "iPhone", "iPad", "Mac OS", "Linux"].find((one) =>
    agent.includes(one),
  );
  return [name === "Edg" ? "Edge" : (name ?? "A program"), system ? `on ${system}` : ""].join(" ").trim();
}
