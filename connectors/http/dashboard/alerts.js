// Alerts of a track, each with what carried it and the posts that show it.

import { h } from "./dom.js";
import * as format from "./format.js";
import { mix } from "./marks.js";
import { address, spanOfAlert } from "./place.js";

const MOST_ALERTS = 10;
const MOST_POSTS = 3;

/**
 * What it means that there is no alert: nothing, where nobody watched.
 * @param {Watch | null} watch null: not known
 * @param {string} usual what is said where somebody does
 *
 * @typedef {{active: boolean, looked_until: number | null}} Watch
 */
export function unalerted(watch, usual) {
  if (!watch) return "not known";
  if (watch.active) return usual;
  return watch.looked_until === null ? "never watched" : `not watched since ${format.moment(watch.looked_until, "1m")}`;
}

/**
 * Alerts, each with what carried it. They hold no texts: those have a life of their own.
 * @param {any[]} alerts
 * @param {Watch | null} watch
 * @param {Map<string, string>} texts by post id, of the examples that are still kept
 * @param {import("./place.js").Place} place from which links go to the time of an alert
 */
export function alertCards(alerts, watch, texts, place) {
  if (!alerts.length) {
    return h(
      "p",
      { class: "blank inline small" },
      `${format.capital(unalerted(watch, "nothing unusual was seen on this track"))}.`,
    );
  }
  const cards = h(
    "ul",
    { class: "cards" },
    alerts.slice(0, MOST_ALERTS).map((alert) => {
      const platforms = alert.evidence.platforms.filter((/** @type {any} */ part) => part.carried > 0.15).slice(0, 3);
      const words = alert.evidence.words.slice(0, 5);
      return h(
        "li",
        { class: "card alert" },
        h("p", { class: "summary" }, alert.summary.replaceAll(" %", "\u00a0%")),
        h(
          "p",
          { class: "why" },
          platforms.map((/** @type {any} */ part) =>
            h("span", {}, `${part.platform} carried ${format.share(part.carried)}`)
          ),
          words.map((/** @type {any} */ word) => h("span", {}, `“${word.word}”`)),
          words.length ? h("span", {}, countedOver(alert.evidence.words_counted)) : null,
        ),
        carriedBy(alert.evidence.modalities),
        shownBy(alert.evidence.posts.slice(0, MOST_POSTS), texts),
        h(
          "p",
          { class: "meta" },
          h(
            "span",
            { class: `state ${alert.state === "ended" ? "over" : ""}` },
            alert.state === "ended" ? "over" : "under way",
          ),
          h(
            "a",
            { href: address({ ...place, span: spanOfAlert(alert) }), "data-link": true },
            `since ${format.moment(alert.since, "1m")}, ${format.zone()} time`,
          ),
          h("span", {}, `${format.count(alert.posts)} posts`),
          h(
            "span",
            {},
            `false-discovery rate ${
              alert.q_value < 0.001 ? `under ${format.rate(0.001)}` : format.rate(alert.q_value)
            }`,
          ),
        ),
      );
    }),
  );
  if (watch?.active) return cards;
  return h("div", {}, h("p", { class: "small quiet" }, `${format.capital(unalerted(watch, ""))}.`), cards);
}

/**
 * Over which posts words were counted.
 * @param {{source: string, posts: number, usual_posts: number} | null | undefined} counted null: an older alert
 */
function countedOver(counted) {
  if (!counted) return "in example posts";
  const of = counted.source === "posts" ? "posts" : "example posts";
  return `more often in ${format.count(counted.posts)} ${of} than in ${format.count(counted.usual_posts)} before`;
}

/**
 * How much each modality carried the scores of a shift, and before it.
 * @param {{modality: string, share: number, usual_share: number | null}[]} parts
 */
function carriedBy(parts) {
  if (!parts.length) return null;
  const shares = Object.fromEntries(parts.map((part) => [part.modality, part.share]));
  const said = parts.map((part) =>
    `${part.modality} ${format.share(part.share)}` +
    (part.usual_share === null ? "" : `, usually ${format.share(part.usual_share)}`)
  );
  return h(
    "div",
    { class: "modalities" },
    mix(Object.fromEntries(["text", "audio", "visual"].map((name) => [name, shares[name] ?? 0]))),
    h("p", { class: "meta" }, h("span", {}, "Scores carried by"), said.map((each) => h("span", {}, each))),
  );
}

/**
 * Posts that show a shift: which they are, and their texts where those are kept.
 * @param {{post_id: string, platform: string, created_at: number, label: string, probability: number}[]} posts
 * @param {Map<string, string>} texts
 */
function shownBy(posts, texts) {
  if (!posts.length) return null;
  return h(
    "ul",
    { class: "shown-by" },
    posts.map((post) => {
      const text = texts.get(post.post_id);
      return h(
        "li",
        {},
        text && h("blockquote", {}, text),
        h(
          "p",
          { class: "meta" },
          h("b", {}, `${format.capital(post.label)} ${format.share(post.probability)}`),
          h("span", {}, post.platform),
          h("span", { class: "post-id" }, post.post_id),
          h("time", { datetime: new Date(post.created_at * 1000).toISOString() }, format.since(post.created_at)),
        ),
      );
    }),
  );
}
