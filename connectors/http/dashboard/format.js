// Numbers and times as people read them, in the language of their browser.

const whole = new Intl.NumberFormat();
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 });
const fractional = new Intl.NumberFormat(undefined, {
  style: "percent",
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const signedPercent = new Intl.NumberFormat(undefined, {
  style: "percent",
  maximumFractionDigits: 0,
  signDisplay: "exceptZero",
});
const ago = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });

/** Of the intervals of sampling. */
export const LEVEL = percent.format(0.95);

/** @param {number} posts */
export const count = (posts) => whole.format(posts);

/** @param {number} posts */
export const short = (posts) => (posts < 10000 ? whole.format(posts) : compact.format(posts));

/**
 * An estimate of how many; of sampled conversations it is of those alone that were scored.
 * @param {number} voices
 * @param {boolean} sampled
 */
export const about = (voices, sampled) => `${sampled ? "at least" : "≈"} ${short(voices)}`;

/** @param {number | null | undefined} share */
export const share = (share) => (share === null || share === undefined ? "–" : percent.format(share));

/** @param {number} rate mostly below a hundredth */
export const rate = (rate) => fractional.format(rate);

/**
 * A change with its sign, a true minus; from tenfold on how many times as much.
 * @param {number | null | undefined} change
 */
export function changed(change) {
  if (change === null || change === undefined) return "–";
  return change >= 9 ? `×${short(Math.round(1 + change))}` : signedPercent.format(change).replace("-", "−");
}

/**
 * Net sentiment, -1 to 1, with its sign; a true minus.
 * @param {number | null | undefined} value
 */
export function net(value) {
  if (value === null || value === undefined) return "–";
  const text = Math.abs(value).toFixed(2);
  return Number(text) === 0 ? text : `${value < 0 ? "−" : "+"}${text}`;
}

/**
 * An interval of net sentiments.
 * @param {number | null} low
 * @param {number | null} high
 */
export const between = (low, high) => (low === null || high === null ? "" : `${net(low)} to ${net(high)}`);

/**
 * Log odds with their sign; a true minus.
 * @param {number} value
 */
export const odds = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;

/**
 * A moment; the finer the buckets, the finer the time.
 * @param {number} seconds Unix seconds
 * @param {string} resolution
 */
export function moment(seconds, resolution) {
  const date = new Date(seconds * 1000);
  if (resolution === "1d") return day.format(date);
  return resolution === "10s" ? fine.format(date) : coarse.format(date);
}

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
const coarse = new Intl.DateTimeFormat(undefined, {
  month: "short",
  day: "numeric",
  hour: "2-digit",
  hourCycle: "h23",
  minute: "2-digit",
});
const fine = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  hourCycle: "h23",
  minute: "2-digit",
  second: "2-digit",
});

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

/**
 * From when to when; a day that both have is said once.
 * @param {import("./place.js").Span} span
 */
export const fromTo = ({ start, end }) => coarse.formatRange(start * 1000, end * 1000);

/**
 * A moment on an axis: the time of day, or the day where the axis is long.
 * @param {number} seconds Unix seconds
 * @param {number} span of the axis, seconds
 */
export const onAxis = (seconds, span) => (span <= 129600 ? clock : date).format(new Date(seconds * 1000));

/**
 * A length of time in words.
 * @param {number} seconds
 */
export function span(seconds) {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${seconds / 60} min` : seconds < 172800 ? `${seconds / 3600} h` : `${seconds / 86400} days`;
}

/**
 * How long ago.
 * @param {number} seconds Unix seconds
 */
export function since(seconds) {
  const passed = seconds - Date.now() / 1000;
  for (
    const [unit, size] of /** @type {[Intl.RelativeTimeFormatUnit, number][]} */ ([
      ["day", 86400],
      ["hour", 3600],
      ["minute", 60],
    ])
  ) {
    if (Math.abs(passed) >= size) return ago.format(Math.round(passed / size), unit);
  }
  return ago.format(Math.round(passed), "second");
}

/** @param {string} text */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone.replace("_", " ");
