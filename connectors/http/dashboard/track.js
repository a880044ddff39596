// One track: sentiment and emotion over time, where it comes from, alerts, example posts.

import { ask, askJson, named } from "./api.js";
import { Chart } from "./charts.js";
import { h } from "./dom.js";
import { alertCards, postCards, splitTable } from "./evidence.js";
import * as format from "./format.js";
import { mix, sampledMark } from "./marks.js";
import { figure } from "./overview.js";
import { blank, choice, dataTable, download, panel, tool } from "./panels.js";
import { address, asWhole, RANGES, resolution } from "./place.js";
import { LiveSeries } from "./series.js";
import { emotionOption, EMOTIONS, sentimentOption, sum } from "./track_charts.js";

const REREAD_MS = 10000;
const SENTIMENTS = ["negative", "neutral", "positive"];

/**
 * Show a track and keep it up to date.
 * @param {import("./main.js").Stage} stage
 */
export async function track(stage) {
  const { place, root, signal } = stage;
  const asked = { window: place.range, resolution: resolution(place) };
  const series = new LiveSeries(await askJson(`trends/${named(place.track)}`, asked, signal));
  /** @type {import("./api.js").Standing | undefined} */
  let standing;
  /** @type {any[]} */
  let alerts = [];
  /** @type {number | null} */
  let picked = null;
  let shown = series.pooled();
  let felt = "";

  const figures = h("dl", { class: "figures" });
  const sampled = h("p", { class: "small" });
  const correction = h("p", { class: "small quiet correction" });
  const chart = h("div", { class: "chart", tabindex: "0" });
  const emotions = h("div", { class: "chart small-multiples" });
  const said = h(
    "p",
    { class: "picked", "aria-live": "polite" },
    "Choose a moment in the chart, by click or arrow keys, to see its posts.",
  );
  const grain = h("span", { class: "quiet small" });
  const posts = h("div", {});
  const chips = h("div", { class: "chips", role: "group", "aria-label": "Which posts" });
  const origin = h("div", {});
  const carried = h("div", {});
  const raised = h("div", {});
  root.replaceChildren(
    h(
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
        RANGES[place.range].fine !== RANGES[place.range].usual &&
          choice(
            "Detail",
            [["usual", "Usual"], ["fine", "Fine"]],
            place.fine ? "fine" : "usual",
            (detail) => stage.go({ ...place, fine: detail === "fine" }),
          ),
        stage.ranges(),
      ),
    ),
    figures,
    correction,
    h(
      "div",
      { class: "grid" },
      panel(
        "Sentiment over time",
        {
          note: "share of posts, with its 95 % interval; posts below",
          tools: [
            tool("PNG", "Save the sentiment chart as PNG", () => drawn.save(`${place.track}-sentiment`)),
            tool("CSV", "Save the figures as CSV", saveCsv),
          ],
        },
        legend([["negative", "Negative"], ["positive", "Positive"], ["volume", "Posts"], ["alert", "Alert"]]),
        chart,
        said,
        grain,
        dataTable(() => ({
          head: ["Start", "Posts", "Negative", "Neutral", "Positive", "Negative share", "Positive share"],
          lines: series.buckets().map((bucket) => [
            format.moment(bucket.start, series.resolution),
            format.count(bucket.posts),
            ...SENTIMENTS.map((label) => bucket.sentiment[label]),
            interval(bucket.sentiment_shares.negative),
            interval(bucket.sentiment_shares.positive),
          ]),
        })),
      ),
      h(
        "div",
        { class: "span-8 stack" },
        panel(
          "Emotion over time",
          {
            size: "",
            note: "share of posts on one scale; the rest is neutral",
            tools: [tool("PNG", "Save the emotion chart as PNG", () => drawnEmotions.save(`${place.track}-emotion`))],
          },
          emotions,
          dataTable(() => ({
            head: ["Start", "Posts", ...EMOTIONS.map(format.capital)],
            lines: series.buckets().map((bucket) => [
              format.moment(bucket.start, series.resolution),
              format.count(bucket.posts),
              ...EMOTIONS.map((name) => interval(bucket.emotion_shares[name])),
            ]),
          })),
        ),
        panel("Example posts", { size: "", note: "new, and sure by the model's own account" }, chips, posts),
      ),
      h(
        "div",
        { class: "span-4 stack" },
        panel("Alerts", { size: "", note: "the newest first" }, raised),
        panel("Where it comes from", { size: "", note: "posts and sentiment by platform and language" }, origin),
        panel("What carried the scores", { size: "", note: "mean part of each modality" }, carried),
      ),
    ),
  );
  const drawn = new Chart(chart);
  const drawnEmotions = new Chart(emotions);
  signal.addEventListener("abort", () => (drawn.remove(), drawnEmotions.remove()), { once: true });

  function draw() {
    sampled.replaceChildren(...[standing && sampledMark(standing)].filter((mark) => mark instanceof Node));
    const sums = series.sums();
    shown = series.pooled();
    grain.textContent = shown === series
      ? ""
      : `Each point holds ${format.span(shown.step)}: in less there are too few posts.`;
    drawn.draw(sentimentOption(shown, alerts, picked), `Sentiment of ${place.track}: ${spoken()}`);
    drawnEmotions.draw(
      emotionOption(shown, emotions.clientWidth, emotions.clientHeight),
      `Emotions of ${place.track}: ${
        EMOTIONS.map((name) => `${name} ${format.share(sums.posts ? sum(series, name) / sums.posts : null)}`).join(", ")
      }`,
    );
    figures.replaceChildren(...keyFigures(sums, standing));
    correction.textContent = ofCorrection();
    const models = new Set(series.buckets().flatMap((bucket) => Object.keys(bucket.models)));
    stage.say(
      models.size > 1
        ? h(
          "p",
          { class: "small quiet" },
          `Scored by more than one model (${[...models].join(", ")}): a jump may be the model's.`,
        )
        : null,
    );
    carried.replaceChildren(modalities());
  }

  function spoken() {
    const sums = series.sums();
    return sums.posts
      ? `${format.count(sums.posts)} posts, ${format.share(sums.negative / sums.posts)} negative, ${
        format.share(sums.positive / sums.posts)
      } positive`
      : "no posts";
  }

  function modalities() {
    const means = { text: 0, audio: 0, visual: 0 };
    let weighed = 0;
    for (const bucket of series.buckets()) {
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

  /** @param {number | null} start */
  function pick(start) {
    picked = start;
    const bucket = start === null ? undefined : shown.held.get(start);
    said.textContent = start === null
      ? "Choose a moment in the chart, by click or arrow keys, to see its posts."
      : bucket
      ? `${format.moment(start, series.resolution)}: ${format.count(bucket.posts)} posts, ${
        interval(bucket.sentiment_shares.negative)
      } negative, ${interval(bucket.sentiment_shares.positive)} positive. Below: examples of that time.`
      : `${format.moment(start, series.resolution)}: no posts.`;
    draw();
    readPosts().catch(stage.trouble);
  }

  drawn.drawn.getZr().on("click", (/** @type {any} */ event) => {
    const place = [event.offsetX, event.offsetY];
    if (![0, 1].some((gridIndex) => drawn.drawn.containPixel({ gridIndex }, place))) return;
    const [at] = drawn.drawn.convertFromPixel({ gridIndex: 0 }, place);
    const start = Math.floor(at / 1000 / shown.step) * shown.step;
    pick(start === picked ? null : start);
  });
  chart.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") return pick(null);
    if (!step) return;
    event.preventDefault();
    const newest = shown.end - shown.step;
    pick(Math.min(newest, Math.max(shown.start, picked === null ? newest : picked + step * shown.step)));
  });

  async function readPosts() {
    const wanted = { limit: 50, ...(SENTIMENTS.includes(felt) ? { sentiment: felt } : felt ? { emotion: felt } : {}) };
    const found = await askJson(`exemplars/${named(place.track)}`, wanted, signal).catch(() => ({ exemplars: [] }));
    const within = (/** @type {any} */ post) =>
      picked === null || (post.created_at >= picked && post.created_at < picked + shown.step);
    posts.replaceChildren(postCards(found.exemplars.filter(within), picked !== null));
  }

  function drawChips() {
    chips.replaceChildren(...["", ...SENTIMENTS, ...EMOTIONS].map((name) =>
      h(
        "button",
        {
          type: "button",
          class: "chip",
          "aria-pressed": String(name === felt),
          onclick: () => {
            felt = name;
            drawChips();
            readPosts().catch(stage.trouble);
          },
        },
        name && h("i", { class: "swatch", "--swatch": `var(--${name})` }),
        name ? format.capital(name) : "All",
      )
    ));
  }

  async function readRest() {
    const [board, splits, distinct, found, beside, better, kept] = await Promise.all([
      askJson("leaderboard", asWhole(place), signal),
      askJson(`splits/${named(place.track)}`, { window: place.range }, signal).catch(() => null),
      askJson(`distinct/${named(place.track)}`, { window: place.range }, signal).catch(() => null),
      askJson("alerts", { track: place.track, limit: 50 }, signal).catch(() => ({ alerts: [] })),
      askJson(`comparison/${named(place.track)}`, { window: place.range }, signal).catch(() => null),
      askJson(`corrected/${named(place.track)}`, { window: place.range }, signal).catch(() => null),
      askJson(`exemplars/${named(place.track)}`, { limit: 200 }, signal).catch(() => ({ exemplars: [] })),
      readPosts(),
    ]);
    standing = board.tracks.find((/** @type {any} */ each) => each.track === place.track);
    alerts = found.alerts;
    origin.replaceChildren(splits ? splitTable(splits) : h("p", { class: "quiet small" }, "Not known for this range."));
    const texts = new Map(
      kept.exemplars.filter((/** @type {any} */ post) => post.text).map((/** @type {any} */ post) => [
        post.post_id,
        post.text,
      ]),
    );
    raised.replaceChildren(alertCards(alerts, texts));
    heard = distinct;
    compared = beside;
    corrected = better?.corrected ?? null;
    draw();
  }

  /** @type {any} */
  let heard = null;
  /** @type {any} */
  let compared = null;
  /** @type {{sentiment: Record<string, import("./api.js").Share>, level: number, notes: string[]} | null} */
  let corrected = null;

  /** Whether sentiment differs from the window before by more than chance; null: not known. */
  const sure = () =>
    compared?.sentiment ? ["negative", "positive"].some((label) => compared.sentiment[label].significant) : null;

  /**
   * A share as people would label the posts, with its own interval; else how many posts there are.
   * @param {string} label
   * @param {number} posts
   */
  function better(label, posts) {
    if (!corrected) return `${format.count(posts)} posts`;
    const { share, low, high } = corrected.sentiment[label];
    return `corrected ${format.share(share)} (${format.share(corrected.level)} interval ${format.share(low)}–${
      format.share(high)
    })`;
  }

  /** What a reader has to know of the corrected shares. */
  const ofCorrection = () =>
    corrected
      ? `Corrected shares estimate what people would have labelled; their ${
        format.share(corrected.level)
      } intervals cover the model's errors too, as known from where the correction was learned: ${
        corrected.notes.join("; ")
      }.`
      : "";

  /**
   * @param {{posts: number, negative: number, neutral: number, positive: number}} sums
   * @param {import("./api.js").Standing | undefined} now
   */
  function keyFigures(sums, now) {
    const net = sums.posts ? (sums.positive - sums.negative) / sums.posts : null;
    const part = (/** @type {number} */ label) => format.share(sums.posts ? label / sums.posts : null);
    return [
      figure(
        "Posts",
        format.short(sums.posts),
        now?.posts_change === null || !now
          ? "none in the window before"
          : `${format.changed(now.posts_change)} on the window before`,
      ),
      figure(
        "Net sentiment",
        format.net(net),
        now && now.net !== null ? `${format.net(now.net_low)} to ${format.net(now.net_high)}` : "",
      ),
      figure(
        "Moved by",
        now?.net_change === null || !now
          ? "–"
          : h("span", { class: sure() && (now.net_change > 0 ? "up" : "down") }, format.net(now.net_change)),
        ["against the window before", sure() !== null && (sure() ? "more than chance" : "perhaps by chance")]
          .filter(Boolean).join(", "),
      ),
      figure("Negative", part(sums.negative), better("negative", sums.negative)),
      figure("Positive", part(sums.positive), better("positive", sums.positive)),
      heard &&
      figure(
        "Conversations",
        `≈ ${format.short(heard.conversations)}`,
        heard.authors ? `≈ ${format.short(heard.authors)} authors` : "authors are not known",
      ),
    ].filter((/** @type {any} */ each) => each);
  }

  async function saveCsv() {
    try {
      const answer = await ask(`trends/${named(place.track)}`, { ...asked, format: "csv" }, signal);
      download(`${place.track}.csv`, await answer.blob());
    } catch (error) {
      stage.trouble(error);
    }
  }

  stage.themed(draw);
  draw();
  drawChips();
  if (!series.held.size) {
    stage.say(blank("No posts in this range", "Take a longer one, or wait: they appear here by themselves."));
  }
  await readRest();
  let due = false;
  stage.follow({ track: [place.track], resolution: series.resolution }, (kind, data) => {
    if (kind === "trend") {
      series.put(data.buckets);
      draw();
    } else if (kind === "reset") stage.go(place);
    else due = true;
  });
  const timer = setInterval(() => {
    if (document.hidden && !due) return;
    due = false;
    readRest().catch(stage.trouble);
  }, REREAD_MS);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}

/** @param {import("./api.js").Share} share */
const interval = (share) => `${format.share(share.share)} (${format.share(share.low)}–${format.share(share.high)})`;

/** @param {[string, string][]} entries colour and name */
export const legend = (entries) =>
  h(
    "p",
    { class: "legend" },
    entries.map(([colour, name]) => h("span", {}, h("i", { class: "swatch", "--swatch": `var(--${colour})` }), name)),
  );
