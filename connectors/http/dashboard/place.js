// What is shown, kept in the address so that a link shows the same.

/**
 * @typedef {object} Place
 * @property {"overview" | "track" | "compare"} view
 * @property {string} track name; of the view of a track
 * @property {string[]} tracks names; of the comparison
 * @property {string} range how far back, as in 1h
 * @property {boolean} fine the finer of the two resolutions of the range
 * @property {string} sort order of the overview
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
    fine: query.get("detail") === "fine",
    sort: query.get("sort") ?? "posts",
  };
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
  if (place.range !== DEFAULT_RANGE) query.set("range", place.range);
  if (place.fine) query.set("detail", "fine");
  if (place.view === "overview" && place.sort !== "posts") query.set("sort", place.sort);
  const text = query.toString();
  return text ? `/?${text}` : "/";
}

/**
 * What the leaderboard is asked for, so that it counts the buckets that a track's page shows.
 * @param {Place} place
 */
export const asWhole = (place) => ({ window: place.range, resolution: RANGES[place.range].usual, limit: 500 });

/** @param {Place} place */
export const resolution = (place) => RANGES[place.range][place.fine ? "fine" : "usual"];
