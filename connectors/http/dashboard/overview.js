// All tracks beside each other: volume, net sentiment, change.

import { ask, askJson } from "./api.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import { summary } from "./overview_figures.js";
import { blank } from "./panels.js";
import { asWhole, SECONDS } from "./place.js";
import { TrackRows } from "./track_rows.js";

const REREAD_MS = 5000;
const RAISED_WITHIN_S = 3 * 3600; // of its shift's beginning: thrice the longest window that is watched
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
  let due = false; // whether something says that the board is not what it was
  let reading = false;

  const figures = h("dl", { class: "figures" });
  const body = h("tbody", {});
  const rows = new TrackRows(body);
  /** @type {Set<import("./api.js").Standing>} */
  const changed = new Set(); // since they were drawn
  let drawnUntil = 0;
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
    due = false;
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
  }

  /** Read again, never beside another reading: the older answer could come last. */
  async function readAgain() {
    reading = true;
    try {
      await read();
    } catch (error) {
      stage.trouble(error);
    } finally {
      reading = false;
    }
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

  function draw() {
    if (!board) return;
    changed.clear();
    drawnUntil = board.end;
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
    drawFigures(board);
    const notes = [];
    if (!shown.length) notes.push(note("No track has that in its name."));
    if (counted > board.tracks.length) {
      notes.push(note(`These are the first ${board.tracks.length} of ${format.count(counted)} tracks in this order.`));
    }
    rows.draw(shown, { place, board, alerts }, notes);
  }

  /** @param {import("./api.js").Board} board */
  function drawFigures(board) {
    figures.replaceChildren(...summary(board, alerts, watch, place.span !== null));
  }

  /** Draw what was counted in; hundreds of tracks may be, between two frames. */
  function renew() {
    if (!board || signal.aborted) return;
    const fresh = [...changed];
    if (board.end === drawnUntil) drawFigures(board);
    else draw(); // every line moves on
    rows.renew(fresh, { place, board, alerts });
    changed.clear();
  }

  /** @param {string} said */
  const note = (said) => h("tr", {}, h("td", { colspan: COLUMNS.length, class: "quiet" }, said));

  /** @param {{track: string, buckets: import("./api.js").Bucket[]}} event */
  function patch(event) {
    const standing = board?.tracks.find((each) => each.track === event.track);
    if (!board || !standing) {
      if (counted <= (board?.tracks.length ?? 0)) due = true; // else it may be one of those left out
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
    changed.add(standing);
    if (changed.size === 1) requestAnimationFrame(renew);
  }

  await read();
  let lastRead = Date.now();
  stage.follow({ resolution: /** @type {any} */ (board).resolution }, (kind, data) => {
    if (kind === "trend") patch(data);
    else due = true;
  });
  const timer = setInterval(() => {
    const old = Date.now() - lastRead > REREAD_MS;
    if ((due || old) && !reading && !document.hidden) {
      lastRead = Date.now();
      readAgain();
    }
  }, 500);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}
