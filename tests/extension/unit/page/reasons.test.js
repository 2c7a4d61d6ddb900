/** Why a paper stands out, in words. */

import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.chrome = { i18n: { getMessage: (name, [fill]) => (fill ? `${name}: ${fill}` : name) } };
const { reasonsOf } = await import("../../../../extension/page/reasons.js");

const term = (name) => ({ label: "METHOD", name, papers: 2, own: 1 });

test("each kind of reason has a line of its own", () => {
  const close = {
    score: 2.4,
    stands_out: true,
    terms: ["a", "b", "c", "d", "e"].map(term),
    authors: ["Ada Birch"],
    nearest: [{ key: "2601.00001", title: "Moss" }],
  };
  assert.deepEqual(reasonsOf(close), [
    "whyTerms: a, b, c, d",
    "whyAuthors: Ada Birch",
    "whyNearest: Moss",
  ]);
});

test("a paper without further reasons is close by its text", () => {
  assert.deepEqual(reasonsOf({ score: 2.4, stands_out: true, terms: [] }), ["whyText"]);
});
