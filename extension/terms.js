/** Which terms and results of a paper tell the most. Pure. */

/** @typedef {import("./wire.js").TermChip} TermChip */
/** @typedef {import("./wire.js").Result} Result */
/** @typedef {import("./wire.js").Label} Label */

/** @type {Label[]} */
export const LABELS = ["METHOD", "DATASET", "METRIC", "TASK"];

const POSITION_WEIGHT = 1 / 400;

/**
 * Order terms, most telling first: rare in the store, and named early (the title comes first in the text).
 * @param {TermChip[]} terms
 * @returns {TermChip[]}
 */
export function byTelling(terms) {
  const rank = (/** @type {TermChip} */ term) => Math.log2(1 + term.papers) + term.first * POSITION_WEIGHT;
  return [...terms].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}

/**
 * Take as many of the first named things as fit into `room` characters, at least one.
 * @template {{ name: string }} T
 * @param {T[]} things
 * @param {number} room
 * @returns {T[]}
 */
export function fitting(things, room) {
  let used = 0;
  const count = things.findIndex(({ name }) => (used += Math.min(name.length, 24) + 3) > room);
  return things.slice(0, count === -1 ? things.length : Math.max(count, 1));
}

/**
 * Say a result in one line: "92.4% accuracy · ImageNet".
 * @param {Result} result
 * @returns {string}
 */
export function resultLine(result) {
  const number = [result.value, result.metric].filter(Boolean).join(" ");
  return [number, result.dataset].filter(Boolean).join(" · ");
}

/**
 * Give the results, those that name both a metric and a dataset first.
 * @param {Result[]} results
 * @returns {Result[]}
 */
export function byWorth(results) {
  const worth = (/** @type {Result} */ result) => Number(Boolean(result.metric)) * 2 + Number(Boolean(result.dataset));
  return [...results].sort((a, b) => worth(b) - worth(a) || a.start - b.start);
}

/**
 * Name the terms that a paper shares with hardly any other, at most `most`, those of a single paper left out.
 * @param {TermChip[]} terms
 * @param {number} most
 * @returns {TermChip[]}
 */
export function rarestShared(terms, most) {
  return [...terms]
    .filter((term) => term.papers > 1)
    .sort((a, b) => a.papers - b.papers || a.first - b.first)
    .slice(0, most);
}
