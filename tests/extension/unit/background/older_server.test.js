/** A server that is older than the extension: the margin works, and what it cannot do is said. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { install, problem, reply, requests, serve } from "../browser.js";

install();
const { identify, introduce, lookUp } = await import("../../../../extension/background/lookup.js");
const { readConnection, readCards } = await import("../../../../extension/background/store.js");
const { refreshCards } = await import("../../../../extension/background/views.js");

const KNOWN = ["id", "title", "abstract", "authors", "published", "address"];
const plain = { id: "2601.00001", title: "Moss", abstract: "It grows.", published: "2026-01-01" };
const told = { ...plain, hugging_face: { summary: "Moss grows.", upvotes: 7 } };
const listing = { kind: "daily", name: "2026-01-02", day: "2026-01-02" };
const cardOf = ({ id, title }) => ({ key: id, title, terms: [], results: [], notes: [] });

/** Answer as the server did before it knew a page's facts, DOIs and the look-up. */
function answerAsBefore({ path, body }) {
  if (path === "/api/v1/me") return reply({ api: 1, user: "me", server: "0.0.9" });
  if (path !== "/api/v1/overlay") return problem(404);
  const isNew = body.papers.some((paper) => Object.keys(paper).some((key) => !KNOWN.includes(key)));
  return isNew ? problem(400) : reply({ cards: body.papers.map(cardOf), change: 5 });
}

beforeEach(() => {
  install();
  serve(answerAsBefore);
});
const overlays = () => requests.filter(({ path }) => path === "/api/v1/overlay");

test("it gets a page's papers without what it does not know, and their cards come", async () => {
  assert.equal(await refreshCards([told], listing), 5);
  assert.deepEqual(overlays().at(-1)?.body, { papers: [plain], listing });
  assert.equal((await readCards([plain.id])).get(plain.id)?.title, "Moss");
});

test("a server of today gets all at once", async () => {
  serve(({ body }) => reply({ cards: body.papers.map(cardOf), change: 1 }));
  await refreshCards([told], null);
  assert.deepEqual(
    overlays().map(({ body }) => body.papers),
    [[told]],
  );
});

test("what it refuses for another reason stays refused", async () => {
  serve(() => problem(400));
  await assert.rejects(refreshCards([told], null), { cause: "invalid" });
  assert.equal(overlays().length, 2);
  serve(() => problem(500));
  await assert.rejects(refreshCards([told], null), { cause: "broken" });
  assert.equal(overlays().length, 1);
});

test("it cannot look papers up, and that is no fault of the connection", async () => {
  await assert.rejects(lookUp([{ id: plain.id }]), { cause: "older" });
  await assert.rejects(identify({ paper: { ...plain, id: "" } }), { cause: "older" });
  assert.equal((await readConnection()).state, "unknown");
});

test("a paper that names a DOI only is not added to it without the DOI", async () => {
  await assert.rejects(introduce({ paper: { ...plain, id: "", doi: "10.1/x" } }), {
    cause: "invalid",
  });
});
