/** Which papers of a list are shown, and in which order. Pure. */

/** @typedef {import("./wire.js").View} View */
/** @typedef {import("./wire.js").TermChip} TermChip */
/** @typedef {import("./wire.js").Status} Status */

/**
 * @typedef {object} Filter
 * @property {Status[]} statuses
 * @property {string[]} tags
 * @property {string[]} terms each as "METHOD:LoRA"
 * @property {string} text
 * @property {"page" | "close" | "results"} sort
 */

/** @type {Filter} */
export const NO_FILTER = { statuses: [], tags: [], terms: [], text: "", sort: "page" };

/** @param {TermChip} term @returns {string} */
export function termId({ label, name }) {
  return `${label}:${name}`;
}

/** @param {Filter} filter @returns {boolean} whether the filter holds anything back */
export function isActive({ statuses, tags, terms, text }) {
  return Boolean(statuses.length || tags.length || terms.length || text.trim());
}

/**
 * Say whether a paper is to be shown: one of the statuses, all of the tags, terms and words.
 * @param {View} view
 * @param {{ title: string, abstract?: string }} paper
 * @param {Filter} filter
 * @returns {boolean}
 */
export function isShown({ card }, paper, { statuses, tags, terms, text }) {
  const own = new Set((card.entry?.tags ?? []).map((tag) => tag.toLowerCase()));
  const named = new Set(card.terms.map(termId));
  return (
    (!statuses.length || statuses.includes(statusOf(card))) &&
    tags.every((tag) => own.has(tag.toLowerCase())) &&
    terms.every((term) => named.has(term)) &&
    holdsWords(card, paper, text)
  );
}

/** @param {import("./wire.js").Card} card @returns {Status} */
export function statusOf(card) {
  return card.entry?.status ?? "none";
}

/** @param {import("./wire.js").Card} card @param {{ title: string, abstract?: string }} paper @param {string} text */
function holdsWords(card, paper, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return true;
  const parts = [
    paper.title,
    paper.abstract ?? "",
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
 * Weigh how much a paper has in common with a person's own list: each shared term counts by its rarity in the store.
 * `own` tells how many papers of the list name a term; a paper of the list does not count for itself.
 * @param {View} view
 * @param {Map<string, number>} own
 * @returns {number}
 */
export function closeness({ card }, own) {
  const itself = card.entry ? 1 : 0;
  return card.terms.reduce((sum, term) => {
    const shared = (own.get(termId(term)) ?? 0) - itself;
    return shared > 0 ? sum + 1 / Math.log2(1 + Math.max(term.papers, 1)) : sum;
  }, 0);
}

/**
 * Give the order of the papers: `order[i]` is where the paper that stands at place i of the page is to be drawn.
 * @param {View[]} views in page order
 * @param {Filter["sort"]} sort
 * @param {Map<string, number>} own
 * @returns {number[]}
 */
export function orderOf(views, sort, own) {
  const metric = commonMetric(views);
  /** @type {Record<Filter["sort"], (view: View) => number>} */
  const worth = { page: () => 0, close: (view) => closeness(view, own), results: (view) => resultWorth(view, metric) };
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
 * Papers with the page's common metric first, by its number; then those with other results; then the rest.
 * @param {View} view
 * @param {string | null} metric
 */
function resultWorth({ card }, metric) {
  const numbers = card.results.filter((result) => result.metric === metric).map((result) => result.number ?? 0);
  if (metric && numbers.length) return 1_000 + Math.max(...numbers);
  return card.results.length ? 1 : 0;
}

/**
 * Read from the reading list's facets how many of its papers name each term.
 * @param {Record<string, { value: string, count: number }[]> | null | undefined} facets
 * @returns {Map<string, number>}
 */
export function ownTerms(facets) {
  const labels = ["method", "dataset", "metric", "task"];
  return new Map(
    labels.flatMap((label) =>
      (facets?.[label] ?? []).map(({ value, count }) => [`${label.toUpperCase()}:${value}`, count]),
    ),
  );
}
