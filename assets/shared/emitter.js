/** An EventTarget whose events are typed. */

/**
 * @template {object} Details  what the event of each name carries; `undefined` where it carries nothing
 */
export class Emitter extends EventTarget {
  /**
   * @template {keyof Details & string} Name
   * @param {Name} name
   * @param {Details[Name] extends undefined ? [] : [Details[Name]]} detail
   */
  emit(name, ...detail) {
    this.dispatchEvent(new CustomEvent(name, { detail: detail[0] }));
  }

  /**
   * @template {keyof Details & string} Name
   * @param {Name} name
   * @param {(detail: Details[Name]) => unknown} listener
   */
  on(name, listener) {
    this.addEventListener(name, (event) =>
      listener(/** @type {CustomEvent<Details[Name]>} */ (event).detail),
    );
  }
}
