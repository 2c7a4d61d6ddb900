/** The keyboard: single letters, heard only when nobody types. */

import { h, TYPED_INTO } from "./dom.js";
import { t } from "./text.js";


/**
 * Call `table[key]` for a letter pressed outside of any field.
 * @param {Record<string, () => void>} table
 * @param {() => boolean} isOn
 */
export function listenKeys(table, isOn) {
  document.addEventListener("keydown", (event) => {
    if (!event.isTrusted || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !isOn()) return;
    if (!Object.hasOwn(table, event.key) || isTyping()) return;
    event.preventDefault();
    table[event.key]();
  });
}

/** Whether one of the page's fields has the focus; what is typed into our own is not heard out here. */
function isTyping() {
  const focused = document.activeElement;
  return Boolean(focused?.matches(TYPED_INTO) || /** @type {HTMLElement | null} */ (focused)?.isContentEditable);
}

/** @returns {Node[]} what the keys do, for the help */
export function keyHelp() {
  const keys = ["j", "k", "s", "t", "n", "f", "?"];
  return [
    h("h3", {}, t("keys")),
    h("dl", { class: "keys" }, keys.flatMap((key, place) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, t(`key_${place}`))])),
    h("p", { class: "about" }, t("keysOff")),
  ];
}
