/** Single-letter keyboard shortcuts, which are off while the person is typing. */

import { focusIn, h, TYPED_INTO } from "./dom.js";
import { t } from "../shared/i18n.js";

/**
 * Call `table[key]` for a key pressed outside of any field, and hide the event from the page.
 * @param {any} event
 * @param {Record<string, () => void>} table
 */
export function pressKey(event, table) {
  if (
    event.type !== "keydown" ||
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    event.isComposing
  )
    return;
  if (!Object.hasOwn(table, event.key) || isTyping(event)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  table[event.key]();
}

/**
 * Return whether the key goes to a field, ours or the page's. Nobody can see into a closed shadow
 * root of the page, which may have one.
 * @param {Event} event
 */
function isTyping(event) {
  const ours = focusIn(event.target);
  const target = /** @type {HTMLElement} */ (ours ?? event.composedPath()[0]);
  const isClosed = !ours && target.localName?.includes("-");
  return Boolean(isClosed || target.matches?.(TYPED_INTO) || target.isContentEditable);
}

/** The shortcuts of lists and papers, each with the name of what it does. */
const KEYS = Object.entries({
  ...{ j: "next", k: "back", s: "status", t: "tags", n: "note" },
  ...{ f: "filter", g: "triage", "?": "help" },
});

/**
 * List shortcuts with what they do, for the help.
 * @param {[keys: string, name: string][]} [shortcuts] `keys` are separated by spaces
 * @returns {Node[]}
 */
export function keyHelp(shortcuts = KEYS) {
  const drawn = (/** @type {string} */ keys) =>
    keys.split(" ").flatMap((key, place) => [place ? " " : "", h("kbd", key)]);
  return [
    h("h3", t("keys")),
    h(
      "dl.keys",
      shortcuts.flatMap(([keys, name]) => [h("dt", drawn(keys)), h("dd", t(`key_${name}`))]),
    ),
    h("p.about", t("keysOff")),
  ];
}
