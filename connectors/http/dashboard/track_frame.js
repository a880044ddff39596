// The page of a track before anything is in it: its head, its panels, and where each thing goes.

import { h } from "./dom.js";
import * as format from "./format.js";
import { choice, dataTable, legend, panel, tool } from "./panels.js";
import { address, RANGES } from "./place.js";
import { EMOTIONS } from "./track_charts.js";

const SENTIMENTS = ["negative", "neutral", "positive"];
const UNPICKED = "Choose a moment in the chart, by click or arrow keys, to see its posts.";

/** Where each thing of the page goes. */
export const makeParts = () => ({
  figures: h("dl", { class: "figures" }),
  sampled: h("p", { class: "small" }),
  correction: h("p", { class: "small quiet correction" }),
  chart: h("div", { class: "chart", tabindex: "0" }),
  emotions: h("div", { class: "chart small-multiples" }),
  picked: h("p", { class: "picked", "aria-live": "polite" }, UNPICKED),
  grain: h("span", { class: "quiet small" }),
  chips: h("div", { class: "chips", role: "group", "aria-label": "Which posts" }),
  origin: h("div", { class: "scroll-x", tabindex: "0", role: "region", "aria-label": "Platforms and languages" }),
  carried: h("div", {}),
  turned: h("div", {}),
  raised: h("div", {}),
});

/**
 * The page.
 * @param {import("./main.js").Stage} stage
 * @param {ReturnType<typeof makeParts>} parts
 * @param {HTMLElement} posts
 * @param {import("./series.js").LiveSeries} series
 * @param {{csv: () => void, sentiment: () => void, emotion: () => void}} save
 */
export const frame = (stage, parts, posts, series, save) => [
  head(stage, parts.sampled),
  parts.figures,
  parts.correction,
  h(
    "div",
    { class: "grid" },
    panel(
      "Sentiment over time",
      {
        note: `share of posts, with its ${format.LEVEL} interval; posts below`,
        tools: [
          tool("PNG", "Save the sentiment chart as PNG", save.sentiment),
          tool("CSV", "Save the figures as CSV", save.csv),
        ],
      },
      legend([["negative", "Negative"], ["positive", "Positive"], ["volume", "Posts"], ["alert", "Alert"]]),
      parts.chart,
      parts.picked,
      parts.grain,
      dataTable(() => sentimentTable(series)),
    ),
    h(
      "div",
      { class: "span-8 stack" },
      panel(
        "Emotion over time",
        {
          size: "",
          note: "share of posts on one scale; the rest is neutral",
          tools: [tool("PNG", "Save the emotion chart as PNG", save.emotion)],
        },
        parts.emotions,
        dataTable(() => emotionTable(series)),
      ),
      panel("Example posts", { size: "", note: "new, and sure by the model's own account" }, parts.chips, posts),
    ),
    h(
      "div",
      { class: "span-4 stack" },
      panel("Alerts", { size: "", note: "the newest first" }, parts.raised),
      panel("Where it comes from", { size: "", note: "posts, voices and sentiment within each" }, parts.origin),
      panel("How conversations turn", { size: "", note: "of posts that follow the other mood" }, parts.turned),
      panel("What carried the scores", { size: "", note: "mean part of each modality" }, parts.carried),
    ),
  ),
];

/**
 * @param {import("./main.js").Stage} stage
 * @param {HTMLElement} sampled
 */
function head({ place, go, ranges }, sampled) {
  const fine = !place.span && RANGES[place.range].fine !== RANGES[place.range].usual;
  return h(
    "div",
    { class: "view-head" },
    h(
      "div",
      {},
      h(
        "p",
        { class: "crumb" },
        h("a", { href: address({ ...place, view: "overview" }), "data-link": true }, "All tracks"),
      ),
      h("h1", {}, place.track),
      sampled,
    ),
    h(
      "div",
      { class: "tools" },
      h("a", {
        class: "button",
        href: address({ ...place, view: "compare", tracks: [place.track] }),
        "data-link": true,
      }, "Compare"),
      fine &&
        choice(
          "Detail",
          [["usual", "Usual"], ["fine", "Fine"]],
          place.fine ? "fine" : "usual",
          (detail) => go({ ...place, fine: detail === "fine" }),
        ),
      ranges(),
    ),
  );
}

/** @param {import("./series.js").LiveSeries} series */
const sentimentTable = (series) => ({
  head: [
    "Start",
    "Posts",
    ...SENTIMENTS.map(format.capital),
    "Negative share",
    "Positive share",
    "Turns to negative",
    "Turns to positive",
  ],
  lines: series.buckets().map((bucket) => [
    format.moment(bucket.start, series.resolution),
    format.count(bucket.posts),
    ...SENTIMENTS.map((label) => bucket.sentiment[label]),
    interval(bucket.sentiment_shares.negative),
    interval(bucket.sentiment_shares.positive),
    bucket.turns.negative,
    bucket.turns.positive,
  ]),
});

/** @param {import("./series.js").LiveSeries} series */
const emotionTable = (series) => ({
  head: ["Start", "Posts", ...EMOTIONS.map(format.capital)],
  lines: series.buckets().map((bucket) => [
    format.moment(bucket.start, series.resolution),
    format.count(bucket.posts),
    ...EMOTIONS.map((name) => interval(bucket.emotion_shares[name])),
  ]),
});

/** @param {import("./api.js").Share} share */
const interval = (share) => `${format.share(share.share)} (${format.share(share.low)}–${format.share(share.high)})`;

/**
 * What a moment of the chart holds, in words.
 * @param {import("./series.js").LiveSeries} shown
 * @param {number | null} start
 */
export function toldOf(shown, start) {
  if (start === null) return UNPICKED;
  const bucket = shown.held.get(start);
  const moment = format.moment(start, shown.resolution);
  if (!bucket) return `${moment}: no posts.`;
  const { negative, positive } = bucket.sentiment_shares;
  return `${moment}: ${format.count(bucket.posts)} posts, ${interval(negative)} negative, ${
    interval(positive)
  } positive. Below: examples of that time.`;
}
