/** Filter, order, and what tells most. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { isShown, NO_FILTER, orderOf } from "../../../../extension/page/filter.js";

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
