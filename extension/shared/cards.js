/** Cards of papers, for the background and the page alike. Pure. */

/** @import { Card } from "./api.d.ts" */
/** @import { View } from "./types.d.ts" */

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

/**
 * Return what is drawn beside a paper before anything is known of it.
 * @param {{ id: string, title: string }} paper
 * @returns {View}
 */
export function emptyView({ id, title }) {
  return { card: emptyCard(id, title), known: false, edits: [], drafts: [] };
}
