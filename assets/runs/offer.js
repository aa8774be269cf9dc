/** A run that pays: enough masks were accepted or corrected since the last one. One click fills the form. */
import { count, element } from "../shared/dom.js";

const PUT_OFF = "puzzlecam-offers-put-off";

/**
 * @import { OfferFacts } from "../shared/openapi"
 *
 * @typedef {{since: number|null, new: number}} PutOff  what an offer said when it was put off
 */

/**
 * @param {HTMLElement} place where offers are shown
 * @param {OfferFacts[]} offers
 * @param {(offer: OfferFacts) => void} take
 */
export function showOffers(place, offers, take) {
  const shown = offers.filter((offer) => !isPutOff(offer));
  const state = JSON.stringify(shown);
  if (state === place.dataset.state) return; // nothing under the pointer is rebuilt for nothing
  place.dataset.state = state;
  place.replaceChildren(...shown.map((offer) => card(offer, take)));
}

/** @param {OfferFacts} offer @param {(offer: OfferFacts) => void} take @returns {HTMLElement} */
function card(offer, take) {
  const later = () => {
    putOff(offer);
    root.remove();
  };
  const when = offer.since ? `since run ${offer.since.id}` : "and no run has learned from them yet";
  const root = element(
    "section",
    { class: "rn-offer", "aria-label": `A run of ${offer.dataset} would pay` },
    element("h2", { text: offer.since ? `Train on ${offer.dataset} again?` : `Train on ${offer.dataset}?` }),
    element("p", {
      text: `${count(offer.new, "mask")} ${offer.new === 1 ? "was" : "were"} accepted or corrected ${when}.`,
    }),
    element("p", {
      class: "st-muted",
      text: `A run would learn from ${offer.accepted.toLocaleString()} of ${count(offer.pictures, "picture")} as truth, and propose masks anew for the rest. ${offer.expects}`,
    }),
    element(
      "div",
      { class: "rn-buttons" },
      element("button", {
        class: "st-button st-primary",
        type: "button",
        text: "Fill in the form",
        on: { click: () => take(offer) },
      }),
      element("button", {
        class: "st-link",
        type: "button",
        text: "Not now",
        title: "Comes back after as many masks again",
        on: { click: later },
      }),
    ),
  );
  return root;
}

/** Put off until as many masks came in again, or a run was started. @param {OfferFacts} offer */
function putOff(offer) {
  const all = stored();
  all[offer.dataset_id] = { since: offer.since?.id ?? null, new: offer.new };
  localStorage.setItem(PUT_OFF, JSON.stringify(all));
}

/** @param {OfferFacts} offer */
function isPutOff(offer) {
  const one = stored()[offer.dataset_id];
  return one !== undefined && one.since === (offer.since?.id ?? null) && offer.new < 2 * one.new;
}

/** @returns {Record<number, PutOff|undefined>} by dataset */
function stored() {
  try {
    return JSON.parse(localStorage.getItem(PUT_OFF) ?? "{}") ?? {};
  } catch {
    return {};
  }
}
