// Tracks beside each other over time: share of voice and net sentiment.

import { askJson, named } from "./api.js";
import { base, Chart, palette, rem, timeAxis, valueAxis } from "./charts.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import { mix, whisker } from "./marks.js";
import { blank, dataTable, download, panel, tool } from "./panels.js";
import { address, asWhole, resolution } from "./place.js";
import { LiveSeries } from "./series.js";

const MOST = 8; // colours that can be told apart
const AT_FIRST = 4;
const REREAD_MS = 5000;

/**
 * Show tracks beside each other and keep them up to date.
 * @param {import("./main.js").Stage} stage
 */
export async function compare(stage) {
  const { place, root, signal } = stage;
  const read = () => askJson("leaderboard", asWhole(place), signal);
  /** @type {import("./api.js").Board} */
  let board = await read();
  const known = board.tracks.map((standing) => standing.track);
  const asked = place.tracks.filter((track) => known.includes(track)).slice(0, MOST);
  const chosen = asked.length ? asked : known.slice(0, AT_FIRST);
  const head = h(
    "div",
    { class: "view-head" },
    h("h1", {}, "Side by side"),
    h("div", { class: "tools" }, stage.ranges()),
  );
  if (!known.length) {
    root.replaceChildren(head, blank("No track has a post yet", "Once posts come, their tracks can be compared here."));
    stage.follow({ resolution: "10s" }, () => stage.go(place));
    return;
  }
  const width = resolution(place);
  const found = await Promise.all(
    chosen.map((track) => askJson(`trends/${named(track)}`, { window: place.range, resolution: width }, signal)),
  );
  const all = new Map(found.map((series) => [series.track, new LiveSeries(series)]));
  const voice = h("div", { class: "chart short" });
  const moods = h("div", { class: "chart short" });
  const body = h("tbody", {});

  const toggled = (/** @type {string} */ track) =>
    chosen.includes(track) ? chosen.filter((each) => each !== track) : [...chosen, track];
  root.replaceChildren(
    head,
    h(
      "div",
      { class: "chips", role: "group", "aria-label": `Tracks, at most ${MOST}` },
      known.map((track) =>
        h(
          "button",
          {
            type: "button",
            class: "chip",
            "aria-pressed": String(chosen.includes(track)),
            disabled: !chosen.includes(track) && chosen.length >= MOST,
            onclick: () => stage.go({ ...place, tracks: toggled(track) }),
          },
          h("i", { class: "swatch", "--swatch": chosen.includes(track) ? `var(${tone(track)})` : null }),
          track,
        )
      ),
    ),
    h(
      "div",
      { class: "grid spaced" },
      panel(
        "Share of voice",
        {
          size: "span-6",
          note: "posts of each, of all that are chosen",
          tools: [
            tool("PNG", "Save the share of voice as PNG", () => drawnVoice.save("share-of-voice")),
            tool("CSV", "Save the figures as CSV", saveCsv),
          ],
        },
        voice,
        dataTable(() => table((bucket) => bucket.posts)),
      ),
      panel(
        "Net sentiment",
        {
          size: "span-6",
          note: "share of positive less share of negative posts",
          tools: [tool("PNG", "Save the net sentiment as PNG", () => drawnMoods.save("net-sentiment"))],
        },
        moods,
        dataTable(() => table((bucket) => format.net(netOf(bucket)))),
      ),
      panel(
        "Over the whole range",
        {},
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
                ["Track", "Share of voice", "Posts", "Net sentiment", "Change", "Mix"].map((name, at) =>
                  h("th", { scope: "col", class: at === 2 || at === 4 ? "number" : null }, name)
                ),
              ),
            ),
            body,
          ),
        ),
      ),
    ),
  );
  const drawnVoice = new Chart(voice);
  const drawnMoods = new Chart(moods);
  signal.addEventListener("abort", () => (drawnVoice.remove(), drawnMoods.remove()), { once: true });

  /** @param {string} track */
  function tone(track) {
    return `--track-${chosen.indexOf(track) + 1}`;
  }

  function span() {
    const own = [...all.values()];
    return {
      start: Math.min(...own.map((series) => series.start)),
      end: Math.max(...own.map((series) => series.end)),
      step: own[0].step,
      resolution: own[0].resolution,
    };
  }

  function starts() {
    const { start, end, step } = span();
    return Array.from({ length: Math.round((end - start) / step) }, (_, at) => start + at * step);
  }

  /** @param {(bucket: import("./api.js").Bucket) => string | number} cell */
  function table(cell) {
    return {
      head: ["Start", ...chosen],
      lines: starts().map((start) => [
        format.moment(start, span().resolution),
        ...chosen.map((track) => {
          const bucket = all.get(track)?.held.get(start);
          return bucket ? cell(bucket) : "–";
        }),
      ]),
    };
  }

  function draw() {
    if (!chosen.length) return;
    const colour = palette();
    const unit = rem();
    const own = span();
    const times = starts();
    const middle = (/** @type {number} */ start) => (start + own.step / 2) * 1000;
    const grid = { left: 3.2 * unit, right: 0.8 * unit, top: 0.8 * unit, bottom: 1.8 * unit };
    const whole = times.map((start) =>
      chosen.reduce((sum, track) => sum + (all.get(track)?.held.get(start)?.posts ?? 0), 0)
    );
    const tip =
      (/** @type {(bucket: import("./api.js").Bucket, whole: number) => string} */ cell) =>
      (/** @type {any[]} */ found) => {
        const at = found[0]?.dataIndex ?? 0;
        return h(
          "div",
          { class: "tip" },
          h("b", {}, format.moment(times[at], own.resolution)),
          h(
            "table",
            {},
            h(
              "tbody",
              {},
              chosen.map((track) => {
                const bucket = all.get(track)?.held.get(times[at]);
                return h(
                  "tr",
                  {},
                  h("td", {}, h("i", { class: "swatch inline", "--swatch": `var(${tone(track)})` }), track),
                  h("td", { class: "number" }, bucket ? cell(bucket, whole[at]) : "–"),
                );
              }),
            ),
          ),
        );
      };
    drawnVoice.draw({
      ...base(colour),
      tooltip: {
        ...base(colour).tooltip,
        formatter: tip((bucket, of) => `${format.share(bucket.posts / of)} (${format.count(bucket.posts)})`),
      },
      grid,
      xAxis: timeAxis(colour, own),
      yAxis: valueAxis(colour, {
        min: 0,
        max: 1,
        interval: 0.25,
        axisLabel: { color: colour["ink-3"], fontSize: 0.75 * unit, formatter: format.share },
      }),
      series: chosen.map((track) => ({
        type: "bar",
        name: track,
        stack: "voice",
        barCategoryGap: "8%",
        color: colour[tone(track).slice(2)],
        data: times.map((
          start,
          at,
        ) => [middle(start), whole[at] ? (all.get(track)?.held.get(start)?.posts ?? 0) / whole[at] : null]),
      })),
    }, `Share of voice: ${said((standing) => format.share(standing.share_of_voice))}`);
    drawnMoods.draw({
      ...base(colour),
      tooltip: {
        ...base(colour).tooltip,
        formatter: tip((bucket) => `${format.net(netOf(bucket))} of ${format.count(bucket.posts)}`),
      },
      grid,
      xAxis: timeAxis(colour, own),
      yAxis: valueAxis(colour, {
        min: -1,
        max: 1,
        interval: 0.5,
        axisLabel: { color: colour["ink-3"], fontSize: 0.75 * unit, formatter: format.net },
      }),
      series: chosen.map((track) => ({
        type: "line",
        name: track,
        symbol: "none",
        color: colour[tone(track).slice(2)],
        lineStyle: { width: 2 },
        emphasis: { disabled: true },
        data: times.map((start) => {
          const bucket = all.get(track)?.held.get(start);
          return [middle(start), bucket ? netOf(bucket) : null];
        }),
      })),
    }, `Net sentiment: ${said((standing) => format.net(standing.net))}`);
    body.replaceChildren(...board.tracks.filter((standing) => chosen.includes(standing.track)).map(row));
  }

  /** @param {(standing: import("./api.js").Standing) => string} figure */
  function said(figure) {
    return board.tracks.filter((standing) => chosen.includes(standing.track)).map((standing) =>
      `${standing.track} ${figure(standing)}`
    ).join(", ");
  }

  /** @param {import("./api.js").Standing} standing */
  function row(standing) {
    const posts = board.tracks.filter((each) => chosen.includes(each.track)).reduce((sum, each) => sum + each.posts, 0);
    const share = posts ? standing.posts / posts : 0;
    return h(
      "tr",
      {},
      h(
        "td",
        {},
        h("i", { class: "swatch inline", "--swatch": `var(${tone(standing.track)})` }),
        h(
          "a",
          { href: address({ ...place, view: "track", track: standing.track }), "data-link": true },
          standing.track,
        ),
      ),
      h(
        "td",
        {},
        h("span", {}, format.share(share)),
        h("i", { class: "share-bar", "--swatch": `var(${tone(standing.track)})`, "width%": `${100 * share}%` }),
      ),
      h("td", { class: "number" }, format.count(standing.posts)),
      h("td", {}, format.net(standing.net), whisker(standing.net, standing.net_low, standing.net_high)),
      h("td", { class: "number" }, format.net(standing.net_change)),
      h("td", {}, mix(standing.sentiment)),
    );
  }

  function saveCsv() {
    const quoted = (/** @type {string | number} */ cell) => `"${String(cell).replaceAll('"', '""')}"`;
    const head = ["start_unix", ...chosen.flatMap((track) => [`${track} posts`, `${track} net`])];
    const lines = starts().map((start) => [
      start,
      ...chosen.flatMap((track) => {
        const bucket = all.get(track)?.held.get(start);
        return bucket ? [bucket.posts, netOf(bucket)] : [0, ""];
      }),
    ]);
    download(
      "comparison.csv",
      new Blob([[head, ...lines].map((line) => line.map(quoted).join(",")).join("\r\n")], { type: "text/csv" }),
    );
  }

  stage.themed(draw);
  draw();
  let due = false;
  stage.follow({ track: chosen, resolution: width }, (kind, data) => {
    if (kind === "reset") return stage.go(place);
    if (kind !== "trend") return;
    all.get(data.track)?.put(data.buckets);
    due = true;
    draw();
  });
  const timer = setInterval(async () => {
    if (!due || document.hidden) return;
    due = false;
    try {
      board = await read();
      draw();
    } catch (error) {
      stage.trouble(error);
    }
  }, REREAD_MS);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}

/** @param {import("./api.js").Bucket} bucket */
const netOf = (bucket) => (bucket.sentiment.positive - bucket.sentiment.negative) / bucket.posts;
