/** The part of the Account page that links the account to a provider of OpenID Connect, and unlinks it. */
import { element, timeAgo } from "../shared/dom.js";
import * as api from "./api.js";
import { button, section, table } from "./parts.js";

/** @import { AccountOut } from "../shared/openapi" */

/** What the studio adds to the address of the Account page after an account was linked. */
const LINKED = "linked";

export class Identities {
  root = element("div", { hidden: true });
  #change;

  /** @param {(work: () => Promise<unknown>, done: string) => unknown} change does it, says so, and shows the account again */
  constructor(change) {
    this.#change = change;
  }

  /** @param {AccountOut} account */
  show({ provider, identities }) {
    const rows = identities.map((one) => {
      const { issuer, subject } = one;
      return [
        issuer.replace(/^https:\/\//, ""),
        subject,
        timeAgo(one.created_at),
        one.is_only_way_in
          ? "your only way of signing in"
          : button("Unlink", () =>
              this.#change(
                () => api.unlink({ issuer, subject }),
                "The identity no longer signs in to this account.",
              ),
            ),
      ];
    });
    this.root.hidden = !provider && !rows.length;
    this.root.replaceChildren(
      section(
        provider ? `Signing in with ${provider}` : "Signing in elsewhere",
        element("p", {
          class: "st-muted",
          text: "A linked identity signs in to this account, beside name and password.",
        }),
        table(["Provider", "Identity", "Linked", ""], rows, "No identity is linked."),
        provider
          ? button(rows.length ? "Link another identity" : `Link ${provider}`, () => this.#link())
          : null,
      ),
    );
  }

  #link() {
    return this.#change(async () => {
      const { address } = await api.startLinking();
      window.location.assign(address);
    }, "Your browser goes there…");
  }
}

/** Whether an account was just linked; says it once. */
export function wasLinked() {
  const place = new URL(window.location.href);
  if (!place.searchParams.has(LINKED)) return false;
  place.searchParams.delete(LINKED);
  window.history.replaceState(null, "", place);
  return true;
}
