/** Words for roles, and addresses of links. */
import { address } from "../shared/place.js";

/** @import { LinkOut } from "../shared/openapi" */

/** What each role may do, shortly. */
export const ROLES = /** @type {const} */ ([
  { value: "labeler", text: "Labeler: corrects and decides" },
  { value: "reviewer", text: "Reviewer: also uses the Lab and sees runs" },
  { value: "lead", text: "Lead: also classes, runs, export, people" },
]);
/** The same in a word, where there is little room. */
export const ROLE_NAMES = ROLES.map(({ value }) => ({ value, text: value }));
export const ADMIN = { value: "admin", text: "Admin: everything, on every dataset" };

/** What requests do, in the past; others are shown as they are. @type {Record<string, string>} */
const DONE = {
  "PUT /api/items/{item_id}/mask": "saved a mask",
  "POST /api/items/{item_id}/decision": "decided about a picture",
  "POST /api/items/{item_id}/tags": "changed a tag",
  "POST /api/people/invitations": "made an invitation",
  "DELETE /api/people/invitations/{invitation_id}": "revoked a link",
  "PUT /api/datasets/{dataset_id}/people": "changed a role",
  "PUT /api/people/{user_id}/admin": "changed who is an admin",
  "POST /api/people/{user_id}/disable": "disabled an account",
  "POST /api/people/{user_id}/enable": "enabled an account",
  "POST /api/people/{user_id}/reset": "made a link for another password",
  "POST /api/people/{user_id}/sign-out": "signed somebody out",
  "POST /api/account/password": "changed the password",
  "POST /api/account/sign-out": "signed out in other browsers",
  "POST /api/account/tokens": "made a token",
  "DELETE /api/account/tokens/{token_id}": "revoked a token",
  "POST /api/datasets/{dataset_id}/assignments": "shared pictures out",
  "POST /api/datasets/{dataset_id}/assignments/take": "took pictures",
  "POST /api/datasets/{dataset_id}/assignments/take-back": "took pictures back",
  "POST /api/items/{item_id}/agreement/consensus": "made a consensus the mask",
  "POST /api/datasets/{dataset_id}/gallery/split": "changed the split of pictures",
  "POST /api/datasets/{dataset_id}/gold": "made pictures gold",
  "POST /api/datasets/{dataset_id}/gold/give": "gave gold pictures",
  "DELETE /api/items/{item_id}/gold": "made a gold picture an ordinary one",
  "PUT /api/datasets/{dataset_id}/second-look": "changed which pictures get a second look",
  "POST /api/items/{item_id}/second-look": "took a second look",
  "POST /api/items/{item_id}/comments": "commented on a picture",
  "POST /api/items/{item_id}/comments/{comment_id}/resolve": "marked a comment as done",
  "PUT /api/datasets/{dataset_id}/classes": "changed the class list",
  "POST /api/runs": "started a run",
  "POST /api/runs/{run_id}/publish": "published a run",
  "DELETE /api/runs/{run_id}": "deleted a run",
};

/** @param {string} action of the audit log */
export const doneWords = (action) => DONE[action] ?? action;

/** @param {LinkOut} made @returns {string} the whole address, as this browser reaches the studio */
export const linkOf = (made) => `${location.origin}${address(made.path)}`;
