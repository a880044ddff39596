// The figures at the top of a track's page.

import { covered, exceeds, period } from "./covered.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import { figure } from "./panels.js";

/**
 * What the figures are made of, as far as it is known.
 * @typedef {object} Known
 * @property {import("./api.js").Standing | undefined} standing
 * @property {boolean} beforeKept whether the window before is
 * @property {Distinct | null} distinct
 * @property {import("./place.js").Span} wanted the time that is asked for
 * @property {Corrected | null} corrected
 *
 * @typedef {{start: number, end: number, resolution: string, sampled: boolean, conversations: number, authors: number}} Distinct
 * @typedef {{sentiment: Record<string, import("./api.js").Share>, level: number, notes: string[]}} Corrected
 */

/**
 * @param {{posts: number, negative: number, neutral: number, positive: number}} sums
 * @param {Known} known
 */
export function keyFigures(sums, { standing, beforeKept, distinct, wanted, corrected }) {
  const net = sums.posts ? (sums.positive - sums.negative) / sums.posts : null;
  const part = (/** @type {number} */ label) => format.share(sums.posts ? label / sums.posts : null);
  return [
    figure(
      "Posts",
      format.short(sums.posts),
      !standing || standing.posts_change === null
        ? nothingBefore(beforeKept)
        : `${format.changed(standing.posts_change)} on the window before`,
    ),
    figure(
      "Net sentiment",
      format.net(net),
      standing && standing.net !== null
        ? `${format.LEVEL} interval ${format.net(standing.net_low)} to ${format.net(standing.net_high)}`
        : "",
    ),
    moved(standing, beforeKept),
    figure("Negative", part(sums.negative), better(corrected, "negative", sums.negative)),
    figure("Positive", part(sums.positive), better(corrected, "positive", sums.positive)),
    ...(distinct ? [voices(distinct, wanted)] : []),
  ];
}

/**
 * Conversations and authors; of another time than the posts they would not belong beside them.
 * @param {Distinct} distinct
 * @param {import("./place.js").Span} wanted
 */
function voices(distinct, wanted) {
  const { conversations, authors, sampled } = distinct;
  const said = (/** @type {number} */ voices) => `${format.about(voices, sampled)}`;
  const own = covered(distinct, distinct.end);
  if (exceeds(own, wanted)) {
    return figure("Conversations", "–", `${said(conversations)}, but of ${period(own)}: less is not kept`);
  }
  return figure(
    "Conversations",
    said(conversations),
    authors ? `${said(authors)} authors` : "authors are not known",
  );
}

/**
 * Why there is nothing to compare with.
 * @param {boolean} kept whether the window before is
 */
export const nothingBefore = (kept) => kept ? "none in the window before" : "the window before is not kept";

/**
 * @param {import("./api.js").Standing | undefined} standing
 * @param {boolean} beforeKept
 */
function moved(standing, beforeKept) {
  if (!standing || standing.net_change === null) {
    return figure("Moved by", "–", beforeKept ? "no window before to compare with" : nothingBefore(beforeKept));
  }
  const { net_change: change, net_change_low: low, net_change_high: high, net_change_sure: sure } = standing;
  return figure(
    "Moved by",
    h("span", { class: sure ? (change > 0 ? "up" : "down") : null }, format.net(change)),
    `${format.LEVEL} interval ${format.between(low, high)}, on the window before: ${
      sure ? "more than chance" : "perhaps by chance"
    }`,
  );
}

/**
 * A share as people would label the posts, with its own interval; else how many posts there are.
 * @param {Corrected | null} corrected
 * @param {string} label
 * @param {number} posts
 */
function better(corrected, label, posts) {
  if (!corrected) return `${format.count(posts)} posts`;
  const { share, low, high } = corrected.sentiment[label];
  return `corrected ${format.share(share)} (${format.share(corrected.level)} interval ${format.share(low)}–${
    format.share(high)
  })`;
}

/**
 * What a reader has to know of the corrected shares.
 * @param {Corrected | null} corrected
 */
export const ofCorrection = (corrected) =>
  corrected
    ? `Corrected shares estimate what people would have labelled; their ${
      format.share(corrected.level)
    } intervals cover the model's errors too, as known from where the correction was learned: ${
      corrected.notes.join("; ")
    }.`
    : "";
