// Follows /api/v1/stream and resumes after breaks. By fetch, since EventSource sends no token.

import { credentials } from "./api.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
const SILENCE_MS = 35000; // two heartbeats missed

/** @typedef {"live" | "connecting" | "away" | "broken"} State */

/**
 * Follow until the signal is aborted.
 * @param {{track?: string[], resolution: string}} wanted
 * @param {object} told
 * @param {(kind: string, data: any) => void} told.event `trend`, `alert`, or `reset` to read anew
 * @param {(state: State) => void} told.state
 * @param {AbortSignal} signal
 */
export async function follow(wanted, told, signal) {
  const query = new URLSearchParams([["resolution", wanted.resolution]]);
  for (const track of wanted.track ?? []) query.append("track", track);
  let last = "";
  let wait = FIRST_WAIT_MS;
  let broken = false;
  while (!signal.aborted) {
    try {
      for await (const event of events(`/api/v1/stream?${query}`, last, signal)) {
        wait = FIRST_WAIT_MS;
        last = event.id || last;
        told.state(event.kind === "away" ? "away" : "live");
        // what came between the last event and this connection is not in any event
        if (event.kind === "reset" || (event.kind === "hello" && broken)) told.event("reset", {});
        else if (event.kind === "trend" || event.kind === "alert") told.event(event.kind, event.data);
        broken = false;
      }
    } catch {
      if (signal.aborted) return;
    }
    broken = true;
    told.state("broken");
    await pause(wait * (0.75 + Math.random() / 2), signal);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
}

/**
 * Events of one connection.
 * @param {string} url
 * @param {string} last
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<{id: string, kind: string, data: any}>}
 */
async function* events(url, last, signal) {
  const ended = new AbortController();
  const end = () => ended.abort();
  signal.addEventListener("abort", end, { once: true });
  let silence = setTimeout(end, SILENCE_MS);
  try {
    const headers = new Headers({ Accept: "text/event-stream", ...credentials() });
    if (last) headers.set("Last-Event-ID", last);
    const answer = await fetch(url, { headers, signal: ended.signal, cache: "no-store" });
    if (!answer.ok || !answer.body) throw new Error(`the stream answered ${answer.status}`);
    const reader = answer.body.getReader();
    const decoder = new TextDecoder();
    let waiting = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(silence);
      silence = setTimeout(end, SILENCE_MS);
      waiting += decoder.decode(value, { stream: true });
      const blocks = waiting.split("\n\n");
      waiting = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = parsed(block);
        if (event) yield event;
      }
    }
  } finally {
    clearTimeout(silence);
    signal.removeEventListener("abort", end);
    ended.abort();
  }
}

/** @param {string} block */
function parsed(block) {
  const fields = new Map(
    block.split("\n").map((line) => /** @type {[string, string]} */ (line.split(/: (.*)/s, 2))),
  );
  const kind = fields.get("event");
  return kind ? { id: fields.get("id") ?? "", kind, data: JSON.parse(fields.get("data") ?? "{}") } : null;
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function pause(ms, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
  });
}
