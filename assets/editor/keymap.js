/** Which key does what: the table of keys, and what a person has chosen instead. */
import { Emitter } from "../shared/emitter.js";

/**
 * @typedef {import("./keys.js").Binding} Binding
 *
 * @typedef {object} Listed  a line of the help
 * @property {string} [id]        absent: its keys cannot be changed
 * @property {string[]} keys      as shown to people, alternatives
 * @property {string} description
 * @property {string} group
 * @property {boolean} isOwn      a person has chosen the key
 */

/** Keys that mean the same in every program, or that type nothing. */
const RESERVED = new Set([
  "enter",
  "escape",
  "tab",
  "space",
  "backspace",
  "delete",
  "capslock",
  "f5",
  "f11",
  "f12",
]);
const MODIFIERS = new Set(["shift", "control", "alt", "meta", "altgraph", "os", "fn", "dead", "process"]);
/** @type {Record<string, string>} */
const SHOWN = {
  arrowleft: "←",
  arrowright: "→",
  arrowup: "↑",
  arrowdown: "↓",
  "-": "−",
  home: "Home",
  end: "End",
  mod: "Ctrl",
  alt: "Alt",
  shift: "Shift",
};

/**
 * The event `change` says that keys are others than before.
 * @extends {Emitter<{change: undefined}>}
 */
export class Keymap extends Emitter {
  /** @type {Binding[]} */
  #bindings = [];
  /** @type {Map<string, Binding>} */
  #byChord = new Map();
  /** Chosen by the person, by id of the binding. @type {Record<string, string>} */
  #own = {};

  /** @param {Binding[]} bindings */
  constructor(bindings) {
    super();
    this.add(bindings);
  }

  /** @param {Binding[]} bindings */
  add(bindings) {
    this.#bindings.push(...bindings);
    this.#index();
  }

  /** @param {string} chord as `chordOf` names it @returns {Binding|undefined} */
  find(chord) {
    return this.#byChord.get(chord);
  }

  /** What the person has chosen. @returns {Readonly<Record<string, string>>} */
  get own() {
    return this.#own;
  }

  /** @returns {Listed[]} */
  get listed() {
    return this.#bindings.map(({ id, keys, description, group }) => {
      const chosen = id === undefined ? undefined : this.#own[id];
      return {
        id,
        keys: chosen ? [shownKey(chosen)] : [...keys],
        description,
        group,
        isOwn: chosen !== undefined,
      };
    });
  }

  /** The key of an action as shown to people. @param {string} id */
  keyOf(id) {
    const chosen = this.#own[id];
    return chosen ? shownKey(chosen) : (this.#bindings.find((binding) => binding.id === id)?.keys[0] ?? "");
  }

  /**
   * Use what a person has stored; what this version does not know, or what would give a key twice, is left out.
   * @param {Record<string, string>} own
   */
  use(own) {
    this.#own = {};
    for (const [id, chord] of Object.entries(own))
      if (this.objection(id, chord) === null) this.#own[id] = chord;
    this.#changed();
  }

  /**
   * @param {string} id
   * @param {string} chord
   * @returns {string|null} why the action cannot have this key; null: it can
   */
  objection(id, chord) {
    const binding = this.#bindings.find((candidate) => candidate.id === id);
    if (!binding) return `There is no action “${id}”.`;
    if (chord.startsWith("mod+"))
      return "Ctrl and ⌘ belong to the browser and to undo: choose a key without them.";
    if (RESERVED.has(chord.split("+").at(-1) || "+"))
      return `${shownKey(chord)} has its usual meaning: choose another key.`;
    const taken = this.#inUse(id).get(chord);
    if (taken) return `${shownKey(chord)} is already “${taken.description}”: give that another key first.`;
    return null;
  }

  /** @param {string} id @param {string} chord @throws {RangeError} with the sentence of `objection` */
  change(id, chord) {
    const objection = this.objection(id, chord);
    if (objection !== null) throw new RangeError(objection);
    const binding = this.#bindings.find((candidate) => candidate.id === id);
    const { [id]: _, ...others } = this.#own;
    this.#own = binding?.chords?.includes(chord) ? others : { ...others, [id]: chord };
    this.#changed();
  }

  /** @param {string} [id] all when omitted @throws {RangeError} when another action has the usual key now */
  reset(id) {
    const { [id ?? ""]: _, ...others } = this.#own;
    if (id !== undefined) {
      const [usual] = this.#bindings.find((binding) => binding.id === id)?.chords ?? [];
      const objection = usual === undefined ? null : this.objection(id, usual);
      if (objection !== null) throw new RangeError(objection);
    }
    this.#own = id === undefined ? {} : others;
    this.#changed();
  }

  /** The bindings by chord, as if one had no key. @param {string} [without] */
  #inUse(without) {
    /** @type {Map<string, Binding>} */
    const used = new Map();
    for (const binding of this.#bindings) {
      if (without !== undefined && binding.id === without) continue;
      const chosen = binding.id === undefined ? undefined : this.#own[binding.id];
      for (const chord of chosen ? [chosen] : (binding.chords ?? [])) used.set(chord, binding);
    }
    return used;
  }

  #index() {
    this.#byChord = this.#inUse();
  }

  #changed() {
    this.#index();
    this.emit("change");
  }
}

/** Whether a chord names only a modifier: a key press that is not complete yet. @param {string} chord */
export const isModifier = (chord) => MODIFIERS.has(chord.split("+").at(-1) ?? "");

/** @param {string} chord @returns {string} as shown to people, e.g. "Shift+B" */
export function shownKey(chord) {
  const parts = chord === "+" ? ["+"] : chord.replace(/\+\+$/, "+plus").split("+");
  return parts
    .map((part) => SHOWN[part] ?? (part === "plus" ? "+" : part.charAt(0).toUpperCase() + part.slice(1)))
    .join("+");
}
