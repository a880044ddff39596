// The time that an answer is of, where whole buckets alone are kept: it may be longer than was asked for.

import * as format from "./format.js";
import { SECONDS } from "./place.js";

const MOST = 1.2; // times as long as asked: beyond, figures of both are not of one time

/**
 * @typedef {import("./place.js").Span} Span
 *
 * The time of an answer: its whole buckets, as far as they have passed.
 * @param {{start: number, resolution: string}} answer
 * @param {number} end of the range that was asked for
 * @returns {Span}
 */
export function covered({ start, resolution }, end) {
  const step = SECONDS[resolution];
  return { start, end: Math.min(start + Math.ceil((end - start) / step) * step, Date.now() / 1000) };
}

/**
 * The time that a place asks for.
 * @param {import("./place.js").Place} place
 * @returns {Span}
 */
export function wanted({ span, range }) {
  const now = Date.now() / 1000;
  return span ? { start: span.start, end: Math.min(span.end, now) } : { start: now - SECONDS[range], end: now };
}

/**
 * Whether one time is so much longer than another that figures of both cannot stand beside each other.
 * @param {Span} one
 * @param {Span} other
 */
export const exceeds = (one, other) => one.end - one.start > MOST * (other.end - other.start);

/**
 * A time in words.
 * @param {Span} span
 */
export const period = ({ start, end }) => `${format.moment(start, "1m")} – ${format.moment(end, "1m")}`;
