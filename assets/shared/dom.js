/** Helpers that build elements; text is never read as HTML. */

/**
 * @typedef {{[Name in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[Name]) => unknown}} Handlers
 *
 * @typedef {object} OwnAttributes
 * @property {string} [class]
 * @property {string|number|null} [text]
 * @property {string} [style]
 * @property {Record<string, string|number>} [data]  for `dataset`
 * @property {Handlers} [on]
 */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {OwnAttributes & Record<string, unknown>} [attributes] others are properties or attributes of the element;
 *   null, undefined and false leave them out
 * @param {...(Node|string|null|undefined)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const { class: className, text, style, data, on, ...others } = attributes;
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== null && text !== undefined) node.textContent = String(text);
  if (style) node.style.cssText = style;
  Object.assign(node.dataset, data);
  for (const [event, handler] of Object.entries(on ?? {}))
    node.addEventListener(event, /** @type {EventListener} */ (handler));
  for (const [name, value] of Object.entries(others)) {
    if (value === null || value === undefined || value === false) continue;
    if (name in node && typeof value !== "string") Object.assign(node, { [name]: value });
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const TRANSPARENT = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
/** Addresses of list pictures that have not been in view yet. @type {WeakMap<Element, string>} */
const sources = new WeakMap();
/** `scrollMargin` is newer than TypeScript's description. @type {IntersectionObserverInit & {scrollMargin: string}} */
const SOON = { scrollMargin: "200px" };
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting || !(target instanceof HTMLImageElement)) continue;
    seen.unobserve(target);
    target.src = sources.get(target) ?? TRANSPARENT;
    sources.delete(target);
  }
}, SOON);

/**
 * A picture in a long list, fetched when it comes into view. `loading="lazy"` would fetch dozens of rows ahead
 * and keep the server busy.
 *
 * @param {string} source
 * @param {OwnAttributes & Record<string, unknown>} [attributes] with width and height: without them every row is in
 *   view until the style sheets are there
 * @returns {HTMLImageElement}
 */
export function listPicture(source, attributes = {}) {
  const image = element("img", { src: TRANSPARENT, alt: "", decoding: "async", ...attributes });
  // Nothing instead of the browser's sign for a broken picture.
  image.addEventListener("error", () => (image.src = TRANSPARENT), { once: true });
  sources.set(image, source);
  seen.observe(image);
  return image;
}

/** @param {HTMLImageElement} image of `listPicture` @param {string} source */
export function changePicture(image, source) {
  if (sources.has(image)) sources.set(image, source);
  else image.src = source;
}

/** @param {HTMLSelectElement} select @param {{value: string, text: string}[]} options @param {string} [chosen] */
export function fillSelect(select, options, chosen = select.value) {
  select.replaceChildren(...options.map(({ value, text }) => element("option", { value, text })));
  select.value = options.some(({ value }) => value === chosen) ? chosen : (options[0]?.value ?? "");
}

/** @param {number} number @param {string} noun in the singular @returns {string} e.g. "1 picture", "2 other classes" */
export function count(number, noun) {
  const plural = noun.endsWith("s") ? `${noun}es` : `${noun}s`;
  return `${number.toLocaleString()} ${number === 1 ? noun : plural}`;
}

/** @param {string} iso time in UTC @returns {string} e.g. "3 min ago" */
export function timeAgo(iso) {
  const seconds = Math.max(0, (Date.now() - new Date(iso).getTime()) / 1000);
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return new Date(iso).toLocaleDateString();
}

/** Whether typed keys belong to a form control. @param {Event} event */
export function isTyping(event) {
  const target = event.composedPath()[0];
  if (!(target instanceof HTMLElement)) return false;
  if (
    target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  )
    return true;
  return (
    target instanceof HTMLInputElement && !["range", "checkbox", "radio", "button"].includes(target.type)
  );
}
