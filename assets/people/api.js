/** The routes of people and of one's own account. */
import { json, query, request } from "../shared/api.js";

export { datasets, messageOf } from "../shared/api.js";

/**
 * @import {
 *   AccountOut, AgreementOut, AuditEntryOut, ConsensusIn, GiveIn, GivenOut, GoldIn, GoldOut, IdentityIn, InvitationIn, LinkOut, MarkedOut, NewTokenOut, PeopleOut, ProviderOut, RuleBody, SessionOut, SharesIn, SharesOut,
 *   TakeBackOut, TeamOut, TokenIn, WorkOut
 * } from "../shared/openapi"
 *
 * @typedef {"labeler"|"reviewer"|"lead"} DatasetRole
 */

/** @returns {Promise<SessionOut>} */
export const session = () => json("/session");

/** @returns {Promise<PeopleOut>} */
export const people = () => json("/people");

/** @param {InvitationIn} wanted @returns {Promise<LinkOut>} */
export const invite = (wanted) => json("/people/invitations", { body: wanted });

/** @param {number} id */
export const revoke = (id) => request(`/people/invitations/${id}`, { method: "DELETE" });

/** @param {number} datasetId @param {string} name @param {DatasetRole|null} role null takes it away */
export const setRole = (datasetId, name, role) =>
  request(`/datasets/${datasetId}/people`, { method: "PUT", body: { name, role } });

/** @param {number} id @param {boolean} isAdmin */
export const setAdmin = (id, isAdmin) =>
  request(`/people/${id}/admin`, { method: "PUT", body: { is_admin: isAdmin } });

/** @param {number} id @param {"disable"|"enable"|"sign-out"} what */
export const change = (id, what) => request(`/people/${id}/${what}`, { method: "POST" });

/** @param {number} id @returns {Promise<LinkOut>} */
export const reset = (id) => json(`/people/${id}/reset`, { method: "POST" });

/** @param {{dataset_id?: number|null, before?: number|null}} wanted @returns {Promise<AuditEntryOut[]>} */
export const audit = (wanted) => json(`/audit?${query(wanted)}`);

/** @returns {Promise<AccountOut>} */
export const account = () => json("/account");

/** @param {string} old @param {string} password */
export const changePassword = (old, password) =>
  request("/account/password", { body: { old, new: password } });

export const signOutElsewhere = () => request("/account/sign-out", { method: "POST" });

/** @returns {Promise<ProviderOut>} where to go to link the account */
export const startLinking = () => json("/account/identities", { method: "POST" });

/** @param {IdentityIn} identity */
export const unlink = (identity) => request("/account/identities/unlink", { body: identity });

/** @param {number} id of a sign-in */
export const endSignIn = (id) => request(`/account/sign-ins/${id}`, { method: "DELETE" });

/** @param {TokenIn} wanted @returns {Promise<NewTokenOut>} */
export const makeToken = (wanted) => json("/account/tokens", { body: wanted });

/** @param {number} id */
export const revokeToken = (id) => request(`/account/tokens/${id}`, { method: "DELETE" });

/** @param {number} datasetId @returns {Promise<TeamOut>} */
export const team = (datasetId) => json(`/datasets/${datasetId}/team`);

/** @param {number} datasetId @param {Partial<SharesIn>} wanted @returns {Promise<SharesOut>} */
export const sharePictures = (datasetId, wanted) =>
  json(`/datasets/${datasetId}/assignments`, { body: wanted });

/** @param {number} datasetId @param {string|null} person null: everybody @returns {Promise<TakeBackOut>} */
export const takePicturesBack = (datasetId, person) =>
  json(`/datasets/${datasetId}/assignments/take-back`, { body: { person } });

/** @param {number} datasetId @returns {Promise<RuleBody>} */
export const lookRule = (datasetId) => json(`/datasets/${datasetId}/second-look`);

/** @param {number} datasetId @param {RuleBody} rule @returns {Promise<RuleBody>} */
export const setLookRule = (datasetId, rule) =>
  json(`/datasets/${datasetId}/second-look`, { method: "PUT", body: rule });

/** @param {number} datasetId @returns {Promise<AgreementOut>} */
export const agreement = (datasetId) => json(`/datasets/${datasetId}/agreement`);

/** @param {number} itemId @param {number} revision the newest one @param {ConsensusIn["method"]} method */
export const makeConsensus = (itemId, revision, method) =>
  request(`/items/${itemId}/agreement/consensus`, {
    body: { method },
    headers: { "If-Match": `"${revision}"` },
  });

/** @param {number} datasetId @returns {Promise<GoldOut>} */
export const gold = (datasetId) => json(`/datasets/${datasetId}/gold`);

/** @param {number} datasetId @param {Partial<GoldIn>} wanted @returns {Promise<MarkedOut>} */
export const markGold = (datasetId, wanted) => json(`/datasets/${datasetId}/gold`, { body: wanted });

/** @param {number} itemId */
export const unmarkGold = (itemId) => request(`/items/${itemId}/gold`, { method: "DELETE" });

/** @param {number} datasetId @param {GiveIn} wanted @returns {Promise<GivenOut>} */
export const giveGold = (datasetId, wanted) => json(`/datasets/${datasetId}/gold/give`, { body: wanted });

/** @param {number} datasetId @returns {Promise<WorkOut>} */
export const work = (datasetId) => json(`/datasets/${datasetId}/work`);
