// Asks the HTTP API. Not for what changes by itself: `stream` follows that.

/**
 * @typedef {{share: number | null, low: number, high: number}} Share
 * @typedef {object} Counts
 * @property {number} posts
 * @property {boolean} sampled
 * @property {number} scored_posts
 * @property {number} effective_posts
 * @property {Record<string, number>} sentiment
 * @property {Record<string, number>} emotion
 * @property {Record<string, Share>} sentiment_shares
 * @property {Record<string, Share>} emotion_shares
 * @property {Record<string, number | null>} [modalities]
 * @property {Record<string, number>} after
 * @property {Record<string, number>} turns
 * @property {Record<string, number>} models
 * @typedef {Counts & {start: number}} Bucket
 * @typedef {{track: string, resolution: string, start: number, end: number, buckets: Bucket[], total: Counts}} Series
 * @typedef {{start: number, posts: number, net: number | null}} Point
 * @typedef {object} Standing
 * @property {string} track
 * @property {number} posts
 * @property {boolean} sampled
 * @property {number} scored_posts
 * @property {number} posts_compared
 * @property {number} posts_before
 * @property {number | null} posts_change
 * @property {Record<string, number>} sentiment
 * @property {number | null} net
 * @property {number} net_low
 * @property {number} net_high
 * @property {number | null} net_before
 * @property {number | null} net_change
 * @property {number | null} net_change_low
 * @property {number | null} net_change_high
 * @property {boolean} net_change_sure
 * @property {number | null} share_of_voice
 * @property {Point[]} points
 * @typedef {{start: number, end: number, resolution: string, before_kept: boolean, tracks: Standing[]}} Board
 */

const TOKEN = "voxpop-token";

/** What went wrong, in the words of a problem document. */
export class ApiError extends Error {
  /**
   * @param {number} status 0 where there was no answer
   * @param {string} kind
   * @param {string} detail
   */
  constructor(status, kind, detail) {
    super(detail);
    this.status = status;
    this.kind = kind;
  }
}

/** @returns {Record<string, string>} */
export function credentials() {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/** @param {string} token */
export const keepToken = (token) => sessionStorage.setItem(TOKEN, token);

/**
 * Ask a route.
 * @param {string} path
 * @param {Record<string, string | number | undefined>} [query]
 * @param {AbortSignal} [signal]
 * @returns {Promise<Response>}
 */
export async function ask(path, query = {}, signal) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  const url = `/api/v1/${path}${given.length ? `?${search}` : ""}`;
  let answer;
  try {
    answer = await fetch(url, { headers: credentials(), signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "no_answer", "The server does not answer.");
  }
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  const kind = String(problem.type ?? "").split(":").pop() ?? "";
  throw new ApiError(answer.status, kind, problem.detail ?? `The server answered ${answer.status}.`);
}

/**
 * @param {string} path
 * @param {Record<string, string | number | undefined>} [query]
 * @param {AbortSignal} [signal]
 */
export async function askJson(path, query, signal) {
  return (await ask(path, query, signal)).json();
}

/** @param {string} track */
export const named = (track) => track.split("/").map(encodeURIComponent).join("/");
