// The charts of a track's page: sentiment with volume, and emotions side by side.

import { banded, base, palette, rem, timeAxis, valueAxis } from "./charts.js";
import { h } from "./dom.js";
import * as format from "./format.js";

export const EMOTIONS = ["happy", "surprise", "sad", "fear", "angry", "disgust"];

/**
 * Shares of negative and positive posts with their bands, alerts as marks, volume below.
 * @param {import("./series.js").LiveSeries} series
 * @param {any[]} alerts
 * @param {number | null} picked start of the bucket that is looked at
 */
export function sentimentOption(series, alerts, picked) {
  const colour = palette();
  const starts = series.starts();
  const middle = (/** @type {number} */ start) => (start + series.step / 2) * 1000;
  const times = starts.map(middle);
  const own = starts.map((start) => series.held.get(start) ?? null);
  const shares = (/** @type {string} */ label) => own.map((bucket) => bucket?.sentiment_shares[label] ?? null);
  const unit = rem();
  const inside = alerts.filter((alert) => (alert.ended_at ?? series.end) > series.start && alert.since < series.end);
  const highest = Math.max(
    0.2,
    ...own.flatMap((bucket) =>
      bucket ? [bucket.sentiment_shares.negative.share ?? 0, bucket.sentiment_shares.positive.share ?? 0] : []
    ),
  );
  const { top, interval } = scale(highest + 0.08);
  const lines = [
    ...banded("Negative", colour.negative, shares("negative"), times),
    ...banded("Positive", colour.positive, shares("positive"), times),
  ];
  const marks = {
    silent: true,
    symbol: "none",
    animation: false,
    label: { show: false },
  };
  lines[2] = {
    ...lines[2],
    markArea: {
      ...marks,
      itemStyle: { color: colour.alert, opacity: 0.09 },
      data: inside.map((alert) => [
        { xAxis: Math.max(alert.since, series.start) * 1000 },
        { xAxis: Math.min(alert.ended_at ?? series.end, series.end) * 1000 },
      ]),
    },
    markLine: {
      ...marks,
      lineStyle: { color: colour["ink-3"], type: "dashed", width: 1 },
      data: picked === null ? [] : [{ xAxis: middle(picked) }],
    },
  };
  return {
    ...base(colour),
    axisPointer: { link: [{ xAxisIndex: [0, 1] }] },
    grid: [
      { left: 3.2 * unit, right: 0.6 * unit, top: 1.2 * unit, bottom: 8 * unit },
      { left: 3.2 * unit, right: 0.6 * unit, height: 4.6 * unit, bottom: 1.8 * unit },
    ],
    xAxis: [
      timeAxis(colour, series, { axisLabel: { show: false }, axisLine: { lineStyle: { color: colour.line } } }),
      timeAxis(colour, series, { gridIndex: 1 }),
    ],
    yAxis: [
      valueAxis(colour, {
        min: 0,
        max: top,
        interval,
        axisLabel: { color: colour["ink-3"], fontSize: 0.75 * unit, formatter: format.share },
      }),
      valueAxis(colour, {
        gridIndex: 1,
        splitNumber: 2,
        axisLabel: { color: colour["ink-3"], fontSize: 0.75 * unit, formatter: format.short },
      }),
    ],
    tooltip: { ...base(colour).tooltip, formatter: (/** @type {any[]} */ found) => told(series, found[0]?.dataIndex) },
    series: [
      ...lines,
      {
        type: "scatter",
        name: "Alerts",
        symbol: "triangle",
        symbolRotate: 180,
        symbolSize: 0.7 * unit,
        itemStyle: { color: colour.alert },
        tooltip: { trigger: "item", formatter: (/** @type {any} */ item) => plain(item.data.summary) },
        data: inside.map((alert) => ({
          value: [Math.max(alert.since, series.start) * 1000, top],
          summary: alert.summary,
        })),
      },
      {
        type: "bar",
        name: "Posts",
        xAxisIndex: 1,
        yAxisIndex: 1,
        barCategoryGap: "12%",
        barMinWidth: 1,
        color: colour.volume,
        itemStyle: { borderRadius: [2, 2, 0, 0] },
        data: times.map((at, i) => [at, own[i]?.posts ?? null]),
      },
    ],
  };
}

/**
 * Emotions side by side on one scale; neutral is what they leave.
 * @param {import("./series.js").LiveSeries} series
 * @param {number} width of the chart, pixels
 * @param {number} height
 */
