/** Quotes are found again, or known to be gone. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  findQuote,
  makeQuote,
  quoteOfSpan,
  spanOfQuote,
  wordsOfSpan,
} from "../../../../extension/page/quote.js";

const TEXT = "We use LoRA here. Later we use LoRA again, on 𝔾LUE.";

test("a quote finds its own place among several", () => {
  const start = TEXT.lastIndexOf("LoRA");
  const quote = makeQuote(TEXT, start, start + 4);
  assert.deepEqual(findQuote(TEXT, quote), { start, end: start + 4 });
});

test("white space and its absence make no difference", () => {
  const spread = TEXT.replaceAll(" ", "\n   ");
  const found = findQuote(spread, { exact: "use LoRA again" });
  assert.equal(spread.slice(found?.start, found?.end).replace(/\s+/g, " "), "use LoRA again");
});

test("words that are gone are not found, nor is nothing", () => {
  assert.equal(findQuote(TEXT, { exact: "QLoRA" }), null);
  assert.equal(findQuote(TEXT, { exact: "  " }), null);
});

test("places are told in code points, as the server counts", () => {
  const start = TEXT.indexOf("LUE");
  assert.equal(makeQuote(TEXT, start, start + 3).start, start - 1);
});

test("a span of the title is no quote of the abstract", () => {
  const paper = { title: "T𝔾", abstract: "one two" };
  assert.equal(quoteOfSpan(paper, { start: 0, end: 1 }), null);
  assert.equal(quoteOfSpan(paper, { start: 7, end: 10 })?.exact, "two");
});

test("a quote's span in the server's text has the quote's words", () => {
  const paper = { title: "T𝔾", abstract: "one 𝔾 two" };
  const span = spanOfQuote(paper, { exact: " two " });
  assert.deepEqual(span, { start: 9, end: 12 });
  assert.equal(wordsOfSpan(paper, span), "two");
  assert.equal(wordsOfSpan(paper, { start: 1, end: 6 }), "𝔾\none");
  assert.equal(spanOfQuote(paper, { exact: "three" }), null);
});
