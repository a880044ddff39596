// Posts, voices and sentiment by platform and by language.

import { h } from "./dom.js";
import * as format from "./format.js";
import { mix } from "./marks.js";

const MOST_SPLITS = 6;

/**
 * Posts, conversations, authors and sentiment within each platform and each language.
 * @param {{platforms: Record<string, any>, languages: Record<string, any>}} splits
 * @param {{platforms: Record<string, Voices>, languages: Record<string, Voices>} | null} distinct
 *
 * @typedef {{conversations: number, authors: number}} Voices
 */
export function splitTable(splits, distinct) {
  const column = (/** @type {string} */ name, /** @type {string} */ tone) =>
    h("th", { scope: "col", class: tone }, name);
  return h(
    "table",
    { class: "splits" },
    h("caption", { class: "hidden-label" }, "Posts, conversations, authors and sentiment by platform and language"),
    h(
      "thead",
      {},
      h("tr", {}, column("Of", ""), column("Posts", "number"), column("≈ Voices", "number"), column("Sentiment", "")),
    ),
    part("Platform", splits.platforms, distinct?.platforms ?? {}),
    part("Language", splits.languages, distinct?.languages ?? {}),
  );
}

/**
 * @param {string} title
 * @param {Record<string, any>} found
 * @param {Record<string, Voices>} voices
 */
function part(title, found, voices) {
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
