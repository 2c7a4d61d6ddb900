/** Two texts side by side, and the choice between them. */

import { statusWord } from "./chips.js";
import { h } from "./dom.js";
import { ask } from "./messages.js";
import { t } from "./text.js";

/** @typedef {import("./wire.js").Edit} Edit */

/**
 * Show what was written here and what stands on the server; the person keeps either or a merged text.
 * @param {Edit} edit an edit in conflict
 * @param {() => void} onDone
 * @returns {Node[]}
 */
export function conflictForm(edit, onDone) {
  const decide = async (/** @type {string} */ choice, /** @type {string} */ text) => {
    await ask("resolve", { id: edit.id, choice, text });
    onDone();
  };
  const isText = edit.kind === "note" && !edit.erase;
  const mine = isText ? area(edit.change.text, t("yours")) : h("p.side", sayMine(edit));
  const theirs = isText && !edit.current.deleted ? area(edit.current.text, t("theirs")) : h("p.side", sayTheirs(edit));
  const merged = isText ? area(mergedText(edit), t("merged")) : null;
  return [
    h("p.about", t("conflictAbout", edit.paper.title || edit.paper.id)),
    h(
      "div.sides",
      side(t("yours"), mine, t("keepMine"), () => decide("mine", "")),
      side(t("theirs"), theirs, t("keepTheirs"), () => decide("theirs", "")),
    ),
    merged &&
      h(
        "div.sides.one",
        side(t("merged"), editable(merged), t("keepMerged"), () => decide("merged", merged.value)),
      ),
  ].filter((node) => node !== null);
}

/** @param {string} heading @param {Node} content @param {string} words @param {() => void} onclick */
function side(heading, content, words, onclick) {
  return h("section", h("h3", heading), content, h("button.plain", { onclick }, words));
}

/** @param {string} text @param {string} label */
function area(text, label) {
  return h("textarea.field.side", { readonly: true, rows: 6, "aria-label": label, value: text });
}

/** @param {HTMLTextAreaElement} element */
function editable(element) {
  element.removeAttribute("readonly");
  return element;
}

/** @param {Edit} edit */
function mergedText({ change, current }) {
  return current.deleted ? change.text : `${current.text}\n\n${change.text}`;
}

/** @param {Edit} edit */
function sayMine({ erase, change }) {
  if (erase) return t("deletes");
  return [change.status && statusWord(change.status), "rating" in change && t("ratingOf", change.rating ?? "–")]
    .filter(Boolean)
    .join(" · ");
}

/** @param {Edit} edit */
function sayTheirs({ kind, current }) {
  if (current.deleted) return t("deleted");
  return kind === "note"
    ? current.text
    : [statusWord(current.status), t("ratingOf", current.rating ?? "–")].join(" · ");
}
