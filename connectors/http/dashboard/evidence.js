// What stands behind a curve: posts, alerts with their reasons, platforms and languages.

import { h } from "./dom.js";
import * as format from "./format.js";
import { mix } from "./marks.js";

const MOST_SPLITS = 6;
const MOST_POSTS = 3;

/**
 * Example posts.
 * @param {any[]} posts
 * @param {boolean} narrowed to a moment
 */
export function postCards(posts, narrowed) {
  if (!posts.length) {
    return h(
      "p",
      { class: "blank inline small" },
      narrowed ? "No example post is kept of that time." : "No example post is kept of these.",
    );
  }
  return h(
    "ul",
    { class: "cards" },
    posts.map((post) => {
      const sure = Math.max(...post.sentiment.probs);
      const carried = Object.entries(post.modalities).filter(([, part]) => part >= 0.01).map(([name, part]) =>
        `${name} ${format.share(part)}`
      );
      return h(
        "li",
        { class: `card ${post.sentiment.label}` },
        post.text ? h("blockquote", {}, post.text) : h("p", { class: "withheld" }, "The text is not kept."),
        h(
          "p",
          { class: "meta" },
          h("b", {}, `${format.capital(post.sentiment.label)} ${format.share(sure)}, ${post.emotion.label}`),
          h("span", {}, post.platform),
          post.lang && h("span", {}, post.lang),
          h("time", { datetime: new Date(post.created_at * 1000).toISOString() }, format.since(post.created_at)),
          h("span", {}, `carried by ${carried.join(", ")}`),
          post.previous_sentiment && post.previous_sentiment !== post.sentiment.label &&
            h("span", {}, `after a ${post.previous_sentiment} post`),
        ),
      );
    }),
  );
}

/**
 * Alerts, each with what carried it. They hold no texts: those have a life of their own.
 * @param {any[]} alerts
 * @param {Map<string, string>} texts by post id, of the examples that are still kept
 */
export function alertCards(alerts, texts) {
  if (!alerts.length) return h("p", { class: "blank inline small" }, "Nothing unusual was seen on this track.");
  return h(
    "ul",
    { class: "cards" },
    alerts.slice(0, 10).map((alert) => {
      const platforms = alert.evidence.platforms.filter((/** @type {any} */ part) => part.carried > 0.15).slice(0, 3);
      const words = alert.evidence.words.slice(0, 5);
      return h(
        "li",
        { class: "card alert" },
        h("p", { class: "summary" }, alert.summary),
        h(
          "p",
          { class: "why" },
          platforms.map((/** @type {any} */ part) =>
            h("span", {}, `${part.platform} carried ${format.share(part.carried)}`)
          ),
          words.map((/** @type {any} */ word) => h("span", {}, `“${word.word}”`)),
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
          h("span", {}, `since ${format.moment(alert.since, "1m")}`),
          h("span", {}, `${format.count(alert.posts)} posts`),
          h(
            "span",
            {},
            `false-discovery rate ${alert.q_value < 0.001 ? "under 0.1 %" : `${(100 * alert.q_value).toFixed(1)} %`}`,
          ),
        ),
      );
    }),
  );
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

/**
 * Posts and sentiment by platform and by language.
 * @param {{platforms: Record<string, any>, languages: Record<string, any>}} splits
 */
export function splitTable(splits) {
  const part = (/** @type {string} */ title, /** @type {Record<string, any>} */ found) => {
    const most = Math.max(1, ...Object.values(found).map((counts) => counts.posts));
    return h(
      "tbody",
      {},
      h("tr", {}, h("th", { scope: "rowgroup", colspan: 3 }, title)),
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
          h("td", {}, mix(counts.sentiment)),
        )
      ),
    );
  };
  return h(
    "table",
    {},
    h("caption", { class: "hidden-label" }, "Posts and sentiment by platform and language"),
    part("Platform", splits.platforms),
    part("Language", splits.languages),
  );
}
