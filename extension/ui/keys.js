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
 * Return whether the key goes to a field, ours or the page's.
 * @param {Event} event
 */
function isTyping(event) {
  const target = /** @type {HTMLElement} */ (focusIn(event.target) ?? event.composedPath()[0]);
  return Boolean(target.matches?.(TYPED_INTO) || target.isContentEditable);
}

/** @returns {Node[]} the list of shortcuts, for the help */
export function keyHelp() {
  const keys = ["j", "k", "s", "t", "n", "f", "?"];
  return [
    h("h3", t("keys")),
    h(
      "dl.keys",
      keys.flatMap((key, place) => [h("dt", h("kbd", key)), h("dd", t(`key_${place}`))]),
    ),
    h("p.about", t("keysOff")),
  ];
}
