/** Texts of the user interface, from `_locales`. */

import { browser } from "./messages.js";

/**
 * Return the text `name` with its placeholders filled in order.
 * @param {string} name
 * @param {...(string | number)} fills
 * @returns {string}
 */
export function t(name, ...fills) {
  return browser.i18n.getMessage(name, fills.map(String)) || name;
}

/**
 * Return the text for a number of things: `name_one` or `name_other`, by the plural rules of the
 * language.
 * @param {string} name
 * @param {number} number
 * @param {...(string | number)} fills
 * @returns {string}
 */
export function count(name, number, ...fills) {
  const form =
    new Intl.PluralRules(browser.i18n.getUILanguage()).select(number) === "one" ? "one" : "other";
  return t(`${name}_${form}`, number, ...fills);
}

/**
 * Fill in the text of each element with `data-t`, and the attributes given as `data-t-<attribute>`.
 * @param {ParentNode} root
 */
export function translate(root) {
  for (const element of root.querySelectorAll("[data-t]")) {
    element.textContent = t(element.getAttribute("data-t") ?? "");
  }
  for (const attribute of ["placeholder", "aria-label", "title"]) {
    for (const element of root.querySelectorAll(`[data-t-${attribute}]`)) {
      element.setAttribute(attribute, t(element.getAttribute(`data-t-${attribute}`) ?? ""));
    }
  }
}
