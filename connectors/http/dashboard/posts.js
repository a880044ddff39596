// Example posts of a track, each with the explanation of its score on request.

import { h } from "./dom.js";
import { explanation } from "./explanation.js";
import * as format from "./format.js";

/** The list of example posts; while an explanation is open it stays as it is. */
export class PostList {
  /**
   * @param {string} track
   * @param {AbortSignal} signal
   */
  constructor(track, signal) {
    this.track = track;
    this.signal = signal;
    this.element = h("div", {});
    this.choice = "";
  }

  /**
   * Show posts.
   * @param {any[]} posts
   * @param {string} choice by which they were chosen
   * @param {boolean} narrowed to a moment
   * @param {boolean} explained whether the server explains posts
   */
  show(posts, choice, narrowed, explained) {
    // newer posts must not drive out the one that is being read
    if (choice === this.choice && this.element.querySelector("details[open]")) return;
    this.choice = choice;
    if (!posts.length) {
      const missing = narrowed ? "No example post is kept of that time." : "No example post is kept of these.";
      this.element.replaceChildren(h("p", { class: "blank inline small" }, missing));
      return;
    }
    const cards = posts.map((post) => this.card(post, explained && this.why(post)));
    this.element.replaceChildren(h("ul", { class: "cards" }, cards));
  }

  /**
   * @param {any} post
   * @param {Element | false} why
   */
  card(post, why) {
    const sure = Math.max(...post.sentiment.probs);
    const carried = Object.entries(post.modalities).filter(([, part]) => part >= 0.01).map(([name, part]) =>
      `${name} ${format.share(part)}`
    );
    return h(
      "li",
      { class: `card ${post.sentiment.label}` },
      post.text ? h("blockquote", {}, post.text) : h("p", { class: "withheld" }, "The text is not kept."),
      h(
        "p",
        { class: "meta" },
        h("b", {}, `${format.capital(post.sentiment.label)} ${format.share(sure)}, ${post.emotion.label}`),
        h("span", {}, post.platform),
        post.lang && h("span", {}, post.lang),
        h("time", { datetime: new Date(post.created_at * 1000).toISOString() }, format.since(post.created_at)),
        h("span", {}, `carried by ${carried.join(", ")}`),
        post.previous_sentiment && post.previous_sentiment !== post.sentiment.label &&
          h("span", {}, `after a ${post.previous_sentiment} post`),
      ),
      why,
    );
  }

  /**
   * The explanation of a post, asked for when it is opened.
   * @param {any} post
   */
  why(post) {
    const details = h("details", { class: "explanation" }, h("summary", {}, "Why this score?"));
    details.addEventListener("toggle", () => {
      if (details.open && details.childElementCount === 1) details.append(explanation(this.track, post, this.signal));
    });
    return details;
  }
}
