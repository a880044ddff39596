// A trend in the page: buckets laid out over their range, with gaps where no post was.

import { SECONDS } from "./place.js";

const ENOUGH = 15; // posts that a point should stand on: fewer show little but chance
const FACTORS = [1, 2, 3, 6, 10, 15, 30, 60];
const Z = 1.96; // 95 %

/**
 * Wilson's interval of a share, as the API has it (Wilson 1927).
 * @param {number} hits
 * @param {number} posts
 * @returns {import("./api.js").Share}
 */
export function wilson(hits, posts) {
  if (!posts) return { share: null, low: 0, high: 1 };
  const share = hits / posts;
  const scale = 1 + (Z * Z) / posts;
  const middle = (share + (Z * Z) / (2 * posts)) / scale;
  const half = (Z / scale) * Math.sqrt((share * (1 - share)) / posts + (Z * Z) / (4 * posts * posts));
  return { share, low: hits ? Math.max(0, middle - half) : 0, high: hits < posts ? Math.min(1, middle + half) : 1 };
}

/** A series that grows as events come in. */
export class LiveSeries {
  /**
   * @param {import("./api.js").Series} series
   * @param {boolean} [fixed] whether its range stays where it is
   */
  constructor(series, fixed = false) {
    this.fixed = fixed;
    this.track = series.track;
    this.resolution = series.resolution;
    this.step = SECONDS[series.resolution];
    this.start = series.start;
    this.end = Math.ceil(series.end / this.step) * this.step;
    this.total = series.total;
    /** @type {Map<number, import("./api.js").Bucket>} */
    this.held = new Map(series.buckets.map((bucket) => [bucket.start, bucket]));
  }

  /**
   * Put buckets in as they are now; the range moves on with the newest, unless it is fixed.
   * @param {import("./api.js").Bucket[]} buckets
   */
  put(buckets) {
    if (this.fixed) {
      for (const bucket of buckets) {
        if (bucket.start >= this.start && bucket.start < this.end) this.held.set(bucket.start, bucket);
      }
      return;
    }
    for (const bucket of buckets) this.held.set(bucket.start, bucket);
    const newest = Math.max(this.end, ...buckets.map((bucket) => bucket.start + this.step));
    this.start += newest - this.end;
    this.end = newest;
    for (const start of this.held.keys()) if (start < this.start) this.held.delete(start);
  }

  /** Starts of all buckets of the range, with posts or without. */
  starts() {
    const found = [];
    for (let at = this.start; at < this.end; at += this.step) found.push(at);
    return found;
  }

  /** The buckets with posts, ascending. */
  buckets() {
    return [...this.held.values()].sort((one, other) => one.start - other.start);
  }

  /**
   * The same with neighbours joined until points stand on enough posts; itself where they do.
   * @returns {LiveSeries}
   */
  pooled() {
    const posts = this.sums().posts;
    const points = (this.end - this.start) / this.step;
    const factor = FACTORS.find((each) => (posts * each) / points >= ENOUGH || points / each <= 24) ?? 60;
    if (factor === 1 || !posts) return this;
    const step = this.step * factor;
    /** @type {Map<number, import("./api.js").Bucket>} */
    const joined = new Map();
    for (const bucket of this.held.values()) {
      const start = Math.floor(bucket.start / step) * step;
      joined.set(start, join(start, joined.get(start), bucket));
    }
    const pooled = new LiveSeries({
      track: this.track,
      resolution: this.resolution,
      start: Math.floor(this.start / step) * step,
      end: this.end,
      buckets: [...joined.values()],
      total: this.total,
    });
    pooled.step = step;
    pooled.end = Math.ceil(this.end / step) * step;
    return pooled;
  }

  /** Posts and sentiment of the whole range. */
  sums() {
    const sums = { posts: 0, negative: 0, neutral: 0, positive: 0 };
    for (const bucket of this.held.values()) {
      sums.posts += bucket.posts;
      sums.negative += bucket.sentiment.negative;
      sums.neutral += bucket.sentiment.neutral;
      sums.positive += bucket.sentiment.positive;
    }
    return sums;
  }
}

/**
 * @param {number} start
 * @param {import("./api.js").Bucket | undefined} one
 * @param {import("./api.js").Bucket} other
 * @returns {import("./api.js").Bucket}
 */
function join(start, one, other) {
  const posts = (one?.posts ?? 0) + other.posts;
  const known = effective(posts, [one, other]);
  const sentiment = added(one?.sentiment, other.sentiment);
  const emotion = added(one?.emotion, other.emotion);
  return {
    ...other,
    start,
    posts,
    sampled: other.sampled || Boolean(one?.sampled),
    scored_posts: (one?.scored_posts ?? 0) + other.scored_posts,
    effective_posts: known,
    sentiment,
    emotion,
    sentiment_shares: shares(sentiment, posts, known),
    emotion_shares: shares(emotion, posts, known),
  };
}

/**
 * Posts of equal weight that tell as much as those of some buckets, of one of theirs; 1 where none were shed.
 * @param {import("./api.js").Bucket[]} buckets
 */
export function knownPart(buckets) {
  const posts = buckets.reduce((sum, own) => sum + own.posts, 0);
  return posts ? effective(posts, buckets) / posts : 1;
}

/**
 * @param {Record<string, number> | undefined} one
 * @param {Record<string, number>} other
 */
const added = (one, other) =>
  Object.fromEntries(Object.entries(other).map(([name, posts]) => [name, posts + (one?.[name] ?? 0)]));

/**
 * Posts of equal weight that tell as much as those that were scored in some buckets (Kish 1965).
 * @param {number} posts of all of them
 * @param {(import("./api.js").Bucket | undefined)[]} buckets
 */
function effective(posts, buckets) {
  const squares = buckets.reduce((sum, own) => sum + (own ? own.posts ** 2 / own.effective_posts : 0), 0);
  return posts ** 2 / squares;
}

/**
 * @param {Record<string, number>} counts
 * @param {number} posts
 * @param {number} known posts that the interval stands on
 */
const shares = (counts, posts, known) =>
  Object.fromEntries(Object.entries(counts).map(([name, hits]) => [name, wilson((hits * known) / posts, known)]));
