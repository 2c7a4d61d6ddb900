/** Building nodes: text is always text, and only the person's own events are heard. */

/**
 * What stands in the page before its scripts: `take` is called with each event of the keyboard, `isUp` says whether it
 * still stands.
 * @typedef {{ take: (event: Event) => void, isUp: () => boolean }} Guard
 */

import { browser } from "./messages.js";

const SHADOW_MODE = "closed";

/** What takes letters as text. */
export const TYPED_INTO =
  "input, textarea, select, [contenteditable], [role=textbox], [role=searchbox], [role=combobox]";

/**
 * Make an element: `h("p.about", { title: "x" }, …children)`. A function listens to the event of its name ("onclick"),
 * other properties become attributes, and what is false or absent is left out, as it is among the children.
 * @param {string} name a tag and its classes
 * @param {...any} parts properties, if the first is a plain object; then nodes, texts and lists of them
 * @returns {any}
 */
export function h(name, ...parts) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  const properties = parts[0]?.constructor === Object ? parts.shift() : {};
  if (tag === "button") element.setAttribute("type", "button");
  if (classes.length) element.className = classes.join(" ");
  for (const [property, value] of Object.entries(properties)) setProperty(element, property, value);
  element.append(...parts.flat().filter((child) => child || child === ""));
  return element;
}

/** @param {Element} element @param {string} name @param {any} value */
function setProperty(element, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (typeof value === "function") hear(element, name.slice(2), value);
  else if (name === "value" || name === "checked") Reflect.set(element, name, value);
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** @type {WeakMap<EventTarget, ShadowRoot>} */
const roots = new WeakMap();
/** @type {WeakMap<Node, { type: string, handler: (event: any) => void }[]>} */
const handlers = new WeakMap();
/** @type {Set<WeakRef<ShadowRoot>>} */
const drawn = new Set();
/** @type {Guard} */
let guard = { take: () => {}, isUp: () => false };

/**
 * Take the keyboard's events from the guard: each is told to `onEvent`, and to those inside the margin that hear it.
 * @param {Guard} standing
 * @param {(event: any) => void} onEvent
 */
export function takeEvents(standing, onEvent) {
  guard = standing;
  // document.open() empties the page before it throws out listeners, also those within hosts that a script kept
  new MutationObserver(() => {
    if (!guard.isUp()) for (const root of drawn) root.deref()?.replaceChildren();
  }).observe(document, { childList: true });
  guard.take = (event) => {
    onEvent(event);
    if (event.defaultPrevented) return;
    for (let node = /** @type {Node | null} */ (focusIn(event.target)); node; node = node.parentNode) {
      for (const { type, handler } of handlers.get(node) ?? []) if (type === event.type) handler(event);
    }
  };
}

/**
 * Give the element inside a host of ours that has the focus, null for other elements.
 * @param {EventTarget | null} host
 * @returns {Element | null}
 */
export function focusIn(host) {
  return (host && roots.get(host)?.activeElement) ?? null;
}

/**
 * Listen for events that the browser vouches for: what a page's script makes up is not heard. What the guard
 * stops comes by way of it.
 * @param {Node} target
 * @param {string} type
 * @param {(event: any) => void} handler
 */
export function hear(target, type, handler) {
  handlers.set(target, [...(handlers.get(target) ?? []), { type, handler }]);
  target.addEventListener(type, (event) => {
    if (event.isTrusted) handler(event);
  });
}

/**
 * Make a host with a closed shadow root, where the page can neither look nor style; `body` shows once the style is
 * there, and is emptied before anything is typed that no guard would stop.
 * @param {string} tag a name that begins with "papermargin-", by which the guard knows it
 * @returns {{ host: HTMLElement, body: HTMLElement }}
 */
export function makeHost(tag) {
  const host = document.createElement(tag);
  const body = h("div.body", { hidden: true, lang: browser.i18n.getUILanguage() });
  const style = h("link", { rel: "stylesheet", href: browser.runtime.getURL("styles/margin.css") });
  style.addEventListener("load", () => body.removeAttribute("hidden"));
  body.addEventListener("focusin", () => guard.isUp() || body.replaceChildren());
  const root = host.attachShadow({ mode: SHADOW_MODE });
  root.append(style, body);
  roots.set(host, root);
  drawn.add(new WeakRef(root));
  return { host, body };
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
