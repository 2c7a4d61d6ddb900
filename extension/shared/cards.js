/** Cards of papers, for the background and the page alike. Pure. */

/** @import { Card } from "./api.d.ts" */

/**
 * Return the card of a paper that the server has not described yet.
 * @param {string} key
 * @param {string} title
 * @returns {Card}
 */
export function emptyCard(key, title) {
  return {
    key,
    title,
    extraction: "pending",
    seen: false,
    entry: null,
    notes: [],
    terms: [],
    results: [],
  };
}
