/** Filter, order, and what tells most. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { closeness, isShown, NO_FILTER, orderOf, ownTerms } from "../../../extension/filter.js";
import { byTelling, byWorth, fitting, rarestShared, resultLine } from "../../../extension/terms.js";

const term = (label, name, papers = 1, first = 0) => ({ label, name, papers, first });
const view = (more = {}) => ({
  card: {
    key: "1",
    title: "",
    extraction: "done",
    seen: false,
    entry: null,
    notes: [],
    terms: [],
    results: [],
    ...more,
  },
  known: true,
  edits: [],
  drafts: [],
});
const result = (value, metric, dataset, number) => ({ start: 0, end: 1, value, metric, dataset, number });

test("a filter asks for one of the statuses and all of the rest", () => {
  const one = view({ entry: { status: "inbox", tags: ["RL"] }, terms: [term("METHOD", "LoRA")] });
  const paper = { title: "Quiet models", abstract: "Of silence" };
  const shown = (more) => isShown(one, paper, { ...NO_FILTER, ...more });
  assert.ok(shown({ statuses: ["inbox", "read"], tags: ["rl"], terms: ["METHOD:LoRA"], text: "QUIET silence" }));
  assert.ok(!shown({ statuses: ["none"] }) && !shown({ terms: ["TASK:LoRA"] }) && !shown({ text: "loud" }));
});

test("rare terms that the own list shares weigh most, a paper not for itself", () => {
  const own = ownTerms({ method: [{ value: "LoRA", count: 1 }], task: [{ value: "QA", count: 9 }] });
  const rare = view({ terms: [term("METHOD", "LoRA", 2)] });
  const common = view({ terms: [term("TASK", "QA", 900)] });
  assert.ok(closeness(rare, own) > closeness(common, own));
  assert.equal(closeness(view({ entry: { status: "read", tags: [] }, terms: [term("METHOD", "LoRA", 2)] }), own), 0);
  assert.deepEqual(orderOf([common, rare, view()], "close", own), [1, 0, 2]);
});

test("results are ordered by the page's common metric, then other results, then none", () => {
  const views = [
    view(),
    view({ results: [result("3", "FID", null, 3)] }),
    view({ results: [result("70%", "accuracy", null, 70)] }),
    view({ results: [result("91%", "accuracy", null, 91)] }),
  ];
  assert.deepEqual(orderOf(views, "results", new Map()), [3, 2, 1, 0]);
});

test("rare and early terms come first, as many as fit, at least one", () => {
  const terms = [term("TASK", "common", 5000, 0), term("METHOD", "rare", 1, 300), term("METHOD", "early", 1, 0)];
  assert.deepEqual(
    byTelling(terms).map(({ name }) => name),
    ["early", "rare", "common"],
  );
  assert.equal(fitting(byTelling(terms), 17).length, 2);
  assert.equal(fitting(terms, 0).length, 1);
  assert.deepEqual(
    rarestShared(terms, 2).map(({ name }) => name),
    ["common"],
  );
});

test("a result is said in one line", () => {
  assert.equal(resultLine(result("92.4%", "accuracy", "ImageNet")), "92.4% accuracy · ImageNet");
  assert.equal(resultLine(result("3.1", null, null)), "3.1");
  assert.equal(byWorth([result("1", null, null), result("2", "F1", "GLUE")])[0].value, "2");
});
