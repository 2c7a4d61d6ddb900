/** The outbox sends each edit once and in order, and overwrites nothing that it has not seen. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { install, problem, reply, requests, serve } from "../browser.js";
import {
  outbox,
  store,
  PAPER,
  OTHER,
  entry,
  note,
  add,
  flush,
  states,
  sent,
  ifMatch,
  PUT,
} from "./edits.js";

beforeEach(install);

test("an edit is sent with its id and the version it was made on", async () => {
  const made = await add("entry", { status: "read" }, { base: entry() });
  serve(() => reply(entry({ status: "read", version: 4 })));
  await flush();
  assert.deepEqual(sent(), [PUT]);
  assert.equal(requests[0].headers.get("Idempotency-Key"), made.id);
  assert.deepEqual([ifMatch(), requests[0].body], [['"3"'], { status: "read" }]);
  assert.deepEqual(await store.readEdits(), []);
  assert.equal((await store.readCards([PAPER.id])).get(PAPER.id)?.entry?.version, 4);
});

test("an edit is made on the version that the cache has, or on 0", async () => {
  await add("entry", { status: "read" });
  serve(() => reply(entry({ version: 1 })));
  await flush();
  await add("entry", { rating: 5 });
  await flush();
  assert.deepEqual(ifMatch(), ['"0"', '"1"']);
});

test("an editor that knew of nothing writes nothing over what the cache has since", async () => {
  await add("entry", { status: "read" });
  serve(() => reply(entry({ version: 4 })));
  await flush();
  await add("entry", { status: "skipped" }, { base: null });
  await flush();
  assert.deepEqual(ifMatch(), ['"0"', '"0"']);
});

test("an answer moves later edits of its target only onto the new version", async () => {
  await add("entry", { status: "read" }, { base: entry() });
  await add("note", { text: "new" }, { base: note() });
  serve(({ path }) =>
    reply(path.includes("/notes/") ? note({ version: 2 }) : entry({ version: 4 })),
  );
  await flush();
  assert.deepEqual(ifMatch(), ['"3"', '"1"']);
});

test("the draft of a note is deleted once the note is an edit, and no other draft", async () => {
  for (const id of ["n1", PAPER.id]) await store.writeDraft({ id, paper: PAPER, text: "x", at: 0 });
  await add("entry", { status: "read" });
  assert.equal((await store.readDrafts()).length, 2);
  await add("note", { text: "x" });
  assert.deepEqual(
    (await store.readDrafts()).map(({ id }) => id),
    [PAPER.id],
  );
});

test("edits are sent in the order in which they were made", async () => {
  for (const rating of [1, 2, 3]) await add("entry", { rating });
  let version = 0;
  serve(({ body }) => reply(entry({ ...body, version: (version += 1) })));
  await flush();
  assert.deepEqual(
    requests.map(({ body }) => body.rating),
    [1, 2, 3],
  );
  assert.deepEqual(ifMatch(), ['"0"', '"1"', '"2"'], "each on the version that the last one made");
});

test("without an account nothing is sent", async () => {
  await add("entry", { status: "read" });
  await store.writeAccount(/** @type {any} */ (null));
  serve(() => reply(entry()));
  await flush();
  assert.deepEqual([sent(), await states()], [[], [["waiting", undefined]]]);
});

test("an edit moves onto a newer version that changed something else", async () => {
  await add("entry", { status: "read" }, { base: entry() });
  const current = entry({ rating: 5, version: 7 });
  serve(() =>
    requests.length === 1
      ? problem(412, { current })
      : reply(entry({ status: "read", version: 8 })),
  );
  await flush();
  assert.deepEqual([ifMatch(), await states()], [['"3"', '"7"'], []]);
});

test("an edit of what another device changed too waits for the person", async () => {
  await add("entry", { status: "read" }, { base: entry() });
  const current = entry({ status: "skipped", version: 7 });
  serve(() => problem(412, { current }));
  await flush();
  assert.deepEqual([sent(), await states()], [[PUT], [["conflict", undefined]]]);
  assert.deepEqual((await store.readEdits())[0].current, current);
});

test("an edit that waits for the person holds up only its own target", async () => {
  await add("note", { text: "mine" }, { base: note() });
  await add("note", { text: "mine again" }, { base: note() });
  await add("note", { text: "another" }, { ref: "n2", base: null });
  await add("entry", { status: "read" }, { ref: OTHER.id, paper: OTHER });
  serve(({ path }) =>
    path.endsWith("/n1")
      ? problem(412, { current: note({ text: "theirs", version: 2 }) })
      : reply(entry({ key: OTHER.id, version: 1 })),
  );
  await flush();
  assert.deepEqual(sent(), [
    "PUT /api/v1/notes/n1",
    "PUT /api/v1/notes/n2",
    `PUT /api/v1/papers/${OTHER.id}/entry`,
  ]);
  assert.deepEqual(await states(), [
    ["conflict", undefined],
    ["waiting", undefined],
  ]);
});

