/** What every page has: a title of its own, and a link that skips the navigation. It runs before Gradio does. */

const STUDIO = "Puzzle-CAM studio";
/** The title of each page, and where its content begins; by the last part of the address. */
const PAGES = /** @type {Record<string, {title: string, content: string}>} */ ({
  "": { title: "Review", content: ".pz-stage" },
  gallery: { title: "Gallery", content: ".gl-grid" },
  datasets: { title: "Datasets", content: "main" },
  lab: { title: "Lab", content: ".lb-main" },
  runs: { title: "Runs", content: ".rn-main" },
  export: { title: "Export", content: "main" },
  people: { title: "People", content: ".pp-main" },
  account: { title: "Account", content: ".pp-main" },
});
const SHOWN = "translateY(0)";
const HIDDEN = "translateY(-300%)";

const page = PAGES[location.pathname.split("/").pop() ?? ""] ?? PAGES[""];

/** Gradio gives all pages one title, and sets it late; a title that names a picture or a run stays. */
function setTitle() {
  if (document.title === STUDIO) document.title = `${page.title} · ${STUDIO}`;
}

setTitle();
new MutationObserver(setTitle).observe(document.head, {
  childList: true,
  subtree: true,
  characterData: true,
});

const link = document.createElement("a");
link.href = "#";
link.textContent = "Skip to the content";
// Style sheets of the pages come later, and Gradio scopes its own.
Object.assign(link.style, {
  position: "fixed",
  top: "6px",
  left: "6px",
  zIndex: "2000",
  padding: "8px 14px",
  borderRadius: "8px",
  background: "#1d4ed8",
  color: "#fff",
  font: "600 14px/1.4 system-ui, sans-serif",
  transform: HIDDEN,
});
link.addEventListener("focus", () => (link.style.transform = SHOWN));
link.addEventListener("blur", () => (link.style.transform = HIDDEN));
link.addEventListener("click", (event) => {
  event.preventDefault();
  const content = /** @type {HTMLElement|null} */ (document.querySelector(page.content));
  if (!content) return;
  if (content.tabIndex < 0) content.tabIndex = -1;
  content.focus();
});
document.body.prepend(link);
