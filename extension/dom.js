/** Building nodes: text is always text, and only the person's own events are heard. */

import { browser } from "./messages.js";

const SHADOW_MODE = "closed";

/** What takes letters as text. */
export const TYPED_INTO = "input, textarea, select, [contenteditable], [role=textbox], [role=searchbox], [role=combobox]";

/**
 * Make an element; a property `on…` listens, `data-…`, `aria-…` and the rest become attributes.
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {...(Node | string | null | undefined | false | (Node | string)[])} children
 * @returns {any}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") hear(element, name.slice(2), value);
    else if (name === "value" || name === "checked") Reflect.set(element, name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(.../** @type {(Node | string)[]} */ (children.flat().filter((child) => child || child === "")));
  return element;
}

/**
 * Listen for events that the browser vouches for: what a page's script makes up is not heard.
 * @param {EventTarget} target
 * @param {string} type
 * @param {(event: any) => void} handler
 */
export function hear(target, type, handler) {
  target.addEventListener(type, (event) => {
    if (event.isTrusted) handler(event);
  });
}

/**
 * Make a host with a closed shadow root, where the page can neither look nor style; `body` shows once the style is there.
 * @param {string} tag a name with a hyphen
 * @returns {{ host: HTMLElement, body: HTMLElement }}
 */
export function makeHost(tag) {
  const host = document.createElement(tag);
  const body = h("div", { class: "body", hidden: true, lang: browser.i18n.getUILanguage() });
  const style = h("link", { rel: "stylesheet", href: browser.runtime.getURL("styles/margin.css") });
  style.addEventListener("load", () => body.removeAttribute("hidden"));
  for (const type of ["keydown", "keyup", "keypress", "beforeinput", "input"]) body.addEventListener(type, keepInside);
  host.attachShadow({ mode: SHADOW_MODE }).append(style, body);
  return { host, body };
}

/** What is typed into a field of ours is nothing for the page's shortcuts, nor for ours. @param {Event} event */
function keepInside(event) {
  if (/** @type {Element} */ (event.target).matches(TYPED_INTO)) event.stopPropagation();
}

/**
 * Say whether the page is dark now: by its class, or by how light its background is.
 * @param {Document} page
 * @returns {boolean}
 */
export function isDark(page) {
  if (page.documentElement.classList.contains("dark")) return true;
  const [red, green, blue, alpha = "1"] = getComputedStyle(page.body).backgroundColor.match(/[\d.]+/g) ?? [];
  const isRgb = getComputedStyle(page.body).backgroundColor.startsWith("rgb");
  return isRgb && Number(alpha) > 0 && 0.299 * Number(red) + 0.587 * Number(green) + 0.114 * Number(blue) < 100;
}