test("saving from a menu changes no entry, but brings one back", async () => {
  serve(() =>
    requests.length === 1
      ? problem(412, { current: entry({ status: "read" }) })
      : reply(entry({ version: 9 })),
  );
  await add("entry", { status: "inbox" }, { save: true });
  await flush();
  assert.deepEqual([sent(), await states()], [[PUT], []]);
  serve(() =>
    requests.length === 1
      ? problem(412, { current: entry({ deleted: "now" }) })
      : reply(entry({ version: 9 })),
  );
  await add("entry", { status: "inbox" }, { save: true, base: null });
  await flush();
  assert.deepEqual([sent(), await states()], [[PUT, PUT], []]);
});

test("after five versions in a row that it had not seen, an edit stops and is kept", async () => {
  await add("entry", { rating: 5 }, { base: entry() });
  serve(() => problem(412, { current: entry({ version: 10 + requests.length }) }));
  await flush();
  assert.equal(requests.length, 5);
  assert.deepEqual(await states(), [["refused", "stale"]]);
});

test("what is to be deleted and gone already is deleted", async () => {
  await add("note", {}, { base: note(), erase: true });
  serve(() => problem(404));
  await flush();
  assert.deepEqual([sent(), await states()], [["DELETE /api/v1/notes/n1"], []]);
  assert.equal(requests[0].body, undefined);
});

test("a server that lacks the paper is told its title once, and then asked again", async () => {
  await add("entry", { status: "read" }, { base: entry() });
  serve(({ method, headers }) => {
    if (method === "POST") return reply({ cards: [], change: 1 });
    return headers.get("If-Match") === '"0"' ? reply(entry({ version: 1 })) : problem(404);
  });
  await flush();
  assert.deepEqual(sent(), [PUT, "POST /api/v1/overlay", PUT]);
  assert.deepEqual([requests[1].body, await states()], [{ papers: [PAPER] }, []]);
  await add("entry", { status: "read" });
  serve(({ method }) => (method === "POST" ? reply({ cards: [], change: 1 }) : problem(404)));
  await flush();
  assert.deepEqual(sent(), [PUT, "POST /api/v1/overlay", PUT]);
  assert.deepEqual(await states(), [["refused", "problem 404"]]);
});

test("a refused edit is kept with the reason, and the next one is sent", async () => {
  await add("note", { text: "too long" }, { base: note() });
  await add("entry", { status: "read" });
  for (const status of [400, 413]) {
    serve(({ path }) => (path.includes("/notes/") ? problem(status) : reply(entry())));
    await flush();
    assert.deepEqual(await states(), [["refused", `problem ${status}`]]);
    await outbox.retry(await store.readEdits());
    assert.deepEqual(await states(), [["waiting", undefined]]);
  }
});

test("only refused edits are tried again, not those in conflict", async () => {
  const edit = await add("note", { text: "mine" }, { base: note() });
  await store.writeEdits([{ ...edit, state: "conflict", current: note({ text: "theirs" }) }]);
  await outbox.retry(await store.readEdits());
  assert.deepEqual(await states(), [["conflict", undefined]]);
});

const FAILURES = {
  broken: () => problem(500),
  busy: () => problem(429),
  revoked: () => problem(401),
  unreachable: () => Promise.reject(new TypeError("no route")),
  // a captive portal
  foreign: () => new Response("<h1>Welcome to our hotel</h1>"),
};

for (const [cause, answer] of Object.entries(FAILURES))
  test(`while the server is ${cause}, every edit waits unchanged`, async () => {
    for (const erase of [false, true]) {
      install();
      await add("note", { text: "mine" }, { base: note(), erase });
      await add("entry", { status: "read" });
      const before = await store.readEdits();
      serve(answer);
      await assert.rejects(flush(), (/** @type {any} */ error) => error.cause === cause);
      assert.equal(requests.length, 1);
      assert.deepEqual(await store.readEdits(), before);
    }
  });

test("an answer without a version is from another server", async () => {
  await add("note", { text: "mine" }, { base: note() });
  for (const answer of [
    () => reply({ welcome: "to our hotel" }),
    () => new Response(null, { status: 204 }),
  ]) {
    serve(answer);
    await assert.rejects(flush(), (/** @type {any} */ error) => error.cause === "foreign");
    assert.deepEqual(await states(), [["waiting", undefined]]);
  }
});

test("papers that were seen need no version, and each counts as settled", async () => {
  const before = outbox.countSettled(OTHER.id);
  await add("seen", { papers: [PAPER.id, OTHER.id], seen: true });
  serve(() => reply({ changed: 2 }));
  await flush();
  assert.deepEqual([sent(), ifMatch()], [["PUT /api/v1/seen"], [null]]);
  assert.deepEqual([outbox.countSettled(OTHER.id), await states()], [before + 1, []]);
});

test("an old arXiv id keeps its slash in an address", async () => {
  const paper = { id: "hep-th/9901001", title: "" };
  await add("correction", { verdict: "wrong" }, { ref: "c1", paper, base: null });
  serve(() => reply({ version: 1 }));
  await flush();
  assert.deepEqual(sent(), ["PUT /api/v1/papers/hep-th/9901001/corrections/c1"]);
});

test("a tag is addressed by its name, in which a slash divides levels", async () => {
  await add("tag", { colour: "#7c5cbf" }, { ref: "green/moss & fern", base: null });
  serve(() => reply({ version: 1 }));
  await flush();
  assert.deepEqual(sent(), ["PUT /api/v1/tags/green/moss%20%26%20fern"]);
});
