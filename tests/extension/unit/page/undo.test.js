/** What takes an edit back. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { undoOf } from "../../../../extension/page/undo.js";

const paper = { id: "2606.00001", title: "" };
const edit = (kind, change, more = {}) => ({ kind, ref: "r", paper, change, ...more });
const before = (entry, notes = []) => ({ card: { entry, notes } });
const entry = { status: "reading", rating: 3, tags: ["RL"] };

test("what an entry had before comes back, and nothing else", () => {
  const back = (change, more) => undoOf(edit("entry", change, more), before(entry)).change;
  assert.deepEqual(back({ status: "read" }), { status: "reading", plan: {} });
  assert.deepEqual(back({ rating: null }), { rating: 3 });
  assert.deepEqual(back({ add: ["rl", "new"] }), { remove: ["new"] });
  assert.deepEqual(back({ remove: ["rl", "absent"] }), { add: ["rl"] });
  assert.deepEqual(back({}, { erase: true }), { status: "reading", rating: 3, add: ["RL"] });
});

test("the place in the queue and the days that a status ended come back with it", () => {
  const plan = { queue: 2.5, due: "2026-12-24" };
  const planned = { ...entry, ...plan, snoozed_until: null };
  const skip = edit("entry", { status: "skipped" });
  assert.deepEqual(undoOf(skip, before(planned)).change, { status: "reading", plan });
  assert.deepEqual(undoOf(edit("entry", { rating: 1 }), before(planned)).change, { rating: 3 });
});

test("what an edit created is deleted", () => {
  assert.ok(undoOf(edit("entry", { status: "inbox" }), before(null)).erase);
  assert.ok(undoOf(edit("entry", { rating: 4 }), before({ ...entry, deleted: true })).erase);
  assert.ok(undoOf(edit("note", { text: "new" }), before(null)).erase);
  assert.deepEqual(undoOf(edit("correction", {}), before(null)).base, { version: 1 });
});

test("a note gets its earlier text, also after it was deleted", () => {
  const note = { id: "r", text: "old", quote: null };
  for (const more of [{}, { erase: true }]) {
    const back = undoOf(edit("note", { text: "new" }, more), before(null, [note]));
    assert.deepEqual(back.change, { text: "old", quote: null });
    assert.ok(!back.erase);
  }
});

test("papers that were marked as seen are unseen again", () => {
  const change = { papers: ["2606.00001", "2606.00002"], seen: true };
  const back = undoOf(edit("seen", change), before(null));
  assert.deepEqual(back.change, { ...change, seen: false });
});

test("a tag's colour has no undo here", () => {
  assert.equal(undoOf(edit("tag", { colour: "#fff" }), before(null)), null);
});
