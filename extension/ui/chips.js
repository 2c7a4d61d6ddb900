/** Chips, marks and menu items, shared by margins, bar, panel and popup. */

import { h } from "./dom.js";
import { t } from "../shared/i18n.js";
import { plainText } from "../shared/latex.js";

/** @import { TermChip } from "../shared/api.d.ts" */
/** @import { Status } from "../shared/types.d.ts" */

/** @type {Status[]} */
export const STATUSES = ["inbox", "reading", "read", "skipped"];

/** @param {Status} status @returns {string} */
export function statusName(status) {
  return t(`status_${status}`);
}

/**
 * Return the status that one click leads to.
 * @param {Status} status
 * @returns {Status}
 */
export function nextStatus(status) {
  const next = {
    none: "inbox",
    inbox: "reading",
    reading: "read",
    read: "inbox",
    skipped: "inbox",
  };
  return /** @type {Status} */ (next[status]);
}

/**
 * Make a chip for a term, in its label's colour; a mark shows that the paper introduces it.
 * @param {TermChip} term
 * @param {(button: HTMLElement) => void} open
 */
export function termChip(term, open) {
  const about = describeTerm(term);
  const name = `button.chip.${term.label.toLowerCase()}`;
  const isOwn = term.role === "introduced";
  return opener(
    name,
    "menu",
    open,
    { title: about, "aria-label": about },
    isOwn && h("i.own", { "aria-hidden": "true" }, "✦"),
    h("span", plainText(term.name)),
  );
}

/** @param {TermChip} term @returns {string} what a term is, and what the paper does with it */
export function describeTerm(term) {
  const about = t("termAbout", term.name, t(`label_${term.label}`), term.papers);
  return term.role ? `${about}; ${t(`role_${term.role}`)}` : about;
}

/**
 * Make a chip for a tag, with a dot in its colour.
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
 * Make a button that opens a popover beside itself.
 * @param {string} name a tag and its classes
 * @param {"menu" | "dialog"} kind
 * @param {(button: HTMLElement) => void} open
 * @param {...any} parts as in `h`
 * @returns {any}
 */
export function opener(name, kind, open, ...parts) {
  const properties = parts[0]?.constructor === Object ? parts.shift() : {};
  const button = h(
    name,
    {
      "aria-haspopup": kind,
      "aria-expanded": "false",
      ...properties,
      onclick: () => open(button),
    },
    ...parts,
  );
  return button;
}

/** @param {number | null} rating */
export function stars(rating) {
  return rating === null ? "☆" : `★ ${rating}`;
}

/**
 * Make one row of a menu.
 * @param {string} words
 * @param {() => void} onclick
 * @param {{ checked?: boolean, mark?: Node | null }} [looks]
 */
export function menuItem(words, onclick, { checked, mark = null } = {}) {
  const role = checked === undefined ? "menuitem" : "menuitemradio";
  return h(
    "button.item",
    {
      role,
      "aria-checked": checked === undefined ? undefined : String(checked),
      onclick,
    },
    mark,
    h("span", words),
  );
}
