/** What becomes of the queue, a snooze and a due date when the status of a paper changes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { applyEdits, bodyOf } from "../../../../extension/background/merge.js";

const plan = { queue: 2, due: "2026-12-24" };
const entry = { status: "inbox", rating: null, tags: [], ...plan, snoozed_until: null };
const card = { key: "1", entry, notes: [], terms: [] };
const edit = (change) => ({ kind: "entry", ref: "1", paper: { id: "1" }, change, at: 0 });
const draw = (...changes) => applyEdits(card, changes.map(edit)).entry;

test("a plan stays with a paper that is still to be read", () => {
  assert.equal(draw({ status: "reading" }).queue, 2);
  assert.equal(draw({ rating: 3 }).queue, 2);
});

test("a plan ends with the status of a paper that is done, and comes back with an undo", () => {
  for (const status of ["read", "skipped", "none"]) {
    assert.deepEqual([draw({ status }).queue, draw({ status }).due], [null, null]);
    assert.deepEqual(draw({ status }, { status: "inbox", plan }), entry);
  }
});

test("an undo leaves alone what was planned elsewhere since", () => {
  const back = edit({ status: "inbox", plan });
  const skipped = draw({ status: "skipped" });
  assert.deepEqual(bodyOf(back, skipped), { status: "inbox", ...plan });
  const elsewhere = { ...skipped, due: "2027-01-01" };
  assert.deepEqual(bodyOf(back, elsewhere), { status: "inbox", queue: 2 });
});
