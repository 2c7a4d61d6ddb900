/** Which result stands for a paper, how it is worded, and which papers come first. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { orderOf } from "../../../../extension/page/filter.js";
import { leadingResult, resultLine, sortResults } from "../../../../extension/page/results.js";
import { plainText } from "../../../../extension/shared/latex.js";

const result = (value, metric, dataset, more = {}) => ({
  start: 0,
  end: 1,
  value,
  metric,
  dataset,
  number: Number.parseFloat(value),
  kind: "own",
  ...more,
});
const view = (...results) => ({ card: { results, lower_is_better: ["FID"] } });

test("small values come first where they are better", () => {
  const views = [view(result("41", "FID", "COCO")), view(result("2.1", "FID", "COCO"))];
  assert.deepEqual(orderOf(views, "results"), [1, 0]);
  const large = [view(result("41", "F1", "SQuAD")), view(result("82", "F1", "SQuAD"))];
  assert.deepEqual(orderOf(large, "results"), [1, 0]);
});

test("numbers of different datasets, units or settings are never compared", () => {
  for (const other of [
    result("99", "F1", "NewsQA"),
    result("99", "F1", "SQuAD", { unit: "points" }),
    result("99", "F1", "SQuAD", { setting: "5-shot" }),
    result("99", "F1", "SQuAD", { kind: "baseline" }),
    result("99", "F1", "SQuAD", { kind: "change" }),
    result("90-99", "F1", "SQuAD", { number: null }),
  ]) {
    const views = [view(), view(other), view(result("50", "F1", "SQuAD"))];
    // in the order of the page, before the one that reports nothing
    assert.deepEqual(orderOf(views, "results"), [2, 0, 1]);
  }
});

test("what most papers of the page report comes first, by a paper's best number", () => {
  const views = [
    view(result("9", "FID", "COCO")),
    view(result("60", "F1", "SQuAD"), result("85", "F1", "SQuAD"), result("3", "FID", "COCO")),
    view(result("70", "F1", "SQuAD")),
    view(result("90", "f1", "squad")),
  ];
  assert.deepEqual(orderOf(views, "results"), [3, 1, 2, 0]);
});

test("a paper's own result with metric and dataset stands for it", () => {
  const results = [
    result("97%-99%", null, null, { number: null }),
    result("80", "F1", "SQuAD", { kind: "baseline" }),
    result("85", "F1", null, { start: 3 }),
    result("84", "F1", "SQuAD", { start: 9 }),
  ];
  assert.equal(leadingResult(results).value, "84");
  assert.equal(leadingResult(results.slice(0, 2)), undefined);
  assert.deepEqual(
    sortResults(results).map(({ value }) => value),
    ["84", "85", "97%-99%", "80"],
  );
});

test("a result is said in one line, without LaTeX", () => {
  assert.equal(resultLine(result("92.4%", "accuracy", "ImageNet")), "92.4% accuracy · ImageNet");
  assert.equal(resultLine(result("3.1", null, null)), "3.1");
  assert.equal(resultLine(result("17.1\\%", "$\\text{mAP}_{50}$", null)), "17.1% mAP50");
});

test("LaTeX becomes plain text, and other text stays", () => {
  for (const [text, plain] of [
    ["$17.1\\%$ Success Rate", "17.1% Success Rate"],
    ["\\textbf{RAG} and $\\beta$-VAE", "RAG and β-VAE"],
    ["$2.3\\times$ faster", "2.3× faster"],
    ["$\\mathcal{L}_{1}$", "L1"],
    ["costs $5", "costs $5"],
    ["{braces} a_b 50%", "{braces} a_b 50%"],
  ])
    assert.equal(plainText(text), plain);
});
