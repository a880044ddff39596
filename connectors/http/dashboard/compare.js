// Tracks beside each other over time: share of voice and net sentiment.

import { askJson, named } from "./api.js";
import { Chart } from "./charts.js";
import { moodOption, netOf, voiceOption } from "./compare_charts.js";
import { byBucket, comparisonCsv, lines, shareOf, wholeTable } from "./compare_table.js";
import { h, keepingFocus } from "./dom.js";
import * as format from "./format.js";
import { blank, dataTable, download, panel, tool } from "./panels.js";
import { asked, asWhole, resolution } from "./place.js";
import { Beside } from "./tracks_beside.js";

const MOST = 8; // colours that can be told apart
const AT_FIRST = 4;
const REREAD_MS = 5000;

/**
 * Show tracks beside each other and keep them up to date.
 * @param {import("./main.js").Stage} stage
 */
export async function compare(stage) {
  const { place, root, signal } = stage;
  const wholly = asWhole(place);
  /** The first tracks by posts, and those of the address that are not among them. */
  async function read() {
    /** @type {import("./api.js").Board} */
    const found = await askJson("leaderboard", wholly, signal);
    const left = place.tracks.filter((track) => found.tracks.every((standing) => standing.track !== track));
    const more = left.slice(0, MOST).map((track) => askJson("leaderboard", { ...wholly, track }, signal));
    for (const own of await Promise.all(more)) found.tracks.push(...own.tracks);
    return found;
  }
  let board = await read();
  const known = board.tracks.map((standing) => standing.track);
  const there = place.tracks.filter((track) => known.includes(track)).slice(0, MOST);
  const chosen = there.length ? there : known.slice(0, AT_FIRST);
  const head = h(
    "div",
    { class: "view-head" },
    h("h1", {}, "Side by side"),
    h("div", { class: "tools" }, stage.ranges()),
  );
  if (!known.length) {
    root.replaceChildren(head, blank("No track has a post yet", "Once posts come, their tracks can be compared here."));
    stage.follow({ resolution: "10s" }, () => stage.go(place));
    return;
  }
  const wanted = { ...asked(place), resolution: resolution(place) };
  const found = await Promise.all(chosen.map((track) => askJson(`trends/${named(track)}`, wanted, signal)));
  const beside = new Beside(chosen, found, place.span !== null);
  const voice = h("div", { class: "chart short" });
  const moods = h("div", { class: "chart short" });
  const body = h("tbody", {});

  root.replaceChildren(
    head,
    chips(stage, beside, known),
    h(
      "div",
      { class: "grid spaced" },
      panel(
        "Share of voice",
        {
          size: "span-6",
          note: "posts of each, of all that are chosen",
          tools: [
            tool("PNG", "Save the share of voice as PNG", () => drawnVoice.save("share-of-voice")),
            tool("CSV", "Save the figures as CSV", () => download("comparison.csv", comparisonCsv(beside))),
          ],
        },
        voice,
        dataTable(() => byBucket(beside, (bucket) => bucket.posts)),
      ),
      panel(
        "Net sentiment",
        {
          size: "span-6",
          note: "share of positive less share of negative posts",
          tools: [tool("PNG", "Save the net sentiment as PNG", () => drawnMoods.save("net-sentiment"))],
        },
        moods,
        dataTable(() => byBucket(beside, (bucket) => format.net(netOf(bucket)))),
      ),
      panel("Over the whole range", {}, wholeTable(body)),
    ),
  );
  const drawnVoice = new Chart(voice);
  const drawnMoods = new Chart(moods);
  signal.addEventListener("abort", () => (drawnVoice.remove(), drawnMoods.remove()), { once: true });

  function draw() {
    const standings = board.tracks.filter((standing) => chosen.includes(standing.track));
    const said = (/** @type {(standing: import("./api.js").Standing) => string} */ figure) =>
      standings.map((standing) => `${standing.track} ${figure(standing)}`).join(", ");
    drawnVoice.draw(
      voiceOption(beside),
      `Share of voice: ${said((standing) => format.share(shareOf(standing, standings)))}`,
    );
    drawnMoods.draw(moodOption(beside), `Net sentiment: ${said((standing) => format.net(standing.net))}`);
    keepingFocus(body, () => body.replaceChildren(...lines(place, beside, standings)));
  }

  stage.themed(draw);
  draw();
  let due = false;
  stage.follow({ track: chosen, resolution: wanted.resolution }, (kind, data) => {
    if (kind === "reset") return stage.go(place);
    if (kind !== "trend") return;
    beside.put(data);
    due = true;
    draw();
  });
  const timer = setInterval(async () => {
    if (!due || document.hidden) return;
    due = false;
    try {
      board = await read();
      draw();
    } catch (error) {
      stage.trouble(error);
    }
  }, REREAD_MS);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}

/**
 * Which tracks are compared, of those that there are.
 * @param {import("./main.js").Stage} stage
 * @param {Beside} beside
 * @param {string[]} known
 */
function chips({ place, go }, beside, known) {
  const chosen = beside.tracks;
  const toggled = (/** @type {string} */ track) =>
    chosen.includes(track) ? chosen.filter((each) => each !== track) : [...chosen, track];
  return h(
    "div",
    { class: "chips", role: "group", "aria-label": `Tracks, at most ${MOST}` },
    known.map((track) =>
      h(
        "button",
        {
          type: "button",
          class: "chip",
          "aria-pressed": String(chosen.includes(track)),
          disabled: !chosen.includes(track) && chosen.length >= MOST,
          onclick: () => go({ ...place, tracks: toggled(track) }),
        },
        h("i", { class: "swatch", "--swatch": chosen.includes(track) ? `var(--${beside.tone(track)})` : null }),
        track,
      )
    ),
  );
}
