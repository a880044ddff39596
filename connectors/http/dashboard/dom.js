// Makes elements. Not for what they show.

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * An element with attributes and children. `on…` is a listener, `--…` a CSS variable; false and
 * null leave an attribute out.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  fill(element, attributes, children);
  return element;
}

/**
 * The same for SVG.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {SVGElement}
 */
export function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  fill(element, attributes, children);
  return element;
}

/**
 * @param {HTMLElement | SVGElement} element
 * @param {Record<string, unknown>} attributes
 * @param {(Child | Child[])[]} children
 */
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on") && typeof value === "function") {
      element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else if (name.startsWith("--") || name === "width%") {
      element.style.setProperty(name === "width%" ? "width" : name, String(value));
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) {
      element.append(child instanceof Node ? child : String(child));
    }
  }
}

/**
 * Draw a part of the page anew, and leave the focus on the link that has it.
 * @param {HTMLElement} part
 * @param {() => void} draw
 */
export function keepingFocus(part, draw) {
  const focused = document.activeElement;
  const name = part.contains(focused) && focused instanceof HTMLAnchorElement ? linkName(focused) : null;
  draw();
  if (name === null || part.contains(document.activeElement)) return;
  [...part.querySelectorAll("a")].find((link) => linkName(link) === name)?.focus({ preventScroll: true });
}

/**
 * What a link says, of which track; where it leads may move on with time.
 * @param {HTMLAnchorElement} link
 */
const linkName = (link) => `${link.closest("[data-track]")?.getAttribute("data-track") ?? ""} ${link.textContent}`;

/**
 * An element of the page that must be there.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element #${id}`);
  return found;
}
