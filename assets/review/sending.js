/** Sends masks and decisions. A proposal that a model made meanwhile is nobody's work, so it is no conflict. */
import * as api from "./api.js";

/**
 * @import { RevisionOut, Step } from "../shared/openapi"
 * @import { Decision, Stored } from "./api.js"
 *
 * @typedef {object} SentMask
 * @property {number} itemId
 * @property {Uint8Array} deflated the mask, zlib format
 * @property {number} revision the one that the mask was painted on
 * @property {number} seconds spent since the last save
 * @property {number} [strokes] changes by hand since then
 * @property {Step[]} steps of the Smart tool since then
 *
 * @typedef {object} SentDecision
 * @property {number} itemId
 * @property {Decision} action
 * @property {number} revision the one that the decision is about
 * @property {number} seconds spent since the last save
 * @property {() => Promise<Uint8Array>} deflated the mask of that revision, zlib format
 */

/** @param {SentMask} sent @returns {Promise<Stored>} */
export async function sendMask({ itemId, deflated, revision, ...effort }) {
  try {
    return await api.putMask(itemId, deflated, revision, effort);
  } catch (error) {
    const proposal = newerProposal(error);
    if (!proposal) throw error;
    return api.putMask(itemId, deflated, proposal.id, effort);
  }
}

/**
 * The same decision can be sent again: the studio stores it once.
 * @param {SentDecision} sent
 * @returns {Promise<Stored>}
 */
export async function sendDecision({ itemId, action, revision, seconds, deflated }) {
  try {
    return await api.decide(itemId, action, revision, seconds);
  } catch (error) {
    const proposal = newerProposal(error);
    if (!proposal) throw error;
    // What is accepted is the mask that the person saw, not the newer proposal.
    const base =
      action === "accept"
        ? (await api.putMask(itemId, await deflated(), proposal.id)).revision.id
        : proposal.id;
    return api.decide(itemId, action, base, seconds);
  }
}

/** @param {unknown} error @returns {RevisionOut|null} the newer revision, if that is why the server refused */
export const newerRevision = (error) =>
  error instanceof api.ApiError && error.status === 412 ? (error.problem.current ?? null) : null;

/** Whether sending the same again later can help. @param {unknown} error */
export const isTransient = (error) => !(error instanceof api.ApiError) || error.isTransient;

/** @param {unknown} error @returns {RevisionOut|null} */
function newerProposal(error) {
  const newer = newerRevision(error);
  return newer?.action === "proposed" && newer.author === null ? newer : null;
}
