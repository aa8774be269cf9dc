/**
 * Masks and decisions that could not be sent, kept in the browser (IndexedDB) until they are on the server.
 */
import { storageName } from "../shared/place.js";

/**
 * @typedef {object} LocalDraft
 * @property {number} itemId
 * @property {string} [name] of the picture
 * @property {number} revision the revision the mask was painted on
 * @property {Uint8Array} deflated the mask, zlib format
 * @property {boolean} [isMaskStored] the mask is on the server, only the decision is not
 * @property {import("../shared/openapi").Step[]} [steps] of the Smart tool
 * @property {import("./api.js").Decision|null} [decision] about this mask
 * @property {number} savedAt milliseconds since 1970
 */

const DATABASE = storageName("puzzlecam");
const STORE = "drafts";

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "itemId" });
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

/**
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} use
 * @returns {Promise<T>}
 */
async function transact(mode, use) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const asked = use(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** @param {LocalDraft} draft */
export const keep = (draft) => transact("readwrite", (store) => store.put(draft));

/** @param {number} itemId @returns {Promise<LocalDraft|undefined>} */
export const find = (itemId) => transact("readonly", (store) => store.get(itemId));

/** @param {number} itemId */
export const forget = (itemId) => transact("readwrite", (store) => store.delete(itemId));

/** @returns {Promise<LocalDraft[]>} in the order in which they were made */
export async function all() {
  /** @type {LocalDraft[]} */
  const drafts = await transact("readonly", (store) => store.getAll());
  return drafts.sort((a, b) => a.savedAt - b.savedAt);
}
