/** Filter, order, and what tells most. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { isShown, NO_FILTER, orderOf } from "../../../../extension/page/filter.js";
import { resultLine, sortResults } from "../../../../extension/page/terms.js";

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
const result = (value, metric, dataset, number) => ({
  start: 0,
  end: 1,
  value,
  metric,
  dataset,
  number,
});

test("a filter asks for one of the statuses and all of the rest", () => {
  const one = view({ entry: { status: "inbox", tags: ["RL"] }, terms: [term("METHOD", "LoRA")] });
  const printed = () => "Quiet models\nOf silence\nThe Lab";
  const shown = (more) => isShown(one, printed, { ...NO_FILTER, ...more });
  assert.ok(
    shown({
      statuses: ["inbox", "read"],
      tags: ["rl"],
      terms: ["METHOD:LoRA"],
      text: "QUIET silence lab",
    }),
  );
  assert.ok(
    !shown({ statuses: ["none"] }) && !shown({ terms: ["TASK:LoRA"] }) && !shown({ text: "loud" }),
  );
});

test("papers are ordered by the score that the server sends, those without one last", () => {
  const views = [
    view({ for_you: { score: 0.2, terms: [] } }),
    view(),
    view({ for_you: { score: 2.1, terms: [] } }),
  ];
  assert.deepEqual(orderOf(views, "close"), [1, 2, 0]);
});

test("results are ordered by the page's common metric, then other results, then none", () => {
  const views = [
    view(),
    view({ results: [result("3", "FID", null, 3)] }),
    view({ results: [result("70%", "accuracy", null, 70)] }),
    view({ results: [result("91%", "accuracy", null, 91)] }),
  ];
  assert.deepEqual(orderOf(views, "results"), [3, 2, 1, 0]);
});

test("a result is said in one line", () => {
  assert.equal(resultLine(result("92.4%", "accuracy", "ImageNet")), "92.4% accuracy · ImageNet");
  assert.equal(resultLine(result("3.1", null, null)), "3.1");
  assert.equal(sortResults([result("1", null, null), result("2", "F1", "GLUE")])[0].value, "2");
});
