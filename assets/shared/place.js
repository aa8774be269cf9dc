/** Where the studio lies on its host: a proxy may offer it in a sub-path, together with other studios. */

const { pathname } = new URL(import.meta.url);

/** The sub-path, without a slash at its end; empty where the studio has the whole host. */
const root = pathname.slice(0, Math.max(0, pathname.lastIndexOf("/ui/")));

/** @param {string} path of a page or a route, such as `/lab` @returns {string} its address on this host */
export const address = (path) => `${root}${path}`;

/**
 * The name under which the browser stores something of this studio alone. Studios in other sub-paths of the host
 * share the browser's storage.
 * @param {string} name
 */
export const storageName = (name) => (root ? `${name} ${root}` : name);

/** Where the pages remember the dataset that was chosen last. */
export const LAST_DATASET = storageName("puzzlecam-dataset");
