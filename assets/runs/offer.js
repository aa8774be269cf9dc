/** Suggests a run when enough masks were accepted or corrected since the last one. */
import { count, element } from "../shared/dom.js";
import { storageName } from "../shared/place.js";

const PUT_OFF = storageName("puzzlecam-offers-put-off");

/**
 * @import { OfferFacts } from "../shared/openapi"
 *
 * @typedef {{since: number|null, new: number}} PutOff  the suggestion that was postponed
 */

/**
 * @param {HTMLElement} place where offers are shown
 * @param {OfferFacts[]} offers
 * @param {(offer: OfferFacts) => void} take
 */
export function showOffers(place, offers, take) {
  const shown = offers.filter((offer) => !isPutOff(offer));
  const state = JSON.stringify(shown);
  if (state === place.dataset.state) return; // do not rebuild what is under the pointer without need
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
    { class: "rn-offer", "aria-label": `A run on ${offer.dataset} is suggested` },
    element("h2", { text: offer.since ? `Train on ${offer.dataset} again?` : `Train on ${offer.dataset}?` }),
    element("p", {
      text: `${count(offer.new, "mask")} ${offer.new === 1 ? "was" : "were"} accepted or corrected ${when}.`,
    }),
    element("p", {
      class: "st-muted",
      text: `A run would learn from ${offer.accepted.toLocaleString()} of ${count(offer.pictures, "picture")} with an accepted mask and make new proposals for the rest. ${offer.expects}`,
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
        title: "Suggested again after the same number of new masks",
        on: { click: later },
      }),
    ),
  );
  return root;
}

/** Postpone until the number of new masks has doubled, or a run was started. @param {OfferFacts} offer */
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
