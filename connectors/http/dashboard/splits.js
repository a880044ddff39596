// Posts, voices and sentiment by platform and by language.

import { covered, exceeds, period } from "./covered.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import { mix } from "./marks.js";

const MOST_SPLITS = 6;

/**
 * Posts, conversations, authors and sentiment within each platform and each language.
 *
 * Voices are kept for another time than posts: where that is much longer they are not shown beside them.
 * @param {Buckets & {platforms: Record<string, any>, languages: Record<string, any>, end: number}} splits
 * @param {{sampled: boolean, end: number, within: Within} | null} distinct
 * @param {import("./place.js").Span} wanted the time that is asked for
 *
 * @typedef {{start: number, resolution: string}} Buckets
 * @typedef {Buckets & {platforms: Record<string, Voices>, languages: Record<string, Voices>}} Within
 * @typedef {{conversations: number, authors: number}} Voices
 */
export function splitTable(splits, distinct, wanted) {
  const column = (/** @type {string} */ name, /** @type {string} */ tone) =>
    h("th", { scope: "col", class: tone }, name);
  const own = covered(splits, splits.end);
  const heard = distinct && covered(distinct.within, distinct.end);
  const beside = heard && !exceeds(heard, own) ? distinct : null;
  const notes = [
    exceeds(own, wanted) && `Of ${period(own)}: less is not kept.`,
    heard && !beside && `Voices are kept of ${period(heard)} alone.`,
  ].filter(Boolean);
  return h(
    "table",
    { class: "splits" },
    h(
      "caption",
      { class: notes.length ? "small quiet" : "hidden-label" },
      notes.length ? notes.join(" ") : "Posts, conversations, authors and sentiment by platform and language",
    ),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        column("Of", ""),
        column("Posts", "number"),
        column(`${beside?.sampled ? "At least" : "≈"} Voices`, "number"),
        column("Sentiment", ""),
      ),
    ),
    part("Platform", splits.platforms, beside?.within.platforms ?? {}),
    part("Language", splits.languages, beside?.within.languages ?? {}),
  );
}

/**
 * @param {string} title
 * @param {Record<string, any>} found
 * @param {Record<string, Voices>} voices
 */
function part(title, found, voices) {
  const left = Object.keys(found).length - MOST_SPLITS;
  const most = Math.max(1, ...Object.values(found).map((counts) => counts.posts));
  return h(
    "tbody",
    {},
    h("tr", {}, h("th", { scope: "rowgroup", colspan: 4 }, title)),
    Object.entries(found).slice(0, MOST_SPLITS).map(([name, counts]) =>
      h(
        "tr",
        {},
        h("td", {}, name === "und" ? "not given" : name),
        h(
          "td",
          { class: "number" },
          format.short(counts.posts),
          h("i", { class: "share-bar", "width%": `${(100 * counts.posts) / most}%` }),
        ),
        h("td", { class: "number small" }, spoken(voices[name])),
        h("td", {}, mix(counts.sentiment)),
      )
    ),
    left > 0 && h("tr", {}, h("td", { colspan: 4, class: "small quiet" }, `and ${left} more, with fewer posts`)),
  );
}

/** @param {Voices | undefined} voices */
const spoken = (voices) =>
  voices
    ? [
      h("div", {}, `${format.short(voices.conversations)} conv.`),
      voices.authors ? h("div", {}, `${format.short(voices.authors)} authors`) : null,
    ]
    : "–";
