/** Filter and order the papers of a list. Pure. */

import { rankResults } from "./results.js";

/** @import { Card, TermChip } from "../shared/api.d.ts" */
/** @import { Status, View } from "../shared/types.d.ts" */

/**
 * @typedef {object} Filter
 * @property {Status[]} statuses
 * @property {string[]} tags
 * @property {string[]} terms each as "METHOD:LoRA"
 * @property {string} text
 * @property {boolean} onlyNew only papers that are neither seen nor in the list
 * @property {"page" | "close" | "results"} sort
 */

/** @type {Filter} */
export const NO_FILTER = {
  statuses: [],
  tags: [],
  terms: [],
  text: "",
  onlyNew: false,
  sort: "page",
};

/** @param {TermChip} term @returns {string} */
export function termId({ label, name }) {
  return `${label}:${name}`;
}

/** @param {Filter} filter @returns {boolean} whether the filter can hide anything */
export function isActive({ statuses, tags, terms, text, onlyNew }) {
  return onlyNew || Boolean(statuses.length || tags.length || terms.length || text.trim());
}

/**
 * Return whether a paper is shown: it has one of the statuses and all of the tags, terms and words.
 * @param {View} view
 * @param {() => string} printed returns the words of the paper on the page
 * @param {Filter} filter
 * @returns {boolean}
 */
export function isShown({ card }, printed, { statuses, tags, terms, text, onlyNew }) {
  if (onlyNew && !isNew(card)) return false;
  const own = new Set((card.entry?.tags ?? []).map((tag) => tag.toLowerCase()));
  const named = new Set(card.terms.map(termId));
  return (
    (!statuses.length || statuses.includes(statusOf(card))) &&
    tags.every((tag) => own.has(tag.toLowerCase())) &&
    terms.every((term) => named.has(term)) &&
    holdsWords(card, printed, text)
  );
}

/** @param {Card} card @returns {boolean} whether a paper is neither seen nor in the list */
export function isNew(card) {
  return !card.seen && statusOf(card) === "none";
}

/** @param {Card} card @returns {Status} */
export function statusOf(card) {
  return card.entry?.status ?? "none";
}

/**
 * @param {Card} card
 * @param {() => string} printed
 * @param {string} text
 */
function holdsWords(card, printed, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return true;
  const parts = [
    printed(),
    ...(card.entry?.tags ?? []),
    ...card.notes.map((note) => note.text),
    ...card.terms.map((term) => term.name),
  ];
  const all = parts.join("\n").toLowerCase();
  return words.every((word) => all.includes(word));
}

/**
 * Count the papers of each status.
 * @param {View[]} views
 * @returns {Record<Status, number>}
 */
export function countStatuses(views) {
  const counts = { none: 0, inbox: 0, reading: 0, read: 0, skipped: 0 };
  for (const { card } of views) counts[statusOf(card)] += 1;
  return counts;
}

/**
 * Return the order of the papers: `order[i]` is the rank of the i-th paper of the page.
 * @param {View[]} views in page order
 * @param {Filter["sort"]} sort
 * @returns {number[]}
 */
export function orderOf(views, sort) {
  const places = rankBy(views, sort)
    .map((rank, place) => ({ ...rank, place }))
    .sort((a, b) => a.group - b.group || a.number - b.number || a.place - b.place);
  const order = new Array(views.length);
  for (const [rank, { place }] of places.entries()) order[place] = rank;
  return order;
}

/**
 * @param {View[]} views
 * @param {Filter["sort"]} sort
 * @returns {{ group: number, number: number }[]} smaller ones come first
 */
function rankBy(views, sort) {
  if (sort === "results") return rankResults(views);
  // a card that was cached before the server knew a score comes last
  const number = (/** @type {View} */ { card }) => -(card.for_you?.score ?? -Number.MAX_VALUE);
  return views.map((view) => ({ group: 0, number: sort === "close" ? number(view) : 0 }));
}
