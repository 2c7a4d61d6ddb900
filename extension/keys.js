/** The keyboard: single letters, heard only when nobody types. */

import { h } from "./dom.js";
import { t } from "./text.js";

const TYPED_INTO = "input, textarea, select, [contenteditable], [role=textbox], [role=searchbox], [role=combobox]";

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

/** Whether a field has the focus, in the page or in a margin, which looks like its host from out here. */
function isTyping() {
  const focused = document.activeElement;
  return Boolean(focused?.matches(TYPED_INTO) || /** @type {HTMLElement | null} */ (focused)?.isContentEditable || focused?.matches("papermargin-layer[data-typing], papermargin-bar[data-typing], papermargin-panel[data-typing]"));
}

/**
 * Mark the host of a shadow root while one of its fields has the focus.
 * @param {HTMLElement} host
 * @param {Node} body
 */
export function markTyping(host, body) {
  const mark = (/** @type {Event} */ event) => host.toggleAttribute("data-typing", event.type === "focusin" && /** @type {Element} */ (event.target).matches(TYPED_INTO));
  body.addEventListener("focusin", mark);
  body.addEventListener("focusout", mark);
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
