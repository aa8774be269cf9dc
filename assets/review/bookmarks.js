/** Marks the current picture, so that the person finds it again; nobody else sees the mark. */
import * as api from "./api.js";

/** @import { Desk } from "./desk.js" */

/** @param {Desk} desk */
export async function toggleBookmark({ current, layout, queue, statusBar }) {
  if (!current) return;
  const { item } = current;
  const isMarked = !item.bookmarked;
  item.bookmarked = isMarked; // shown at once; a refusal takes it back
  show();
  try {
    await api.setBookmark(item.id, isMarked);
    statusBar.say(
      isMarked
        ? "Bookmarked. The status filter “Bookmarks” shows your bookmarks."
        : "The bookmark is removed.",
    );
  } catch (error) {
    item.bookmarked = !isMarked;
    show();
    statusBar.say(`The bookmark was not stored. ${api.messageOf(error)}`);
  }

  function show() {
    layout.showBookmark(item);
    queue.updateBookmark(item);
  }
}
