/** Choose which terms and results of a paper are shown, and word them. Pure. */

/** @import { Result } from "../shared/api.d.ts" */
/** @import { Label } from "../shared/types.d.ts" */

/** @type {Label[]} */
export const LABELS = ["METHOD", "DATASET", "METRIC", "TASK"];

/**
 * Take as many of the first things as fit into `room` characters by their names, at least one.
 * @template {{ name: string }} T
 * @param {T[]} things
 * @param {number} room
 * @returns {T[]}
 */
export function takeFitting(things, room) {
  // a long name is cut off on the screen, and each chip has a border of about three characters
  let used = 0;
  const count = things.findIndex(({ name }) => (used += Math.min(name.length, 24) + 3) > room);
  return things.slice(0, count === -1 ? things.length : Math.max(count, 1));
}

/**
 * Describe a result in one line: "92.4% accuracy · ImageNet".
 * @param {Result} result
 * @returns {string}
 */
export function resultLine(result) {
  const number = [result.value, result.metric].filter(Boolean).join(" ");
  return [number, result.dataset].filter(Boolean).join(" · ");
}

/**
 * Sort results, those with both a metric and a dataset first.
 * @param {Result[]} results
 * @returns {Result[]}
 */
export function sortResults(results) {
  const worth = (/** @type {Result} */ result) =>
    Number(Boolean(result.metric)) * 2 + Number(Boolean(result.dataset));
  return [...results].sort((a, b) => worth(b) - worth(a) || a.start - b.start);
}
