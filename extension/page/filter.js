/** Filter and order the papers of a list. Pure. */

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

/** @param {Card} card @returns {boolean} */
function isNew(card) {
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
  const metric = commonMetric(views);
  /** @type {Record<Filter["sort"], (view: View) => number>} */
  const worth = {
    page: () => 0,
    // a card that was cached before the server knew a score comes last
    close: (view) => view.card.for_you?.score ?? -Infinity,
    results: (view) => resultWorth(view, metric),
  };
  const places = views
    .map((view, place) => ({ place, worth: worth[sort](view) }))
    .sort((a, b) => b.worth - a.worth || a.place - b.place);
  const order = new Array(views.length);
  for (const [rank, { place }] of places.entries()) order[place] = rank;
  return order;
}

/** @param {View[]} views @returns {string | null} the metric that most papers of the page report */
function commonMetric(views) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { card } of views) {
    for (const metric of new Set(card.results.map((result) => result.metric ?? "")))
      counts.set(metric, (counts.get(metric) ?? 0) + 1);
  }
  counts.delete("");
  const [best] = [...counts].sort(([a, x], [b, y]) => y - x || a.localeCompare(b));
  return best?.[0] ?? null;
}

/**
 * Rank papers with the page's most common metric first, by its number; then other results; then the
 * rest.
 * @param {View} view
 * @param {string | null} metric
 */
function resultWorth({ card }, metric) {
  const numbers = card.results
    .filter((result) => result.metric === metric)
    .map((result) => result.number ?? 0);
  // above every paper without the metric, whose worth is 1 at most
  if (metric && numbers.length) return 1_000 + Math.max(...numbers);
  return card.results.length ? 1 : 0;
}
