/** Words of the interface, from `_locales`. */

import { browser } from "./messages.js";

/**
 * Give the words for `name`, its places filled in order.
 * @param {string} name
 * @param {...(string | number)} fills
 * @returns {string}
 */
export function t(name, ...fills) {
  return browser.i18n.getMessage(name, fills.map(String)) || name;
}

/**
 * Give the words for a number of things: `name_one` or `name_other`, as the language asks.
 * @param {string} name
 * @param {number} number
 * @param {...(string | number)} fills
 * @returns {string}
 */
export function count(name, number, ...fills) {
  const form = new Intl.PluralRules(browser.i18n.getUILanguage()).select(number) === "one" ? "one" : "other";
  return t(`${name}_${form}`, number, ...fills);
}

/**
 * Fill in every element of a page that names its words in `data-t`, and the attributes that `data-t-<attribute>` names.
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
