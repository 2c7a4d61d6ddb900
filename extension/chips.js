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
 * @param {(button: HTMLElement) => void} open
 */
export function termChip(term, open) {
  const about = t("termAbout", term.name, t(`label_${term.label}`), term.papers);
  const name = `button.chip.${term.label.toLowerCase()}`;
  return opener(name, "menu", open, { title: about, "aria-label": about }, h("span", term.name));
}

/**
 * A tag with the dot of its colour.
 * @param {string} name
 * @param {string | null | undefined} colour
 * @param {(event: Event) => void} onclick
 */
export function tagChip(name, colour, onclick) {
  const chip = h(
    "button.chip.tag",
    { "aria-label": t("tagAbout", name), title: name, onclick },
    dot(colour),
    h("span", name),
  );
  return chip;
}

/** @param {string | null | undefined} colour */
export function dot(colour) {
  const mark = h("i.dot", { "aria-hidden": "true" });
  if (colour) mark.style.background = colour;
  return mark;
}

/**
 * A button that opens a popover beside itself.
 * @param {string} name its tag and classes
 * @param {"menu" | "dialog"} kind
 * @param {(button: HTMLElement) => void} open
 * @param {...any} parts as of `h`
 * @returns {any}
 */
export function opener(name, kind, open, ...parts) {
  const properties = parts[0]?.constructor === Object ? parts.shift() : {};
  const button = h(
    name,
    { "aria-haspopup": kind, "aria-expanded": "false", ...properties, onclick: () => open(button) },
    ...parts,
  );
  return button;
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
  return h(
    "button.item",
    { role, "aria-checked": checked === undefined ? undefined : String(checked), onclick },
    mark,
    h("span", words),
  );
}
