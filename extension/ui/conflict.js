/** The form that resolves a conflict: both versions side by side, and a merged text. */

import { statusName } from "./chips.js";
import { h } from "./dom.js";
import { ask } from "../shared/messages.js";
import { t } from "../shared/i18n.js";

/** @import { Edit } from "../shared/types.d.ts" */

/**
 * Make the form, in which the person keeps this version, the server's, or a merged text.
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
  const mine = isText ? area(edit.change.text, t("yours")) : h("p.side", describeMine(edit));
  const theirs =
    isText && !edit.current.deleted
      ? area(edit.current.text, t("theirs"))
      : h("p.side", describeTheirs(edit));
  // both texts are put below each other, so that nothing is lost by saving at once
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

/**
 * @param {string} heading
 * @param {Node} content
 * @param {string} words
 * @param {() => void} onclick
 */
function side(heading, content, words, onclick) {
  return h("section", h("h3", heading), content, h("button.plain", { onclick }, words));
}

/** @param {string} text @param {string} label */
function area(text, label) {
  return h("textarea.field.side", {
    readonly: true,
    rows: 6,
    "aria-label": label,
    value: text,
  });
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
function describeMine({ erase, change }) {
  if (erase) return t("deletes");
  return [
    change.status && statusName(change.status),
    "rating" in change && t("ratingOf", change.rating ?? "–"),
  ]
    .filter(Boolean)
    .join(" · ");
}

/** @param {Edit} edit */
function describeTheirs({ kind, current }) {
  if (current.deleted) return t("deleted");
  return kind === "note"
    ? current.text
    : [statusName(current.status), t("ratingOf", current.rating ?? "–")].join(" · ");
}
