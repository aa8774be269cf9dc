/** Where people have accounts, the navigation offers only the pages that the person may open. */
import { json } from "./api.js";

/** @import { SessionOut } from "./openapi" */

/** @type {SessionOut} */
const session = await json("/session");
const hidden = session.closed_pages.map((page) => `.nav-holder nav a[href$="/${page}"]`);
// A style sheet, because Gradio draws the navigation later, and again.
const style = document.createElement("style");
style.textContent = hidden.length ? `${hidden.join(",")} { display: none !important; }` : "";
document.head.append(style);
