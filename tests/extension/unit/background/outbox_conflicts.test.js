/** Conflicts end as the person chooses, and later edits build on what came of earlier ones. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { install, reply, requests, serve } from "../browser.js";
import {
  outbox,
  store,
  PAPER,
  OTHER,
  entry,
  note,
  add,
  flush,
  sent,
  ifMatch,
  PUT,
} from "./edits.js";

beforeEach(install);

test("a conflict on an entry ends by dropping the person's own edit", async () => {
  const edit = await add("entry", { status: "read" }, { base: entry() });
  await outbox.resolveConflict({ ...edit, state: "conflict", current: entry() }, "theirs");
  assert.deepEqual(await store.readEdits(), []);
});

test("of a note deleted here and changed there, either can be kept", async () => {
  const current = note({ text: "theirs", version: 5 });
  const erased = await add("note", {}, { base: note(), erase: true });
  await outbox.resolveConflict({ ...erased, state: "conflict", current }, "theirs");
  assert.deepEqual(await store.readEdits(), []);
  const edit = await add("note", { text: "mine" }, { base: note() });
  const gone = { ...current, deleted: "now" };
  await outbox.resolveConflict({ ...edit, state: "conflict", current: gone }, "theirs");
  serve(({ method, body }) => reply(method === "DELETE" ? gone : note({ ...body, version: 6 })));
  await flush();
  assert.deepEqual(sent(), ["PUT /api/v1/notes/n1", "DELETE /api/v1/notes/n1"]);
});

test("of a conflict on a note, both texts reach the server, the chosen one last", async () => {
  const current = note({ text: "theirs", version: 5 });
  for (const [choice, texts] of Object.entries({
    mine: ["mine"],
    merged: ["both"],
    theirs: ["mine", "theirs"],
  })) {
    const edit = await add("note", { text: "mine" }, { base: note() });
    await store.writeEdits([{ ...edit, state: "conflict", current }]);
    await outbox.resolveConflict(
      { ...edit, state: "conflict", current },
      /** @type {any} */ (choice),
      "both",
    );
    let version = 5;
    serve(({ body }) => reply(note({ ...body, version: (version += 1) })));
    await flush();
    assert.deepEqual(
      requests.map(({ body }) => body.text),
      texts,
      choice,
    );
    assert.equal(ifMatch()[0], '"5"');
    assert.notEqual(requests[0].headers.get("Idempotency-Key"), edit.id, "it is another request");
    assert.deepEqual(await store.readEdits(), []);
  }
});

test("an edit of a note is made on the note that the cache has", async () => {
  await add("note", { text: "first" });
  serve(() => reply(note({ text: "first", version: 6 })));
  await flush();
  await add("note", { text: "second" });
  await add("note", { text: "another" }, { ref: "n2" });
  await flush();
  assert.deepEqual(ifMatch(), ['"0"', '"6"', '"0"']);
});

test("a correction is made on no version, whatever the entry of its paper has", async () => {
  await add("entry", { status: "read" });
  serve(() => reply(entry({ version: 4 })));
  await flush();
  await add("correction", { verdict: "wrong" }, { ref: "c1" });
  await flush();
  assert.deepEqual(ifMatch(), ['"0"', '"0"']);
});

test("edits that are made at once are all kept and sent in turn", async () => {
  await Promise.all([1, 2, 3].map((rating) => add("entry", { rating })));
  let version = 0;
  serve(({ body }) => reply(entry({ ...body, version: (version += 1) })));
  await flush();
  assert.deepEqual(
    requests.map(({ body }) => body.rating),
    [1, 2, 3],
  );
});

test("an edit made while another is being sent is made on what comes of that", async () => {
  for (let turns = 0; turns < 120; turns += 1) {
    install();
    await add("entry", { status: "read" }, { base: entry() });
    let version = 4;
    serve(() => reply(entry({ status: "read", version: (version += 1) })));
    const sending = flush();
    for (let turn = 0; turn < turns; turn += 1) await null;
    await add("entry", { rating: 5 });
    await sending;
    await flush();
    assert.deepEqual(ifMatch(), ['"3"', '"5"'], `after ${turns} turns`);
  }
});

test("each edit that was sent counts for its paper alone", async () => {
  const before = [PAPER, OTHER].map(({ id }) => outbox.countSettled(id));
  serve(() => reply(entry()));
  for (const rating of [1, 2]) {
    await add("entry", { rating });
    await flush();
  }
  assert.deepEqual(
    [PAPER, OTHER].map(({ id }) => outbox.countSettled(id)),
    [before[0] + 2, before[1]],
  );
  assert.equal(outbox.countSettled("2601.00003"), 0);
});

test("an answer changes its own part of the cached card only", async () => {
  await add("note", { text: "mine" });
  serve(() => reply(note({ text: "mine" })));
  await flush();
  await add("entry", { status: "read" });
  serve(() => reply(entry({ status: "read", version: 4 })));
  await flush();
  const card = (await store.readCards([PAPER.id])).get(PAPER.id);
  assert.deepEqual([card?.notes.map(({ text }) => text), card?.entry?.version], [["mine"], 4]);
});
