/** The keyboard: single letters, heard only when nobody types. */

import { focusIn, h, TYPED_INTO } from "./dom.js";
import { t } from "./text.js";

/**
 * Call `table[key]` for a letter pressed outside of any field; the page then does not hear of it.
 * @param {any} event
 * @param {Record<string, () => void>} table
 */
export function pressKey(event, table) {
  if (event.type !== "keydown" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (!Object.hasOwn(table, event.key) || isTyping(event)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  table[event.key]();
}

/** Whether the key is for a field, of ours or of the page. @param {Event} event */
function isTyping(event) {
  const target = /** @type {HTMLElement} */ (focusIn(event.target) ?? event.composedPath()[0]);
  return Boolean(target.matches?.(TYPED_INTO) || target.isContentEditable);
}

/** @returns {Node[]} what the keys do, for the help */
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
