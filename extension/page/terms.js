/** Choose which terms and results of a paper are shown, and word them. Pure. */

/** @import { Result } from "../shared/api.d.ts" */
/** @import { Label } from "../shared/types.d.ts" */

/** @type {Label[]} */
export const LABELS = ["METHOD", "DATASET", "METRIC", "TASK"];

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
