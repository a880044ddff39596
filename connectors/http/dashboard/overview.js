// All tracks beside each other: volume, net sentiment, change.

import { unalerted } from "./alerts.js";
import { ask, askJson } from "./api.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import { nothingBefore } from "./key_figures.js";
import { mix, sampledMark, sparkline, whisker } from "./marks.js";
import { blank, figure } from "./panels.js";
import { address, asWhole, SECONDS, spanOfAlert } from "./place.js";

const REREAD_MS = 5000;
const RAISED_WITHIN_S = 3600; // of its shift's beginning an alert is raised, or never
const COLUMNS = /** @type {[string, string, string][]} */ ([
  ["track", "Track", ""],
  ["", "Net sentiment and volume", ""],
  ["posts", "Posts", "number"],
  ["net", "Net sentiment", ""],
  ["change", "Change", "number"],
  ["", "Negative, neutral, positive", ""],
]);

/**
 * Show the overview and keep it up to date.
 * @param {import("./main.js").Stage} stage
 */
export async function overview(stage) {
  const { place, root, signal } = stage;
  /** @type {import("./api.js").Board | null} */
  let board = null;
  /** @type {Map<string, any[]>} */
  let alerts = new Map();
  /** @type {import("./alerts.js").Watch | null} */
  let watch = null;
  let search = "";
  let counted = 0; // tracks that there are; the board holds the first of them
  let dueAt = 0;

  const figures = h("dl", { class: "figures" });
  const body = h("tbody", {});
  const head = h("tr", {});
  const table = h(
    "table",
    { class: "tracks" },
    h("caption", { class: "hidden-label" }, "Tracks"),
    h("thead", {}, head),
    body,
  );
  const find = h("input", {
    type: "search",
    class: "field",
    placeholder: "Find a track",
    "aria-label": "Find a track",
    oninput: (/** @type {Event} */ event) => {
      search = /** @type {HTMLInputElement} */ (event.target).value.toLowerCase();
      draw();
    },
  });
  root.replaceChildren(
    h(
      "div",
      { class: "view-head" },
      h("h1", {}, place.span ? "Opinion then" : "Opinion now"),
      h("div", { class: "tools" }, find, stage.ranges()),
    ),
    figures,
    table,
  );
  head.append(...COLUMNS.map(([order, name, tone]) =>
    h(
      "th",
      {
        scope: "col",
        class: tone,
        "aria-sort": order && order === place.sort ? (order === "track" ? "ascending" : "descending") : null,
      },
      order ? h("button", { type: "button", onclick: () => stage.go({ ...place, sort: order }) }, name) : name,
    )
  ));

  async function read() {
    dueAt = Infinity;
    const answer = await ask("leaderboard", { ...asWhole(place), sort: place.sort }, signal);
    counted = Number(answer.headers.get("Total-Count"));
    board = await answer.json();
    const until = place.span ? { before: place.span.end + RAISED_WITHIN_S } : {};
    const raised = await askJson("alerts", { limit: 200, ...until }, signal)
      .catch(() => ({ alerts: [], watch: null }));
    watch = raised.watch;
    alerts = new Map();
    for (const alert of raised.alerts) {
      if (isShown(alert)) alerts.set(alert.track, [...(alerts.get(alert.track) ?? []), alert]);
    }
    draw();
    if (dueAt === Infinity) dueAt = 0;
  }

  /**
   * Whether an alert was under way in the span, or is now.
   * @param {any} alert
   */
  function isShown(alert) {
    const { span } = place;
    if (!span) return alert.state === "raised";
    return alert.since < span.end && (alert.ended_at ?? Infinity) > span.start;
  }

  /** @param {string} [fresh] track that was just counted in */
  function draw(fresh) {
    if (!board) return;
    if (!board.tracks.length) {
      table.hidden = true;
      figures.replaceChildren();
      stage.say(blank(
        "No track has a post yet",
        "Send some: ",
        h("code", {}, "voxpop produce posts.jsonl"),
        ", or watch a simulated public: ",
        h("code", {}, "voxpop demo"),
        ". They appear here by themselves.",
      ));
      return;
    }
    table.hidden = false;
    stage.say(null);
    const shown = board.tracks.filter((standing) => standing.track.toLowerCase().includes(search));
    figures.replaceChildren(...summary(board, alerts, watch, place.span !== null));
    body.replaceChildren(...shown.map((standing) => row(standing, fresh === standing.track)));
    if (!shown.length) body.append(note("No track has that in its name."));
    if (counted > board.tracks.length) {
      body.append(note(`These are the first ${board.tracks.length} of ${format.count(counted)} tracks in this order.`));
    }
  }

  /** @param {string} said */
  const note = (said) => h("tr", {}, h("td", { colspan: COLUMNS.length, class: "quiet" }, said));

  /**
   * @param {import("./api.js").Standing} standing
   * @param {boolean} fresh
   */
  function row(standing, fresh) {
    const own = /** @type {import("./api.js").Board} */ (board);
    const link = address({ ...place, view: "track", track: standing.track });
    const raised = alerts.get(standing.track);
    return h(
      "tr",
      { class: fresh ? "fresh" : null, "data-track": standing.track },
      h(
        "td",
        { class: "name" },
        h("a", { href: link, "data-link": true }, standing.track),
        sampledMark(standing),
        raised && badge(standing.track, raised),
      ),
      h("td", { class: "line" }, sparkline(standing.points, own.start, own.end, SECONDS[own.resolution])),
      h(
        "td",
        { class: "posts number" },
        h(
          "div",
          {},
          h("span", { class: "value" }, format.short(standing.posts)),
          h("span", { class: "hidden-label" }, " posts"),
        ),
        h(
          "div",
          { class: "small quiet" },
          standing.posts_change === null
            ? (own.before_kept ? "new" : "–")
            : `${format.changed(standing.posts_change)} posts`,
        ),
      ),
      h(
        "td",
        { class: "netcell" },
        h("span", { class: "value" }, format.net(standing.net)),
        whisker(standing.net, standing.net_low, standing.net_high),
      ),
      h("td", { class: "change number" }, moved(standing)),
      h("td", { class: "mood wide" }, mix(standing.sentiment)),
    );
  }

  /**
   * A link to the moment of the newest of a track's alerts that are shown.
   * @param {string} track
   * @param {any[]} raised
   */
  const badge = (track, raised) =>
    h("a", {
      class: "badge",
      href: address({ ...place, view: "track", track, span: spanOfAlert(raised[0]) }),
      "data-link": true,
      title: raised[0].summary,
    }, raised.length > 1 ? `${raised.length} ALERTS` : "ALERT");

  /** @param {{track: string, buckets: import("./api.js").Bucket[]}} event */
  function patch(event) {
    const standing = board?.tracks.find((each) => each.track === event.track);
    if (!board || !standing) {
      if (counted <= (board?.tracks.length ?? 0)) dueAt = 0; // else it may be one of those left out
      return;
    }
    const { start, end } = board;
    const shown = event.buckets.filter((each) => each.start >= start && (!place.span || each.start < end));
    if (!shown.length) return; // of another time than the span's
    for (const bucket of shown) {
      const before = standing.points.find((point) => point.start === bucket.start);
      const net = (bucket.sentiment.positive - bucket.sentiment.negative) / bucket.posts;
      const more = bucket.posts - (before?.posts ?? 0);
      standing.posts += more;
      standing.sampled ||= bucket.sampled;
      standing.scored_posts += (more * bucket.scored_posts) / bucket.posts;
      if (before) Object.assign(before, { posts: bucket.posts, net });
      else standing.points.push({ start: bucket.start, posts: bucket.posts, net });
    }
    const width = SECONDS[board.resolution];
    board.end = Math.max(end, ...shown.map((bucket) => bucket.start + width));
    draw(event.track);
  }

  await read();
  let lastRead = Date.now();
  stage.follow({ resolution: /** @type {any} */ (board).resolution }, (kind, data) => {
    if (kind === "trend") patch(data);
    else dueAt = 0;
  });
  const timer = setInterval(() => {
    const old = Date.now() - lastRead > REREAD_MS;
    if ((dueAt === 0 || old) && dueAt !== Infinity && !document.hidden) {
      lastRead = Date.now();
      read().catch((error) => ((dueAt = Date.now() + REREAD_MS), stage.trouble(error)));
      dueAt = 1;
    }
  }, 500);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}

