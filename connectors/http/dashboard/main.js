// Starts the dashboard: reads the address, shows a view, follows what changes.

import { ApiError, keepToken } from "./api.js";
import { compare } from "./compare.js";
import { byId, h } from "./dom.js";
import { zone } from "./format.js";
import { overview } from "./overview.js";
import { blank } from "./panels.js";
import { address, read } from "./place.js";
import { ranges } from "./ranges.js";
import { follow } from "./stream.js";
import { track } from "./track.js";

const VIEWS = { overview, track, compare };
const THEME = "voxpop-theme";
const TITLES = { overview: "Overview", track: "", compare: "Compare" };

/**
 * What a view gets to work with.
 * @typedef {object} Stage
 * @property {import("./place.js").Place} place
 * @property {HTMLElement} root
 * @property {AbortSignal} signal aborted when another view takes over
 * @property {(place: import("./place.js").Place) => void} go
 * @property {(told: Node | null) => void} say below the view's own content
 * @property {(error: unknown) => void} trouble
 * @property {() => HTMLElement} ranges choice of the range
 * @property {(wanted: {track?: string[], resolution: string}, event: (kind: string, data: any) => void) => void} follow
 * @property {(redraw: () => void) => void} themed called when light turns dark or back
 */

const root = byId("view");
const live = byId("live");
let shown = new AbortController();
/** @type {() => void} */
let redraw = () => {};

/** Show what the address says. */
async function show() {
  shown.abort();
  shown = new AbortController();
  const { signal } = shown;
  redraw = () => {};
  const place = read(location.search);
  document.title = `${TITLES[place.view] || place.track} · Voxpop`;
  for (const link of document.querySelectorAll("[data-view]")) {
    const here = link.getAttribute("data-view") === place.view;
    here ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
  }
  const content = h("div", {}, h("div", { class: "ghost" }));
  const below = h("div", {});
  root.replaceChildren(content, below);
  root.setAttribute("aria-busy", "true");
  notice(null);
  /** @type {Stage} */
  const stage = {
    place,
    root: content,
    signal,
    go,
    say: (told) => below.replaceChildren(...(told ? [told] : [])),
    trouble: (error) => signal.aborted || trouble(error),
    ranges: () => ranges(place, go),
    follow: (wanted, event) =>
      void follow(
        wanted,
        {
          event: (kind, data) => {
            if (kind !== "reset") beat();
            event(kind, data);
          },
          state,
        },
        signal,
      ),
    themed: (own) => (redraw = own),
  };
  try {
    await VIEWS[place.view](stage);
    notice(null);
  } catch (error) {
    if (signal.aborted) return;
    root.replaceChildren(failed(error));
    if (error instanceof ApiError && error.status === 401) signIn();
    else retryLater(signal);
  } finally {
    if (!signal.aborted) root.setAttribute("aria-busy", "false");
  }
}

/**
 * Go to a place as a link does; where that is shown already, it is read anew.
 * @param {import("./place.js").Place} place
 */
function go(place) {
  if (address(place) !== address(read(location.search))) history.pushState(null, "", address(place));
  show();
}

/** @param {unknown} error */
function failed(error) {
  if (error instanceof ApiError && error.kind === "unknown_track") {
    return blank(
      "No such track",
      error.message,
      " ",
      h("a", { class: "button", href: "/", "data-link": true }, "All tracks"),
    );
  }
  const said = error instanceof ApiError ? error.message : "The dashboard met an error of its own.";
  if (!(error instanceof ApiError)) console.error(error);
  return blank(
    "This cannot be shown",
    said,
    " ",
    h("button", { class: "button", type: "button", onclick: show }, "Try again"),
  );
}

/** @param {AbortSignal} signal */
function retryLater(signal) {
  setTimeout(() => signal.aborted || show(), 3000);
}

/** @param {unknown} error */
function trouble(error) {
  if (error instanceof ApiError && error.status === 401) signIn();
  else if (error instanceof ApiError) notice(`${error.message} What is shown may be old.`);
  else console.error(error);
}

/** @param {string | null} text */
function notice(text) {
  byId("notice").replaceChildren(...(text ? [h("div", { class: "banner" }, text)] : []));
}

/** @param {import("./stream.js").State} now */
function state(now) {
  const said = { live: "Live", connecting: "Connecting", away: "Redis is away", broken: "Reconnecting" }[now];
  if (live.dataset.state === now) return;
  live.dataset.state = now;
  /** @type {HTMLElement} */ (live.querySelector("span")).textContent = said;
  if (now === "live") notice(null);
}

/** Show that something came in. */
function beat() {
  live.classList.remove("beat");
  requestAnimationFrame(() => live.classList.add("beat"));
}

/** Ask for a token, and show the place again with it. */
function signIn() {
  const dialog = /** @type {HTMLDialogElement} */ (byId("signin"));
  if (dialog.open) return;
  const input = /** @type {HTMLInputElement} */ (byId("token"));
  byId("signin-error").textContent = sessionStorage.length ? "This token is not known here." : "";
  dialog.showModal();
  dialog.addEventListener("close", () => {
    keepToken(input.value.trim());
    input.value = "";
    show();
  }, { once: true });
}

/** Light or dark: what was chosen here, else what the system has. */
function startTheme() {
  const kept = localStorage.getItem(THEME);
  if (kept) document.documentElement.dataset.theme = kept;
  byId("theme").addEventListener("click", () => {
    const dark = getComputedStyle(document.documentElement).colorScheme === "dark" ||
      (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem(THEME, dark ? "light" : "dark");
    redraw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraw());
}

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[data-link]") : null;
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  event.preventDefault();
  history.pushState(null, "", link.getAttribute("href"));
  show();
  root.focus();
  scrollTo(0, 0);
});
addEventListener("popstate", show);
byId("zone").textContent = zone();
startTheme();
show();
