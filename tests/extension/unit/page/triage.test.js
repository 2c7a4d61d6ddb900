/** Triage: which papers are gone through, what a decision writes, and what was kept. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { editsOf, Triage } from "../../../../extension/page/triage.js";

const papers = ["2606.00001", "2606.00002", "2606.00003"].map((id) => ({ id, title: `On ${id}` }));
const [first, second, third] = papers;
const card = (status, seen = false) => ({ seen, entry: status ? { status } : null });

/** A triage of three papers, whose cards a test changes as it goes. */
function begin(isOnlyNew = true, given = {}) {
  const cards = Object.fromEntries(papers.map(({ id }) => [id, card(null)]));
  Object.assign(cards, given);
  const triage = new Triage((key) => cards[key]);
  triage.fill(papers, isOnlyNew);
  return { triage, cards };
}

/** Decide as the dialog does, and let the cards follow as the outbox does. */
function decide(triage, cards, decision) {
  const { id } = triage.current;
  const edits = editsOf(decision, triage.current, cards[id]);
  triage.changes.push({ paper: triage.current, edits, backs: edits, view: null });
  cards[id] = card(decision === "keep" ? "inbox" : null, true);
  triage.next();
}

test("a paper that is kept joins the list and counts as seen", () => {
  const [entry, seen, ...rest] = editsOf("keep", first, card(null));
  assert.deepEqual([entry.kind, entry.ref, entry.change], ["entry", first.id, { status: "inbox" }]);
  assert.ok(entry.save, "an entry that another device made meanwhile stays as it is");
  assert.deepEqual([seen.kind, seen.change], ["seen", { papers: [first.id], seen: true }]);
  assert.deepEqual(rest, []);
});

test("a paper of the list keeps its status when it is kept, unless it was skipped", () => {
  assert.deepEqual(editsOf("keep", first, card("reading", true)), []);
  const [back] = editsOf("keep", first, card("skipped", true));
  assert.deepEqual([back.change, back.save], [{ status: "inbox" }, undefined]);
});

test("a paper that is skipped stays out of the list, one that is in it becomes skipped", () => {
  const kinds = (found) => editsOf("skip", first, found).map(({ kind }) => kind);
  assert.deepEqual(kinds(card(null)), ["seen"]);
  assert.deepEqual(kinds(card("inbox")), ["entry", "seen"]);
  assert.deepEqual(editsOf("skip", first, card("inbox"))[0].change, { status: "skipped" });
  assert.deepEqual(kinds(card("skipped", true)), []);
});

test("only papers that are neither seen nor in the list are gone through, or all of them", () => {
  const given = { [first.id]: card(null, true), [third.id]: card("read") };
  const pileOf = (isOnlyNew) => begin(isOnlyNew, given).triage.pile;
  assert.deepEqual(pileOf(true), [second]);
  assert.deepEqual(pileOf(false), papers);
});

test("at the end it tells what was kept and what is still new", () => {
  const { triage, cards } = begin();
  decide(triage, cards, "keep");
  triage.next();
  decide(triage, cards, "skip");
  assert.equal(triage.current, null);
  assert.deepEqual(triage.kept(), [first]);
  assert.deepEqual(triage.stillNew(), [second]);
});

test("papers that were in the list before are not among those that were kept", () => {
  const { triage, cards } = begin(false, {
    [second.id]: card("read"),
    [third.id]: card("skipped"),
  });
  assert.deepEqual(triage.kept(), []);
  triage.goTo(third.id);
  decide(triage, cards, "keep");
  assert.deepEqual(triage.kept(), [third]);
});

test("back leads to the paper before, and from the end to the last one that was shown", () => {
  const { triage } = begin();
  triage.next();
  triage.back();
  assert.equal(triage.current, first);
  triage.back();
  assert.equal(triage.current, first);
  triage.next();
  triage.isOver = true;
  triage.back();
  assert.equal(triage.current, second);
});

test("a pile that is filled again keeps its paper, and those that were decided on", () => {
  const { triage, cards } = begin();
  decide(triage, cards, "keep");
  triage.fill(papers, true);
  assert.deepEqual(triage.pile, papers);
  assert.equal(triage.current, second);
  assert.deepEqual(triage.kept(), [first]);
});

test("papers that a change took out of the list's filter stay in the pile, and come first", () => {
  const { triage, cards } = begin();
  decide(triage, cards, "keep");
  triage.fill([third], true);
  assert.deepEqual(triage.pile, papers);
  assert.equal(triage.current, second);
  assert.deepEqual(triage.kept(), [first]);
});

test("going on leads to the first paper that is still new", () => {
  const { triage, cards } = begin();
  decide(triage, cards, "skip");
  triage.isOver = true;
  triage.fill(papers, true);
  assert.equal(triage.current, second);
});

test("the last change is that which was not taken back yet", () => {
  const { triage, cards } = begin();
  decide(triage, cards, "keep");
  decide(triage, cards, "keep");
  triage.changes[1].backs = [];
  assert.equal(triage.lastChange().paper, first);
  triage.changes[0].backs = [];
  assert.equal(triage.lastChange(), undefined);
});

test("what is taken back of a paper is its entry, the last change first, and no text", () => {
  const { triage } = begin();
  const change = (kind, paper = first) => ({ paper, edits: [{ kind }], backs: [{ kind }] });
  const [kept, note, rated, other] = [
    ...[change("entry"), change("note"), change("entry"), change("entry", second)],
  ];
  triage.changes.push(kept, note, rated, other, { ...change("entry"), backs: [] });
  assert.deepEqual(triage.changesOf(first.id), [rated, kept]);
});

test("without a paper there is nothing to show", () => {
  const triage = new Triage(() => card(null));
  triage.fill([], true);
  assert.equal(triage.current, null);
  assert.deepEqual([triage.kept(), triage.stillNew()], [[], []]);
});