/**
 * A change with its interval, in colour where it is more than chance.
 * @param {import("./api.js").Standing} standing
 */
function moved(standing) {
  const { net_change: change, net_change_sure: sure } = standing;
  if (change === null) return h("span", { class: "quiet" }, "–");
  const arrow = Math.abs(change) < 0.005 ? "" : change > 0 ? "▲ " : "▼ ";
  return h(
    "div",
    {},
    h("div", { class: sure ? (change > 0 ? "up" : "down") : null }, arrow, format.net(change)),
    h(
      "div",
      { class: "small quiet" },
      format.between(standing.net_change_low, standing.net_change_high),
      h("span", { class: "hidden-label" }, sure ? ", more than chance" : ", perhaps by chance"),
    ),
  );
}

/**
 * @param {import("./api.js").Board} board
 * @param {Map<string, any[]>} alerts
 * @param {import("./alerts.js").Watch | null} watch
 * @param {boolean} past whether the board is of a span
 */
function summary({ tracks, before_kept: beforeKept }, alerts, watch, past) {
  const posts = tracks.reduce((sum, each) => sum + each.posts, 0);
  const compared = tracks.reduce((sum, each) => sum + each.posts_compared, 0);
  const before = tracks.reduce((sum, each) => sum + each.posts_before, 0);
  const spoken = tracks.filter((each) => each.posts > 0);
  const moves = spoken.filter((each) => each.net_change !== null);
  const most = moves.sort((one, other) => Math.abs(other.net_change ?? 0) - Math.abs(one.net_change ?? 0))[0];
  const raised = [...alerts.values()].flat().length;
  const told = [
    raised && [...alerts.keys()].slice(0, 2).join(", "),
    (!raised || !watch?.active) && unalerted(watch, past ? "none is known" : "all as usual"),
  ].filter(Boolean);
  return [
    figure(
      "Posts",
      format.short(posts),
      before ? `${format.changed(compared / before - 1)} on the window before` : nothingBefore(beforeKept),
    ),
    figure("Tracks with posts", `${spoken.length}`, `of ${tracks.length}`),
    most
      ? figure(
        "Moved most",
        h(
          "span",
          { class: most.net_change_sure ? ((most.net_change ?? 0) > 0 ? "up" : "down") : null },
          format.net(most.net_change),
        ),
        `${most.track}, ${format.between(most.net_change_low, most.net_change_high)}: ${
          most.net_change_sure ? "more than chance" : "perhaps by chance"
        }`,
      )
      : figure("Moved most", "–", "nothing to compare with yet"),
    figure(past ? "Alerts then" : "Alerts under way", `${raised}`, told.join("; ")),
  ];
}
