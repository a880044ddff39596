// Small drawings that stand in a line of text: sparkline, whisker, mix. Drawn as SVG by hand.

import { h, s } from "./dom.js";
import * as format from "./format.js";

const WIDTH = 176;
const HEIGHT = 42;

/**
 * Net sentiment as a line over volume as bars; a gap where there was no post.
 * @param {import("./api.js").Point[]} points
 * @param {number} start Unix seconds
 * @param {number} end Unix seconds
 * @param {number} step width of a bucket, seconds
 */
export function sparkline(points, start, end, step) {
  const most = Math.max(1, ...points.map((point) => point.posts));
  const x = (/** @type {number} */ at) => ((at - start) / Math.max(step, end - start)) * WIDTH;
  const y = (/** @type {number} */ net) => HEIGHT / 2 - (net * (HEIGHT - 6)) / 2;
  const bar = Math.max(0.8, (step / Math.max(step, end - start)) * WIDTH - 0.6);
  let path = "";
  let before = -Infinity;
  for (const point of points) {
    if (point.net === null) continue;
    const gap = point.start - before > 4 * step;
    path += `${gap ? "M" : "L"}${x(point.start + step / 2).toFixed(1)} ${y(point.net).toFixed(1)}`;
    before = point.start;
  }
  const bars = points.map((point) => {
    const height = ((point.posts / most) * HEIGHT * 0.9).toFixed(1);
    return `M${x(point.start).toFixed(1)} ${HEIGHT}v-${height}h${bar.toFixed(1)}v${height}z`;
  }).join("");
  const last = points.findLast((point) => point.net !== null);
  const nets = points.flatMap((point) => point.net ?? []);
  const said = last
    ? `Net sentiment between ${format.net(Math.min(...nets))} and ${format.net(Math.max(...nets))}, last ${
      format.net(last.net)
    }`
    : "No posts";
  return s(
    "svg",
    { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": said },
    s("path", { class: "bar", d: bars }), // one, not one a bar: there are hundreds of lines
    s("line", { class: "zero", x1: 0, x2: WIDTH, y1: HEIGHT / 2, y2: HEIGHT / 2 }),
    s("path", { class: "net", d: path }),
  );
}

/**
 * A net sentiment from -1 to 1 with its interval, about a middle line.
 * @param {number | null} net
 * @param {number} low
 * @param {number} high
 */
export function whisker(net, low, high) {
  const width = 144;
  const x = (/** @type {number} */ value) => ((value + 1) / 2) * (width - 12) + 6;
  const tone = net === null || (low <= 0 && high >= 0) ? "unsure" : net > 0 ? "positive" : "negative";
  const said = net === null ? "No posts" : `between ${format.net(low)} and ${format.net(high)}`;
  return s(
    "svg",
    { class: `whisker ${tone}`, viewBox: `0 0 ${width} 24`, role: "img", "aria-label": said },
    s("line", { class: "axis", x1: 6, x2: width - 6, y1: 12, y2: 12 }),
    s("line", { class: "mid", x1: width / 2, x2: width / 2, y1: 5, y2: 19 }),
    net !== null && [
      s("line", { class: "interval", x1: x(low), x2: x(high), y1: 12, y2: 12 }),
      s("circle", { class: "point", cx: x(net), cy: 12, r: 4.5 }),
    ],
  );
}

/**
 * Parts of a whole as one bar.
 * @param {Record<string, number>} parts name -> size; a class of that name colours it
 * @param {string} [more] further class
 */
export function mix(parts, more = "") {
  const whole = Object.values(parts).reduce((sum, part) => sum + part, 0);
  const said = Object.entries(parts)
    .map(([name, part]) => `${name} ${format.share(whole ? part / whole : 0)}`)
    .join(", ");
  return h(
    "span",
    { class: `mix ${more}`, role: "img", "aria-label": said, title: said },
    Object.entries(parts).map(([name, part]) =>
      part > 0 ? h("i", { class: name, "width%": `${(100 * part) / whole}%` }) : null
    ),
  );
}

/**
 * A mark where conversations were shed, so that counts are estimates; null where none were.
 * @param {{posts: number, sampled: boolean, scored_posts: number}} counts
 */
export function sampledMark(counts) {
  if (!counts.sampled) return null;
  const oneIn = (counts.posts / counts.scored_posts).toLocaleString("en", { maximumFractionDigits: 1 });
  const said = `${format.count(counts.scored_posts)} posts were scored and stand for ${format.count(counts.posts)}`;
  return h("span", { class: "badge sampled", title: said }, `SAMPLED 1 IN ${oneIn}`);
}
