/** A run that pays: enough masks were accepted or corrected since the last one. One click fills the form. */
import { count, element } from "../shared/dom.js";

const PUT_OFF = "puzzlecam-offers-put-off";

/**
 * @param {HTMLElement} place where offers are shown
 * @param {Object[]} offers as `/api/runs/offers` lists them
 * @param {(offer: Object) => void} take
 */
export function showOffers(place, offers, take) {
  const shown = offers.filter((offer) => !isPutOff(offer));
  const state = JSON.stringify(shown);
  if (state === place.dataset.state) return; // nothing under the pointer is rebuilt for nothing
  place.dataset.state = state;
  place.replaceChildren(...shown.map((offer) => card(offer, take)));
}

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

/** Put off until as many masks came in again, or a run was started. */
function putOff(offer) {
  const all = stored();
  all[offer.dataset_id] = { since: offer.since?.id ?? null, new: offer.new };
  localStorage.setItem(PUT_OFF, JSON.stringify(all));
}

function isPutOff(offer) {
  const one = stored()[offer.dataset_id];
  return Boolean(one) && one.since === (offer.since?.id ?? null) && offer.new < 2 * one.new;
}

function stored() {
  try {
    return JSON.parse(localStorage.getItem(PUT_OFF) ?? "{}") ?? {};
  } catch {
    return {};
  }
}
