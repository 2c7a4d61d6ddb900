/** Marks in any page: where they are put, and that a page which changes meanwhile stays whole. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { JSDOM } from "jsdom";
import { clearMarks, collectPaperNames, markPapers } from "../../../../extension/sites/links.js";

const show = (/** @type {string} */ body) => {
  const { window } = new JSDOM(`<body>${body}</body>`, { url: "https://blog.example.org/" });
  const { document, NodeFilter, Text } = window;
  Object.assign(globalThis, { document, NodeFilter, Text, chrome: {} });
};
const paper = (...names) => ({ names, key: "k", label: "Read", about: "A", status: "read" });
const mark = (...papers) => markPapers(papers, "openPaper");
/** What the page shows, with a star for each mark. */
const shown = () => {
  const copy = /** @type {Element} */ (document.body.cloneNode(true));
  for (const host of copy.querySelectorAll("papermargin-mark")) host.replaceWith("*");
  return copy.textContent;
};

test("a mark is behind each link and behind the first place of an id in a text", () => {
  show(
    '<p><a href="https://arxiv.org/abs/2401.00001">One</a>, arXiv:2401.00002; arXiv:2401.00002</p>',
  );
  const names = ["https://arxiv.org/abs/2401.00001", "arXiv:2401.00002"];
  assert.deepEqual(collectPaperNames(), names);
  assert.equal(mark(...names.map((name) => paper(name))), 2);
  assert.equal(shown(), "One*, arXiv:2401.00002*; arXiv:2401.00002");
  clearMarks();
  assert.equal(shown(), "One, arXiv:2401.00002; arXiv:2401.00002");
  assert.equal(document.querySelector("p")?.childNodes.length, 2);
});

test("an id that begins like another in the same text has a mark of its own", () => {
  show("<p>See arXiv:2401.00001v2, first arXiv:2401.00001.</p>");
  assert.equal(mark(paper(...collectPaperNames())), 2);
  assert.equal(shown(), "See arXiv:2401.00001v2*, first arXiv:2401.00001*.");
});

test("a text or link that the page changes before the answer is there gets no mark", () => {
  show(
    "<p>On arXiv:2401.00001.</p><p>And arXiv:2401.00002 too</p>" +
      '<a href="https://arxiv.org/abs/2401.00003">3</a>',
  );
  const names = collectPaperNames();
  const [first, second] = document.querySelectorAll("p");
  /** @type {Text} */ (first.firstChild).data = "Gone";
  /** @type {Text} */ (second.firstChild).data = "x";
  document.querySelector("a")?.remove();
  assert.equal(mark(paper(...names)), 0);
  assert.equal(shown(), "Gonex");
});

test("a page that links one paper thousands of times gets marks up to a limit", () => {
  show('<a href="https://arxiv.org/abs/2401.00001">x</a>'.repeat(3_000));
  const names = collectPaperNames();
  assert.equal(names.length, 1);
  assert.equal(mark(paper(...names)), 2_000);
});
