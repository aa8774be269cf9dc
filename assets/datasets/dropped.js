/** The files that somebody drops or chooses, with the paths that they have in their folder. */

/** @typedef {{path: string, file: File}} Chosen */

const CLUTTER = /(^|\/)(__MACOSX\/.*|\.[^/]*|thumbs\.db|desktop\.ini)$/i;

/** @param {FileList|null} list of a file field @returns {Chosen[]} */
export const fromField = (list) =>
  withoutWrapper([...(list ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file })));

/** @param {DataTransfer} dropped @returns {Promise<Chosen[]>} */
export async function fromDrop(dropped) {
  // The list of items is emptied as soon as somebody waits.
  const entries = [...dropped.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found = await Promise.all(entries.map((entry) => walk(entry, "")));
  return withoutWrapper(found.flat());
}

/** @param {FileSystemEntry} entry @param {string} folder @returns {Promise<Chosen[]>} */
async function walk(entry, folder) {
  const path = folder + entry.name;
  if (entry.isFile) {
    const own = /** @type {FileSystemFileEntry} */ (entry);
    return [{ path, file: await new Promise((done, failed) => own.file(done, failed)) }];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  /** @type {Chosen[]} */
  const found = [];
  for (;;) {
    // Browsers give a hundred at a time.
    const some = /** @type {FileSystemEntry[]} */ (
      await new Promise((done, failed) => reader.readEntries(done, failed))
    );
    if (!some.length) return found;
    for (const one of some) found.push(...(await walk(one, `${path}/`)));
  }
}

/** Leave out the one folder around everything: its name says nothing about a picture. @param {Chosen[]} chosen */
function withoutWrapper(chosen) {
  const kept = chosen.filter(({ path }) => !CLUTTER.test(path));
  const first = new Set(
    kept.map(({ path }) => (path.includes("/") ? path.slice(0, path.indexOf("/") + 1) : "")),
  );
  const [wrapper] = first;
  if (first.size !== 1 || !wrapper) return kept;
  return kept.map(({ path, file }) => ({ path: path.slice(wrapper.length), file }));
}
