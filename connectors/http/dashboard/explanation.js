// Why a post was scored as it was: its words in colour, its modalities, the posts before it.

import { ApiError, askJson, named } from "./api.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import { choice } from "./panels.js";

const FAINT = 1 / 8; // of the strongest word: less is not shaded
const STRONGEST = 6; // words named with their values
const NOTICEABLE = 0.05; // log odds

/**
 * An explanation, which comes in when the server has found it.
 * @param {string} track
 * @param {any} post an example
 * @param {AbortSignal} signal
 */
export function explanation(track, post, signal) {
  const place = h("div", { "aria-live": "polite" });
  let task = "sentiment";
  const tasks = h("div", {});

  async function read() {
    tasks.replaceChildren(
      choice("Which label", [["sentiment", "Sentiment"], ["emotion", "Emotion"]], task, (chosen) => {
        task = chosen;
        read();
      }),
    );
    const wanted = task;
    place.replaceChildren(h("p", { class: "quiet small" }, "The model is asked; the first time takes some seconds."));
    place.setAttribute("aria-busy", "true");
    const told = await askJson(`explanations/${named(track)}`, { post_id: post.post_id, task }, signal)
      .then((found) => parts(found, post.text ?? ""))
      .catch((error) => [refused(error, read)]);
    if (signal.aborted || wanted !== task) return;
    place.setAttribute("aria-busy", "false");
    place.replaceChildren(...told);
  }

  read();
  return h("div", { class: "explained" }, tasks, place);
}

/**
 * @param {unknown} error
 * @param {() => void} again
 */
function refused(error, again) {
  const said = error instanceof ApiError ? error.message : "The dashboard met an error of its own.";
  if (!(error instanceof ApiError)) console.error(error);
  return h(
    "p",
    { class: "small" },
    `${format.capital(said)} `,
    h("button", { type: "button", class: "button", onclick: again }, "Ask again"),
  );
}

/**
 * @param {any} found
 * @param {string} text
 */
function parts(found, text) {
  return [
    h(
      "p",
      { class: "small" },
      `What speaks for “${found.label}” (${
        format.share(found.probability)
      }) or against it, in log odds: +0.69 doubles them.`,
    ),
    found.words.length
      ? shaded(text, found.words)
      : h("p", { class: "quiet small" }, `Words are not told: ${found.without_words}.`),
    ...(Math.abs(found.words_gap) > NOTICEABLE
      ? [h("p", { class: "small" }, "The words do not add up: the features were not made from this text.")]
      : []),
    carriers("Modality", found.modalities.map((/** @type {any} */ own) => [format.capital(own.modality), own])),
    ...(found.posts.length > 1
      ? [carriers("Post", found.posts.map((/** @type {any} */ own) => [howFarBack(own.before), own]).reverse())]
      : []),
  ];
}

/** @param {number} before */
const howFarBack = (before) => before ? `${before} before` : "This post";

/**
 * The text, its words the more shaded the more they count; underlined against the label by dashes.
 * @param {string} text
 * @param {{text: string, start: number, end: number, signed: number}[]} words places in code points
 */
function shaded(text, words) {
  const signs = [...text];
  const most = Math.max(...words.map((word) => Math.abs(word.signed))) || 1;
  const pieces = [];
  let at = 0;
  for (const word of words) {
    pieces.push(signs.slice(at, word.start).join(""));
    const own = signs.slice(word.start, word.end).join("");
    const size = Math.abs(word.signed) / most;
    pieces.push(
      size < FAINT ? own : h("mark", {
        class: word.signed > 0 ? "for" : "against",
        "--size": `${Math.round(30 * size)}%`,
        title: format.odds(word.signed),
      }, own),
    );
    at = word.end;
  }
  pieces.push(signs.slice(at).join(""));
  const strongest = [...words].sort((one, other) => Math.abs(other.signed) - Math.abs(one.signed)).slice(0, STRONGEST);
  return h(
    "div",
    {},
    h("p", { class: "words" }, pieces),
    h("p", { class: "meta" }, strongest.map((word) => h("span", {}, `${word.text} ${format.odds(word.signed)}`))),
  );
}

/**
 * Shares with their sign, as bars and figures.
 * @param {string} what
 * @param {[string, {share: number, signed: number}][]} lines
 */
function carriers(what, lines) {
  return h(
    "table",
    { class: "carriers" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col" }, what),
        h("th", { scope: "col", class: "number" }, "Share"),
        h("th", { scope: "col" }, h("span", { class: "hidden-label" }, "As a bar")),
        h("th", { scope: "col", class: "number" }, "Log odds"),
      ),
    ),
    h(
      "tbody",
      {},
      lines.map(([name, { share, signed }]) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, name),
          h("td", { class: "number" }, format.share(share)),
          h(
            "td",
            { class: "wide" },
            share > 0 && h("i", {
              class: "share-bar",
              "--swatch": `var(--${signed < 0 ? "negative" : "positive"})`,
              "width%": `${100 * share}%`,
            }),
          ),
          h("td", { class: "number" }, share ? format.odds(signed) : "–"),
        )
      ),
    ),
  );
}
