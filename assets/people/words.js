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
  "POST /api/account/identities/unlink": "unlinked an identity",
  "DELETE /api/account/sign-ins/{sign_in_id}": "signed out in another browser",
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
  "POST /api/items/{item_id}/mask-hints": "said that a mask is right",
  "PUT /api/datasets/{dataset_id}/classes": "changed the class list",
  "POST /api/datasets/{dataset_id}/classes/{class_index}/retire": "merged or removed a class",
  "POST /api/datasets/{dataset_id}/classes/changes/{change_id}/undo": "undid a change of a class",
  "PUT /api/datasets/{dataset_id}/name": "renamed a dataset",
  "POST /api/datasets/{dataset_id}/archive": "archived a dataset",
  "POST /api/datasets/{dataset_id}/unarchive": "took a dataset out of the archive",
  "POST /api/datasets/{dataset_id}/remove": "removed a dataset",
  "POST /api/datasets/{dataset_id}/restore": "restored a removed dataset",
  "POST /api/datasets/{dataset_id}/tags": "read tags from a list",
  "POST /api/datasets/{dataset_id}/gallery/actions": "changed many pictures",
  "POST /api/datasets/{dataset_id}/gallery/actions/undo": "undid a change of many pictures",
  "POST /api/datasets/{dataset_id}/live/ignore": "made the live model ignore a mask",
  "POST /api/datasets/{dataset_id}/live/unignore": "made the live model use a mask again",
  "POST /api/datasets/{dataset_id}/live/pause": "paused the live model",
  "POST /api/datasets/{dataset_id}/live/resume": "resumed the live model",
  "POST /api/datasets/{dataset_id}/live/reset": "reset the live model",
  "POST /api/datasets/{dataset_id}/exports": "exported a dataset",
  "DELETE /api/datasets/{dataset_id}/exports/{name}": "deleted an export",
  "POST /api/uploads": "began an upload",
  "POST /api/uploads/{upload_id}/import": "imported an upload",
  "DELETE /api/uploads/{upload_id}": "discarded an upload",
  "POST /api/runs": "started a run",
  "POST /api/runs/{run_id}/publish": "published a run",
  "POST /api/runs/{run_id}/unpublish": "took the publication of a run back",
  "POST /api/runs/{run_id}/stop": "stopped a run",
  "POST /api/runs/{run_id}/resume": "resumed a run",
  "POST /api/runs/{run_id}/name": "renamed a run",
  "POST /api/runs/reorder": "reordered the waiting runs",
  "POST /api/runs/prune": "removed old files of runs",
  "DELETE /api/runs/{run_id}": "deleted a run",
};

/** @param {string} action of the audit log */
export const doneWords = (action) => DONE[action] ?? action;

/** @param {LinkOut} made @returns {string} the whole address, as this browser reaches the studio */
export const linkOf = (made) => `${location.origin}${address(made.path)}`;
