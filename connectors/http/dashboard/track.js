// One track: sentiment and emotion over time, where it comes from, alerts, example posts.

import { alertCards } from "./alerts.js";
import { ask, askJson, named } from "./api.js";
import { Chart } from "./charts.js";
import { wanted as wantedTime } from "./covered.js";
import { h, keepingFocus } from "./dom.js";
import * as format from "./format.js";
import { keyFigures, ofCorrection } from "./key_figures.js";
import { sampledMark } from "./marks.js";
import { choosable } from "./moment.js";
import { blank, download } from "./panels.js";
import { asked, asWhole, resolution } from "./place.js";
import { PostList } from "./posts.js";
import { LiveSeries } from "./series.js";
import { splitTable } from "./splits.js";
import { emotionOption, EMOTIONS, sentimentOption, sum } from "./track_charts.js";
import { frame, makeParts, toldOf } from "./track_frame.js";
import { modalities, turns } from "./within.js";

const REREAD_MS = 10000;
const SENTIMENTS = ["negative", "neutral", "positive"];

/**
 * Show a track and keep it up to date.
 * @param {import("./main.js").Stage} stage
 */
export async function track(stage) {
  const { place, root, signal } = stage;
  const range = asked(place);
  const wanted = { ...range, resolution: resolution(place) };
  const series = new LiveSeries(await askJson(`trends/${named(place.track)}`, wanted, signal), place.span !== null);
  /** @type {import("./key_figures.js").Known} */
  let known = { standing: undefined, beforeKept: true, distinct: null, wanted: wantedTime(place), corrected: null };
  /** @type {any[]} */
  let alerts = [];
  /** @type {number | null} */
  let picked = null;
  let shown = series.pooled();
  let felt = "";

  const parts = makeParts();
  const posts = new PostList(place.track, signal);
  root.replaceChildren(...frame(stage, parts, posts.element, series, {
    csv: saveCsv,
    sentiment: () => drawn.save(`${place.track}-sentiment`),
    emotion: () => drawnEmotions.save(`${place.track}-emotion`),
  }));
  const drawn = new Chart(parts.chart);
  const drawnEmotions = new Chart(parts.emotions);
  signal.addEventListener("abort", () => (drawn.remove(), drawnEmotions.remove()), { once: true });

  function draw() {
    const sums = series.sums();
    const { emotions } = parts;
    shown = series.pooled();
    parts.grain.textContent = shown === series
      ? ""
      : `Each point holds ${format.span(shown.step)}: in less there are too few posts.`;
    drawn.draw(sentimentOption(shown, alerts, picked), `Sentiment of ${place.track}: ${spoken(sums)}`);
    drawnEmotions.draw(
      emotionOption(shown, emotions.clientWidth, emotions.clientHeight),
      `Emotions of ${place.track}: ${
        EMOTIONS.map((name) => `${name} ${format.share(sums.posts ? sum(series, name) / sums.posts : null)}`).join(", ")
      }`,
    );
    parts.figures.replaceChildren(...keyFigures(sums, known));
    parts.sampled.replaceChildren(
      ...[known.standing && sampledMark(known.standing)].filter((mark) => mark instanceof Node),
    );
    parts.correction.textContent = ofCorrection(known.corrected);
    parts.carried.replaceChildren(modalities(series.buckets()));
    parts.turned.replaceChildren(turns(series.buckets()));
    stage.say(
      series.held.size ? ofModels(series) : blank(
        "No posts in this range",
        "Take a longer one, or wait: they appear here by themselves.",
      ),
    );
  }

  choosable(drawn, () => shown, (start) => {
    picked = start;
    parts.picked.textContent = toldOf(shown, start);
    draw();
    readPosts().catch(stage.trouble);
  });

  async function readPosts() {
    const label = SENTIMENTS.includes(felt) ? { sentiment: felt } : felt ? { emotion: felt } : {};
    const found = await askJson(`exemplars/${named(place.track)}`, { limit: 50, ...label }, signal)
      .catch(() => ({ exemplars: [], explained: false }));
    const [from, to] = picked !== null
      ? [picked, picked + shown.step]
      : place.span
      ? [series.start, series.end]
      : [-Infinity, Infinity];
    const there = found.exemplars.filter((/** @type {any} */ { created_at: at }) => at >= from && at < to);
    posts.show(there, `${felt} ${picked}`, picked !== null || place.span !== null, found.explained);
  }

  function drawChips() {
    parts.chips.replaceChildren(...["", ...SENTIMENTS, ...EMOTIONS].map((name) =>
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
    const own = named(place.track);
    const [board, splits, distinct, found, better, kept] = await Promise.all([
      askJson("leaderboard", { ...asWhole(place), track: place.track }, signal),
      askJson(`splits/${own}`, range, signal).catch(() => null),
      askJson(`distinct/${own}`, range, signal).catch(() => null),
      askJson("alerts", { track: place.track, limit: 50 }, signal).catch(() => ({ alerts: [], watch: null })),
      askJson(`corrected/${own}`, range, signal).catch(() => null),
      askJson(`exemplars/${own}`, { limit: 200 }, signal).catch(() => ({ exemplars: [] })),
      readPosts(),
    ]);
    known = {
      standing: board.tracks.find((/** @type {any} */ each) => each.track === place.track),
      beforeKept: board.before_kept,
      distinct,
      wanted: wantedTime(place),
      corrected: better?.corrected ?? null,
    };
    alerts = found.alerts;
    parts.origin.replaceChildren(
      splits
        ? splitTable(splits, distinct, wantedTime(place))
        : h("p", { class: "quiet small" }, "Not known for this range."),
    );
    const texts = new Map(kept.exemplars.map((/** @type {any} */ post) => [post.post_id, post.text]));
    keepingFocus(parts.raised, () => parts.raised.replaceChildren(alertCards(alerts, found.watch, texts, place)));
    draw();
  }

  async function saveCsv() {
    try {
      const answer = await ask(`trends/${named(place.track)}`, { ...wanted, format: "csv" }, signal);
      download(`${place.track}.csv`, await answer.blob());
    } catch (error) {
      stage.trouble(error);
    }
  }

  stage.themed(draw);
  draw();
  drawChips();
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

/** @param {{posts: number, negative: number, neutral: number, positive: number}} sums */
const spoken = (sums) =>
  sums.posts
    ? `${format.count(sums.posts)} posts, ${format.share(sums.negative / sums.posts)} negative, ${
      format.share(sums.positive / sums.posts)
    } positive`
    : "no posts";

/** @param {LiveSeries} series */
function ofModels(series) {
  const models = [...new Set(series.buckets().flatMap((bucket) => Object.keys(bucket.models)))];
  if (models.length < 2) return null;
  const said = `Scored by more than one model (${models.join(", ")}): a jump may be the model's.`;
  return h("p", { class: "small quiet" }, said);
}
