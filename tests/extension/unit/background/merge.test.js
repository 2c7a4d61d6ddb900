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

const AT = Date.UTC(2026, 2, 5);
const WHEN = "2026-03-05T00:00:00.000Z";
const QUOTE = { exact: "moss", prefix: "", suffix: "" };
const saved = (more = {}) => ({
  id: "n1",
  key: "1",
  text: "old",
  quote: null,
  version: 4,
  created: "then",
  updated: "then",
  ...more,
});

test("a new entry or note is drawn as the server is going to make it", () => {
  const change = { text: "n", quote: QUOTE };
  const drawn = applyEdits(card, [edit("note", change, { ref: "n1", at: AT })]);
  assert.deepEqual(drawn.entry, {
    ...{ key: "1", status: "inbox", rating: null, tags: [], version: 0 },
    ...{ added: WHEN, updated: WHEN },
  });
  const made = { version: 0, created: WHEN, updated: WHEN };
  assert.deepEqual(drawn.notes, [{ id: "n1", key: "1", ...change, ...made }]);
});

test("an edited note stays in its place, and a deleted one leaves", () => {
  const notes = [saved(), saved({ id: "n2" }), saved({ id: "n3" })];
  const change = { text: "new", quote: QUOTE };
  assert.deepEqual(
    applyEdits({ ...card, notes }, [edit("note", change, { ref: "n2" })]).notes,
    notes.with(1, saved({ id: "n2", ...change })),
  );
  assert.deepEqual(
    applyEdits({ ...card, notes }, [edit("note", {}, { ref: "n2", erase: true })]).notes,
    [notes[0], notes[2]],
  );
});

test("an edit of an entry changes only what it names", () => {
  const listed = { ...card, entry: entry({ status: "read", rating: 4, added: "then" }) };
  const drawn = (/** @type {any} */ change, more = {}) =>
    applyEdits(listed, [edit("entry", change, more)]).entry;
  assert.deepEqual(drawn({ rating: null }), { ...listed.entry, rating: null });
  assert.deepEqual(drawn({ status: "inbox" }), { ...listed.entry, status: "inbox" });
  assert.deepEqual(drawn({ status: "inbox" }, { save: true }), listed.entry, "saving is no change");
  assert.equal(drawn({}, { erase: true }), null);
});

test("saving draws a new entry", () => {
  const drawn = applyEdits(card, [edit("entry", { status: "inbox" }, { save: true })]);
  assert.equal(drawn.entry?.status, "inbox");
});

test("a correction changes no other term", () => {
  const other = { ...card.terms[0], name: "QLoRA", papers: 7 };
  const task = { ...card.terms[0], label: "TASK" };
  const tagged = { ...card, terms: [...card.terms, other, task] };
  const correct = (/** @type {any} */ change, more = {}) =>
    applyEdits(tagged, [edit("correction", { surface: "LoRA", label: "METHOD", ...change }, more)])
      .terms;
  assert.deepEqual(correct({ verdict: "wrong" }), [other, task]);
  assert.deepEqual(correct({ verdict: "relabelled", to_label: "DATASET" }), [
    { ...card.terms[0], label: "DATASET" },
    other,
    task,
  ]);
  const added = { label: "METHOD", name: "LoRA", papers: 1, role: null, folded: false };
  assert.deepEqual(correct({ verdict: "missing", start: 30 }), [
    other,
    task,
    { ...added, first: 30 },
  ]);
  assert.deepEqual(correct({ verdict: "missing" }).at(-1), { ...added, first: 0 });
});

test("a correction that is deleted, or of a result, leaves the terms to the server", () => {
  const wrong = { verdict: "wrong", surface: "LoRA", label: "METHOD" };
  for (const each of [
    edit("correction", wrong, { erase: true }),
    edit("correction", { ...wrong, label: "RESULT" }),
    edit("correction", { ...wrong, verdict: "missing", label: "RESULT" }),
  ])
    assert.deepEqual(applyEdits(card, [each]).terms, card.terms);
});

