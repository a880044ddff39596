// What stands behind a curve: posts, alerts with their reasons, platforms and languages.

import { h } from "./dom.js";
import * as format from "./format.js";
import { mix } from "./marks.js";

const MOST_SPLITS = 6;

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
 * Alerts, each with what carried it.
 * @param {any[]} alerts
 */
export function alertCards(alerts) {
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
        alert.evidence.posts.slice(0, 2).map((/** @type {any} */ post) => post.text && h("blockquote", {}, post.text)),
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
