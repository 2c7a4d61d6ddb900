/** Choose, word and compare the results that papers report. Pure. */

import { plainText } from "../shared/latex.js";

/** @import { Result } from "../shared/api.d.ts" */
/** @import { View } from "../shared/types.d.ts" */

/**
 * The paper's own results come first, then differences and numbers of others; results of older
 * extractions have no kind.
 * @type {Record<string, number>}
 */
const KINDS = { own: 8, "": 6, change: 2, baseline: 0 };

/**
 * Describe a result in one line: "92.4% accuracy · ImageNet".
 * @param {Result} result
 * @returns {string}
 */
export function resultLine({ value, metric, dataset }) {
  const number = [value, metric].filter(Boolean).join(" ");
  return plainText([number, dataset].filter(Boolean).join(" · "));
}

/**
 * Return whether it is known what a number measures, and on what. Only such a number says
 * something by itself.
 * @param {Result} result
 */
export function isComplete({ metric, dataset }) {
  return Boolean(metric && dataset);
}

/** @param {Result} result */
function isOwn({ kind }) {
  return !kind || kind === "own";
}

/**
 * Return the result that stands for a paper: its own, and with a metric or dataset. There may be
 * none.
 * @param {Result[]} results
 * @returns {Result | undefined}
 */
export function leadingResult(results) {
  return sortResults(results).find((each) => isOwn(each) && (each.metric || each.dataset));
}

/**
 * Sort results by kind, those with both a metric and a dataset first.
 * @param {Result[]} results
 * @returns {Result[]}
 */
export function sortResults(results) {
  const worth = (/** @type {Result} */ { kind, metric, dataset }) =>
    (KINDS[kind ?? ""] ?? 0) + Number(Boolean(metric)) * 2 + Number(Boolean(dataset));
  return [...results].sort((a, b) => worth(b) - worth(a) || a.start - b.start);
}

/**
 * Rank papers by their own results. Numbers are compared only if they have the same metric,
 * dataset, unit and setting, smaller ones first where these are better. What most papers of the
 * page report comes first, and a paper whose numbers are comparable to none of another paper comes
 * before those that report nothing.
 * @param {View[]} views
 * @returns {{ group: number, number: number }[]} in ascending order of `group`, then of `number`
 */
export function rankResults(views) {
  const boards = views.map(({ card }) => boardsOf(card));
  const sizes = new Map();
  for (const board of boards)
    for (const name of board.keys()) sizes.set(name, (sizes.get(name) ?? 0) + 1);
  const groups = [...sizes]
    .filter(([, size]) => size > 1)
    .sort(([a, x], [b, y]) => y - x || a.localeCompare(b))
    .map(([name]) => name);
  return boards.map((board, place) => {
    const group = groups.findIndex((name) => board.has(name));
    const rest = views[place].card.results.length ? groups.length : groups.length + 1;
    return group < 0
      ? { group: rest, number: 0 }
      : { group, number: board.get(groups[group]) ?? 0 };
  });
}

/**
 * @param {View["card"]} card
 * @returns {Map<string, number>} by what is measured, the paper's best number; the smaller, the
 *   better, so that numbers of which large ones are good are negative
 */
function boardsOf({ results, lower_is_better: lower = [] }) {
  const boards = new Map();
  for (const result of results) {
    const { metric, dataset, unit, setting, number } = result;
    if (!isOwn(result) || !isComplete(result) || typeof number !== "number") continue;
    const name = [metric, dataset, unit, setting].map((each) => each?.toLowerCase()).join("\n");
    const signed = lower.includes(metric ?? "") ? number : -number;
    boards.set(name, Math.min(signed, boards.get(name) ?? Infinity));
  }
  return boards;
}
