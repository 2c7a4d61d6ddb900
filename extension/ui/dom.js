/** Build nodes from text only, never HTML, and listen to the person's own events only. */

/**
 * What content.js installs before the page's scripts run: it calls `take` with each keyboard event;
 * `isUp` returns whether its listeners are still installed.
 * @typedef {{ take: (event: Event) => void, isUp: () => boolean }} Guard
 */

import { browser } from "../shared/messages.js";

const SHADOW_MODE = "closed";

/** A selector of elements that people type into. */
export const TYPED_INTO =
  "input, textarea, select, [contenteditable], [role=textbox], [role=searchbox], [role=combobox]";

/**
 * Make an element: `h("p.about", { title: "x" }, …children)`. A function listens to the event in
 * its name ("onclick"), other properties become attributes. Falsy properties and children are left
 * out.
 * @param {string} name a tag and its classes
 * @param {...any} parts properties, if the first is a plain object; then nodes, texts and arrays of
 *   them
 * @returns {any}
 */
export function h(name, ...parts) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  const properties = parts[0]?.constructor === Object ? parts.shift() : {};
  // the default type would submit a form around it
  if (tag === "button") element.setAttribute("type", "button");
  if (classes.length) element.className = classes.join(" ");
  for (const [property, value] of Object.entries(properties)) setProperty(element, property, value);
  element.append(...parts.flat().filter((child) => child || child === ""));
  return element;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {any} value
 */
function setProperty(element, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (typeof value === "function") on(element, name.slice(2), value);
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
 * Receive keyboard events from the guard: each goes to `onEvent`, and then to the listeners of the
 * focused element inside our shadow roots.
 * @param {Guard} installed
 * @param {(event: any) => void} onEvent
 */
export function connectGuard(installed, onEvent) {
  guard = installed;
  // document.open() empties the page before it removes all listeners, also those inside kept hosts
  new MutationObserver(() => {
    if (!guard.isUp()) for (const root of drawn) root.deref()?.replaceChildren();
  }).observe(document, { childList: true });
  guard.take = (event) => {
    onEvent(event);
    if (event.defaultPrevented) return;
    for (
      let node = /** @type {Node | null} */ (focusIn(event.target));
      node;
      node = node.parentNode
    ) {
      for (const { type, handler } of handlers.get(node) ?? [])
        if (type === event.type) handler(event);
    }
  };
}

/**
 * Return the focused element inside a host of ours, null for other elements.
 * @param {EventTarget | null} host
 * @returns {Element | null}
 */
export function focusIn(host) {
  return (host && roots.get(host)?.activeElement) ?? null;
}

/**
 * Listen to trusted events only, since a page's script can dispatch its own. Keyboard events, which
 * the guard stops on their way, are passed on by the guard.
 * @param {Node} target
 * @param {string} type
 * @param {(event: any) => void} handler
 */
export function on(target, type, handler) {
  handlers.set(target, [...(handlers.get(target) ?? []), { type, handler }]);
  target.addEventListener(type, (event) => {
    if (event.isTrusted) handler(event);
  });
}

/**
 * Make a host element with a closed shadow root, which the page can neither read nor style. `body`
 * is shown once the style sheet has loaded, and emptied on focus if the guard is gone, so that
 * nothing is typed where the page could listen.
 * @param {string} tag a name that begins with "papermargin-", by which the guard recognises it
 * @returns {{ host: HTMLElement, body: HTMLElement }}
 */
export function makeHost(tag) {
  const host = document.createElement(tag);
  const body = h("div.body", {
    hidden: true,
    lang: browser.i18n.getUILanguage(),
  });
  const style = h("link", {
    rel: "stylesheet",
    href: browser.runtime.getURL("styles/margin.css"),
  });
  style.addEventListener("load", () => body.removeAttribute("hidden"));
  body.addEventListener("focusin", () => guard.isUp() || body.replaceChildren());
  const root = host.attachShadow({ mode: SHADOW_MODE });
  root.append(style, body);
  roots.set(host, root);
  drawn.add(new WeakRef(root));
  return { host, body };
}

/**
 * Return whether the page is dark now, by its class or the luma (ITU-R BT.601) of its background.
 * @param {Document} page
 * @returns {boolean}
 */
export function isDark(page) {
  if (page.documentElement.classList.contains("dark")) return true;
  const [red, green, blue, alpha = "1"] =
    getComputedStyle(page.body).backgroundColor.match(/[\d.]+/g) ?? [];
  // other colour spaces (oklch, color()) have other scales; such pages count as light
  const isRgb = getComputedStyle(page.body).backgroundColor.startsWith("rgb");
  return (
    isRgb &&
    Number(alpha) > 0 &&
    0.299 * Number(red) + 0.587 * Number(green) + 0.114 * Number(blue) < 100
  );
}
