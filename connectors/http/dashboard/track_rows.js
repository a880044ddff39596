// Rows of the overview, one a track: all of them drawn, or those that changed.

import { h, keepingFocus } from "./dom.js";
import * as format from "./format.js";
import { mix, sampledMark, sparkline, whisker } from "./marks.js";
import { address, SECONDS, spanOfAlert } from "./place.js";

/**
 * What rows are drawn from.
 * @typedef {object} Shown
 * @property {import("./place.js").Place} place
 * @property {import("./api.js").Board} board
 * @property {Map<string, any[]>} alerts that are shown, by track
 */

/** The rows of a table's body. */
export class TrackRows {
  #body;
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map();

  /** @param {HTMLElement} body */
  constructor(body) {
    this.#body = body;
  }

  /**
   * Draw these and no others.
   * @param {import("./api.js").Standing[]} standings
   * @param {Shown} shown
   * @param {HTMLElement[]} notes below them
   */
  draw(standings, shown, notes) {
    this.#rows = new Map(standings.map((each) => [each.track, row(each, shown, false)]));
    keepingFocus(this.#body, () => this.#body.replaceChildren(...this.#rows.values(), ...notes));
  }

  /**
   * Draw those that were just counted in, of the ones that are shown.
   * @param {Iterable<import("./api.js").Standing>} standings
   * @param {Shown} shown
   */
  renew(standings, shown) {
    keepingFocus(this.#body, () => {
      for (const each of standings) {
        const before = this.#rows.get(each.track);
        if (!before) continue;
        const now = row(each, shown, true);
        before.replaceWith(now);
        this.#rows.set(each.track, now);
      }
    });
  }
}

/**
 * @param {import("./api.js").Standing} standing
 * @param {Shown} shown
 * @param {boolean} fresh
 */
function row(standing, { place, board, alerts }, fresh) {
  const raised = alerts.get(standing.track);
  return h(
    "tr",
    { class: fresh ? "fresh" : null, "data-track": standing.track },
    h(
      "td",
      { class: "name" },
      h("a", { href: address({ ...place, view: "track", track: standing.track }), "data-link": true }, standing.track),
      sampledMark(standing),
      raised && badge(place, standing.track, raised),
    ),
    h("td", { class: "line" }, sparkline(standing.points, board.start, board.end, SECONDS[board.resolution])),
    h(
      "td",
      { class: "posts number" },
      h(
        "div",
        {},
        h("span", { class: "value" }, format.short(standing.posts)),
        h("span", { class: "hidden-label" }, " posts"),
      ),
      h(
        "div",
        { class: "small quiet" },
        standing.posts_change === null
          ? (board.before_kept ? "new" : "–")
          : `${format.changed(standing.posts_change)} posts`,
      ),
    ),
    h(
      "td",
      { class: "netcell" },
      h("span", { class: "value" }, format.net(standing.net)),
      whisker(standing.net, standing.net_low, standing.net_high),
    ),
    h("td", { class: "change number" }, moved(standing)),
    h("td", { class: "mood wide" }, mix(standing.sentiment)),
  );
}

/**
 * A link to the moment of the newest of a track's alerts that are shown.
 * @param {import("./place.js").Place} place
 * @param {string} track
 * @param {any[]} raised
 */
const badge = (place, track, raised) =>
  h("a", {
    class: "badge",
    href: address({ ...place, view: "track", track, span: spanOfAlert(raised[0]) }),
    "data-link": true,
    title: raised[0].summary,
  }, raised.length > 1 ? `${raised.length} ALERTS` : "ALERT");

/**
 * A change with its interval, in colour where it is more than chance.
 * @param {import("./api.js").Standing} standing
 */
function moved(standing) {
  const { net_change: change, net_change_sure: sure } = standing;
  if (change === null) return h("span", { class: "quiet" }, "–");
  const arrow = Math.abs(change) < 0.005 ? "" : change > 0 ? "▲ " : "▼ ";
  return h(
    "div",
    {},
    h("div", { class: sure ? (change > 0 ? "up" : "down") : null }, arrow, format.net(change)),
    h(
      "div",
      { class: "small quiet" },
      format.between(standing.net_change_low, standing.net_change_high),
      h("span", { class: "hidden-label" }, sure ? ", more than chance" : ", perhaps by chance"),
    ),
  );
}
