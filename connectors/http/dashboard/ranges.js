// Chooses the range of time: how far back, or from when to when.

import { h } from "./dom.js";
import * as format from "./format.js";
import { choice } from "./panels.js";
import { RANGES, SECONDS, spanOf } from "./place.js";

/**
 * The choice of a range, and the dates behind it.
 * @param {import("./place.js").Place} place
 * @param {(place: import("./place.js").Place) => void} go
 */
export function ranges(place, go) {
  return h(
    "div",
    { class: "ranges" },
    choice(
      "Time range",
      Object.entries(RANGES).map(([range, own]) => [range, own.name]),
      place.span ? "" : place.range,
      (range) => go({ ...place, span: null, range }),
    ),
    dates(place, go),
  );
}

/**
 * From when to when, in the time of the browser; a link keeps it.
 * @param {import("./place.js").Place} place
 * @param {(place: import("./place.js").Place) => void} go
 */
function dates(place, go) {
  const now = Math.ceil(Date.now() / 60000) * 60;
  const shown = place.span ?? { start: now - SECONDS[place.range], end: now };
  const field = (/** @type {string} */ name, /** @type {number} */ at) =>
    h("input", { type: "datetime-local", class: "field", name, value: local(at), required: true });
  const [from, to] = [field("from", shown.start), field("to", shown.end)];
  const wrong = h("p", { class: "form-error", role: "alert" });
  const form = h(
    "form",
    {
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        const span = spanOf(from.value, to.value);
        if (span) go({ ...place, span });
        else wrong.textContent = "The end must come after the start.";
      },
    },
    h("label", {}, "From ", from),
    h("label", {}, "To ", to),
    wrong,
    h("button", { type: "submit", class: "button primary" }, "Show"),
  );
  const said = place.span ? format.fromTo(place.span) : "Dates";
  return h(
    "details",
    { class: "dates" },
    h("summary", { class: `button ${place.span ? "chosen" : ""}` }, said),
    form,
  );
}

/**
 * A moment as an input of the browser's time takes it.
 * @param {number} seconds Unix seconds
 */
function local(seconds) {
  const date = new Date(seconds * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}
