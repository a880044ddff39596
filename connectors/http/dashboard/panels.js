// Panels: a title, a note, tools, what is shown, and the same as a table.

import { h } from "./dom.js";

const MOST_LINES = 400;

/**
 * A panel of the page.
 * @param {string} title
 * @param {object} own
 * @param {string} [own.note] what it shows, in a few words
 * @param {string} [own.size] class of its width
 * @param {(Node | false | null)[]} [own.tools]
 * @param {...Node} content
 */
export function panel(title, { note, size = "span-12", tools = [] }, ...content) {
  const id = `panel-${title.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`;
  return h(
    "section",
    { class: `panel ${size}`, "aria-labelledby": id },
    h(
      "div",
      { class: "panel-head" },
      h("h2", { id }, title),
      note && h("p", {}, note),
      tools.some(Boolean) && h("div", { class: "panel-tools" }, tools.map((tool) => tool || null)),
    ),
    ...content,
  );
}

/**
 * A small button of a panel.
 * @param {string} name
 * @param {string} said
 * @param {() => void} act
 */
export const tool = (name, said, act) =>
  h("button", { type: "button", class: "button plain", "aria-label": said, title: said, onclick: act }, name);

/**
 * What a chart shows as a table, made when it is opened.
 * @param {() => {head: string[], lines: (string | number)[][]}} made
 */
export function dataTable(made) {
  const place = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Data as a table" });
  const details = h("details", { class: "data" }, h("summary", {}, "Data as a table"), place);
  details.addEventListener("toggle", () => {
    if (!details.open) return;
    const { head, lines } = made();
    const number = (/** @type {number} */ at) => (at > 0 ? "number" : null);
    place.replaceChildren(
      h(
        "table",
        {},
        lines.length > MOST_LINES &&
          h("caption", {}, `The newest ${MOST_LINES} of ${lines.length}; all are in the CSV`),
        h("thead", {}, h("tr", {}, head.map((name, at) => h("th", { scope: "col", class: number(at) }, name)))),
        h(
          "tbody",
          {},
          lines.slice(-MOST_LINES).reverse().map((line) =>
            h("tr", {}, line.map((cell, at) => h("td", { class: number(at) }, cell)))
          ),
        ),
      ),
    );
  });
  return details;
}

/**
 * A row of buttons of which one is pressed.
 * @template {string} Value
 * @param {string} said what is chosen
 * @param {[Value, string][]} values each with its name
 * @param {Value} chosen
 * @param {(value: Value) => void} choose
 */
export function choice(said, values, chosen, choose) {
  return h(
    "div",
    { class: "choice", role: "group", "aria-label": said },
    values.map(([value, name]) =>
      h("button", { type: "button", "aria-pressed": String(value === chosen), onclick: () => choose(value) }, name)
    ),
  );
}

/**
 * A key figure.
 * @param {string} name
 * @param {Node | string} value
 * @param {Node | string} note
 */
export const figure = (name, value, note) =>
  h("div", { class: "figure" }, h("dt", {}, name), h("dd", {}, value, h("div", { class: "note" }, note)));

/** @param {[string, string][]} entries colour and name */
export const legend = (entries) =>
  h(
    "p",
    { class: "legend" },
    entries.map(([colour, name]) => h("span", {}, h("i", { class: "swatch", "--swatch": `var(--${colour})` }), name)),
  );

/**
 * Nothing to show, and what to do about it.
 * @param {string} title
 * @param {...(Node | string)} text
 */
export const blank = (title, ...text) => h("div", { class: "blank" }, h("h2", {}, title), h("p", {}, ...text));

/**
 * Hand a file to the browser.
 * @param {string} name
 * @param {Blob} content
 */
export function download(name, content) {
  const url = URL.createObjectURL(content);
  h("a", { download: name, href: url }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
