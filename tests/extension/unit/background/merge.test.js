/** What edits make of cards, and when two people's edits stand in each other's way. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  applyReply,
  applyEdits,
  bodyOf,
  conflicts,
} from "../../../../extension/background/merge.js";

const card = {
  key: "1",
  title: "t",
  extraction: "done",
  seen: false,
  entry: null,
  notes: [],
  terms: [{ label: "METHOD", name: "LoRA", papers: 1, first: 0 }],
  results: [],
};
const entry = (more) => ({
  key: "1",
  status: "inbox",
  rating: null,
  tags: ["a"],
  version: 3,
  ...more,
});
const edit = (kind, change, more = {}) => ({
  id: "e",
  seq: 1,
  kind,
  ref: "1",
  paper: { id: "1", title: "t" },
  change,
  base: null,
  state: "waiting",
  at: 0,
  ...more,
});

test("a first tag, rating or note puts a paper in the inbox", () => {
  for (const each of [
    edit("entry", { add: ["x"] }),
    edit("entry", { rating: 2 }),
    edit("note", { text: "n", quote: null }, { ref: "n1" }),
  ]) {
    assert.equal(applyEdits(card, [each]).entry?.status, "inbox");
  }
});

test("edits are drawn one upon the other", () => {
  const drawn = applyEdits(card, [
    edit("entry", { status: "reading" }),
    edit("entry", { rating: 5 }),
    edit("entry", { add: ["B", "b"], remove: ["a"] }),
  ]);
  assert.deepEqual(
    [drawn.entry?.status, drawn.entry?.rating, drawn.entry?.tags],
    ["reading", 5, ["B", "b"]],
  );
});

test("tags go as a set made of what is there", () => {
  assert.deepEqual(
    bodyOf(edit("entry", { add: ["c"], remove: ["A"] }), entry({ tags: ["a", "b"] })),
    {
      tags: ["b", "c"],
    },
  );
});

test("only a field that both changed differently is in conflict", () => {
  const mine = edit("entry", { status: "read" }, { base: entry() });
  assert.deepEqual(conflicts(mine, entry({ rating: 4, version: 4 })), []);
  assert.deepEqual(conflicts(mine, entry({ status: "read", version: 4 })), []);
  assert.deepEqual(conflicts(mine, entry({ status: "skipped", version: 4 })), ["status"]);
  assert.deepEqual(
    conflicts(edit("entry", { add: ["x"] }, { base: entry() }), entry({ tags: ["y"], version: 4 })),
    [],
  );
});

test("a note that was deleted elsewhere, or is deleted here, is put before the person", () => {
  const base = { id: "n", text: "old", version: 1 };
  assert.deepEqual(
    conflicts(edit("note", { text: "new" }, { base }), { ...base, version: 2, deleted: "now" }),
    ["deleted"],
  );
  assert.deepEqual(
    conflicts(edit("note", {}, { base, erase: true }), { ...base, text: "theirs", version: 2 }),
    ["deleted"],
  );
  assert.deepEqual(
    conflicts(edit("note", {}, { base, erase: true }), { ...base, version: 2, deleted: "now" }),
    [],
  );
});

test("a corrected term leaves the card, changes its colour, or joins it", () => {
  const correct = (change) =>
    applyEdits(card, [
      edit("correction", { surface: "LoRA", name: "LoRA", label: "METHOD", ...change }),
    ]).terms.map((term) => term.label);
  assert.deepEqual(correct({ verdict: "wrong" }), []);
  assert.deepEqual(correct({ verdict: "relabelled", to_label: "TASK" }), ["TASK"]);
  assert.deepEqual(correct({ verdict: "missing", label: "DATASET" }), ["METHOD", "DATASET"]);
});

test("an answer takes its place in the card", () => {
  const note = { id: "n", key: "1", text: "n", quote: null, version: 1 };
  const drawn = applyReply(card, edit("note", { text: "n" }, { ref: "n" }), note);
  assert.deepEqual(drawn.notes, [note]);
  assert.deepEqual(applyReply(drawn, edit("note", {}, { ref: "n", erase: true }), null).notes, []);
});

test("a note is in conflict only with another text", () => {
  const base = { id: "n", text: "old", version: 1 };
  const mine = edit("note", { text: "new" }, { base });
  assert.deepEqual(conflicts(mine, { ...base, version: 2 }), []);
  assert.deepEqual(conflicts(mine, { ...base, text: "new", version: 2 }), []);
  assert.deepEqual(conflicts(mine, { ...base, text: "theirs", version: 2 }), ["text"]);
  const trashed = { ...base, deleted: "then" };
  const revived = edit("note", { text: "new" }, { base: trashed });
  assert.deepEqual(conflicts(revived, { ...trashed, version: 2 }), []);
});

test("an entry in the trash comes back to the inbox", () => {
  const trashed = { ...card, entry: entry({ status: "read", deleted: "then" }) };
  for (const more of [{ save: true }, {}]) {
    const drawn = applyEdits(trashed, [edit("entry", { add: ["x"] }, more)]);
    assert.deepEqual([drawn.entry?.status, drawn.entry?.tags], ["inbox", ["x"]]);
  }
});

test("a tag that a paper has is not added again in other letters", () => {
  const tagged = { ...card, entry: entry() };
  assert.deepEqual(applyEdits(tagged, [edit("entry", { add: ["A", "b"] })]).entry?.tags, [
    "a",
    "b",
  ]);
});

test("a note that the server deleted leaves the card", () => {
  const note = { id: "n", key: "1", text: "n", quote: null, version: 1 };
  const drawn = { ...card, notes: [note] };
  const reply = { ...note, deleted: "now" };
  assert.deepEqual(applyReply(drawn, edit("note", { text: "n" }, { ref: "n" }), reply).notes, []);
});
