/** Say in words why a paper stands out for the user. */

import { t } from "../shared/i18n.js";

/** @import { Closeness } from "../shared/api.d.ts" */

const MOST_TERMS = 4;

/**
 * Write one line for each kind of reason that the server gives.
 * @param {Closeness} closeness
 * @returns {string[]}
 */
export function reasonsOf({ terms, authors = [], nearest = [] }) {
  const lines = [];
  const names = terms.slice(0, MOST_TERMS).map((term) => term.name);
  if (names.length) lines.push(t("whyTerms", names.join(", ")));
  if (authors.length) lines.push(t("whyAuthors", authors.join(", ")));
  if (nearest.length) lines.push(t("whyNearest", nearest.map(({ title }) => title).join("; ")));
  return lines.length ? lines : [t("whyText")];
}
