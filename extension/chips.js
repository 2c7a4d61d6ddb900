/** The small parts that margins, bar and panel are made of. */

import { h } from "./dom.js";
import { t } from "./text.js";

/** @typedef {import("./wire.js").TermChip} TermChip */
/** @typedef {import("./wire.js").Status} Status */

/** @type {Status[]} */
export const STATUSES = ["inbox", "reading", "read", "skipped"];

/** @param {Status} status @returns {string} */
export function statusWord(status) {
  return t(`status_${status}`);
}

/**
 * The status that one click leads to.
 * @param {Status} status
 * @returns {Status}
 */
export function nextStatus(status) {
  const next = { none: "inbox", inbox: "reading", reading: "read", read: "inbox", skipped: "inbox" };
  return /** @type {Status} */ (next[status]);
}

/**
 * A term as a quiet chip in its label's colour.
 * @param {TermChip} term
 * @param {(event: Event) => void} onclick
 */
export function termChip(term, onclick) {
  const about = t("termAbout", term.name, t(`label_${term.label}`), term.papers);
  return h("button", { class: `chip ${term.label.toLowerCase()}`, type: "button", title: about, "aria-label": about, "aria-haspopup": "menu", onclick }, h("span", {}, term.name));
}

/**
 * A tag with the dot of its colour.
 * @param {string} name
 * @param {string | null | undefined} colour
 * @param {(event: Event) => void} onclick
 */
export function tagChip(name, colour, onclick) {
  const chip = h("button", { class: "chip tag", type: "button", "aria-label": t("tagAbout", name), title: name, onclick }, dot(colour), h("span", {}, name));
  return chip;
}

/** @param {string | null | undefined} colour */
export function dot(colour) {
  const mark = h("i", { class: "dot", "aria-hidden": "true" });
  if (colour) mark.style.background = colour;
  return mark;
}

/** @param {number | null} rating */
export function stars(rating) {
  return rating === null ? "☆" : `★ ${rating}`;
}

/**
 * One row of a menu.
 * @param {string} words
 * @param {() => void} onclick
 * @param {{ checked?: boolean, mark?: Node | null }} [looks]
 */
export function menuItem(words, onclick, { checked, mark = null } = {}) {
  const role = checked === undefined ? "menuitem" : "menuitemradio";
  return h("button", { class: "item", type: "button", role, "aria-checked": checked === undefined ? undefined : String(checked), onclick }, mark, h("span", {}, words));
}
