/** Key events turned into the actions of the table in keys.js. */
/** @typedef {import("./editor.js").MaskEditor} MaskEditor */

/** Names of keys that type no letter or digit; the latter carry theirs at the end of `code`. */
const NAME_BY_CODE = /** @type {Record<string, string>} */ ({ BracketLeft: "[", BracketRight: "]" });

/** Inputs in which nothing is typed, so that hotkeys work while they have the focus. */
const UNTYPED_INPUTS = new Set(["range", "checkbox", "radio", "button", "submit", "reset", "color", "file"]);

export class Keyboard {
  #editor;
  #spaceChanged;
  #listeners = new AbortController();

  /**
   * @param {MaskEditor} editor
   * @param {() => void} spaceChanged
   */
  constructor(editor, spaceChanged) {
    this.#editor = editor;
    this.#spaceChanged = spaceChanged;
    /** Space is held: the pointer pans. */
    this.isSpaceDown = false;
  }

  /**
   * @param {KeyboardEvent} event keydown or keyup
   * @returns {boolean} handled
   */
  handle(event) {
    const { keymap } = this.#editor;
    const chord = chordOf(event, keymap);
    if (event.type === "keyup") {
      const wasHeld = chord === "space" && this.isSpaceDown;
      this.#holdSpace(this.isSpaceDown && !wasHeld);
      return wasHeld;
    }
    const binding = keymap.find(chord);
    if (!binding || binding.isPages || event.isComposing || belongsToFocus(event, chord)) return false;
    if (chord === "space") this.#holdSpace(true);
    // During a stroke only Esc has an obvious meaning.
    const isFree = !this.#editor.isPointerDown || chord === "escape";
    const isWanted = isFree && (!event.repeat || binding.repeats);
    if (isWanted && binding.run?.(this.#editor, chord) === false) return false;
    event.preventDefault();
    return true;
  }

  /** @param {EventTarget} target */
  attach(target) {
    const handle = (/** @type {Event} */ event) => void this.handle(/** @type {KeyboardEvent} */ (event));
    target.addEventListener("keydown", handle, { signal: this.#listeners.signal });
    target.addEventListener("keyup", handle, { signal: this.#listeners.signal });
  }

  /** The window has lost the focus: no keyup will come. */
  release() {
    this.#holdSpace(false);
  }

  destroy() {
    this.#listeners.abort();
  }

  /**
   * @param {boolean} isDown
   */
  #holdSpace(isDown) {
    if (isDown === this.isSpaceDown) return;
    this.isSpaceDown = isDown;
    this.#spaceChanged();
  }
}

/**
 * Name a key press: "b", "[", "space", "mod+z" (Ctrl or Command), "mod+shift+z", "shift+arrowleft".
 * @param {KeyboardEvent} event
 * @param {import("./keymap.js").Keymap} keymap
 * @returns {string}
 */
export function chordOf(event, keymap) {
  const key = nameOf(event, keymap);
  // AltGr counts as Ctrl+Alt on Windows, and is how [ and ] are typed on many keyboards.
  if (event.getModifierState("AltGraph")) return key;
  const mod = event.ctrlKey || event.metaKey ? "mod+" : "";
  const alt = event.altKey ? "alt+" : "";
  // Shift is part of how + is typed on many layouts; it counts with letters, digits and arrows only.
  const shift = event.shiftKey && /^([a-z0-9]|arrow\w+)$/.test(key) ? "shift+" : "";
  return mod + alt + shift + key;
}

/**
 * The character typed; on layouts that have no such character (Cyrillic letters, French digits) what is printed
 * on the same key of an English keyboard.
 * @param {KeyboardEvent} event
 * @param {import("./keymap.js").Keymap} keymap
 * @returns {string}
 */
function nameOf(event, keymap) {
  if (event.key === " ") return "space";
  const typed = event.key.toLowerCase();
  const [, kind, printed] = /^(Key|Digit|Numpad)(\w)$/.exec(event.code) ?? [];
  const physical = NAME_BY_CODE[event.code] ?? printed?.toLowerCase();
  if (!physical || keymap.find(typed)) return typed;
  const isForeign = typed.length === 1 && typed > "~";
  return isForeign || kind === "Digit" ? physical : typed;
}

/**
 * Whether a key press belongs to the element that has the focus: text being typed, a button about to be
 * pressed, a slider being moved.
 * @param {KeyboardEvent} event
 * @param {string} chord
 * @returns {boolean}
 */
function belongsToFocus(event, chord) {
  const element = event.composedPath()[0];
  if (!(element instanceof HTMLElement)) return false;
  if (element.isContentEditable || element.matches("textarea, select")) return true;
  const activates = chord === "space" || chord === "enter";
  if (element instanceof HTMLInputElement) {
    return !UNTYPED_INPUTS.has(element.type) || activates || chord === "home";
  }
  return activates && element.matches('button, a[href], summary, [role="button"]');
}