test("a paper is drawn as seen, or not seen again", () => {
  for (const seen of [true, false])
    assert.equal(applyEdits(card, [edit("seen", { papers: ["1"], seen })]).seen, seen);
});

test("an edit of a tag itself leaves each card as it is", () => {
  const rename = edit("tag", { name: "b" }, { ref: "a" });
  assert.deepEqual(applyEdits(card, [rename]), card);
  assert.deepEqual(applyReply(card, rename, { version: 2 }), card);
});

test("what is sent of an edit is what it changes", () => {
  const body = (/** @type {any} */ each, state = null) => bodyOf(each, state);
  assert.deepEqual(body(edit("entry", { status: "read" })), { status: "read" });
  assert.deepEqual(body(edit("entry", { rating: null })), { rating: null }, "a rating taken back");
  assert.deepEqual(body(edit("entry", { add: ["a"] })), { tags: ["a"] });
  assert.deepEqual(body(edit("entry", { remove: ["a"] })), { tags: [] });
  const note = { paper: "1", text: "n", quote: QUOTE };
  assert.deepEqual(body(edit("note", { text: "n", quote: QUOTE })), note);
  assert.deepEqual(body(edit("note", { text: "n" })), { ...note, quote: null });
  const wrong = { verdict: "wrong", surface: "LoRAs", label: "METHOD" };
  assert.deepEqual(body(edit("correction", { ...wrong, name: "LoRA" })), wrong);
  assert.deepEqual(body(edit("tag", { name: "b" })), { name: "b" });
});

test("an entry that was created or thrown away elsewhere counts as empty before or after", () => {
  const mine = edit("entry", { status: "read", rating: 5 });
  assert.deepEqual(conflicts(mine, entry({ status: "none" })), []);
  assert.deepEqual(conflicts(mine, entry({ status: "skipped", rating: 1 })), ["status", "rating"]);
  const thrownAway = entry({ status: "skipped", rating: 1, deleted: "now" });
  assert.deepEqual(conflicts(mine, thrownAway), [], "created and thrown away since");
  assert.deepEqual(conflicts({ ...mine, base: entry() }, thrownAway), ["deleted"]);
  assert.deepEqual(conflicts({ ...mine, base: { ...thrownAway, version: 2 } }, thrownAway), []);
});

test("only an entry or a note can be in conflict", () => {
  const wrong = { verdict: "wrong", surface: "LoRA", label: "METHOD" };
  assert.deepEqual(conflicts(edit("correction", wrong), { ...wrong, version: 2 }), []);
});

test("a note is deleted without a question only if nobody changed it", () => {
  const base = { id: "n", text: "old", version: 1 };
  assert.deepEqual(conflicts(edit("note", {}, { base, erase: true }), base), []);
  assert.deepEqual(conflicts(edit("note", {}, { erase: true }), base), ["deleted"]);
});

test("an answer replaces the note that it is about, and no other", () => {
  const notes = [saved(), saved({ id: "n2" })];
  for (const [place, ref] of ["n1", "n2"].entries()) {
    const reply = saved({ id: ref, text: "new", version: 5 });
    const edited = edit("note", { text: "new" }, { ref });
    assert.deepEqual(applyReply({ ...card, notes }, edited, reply).notes, notes.with(place, reply));
    const erased = edit("note", {}, { ref, erase: true });
    assert.deepEqual(applyReply({ ...card, notes }, erased, null).notes, [notes[1 - place]]);
  }
});

test("an answer about an entry replaces it, unless it has no body", () => {
  const listed = { ...card, entry: entry() };
  const read = edit("entry", { status: "read" });
  const reply = entry({ status: "read", version: 4 });
  assert.deepEqual(applyReply(listed, read, reply), { ...listed, entry: reply });
  assert.equal(applyReply(listed, read, { ...reply, deleted: "now" }).entry, null);
  assert.deepEqual(applyReply(listed, read, null).entry, listed.entry);
});
