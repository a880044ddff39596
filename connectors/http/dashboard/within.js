// What the posts of a range share: the modalities that carried their scores, how conversations turn.

import { h } from "./dom.js";
import * as format from "./format.js";
import { mix } from "./marks.js";
import { knownPart, wilson } from "./series.js";

const TURNS = /** @type {[string, string][]} */ ([["positive", "negative"], ["negative", "positive"]]);

/**
 * The mean part of each modality.
 * @param {import("./api.js").Bucket[]} buckets
 */
export function modalities(buckets) {
  const means = { text: 0, audio: 0, visual: 0 };
  let weighed = 0;
  for (const bucket of buckets) {
    if (!bucket.modalities) continue;
    weighed += bucket.posts;
    for (const name of /** @type {(keyof typeof means)[]} */ (Object.keys(means))) {
      means[name] += (bucket.modalities[name] ?? 0) * bucket.posts;
    }
  }
  if (!weighed) return h("p", { class: "quiet small" }, "Not known for this range.");
  return h(
    "div",
    {},
    mix(means, "tall"),
    h(
      "p",
      { class: "legend" },
      Object.entries(means).map(([name, mean], at) =>
        h(
          "span",
          {},
          h("i", { class: "swatch", "--swatch": `var(--track-${at + 3})` }),
          `${format.capital(name)} ${format.share(mean / weighed)}`,
        )
      ),
    ),
  );
}

/**
 * How often a post turns its conversation, of those that follow a post of the other mood.
 * @param {import("./api.js").Bucket[]} buckets
 */
export function turns(buckets) {
  const sum = (/** @type {"after" | "turns"} */ what, /** @type {string} */ label) =>
    buckets.reduce((posts, bucket) => posts + bucket[what][label], 0);
  const known = knownPart(buckets);
  return h(
    "table",
    { class: "turns" },
    h("caption", { class: "hidden-label" }, "Posts that turn their conversation"),
    h(
      "tbody",
      {},
      TURNS.map(([from, to]) => {
        const turned = sum("turns", to);
        const followed = sum("after", from);
        const { share, low, high } = wilson(turned * known, followed * known);
        return h(
          "tr",
          {},
          h("th", { scope: "row" }, `${format.capital(from)} to ${to}`),
          h(
            "td",
            { class: "number" },
            followed ? `${format.share(share)} (${format.share(low)}–${format.share(high)})` : "–",
            h("div", { class: "small quiet" }, `${format.count(turned)} of ${format.count(followed)} that follow`),
          ),
        );
      }),
    ),
  );
}
