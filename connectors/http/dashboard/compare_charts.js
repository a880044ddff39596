// The charts of tracks beside each other: share of voice and net sentiment.

import { base, palette, rem, timeAxis, valueAxis } from "./charts.js";
import { h } from "./dom.js";
import * as format from "./format.js";

/** @typedef {import("./tracks_beside.js").Beside} Beside */

/**
 * Posts of each track, of those of all that are chosen.
 * @param {Beside} beside
 */
export function voiceOption(beside) {
  const colour = palette();
  const whole = beside.starts().map((start) =>
    beside.tracks.reduce((sum, track) => sum + (beside.bucket(track, start)?.posts ?? 0), 0)
  );
  const voice = (/** @type {string} */ track, /** @type {number} */ start, /** @type {number} */ at) =>
    whole[at] ? (beside.bucket(track, start)?.posts ?? 0) / whole[at] : null;
  return {
    ...common(
      colour,
      beside,
      (bucket, at) => `${format.share(bucket.posts / whole[at])} (${format.count(bucket.posts)})`,
    ),
    yAxis: axis(colour, { min: 0, max: 1, interval: 0.25 }, format.share),
    series: beside.tracks.map((track) => ({
      type: "bar",
      name: track,
      stack: "voice",
      barCategoryGap: "8%",
      color: colour[beside.tone(track)],
      data: beside.starts().map((start, at) => [beside.middle(start), voice(track, start, at)]),
    })),
  };
}

/**
 * Net sentiment of each track.
 * @param {Beside} beside
 */
export function moodOption(beside) {
  const colour = palette();
  return {
    ...common(colour, beside, (bucket) => `${format.net(netOf(bucket))} of ${format.count(bucket.posts)}`),
    yAxis: axis(colour, { min: -1, max: 1, interval: 0.5 }, format.net),
    series: beside.tracks.map((track) => ({
      type: "line",
      name: track,
      symbol: "none",
      color: colour[beside.tone(track)],
      lineStyle: { width: 2 },
      emphasis: { disabled: true },
      data: beside.starts().map((start) => {
        const bucket = beside.bucket(track, start);
        return [beside.middle(start), bucket ? netOf(bucket) : null];
      }),
    })),
  };
}

/** @param {import("./api.js").Bucket} bucket */
export const netOf = (bucket) => (bucket.sentiment.positive - bucket.sentiment.negative) / bucket.posts;

/**
 * What both charts have.
 * @param {Record<string, string>} colour
 * @param {Beside} beside
 * @param {(bucket: import("./api.js").Bucket, at: number) => string} cell of a tooltip
 */
function common(colour, beside, cell) {
  const unit = rem();
  return {
    ...base(colour),
    tooltip: { ...base(colour).tooltip, formatter: (/** @type {any[]} */ found) => tip(beside, found, cell) },
    grid: { left: 3.2 * unit, right: 0.8 * unit, top: 0.8 * unit, bottom: 1.8 * unit },
    xAxis: timeAxis(colour, beside),
  };
}

/**
 * @param {Record<string, string>} colour
 * @param {object} ends
 * @param {(value: number) => string} formatter
 */
const axis = (colour, ends, formatter) =>
  valueAxis(colour, { ...ends, axisLabel: { color: colour["ink-3"], fontSize: 0.75 * rem(), formatter } });

/**
 * All tracks in one moment.
 * @param {Beside} beside
 * @param {any[]} found
 * @param {(bucket: import("./api.js").Bucket, at: number) => string} cell
 */
function tip(beside, found, cell) {
  const at = found[0]?.dataIndex ?? 0;
  const start = beside.starts()[at];
  return h(
    "div",
    { class: "tip" },
    h("b", {}, format.moment(start, beside.resolution)),
    h(
      "table",
      {},
      h(
        "tbody",
        {},
        beside.tracks.map((track) => {
          const bucket = beside.bucket(track, start);
          return h(
            "tr",
            {},
            h("td", {}, h("i", { class: "swatch inline", "--swatch": `var(--${beside.tone(track)})` }), track),
            h("td", { class: "number" }, bucket ? cell(bucket, at) : "–"),
          );
        }),
      ),
    ),
  );
}
