// What is shown, kept in the address so that a link shows the same.

/**
 * @typedef {object} Place
 * @property {"overview" | "track" | "compare"} view
 * @property {string} track name; of the view of a track
 * @property {string[]} tracks names; of the comparison
 * @property {string} range how far back, as in 1h
 * @property {Span | null} span from when to when; null: the range, up to now
 * @property {boolean} fine the finer of the two resolutions of the range
 * @property {string} sort order of the overview
 *
 * @typedef {{start: number, end: number}} Span Unix seconds, the end exclusive
 */

/** Range -> its usual resolution, a finer one, and its name. */
export const RANGES = /** @type {Record<string, {usual: string, fine: string, name: string}>} */ ({
  "15m": { usual: "10s", fine: "10s", name: "15 min" },
  "1h": { usual: "1m", fine: "10s", name: "1 h" },
  "6h": { usual: "1m", fine: "10s", name: "6 h" },
  "24h": { usual: "1h", fine: "1m", name: "24 h" },
  "7d": { usual: "1h", fine: "1h", name: "7 d" },
  "30d": { usual: "1d", fine: "1h", name: "30 d" },
});
export const SECONDS = /** @type {Record<string, number>} */ ({
  "10s": 10,
  "1m": 60,
  "1h": 3600,
  "1d": 86400,
  "15m": 900,
  "6h": 21600,
  "24h": 86400,
  "7d": 604800,
  "30d": 2592000,
});
const DEFAULT_RANGE = "1h";
/** Resolution, the shortest span that it suits, and how long ago it is kept, in seconds; the finest first. */
const SPAN_RESOLUTIONS = /** @type {[string, number, number][]} */ ([
  ["10s", 0, 6 * 3600],
  ["1m", 720, 48 * 3600],
  ["1h", 12 * 3600, 90 * 86400],
  ["1d", 12 * 86400, Infinity],
]);

/**
 * @param {string} search query of an address
 * @returns {Place}
 */
export function read(search) {
  const query = new URLSearchParams(search);
  const view = query.get("view");
  const range = query.get("range") ?? DEFAULT_RANGE;
  const track = query.get("track") ?? "";
  return {
    view: view === "compare" ? "compare" : track ? "track" : "overview",
    track,
    tracks: query.getAll("with"),
    range: range in RANGES ? range : DEFAULT_RANGE,
    span: spanOf(query.get("from"), query.get("to")),
    fine: query.get("detail") === "fine",
    sort: query.get("sort") ?? "posts",
  };
}

/**
 * A span from two moments in ISO 8601; null where they make none.
 * @param {string | null} from
 * @param {string | null} to
 * @returns {Span | null}
 */
export function spanOf(from, to) {
  const [start, end] = [from, to].map((text) => Math.floor(Date.parse(text ?? "") / 1000));
  return start < end ? { start, end } : null;
}

/**
 * The address of a place; what is as usual is left out.
 * @param {Place} place
 */
export function address(place) {
  const query = new URLSearchParams();
  if (place.view === "compare") query.set("view", "compare");
  if (place.view === "track") query.set("track", place.track);
  if (place.view === "compare") place.tracks.forEach((track) => query.append("with", track));
  if (place.range !== DEFAULT_RANGE && !place.span) query.set("range", place.range);
  if (place.span) {
    query.set("from", iso(place.span.start));
    query.set("to", iso(place.span.end));
  }
  if (place.fine && !place.span) query.set("detail", "fine");
  if (place.view === "overview" && place.sort !== "posts") query.set("sort", place.sort);
  const text = query.toString().replaceAll("%3A", ":");
  return text ? `/?${text}` : "/";
}

/** @param {number} seconds */
const iso = (seconds) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");

/**
 * The range of a place as the API is asked for it.
 * @param {Place} place
 * @returns {Record<string, string | number>}
 */
export const asked = ({ span, range }) => (span ? { start: span.start, end: span.end } : { window: range });

/**
 * What the leaderboard is asked for, so that it counts the buckets that a track's page shows.
 * @param {Place} place
 */
export const asWhole = (place) => ({
  ...asked(place),
  resolution: resolution({ ...place, fine: false }),
  limit: 500,
});

/** @param {Place} place */
export function resolution({ span, range, fine }) {
  if (!span) return RANGES[range][fine ? "fine" : "usual"];
  const suited = SPAN_RESOLUTIONS.findLastIndex(([, least]) => span.end - span.start >= least);
  const passed = Date.now() / 1000 - span.start;
  return SPAN_RESOLUTIONS.slice(suited).find(([, , kept]) => passed < kept)?.[0] ?? "1d";
}

/**
 * The time that an alert tells of, with some before and after.
 * @param {{since: number, raised_at: number, ended_at: number | null, window_s: number}} alert
 * @returns {Span}
 */
export function spanOfAlert({ since, raised_at, ended_at, window_s }) {
  const around = Math.max(1800, 2 * window_s);
  const end = Math.min((ended_at ?? raised_at) + around, Math.ceil(Date.now() / 1000));
  return { start: Math.floor(since - around), end: Math.ceil(end) };
}