export function emotionOption(series, width, height) {
  const colour = palette();
  const unit = rem();
  const starts = series.starts();
  const times = starts.map((start) => (start + series.step / 2) * 1000);
  const own = starts.map((start) => series.held.get(start) ?? null);
  const columns = width < 34 * unit ? 2 : 3;
  const rows = Math.ceil(EMOTIONS.length / columns);
  const cell = { width: width / columns, height: height / rows };
  const shares = EMOTIONS.map((name) => own.map((bucket) => bucket?.emotion_shares[name] ?? null));
  const highest = Math.max(0.1, ...shares.flat().map((share) => share?.share ?? 0));
  const top = Math.min(1, Math.ceil((highest + 0.05) * 10) / 10);
  const posts = series.sums().posts;
  const place = EMOTIONS.map((_, at) => ({
    left: (at % columns) * cell.width + (at % columns ? 0.4 : 0) * unit,
    top: Math.floor(at / columns) * cell.height + 0.2 * unit,
  }));
  return {
    ...base(colour),
    title: EMOTIONS.map((name, at) => ({
      text: `{name|${format.capital(name)}}  {share|${format.share(posts ? sum(series, name) / posts : null)}}`,
      left: place[at].left + 2.4 * unit,
      top: place[at].top,
      padding: 0,
      textStyle: {
        rich: {
          name: {
            color: colour[name],
            fontSize: 0.875 * unit,
            fontWeight: 600,
            fontFamily: base(colour).textStyle.fontFamily,
          },
          share: {
            color: colour["ink-2"],
            fontSize: 0.875 * unit,
            fontWeight: 400,
            fontFamily: base(colour).textStyle.fontFamily,
          },
        },
      },
    })),
    grid: place.map(({ left, top: above }) => ({
      left: left + 2.4 * unit,
      top: above + 1.6 * unit,
      width: cell.width - 3.2 * unit,
      height: cell.height - 3.8 * unit,
    })),
    xAxis: EMOTIONS.map((_, at) =>
      timeAxis(colour, series, {
        gridIndex: at,
        splitNumber: 2,
        axisLabel: { fontSize: 0.6875 * unit },
      })
    ),
    yAxis: EMOTIONS.map((_, at) =>
      valueAxis(colour, {
        gridIndex: at,
        min: 0,
        max: top,
        interval: top / 2,
        axisLabel: { color: colour["ink-3"], fontSize: 0.6875 * unit, formatter: format.share },
      })
    ),
    axisPointer: { link: [{ xAxisIndex: "all" }] },
    tooltip: { ...base(colour).tooltip, formatter: (/** @type {any[]} */ found) => told(series, found[0]?.dataIndex) },
    series: EMOTIONS.flatMap((name, at) =>
      banded(format.capital(name), colour[name], shares[at], times, { xAxisIndex: at, yAxisIndex: at })
    ),
  };
}

/**
 * The end of an axis of shares, and its steps: round ones.
 * @param {number} highest share that must fit
 */
function scale(highest) {
  const ends = [[0.2, 0.05], [0.4, 0.1], [0.6, 0.2], [0.8, 0.2]];
  const [top, interval] = ends.find(([end]) => highest <= end) ?? [1, 0.25];
  return { top, interval };
}

/**
 * Posts of an emotion over the range.
 * @param {import("./series.js").LiveSeries} series
 * @param {string} name
 */
export function sum(series, name) {
  return series.buckets().reduce((posts, bucket) => posts + bucket.emotion[name], 0);
}

/**
 * What a bucket holds, for a tooltip.
 * @param {import("./series.js").LiveSeries} series
 * @param {number | undefined} at
 */
function told(series, at) {
  const start = series.starts()[at ?? -1];
  const bucket = series.held.get(start);
  if (start === undefined) return "";
  if (!bucket) return h("div", {}, format.moment(start, series.resolution), ": no posts");
  const line = (/** @type {string} */ name, /** @type {import("./api.js").Share} */ share) =>
    h(
      "tr",
      {},
      h("td", {}, name),
      h("td", { class: "number" }, format.share(share.share)),
      h("td", { class: "number quiet" }, `${format.share(share.low)}–${format.share(share.high)}`),
    );
  const felt = EMOTIONS.filter((name) => bucket.emotion[name] > 0).sort((one, other) =>
    bucket.emotion[other] - bucket.emotion[one]
  ).slice(0, 2);
  return h(
    "div",
    { class: "tip" },
    h("b", {}, format.moment(start, series.resolution)),
    h("div", { class: "quiet" }, `${format.count(bucket.posts)} posts`),
    h(
      "table",
      {},
      h(
        "tbody",
        {},
        ["positive", "neutral", "negative"].map((name) => line(format.capital(name), bucket.sentiment_shares[name])),
        felt.map((name) => line(format.capital(name), bucket.emotion_shares[name])),
      ),
    ),
  );
}

/** @param {string} text */
const plain = (text) => h("div", { class: "tip" }, text);
