// Tracks beside each other as figures: over the whole range, by bucket, and as CSV.

import { netOf } from "./compare_charts.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import { mix, sampledMark, whisker } from "./marks.js";
import { address } from "./place.js";

/** @typedef {import("./tracks_beside.js").Beside} Beside */

const COLUMNS = ["Track", "Share of voice", "Posts", "Net sentiment", "Change", "Mix"];
const NUMBERS = ["Posts", "Change"];

/**
 * The table over the whole range; its lines come later.
 * @param {HTMLElement} body
 */
export const wholeTable = (body) =>
  h(
    "div",
    { class: "scroll-x", tabindex: "0", role: "region", "aria-label": "The chosen tracks" },
    h(
      "table",
      {},
      h("caption", { class: "hidden-label" }, "The chosen tracks over the whole range"),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          COLUMNS.map((name) => h("th", { scope: "col", class: NUMBERS.includes(name) ? "number" : null }, name)),
        ),
      ),
      body,
    ),
  );

/**
 * Its lines.
 * @param {import("./place.js").Place} place
 * @param {Beside} beside
 * @param {import("./api.js").Standing[]} standings of the chosen tracks
 */
export function lines(place, beside, standings) {
  return standings.map((standing) => line(place, beside, standing, shareOf(standing, standings)));
}

/**
 * A track's share of voice among those that are chosen.
 * @param {import("./api.js").Standing} standing
 * @param {import("./api.js").Standing[]} standings of the chosen tracks
 */
export function shareOf(standing, standings) {
  const posts = standings.reduce((sum, each) => sum + each.posts, 0);
  return posts ? standing.posts / posts : 0;
}

/**
 * @param {import("./place.js").Place} place
 * @param {Beside} beside
 * @param {import("./api.js").Standing} standing
 * @param {number} share of voice
 */
function line(place, beside, standing, share) {
  const swatch = `var(--${beside.tone(standing.track)})`;
  const { net_change: change, net_change_sure: sure } = standing;
  return h(
    "tr",
    {},
    h(
      "td",
      {},
      h("i", { class: "swatch inline", "--swatch": swatch }),
      h("a", { href: address({ ...place, view: "track", track: standing.track }), "data-link": true }, standing.track),
      sampledMark(standing),
    ),
    h(
      "td",
      {},
      h("span", {}, format.share(share)),
      h("i", { class: "share-bar", "--swatch": swatch, "width%": `${100 * share}%` }),
    ),
    h("td", { class: "number" }, format.count(standing.posts)),
    h("td", {}, format.net(standing.net), whisker(standing.net, standing.net_low, standing.net_high)),
    h(
      "td",
      { class: "number" },
      h("div", { class: sure ? ((change ?? 0) > 0 ? "up" : "down") : null }, format.net(change)),
      h("div", { class: "small quiet" }, format.between(standing.net_change_low, standing.net_change_high)),
    ),
    h("td", {}, mix(standing.sentiment)),
  );
}

/**
 * A figure of each track by bucket.
 * @param {Beside} beside
 * @param {(bucket: import("./api.js").Bucket) => string | number} cell
 */
export const byBucket = (beside, cell) => ({
  head: ["Start", ...beside.tracks],
  lines: beside.starts().map((start) => [
    format.moment(start, beside.resolution),
    ...beside.tracks.map((track) => {
      const bucket = beside.bucket(track, start);
      return bucket ? cell(bucket) : "–";
    }),
  ]),
});

/**
 * A name as a cell: a spreadsheet would compute what begins as a formula does.
 * @param {string} name
 */
const named = (name) => /^[=+@\t\r-]/.test(name) ? `'${name}` : name;

/** @param {Beside} beside */
export function comparisonCsv(beside) {
  const quoted = (/** @type {string | number} */ cell) => `"${String(cell).replaceAll('"', '""')}"`;
  const head = ["start_unix", ...beside.tracks.flatMap((track) => [named(`${track} posts`), named(`${track} net`)])];
  const rows = beside.starts().map((start) => [
    start,
    ...beside.tracks.flatMap((track) => {
      const bucket = beside.bucket(track, start);
      return bucket ? [bucket.posts, netOf(bucket)] : [0, ""];
    }),
  ]);
  const text = [head, ...rows].map((row) => row.map(quoted).join(",")).join("\r\n");
  return new Blob([text], { type: "text/csv" });
}
