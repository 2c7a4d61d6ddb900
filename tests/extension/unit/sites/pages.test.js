/** Which papers stand on which page. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { JSDOM } from "jsdom";
import { findCards } from "../../../../extension/sites/cards.js";
import { huggingface } from "../../../../extension/sites/huggingface.js";
import { findAbstract, findText, keyOf, readPage } from "../../../../extension/sites/pages.js";

const DAY = "https://huggingface.co/papers/date/2026-06-03";
const page = (body) => new JSDOM(`<body>${body}</body>`, { url: DAY }).window.document;
const escape = (text) => text.replaceAll("'", "&#39;");
const island = (props) =>
  `<div data-target="DailyPapers" data-props='${escape(JSON.stringify(props))}'></div>`;
const item = (id, more = {}) => ({
  title: `Paper ${id}`,
  paper: {
    id,
    summary: "Words.\nMore words.",
    authors: [{ name: "Ada  Quill" }, { name: "Hidden", hidden: true }],
    publishedAt: "2026-06-01T00:00:00Z",
    ...more,
  },
});
const article = (id, title = `Paper ${id}`) =>
  `<article><a href="/papers/${id}"><img></a><h3><a href="/papers/${id}">${title}</a></h3>` +
  `<a href="/papers/${id}#community">4</a></article>`;

test("an address names its paper, with or without version", () => {
  assert.equal(keyOf("https://huggingface.co/papers/2606.00683#community"), "2606.00683");
  assert.equal(keyOf("https://arxiv.org/pdf/2606.00683v2.pdf"), "2606.00683");
  assert.equal(keyOf("https://arxiv.org/abs/hep-th/9901001v1"), "hep-th/9901001");
  for (const other of [
    "https://huggingface.co/papers/trending",
    "https://huggingface.co/papers/index?arxivId=2606.00683",
    "https://evil.org/papers/2606.00683",
    "javascript:1",
    "",
  ])
    assert.equal(keyOf(other), null);
});

test("a list tells a paper's organization, upvotes and code, which are not sent", () => {
  const props = {
    dailyPapers: [
      { ...item("2606.00001"), organization: { name: "quiet-lab", fullname: "Quiet Lab" } },
      item("2606.00002", { upvotes: 7, githubRepo: "https://github.com/quiet/lab" }),
      item("2606.00003", { upvotes: "many", githubRepo: 5, organization: "?" }),
    ],
  };
  const ids = props.dailyPapers.map(({ paper }) => paper.id);
  const read = readPage(page(island(props) + ids.map((id) => article(id)).join("")), DAY, DAY);
  assert.deepEqual(
    read.cards.map(({ facts }) => Object.values(facts)),
    [
      ["Quiet Lab", null, null],
      [null, 7, "https://github.com/quiet/lab"],
      [null, null, null],
    ],
  );
  assert.ok(read.cards.every(({ paper }) => !("upvotes" in paper)));
});

test("a list tells abstracts, visible authors and dates from the page's own JSON", () => {
  const read = readPage(
    page(
      island({ dateString: "2026-06-03", dailyPapers: [item("2606.00001")] }) +
        article("2606.00001"),
    ),
    DAY,
    new URL(DAY),
    huggingface.keyOf,
  );
  assert.deepEqual(read.cards[0].paper, {
    id: "2606.00001",
    title: "Paper 2606.00001",
    abstract: "Words. More words.",
    authors: ["Ada Quill"],
    published: "2026-06-01",
  });
  assert.deepEqual(read.listing, { kind: "daily", name: "2026-06-03", day: "2026-06-03" });
  assert.equal(read.listed, 1);
});

test("a list tells what Hugging Face adds to a paper, and leaves out what has an odd type", () => {
  const told = (/** @type {object} */ more, /** @type {object} */ outer = {}) =>
    readPage(
      page(
        island({
          dateString: "2026-06-03",
          dailyPapers: [{ ...item("2606.00001", more), ...outer }],
        }) + article("2606.00001"),
      ),
      DAY,
      new URL(DAY),
      huggingface.keyOf,
    ).cards[0].paper.hugging_face;
  assert.deepEqual(
    told(
      {
        ai_summary: "It is\n damp.",
        ai_keywords: ["moss", " wet  fern ", "", 7, "x".repeat(301)],
        ai_summary_model: "example/Scribe",
        githubStars: 152,
        upvotes: 80,
      },
      { numComments: 0 },
    ),
    {
      summary: "It is damp.",
      keywords: ["moss", "wet fern"],
      model: "example/Scribe",
      stars: 152,
      upvotes: 80,
      comments: 0,
    },
  );
  assert.equal(
    told({ ai_summary: ["x"], ai_keywords: "moss", githubStars: "9", upvotes: -1, numComments: 2 }),
    undefined,
  );
  assert.equal(told({ ai_summary: "x".repeat(20_000) }).summary.length, 10_000);
});

test("JSON of another address or another order makes no listing", () => {
  const body =
    island({ dateString: "2026-06-03", dailyPapers: [item("2606.00001"), item("2606.00002")] }) +
    article("2606.00002") +
    article("2606.00001");
  assert.equal(readPage(page(body), DAY, DAY).listing, null);
  assert.equal(
    readPage(page(body), "https://huggingface.co/papers/week/2026-W23", DAY).listed,
    null,
  );
});

test("JSON that is cut, empty or of another shape is as good as absent", () => {
  for (const raw of [
    "{",
    "[]",
    "null",
    '{"dailyPapers": 7}',
    '{"dailyPapers": [null, {"paper": {"id": 4}}]}',
  ]) {
    const read = readPage(
      page(`<div data-props='${raw}'></div>${article("2606.00001")}`),
      DAY,
      DAY,
    );
    assert.equal(read.cards.length, 1);
  }
});

test("a card is the widest element of one paper, in any markup", () => {
  const tile = (id) =>
    `<div class="t"><div><a href="/papers/${id}"><img></a></div>` +
    `<div><b><a href="/papers/${id}">Paper ${id}</a></b></div></div>`;
  const cards = findCards(
    page(`<div id="g">${tile("2606.00001")}${tile("2606.00002")}</div>`),
    new URL(DAY),
    huggingface.keyOf,
  );
  assert.deepEqual(
    cards.map(({ key, card }) => [key, card.className]),
    [
      ["2606.00001", "t"],
      ["2606.00002", "t"],
    ],
  );
});

test("a paper cited in an abstract is no card, a title with marked words is one title", () => {
  const body = article("2606.00001", 'Search <span class="highlight">Match</span>').replace(
    "</article>",
    '<p>after <a href="/papers/2401.00001">another</a></p></article>',
  );
  assert.deepEqual(
    findCards(page(body), new URL(DAY), huggingface.keyOf).map(({ key, title }) => [key, title]),
    [["2606.00001", "Search Match"]],
  );
});

test("neither the index of missing papers nor a submit form is a list", () => {
  for (const path of ["index?arxivId=2606.00001", "submit"])
    assert.equal(
      readPage(page(article("2606.00001")), `https://huggingface.co/papers/${path}`, DAY).kind,
      "other",
    );
});

test("the abstract's element is the narrowest that begins with its words", () => {
  const found = findAbstract(
    page("<blockquote>Abstract: <p>We look\n at words.</p></blockquote><p>Other.</p>"),
    "We look at words.",
  );
  assert.equal(found?.localName, "p");
});

test("collections and the papers of an organization are lists, but no listing of a day", () => {
  const props = island({ dateString: "2026-06-03", dailyPapers: [item("2606.00001")] });
  for (const path of ["collections/a/b-1", "lab/papers", "me/activity/papers"]) {
    const address = `https://huggingface.co/${path}`;
    const read = readPage(page(props + article("2606.00001")), address, address);
    assert.deepEqual([read.kind, read.cards.length, read.listing], ["list", 1, null]);
  }
  for (const path of ["datasets/a/b/papers", "lab/model", "collections/a"])
    assert.equal(
      readPage(page(article("2606.00001")), `https://huggingface.co/${path}`, DAY).kind,
      "other",
    );
});

test("a paper as HTML has title and abstract without footnotes and formulas' sources", () => {
  const markup =
    '<article class="ltx_document"><h1 class="ltx_title ltx_title_document">On ' +
    "<math><mi>n</mi><annotation>\\mathcal{n}</annotation></math> moths" +
    '<span class="ltx_note">draft</span></h1><div class="ltx_abstract"><p>In <math><mi>O</mi>' +
    "<mo>\u2062</mo><mi>(n)</mi><annotation>O(n)</annotation></math> steps.</p></div></article>";
  const address = "https://arxiv.org/html/2606.00001v2";
  const read = readPage(page(markup), address, address);
  assert.deepEqual(read.paper, {
    id: "2606.00001",
    title: "On n moths",
    abstract: "In O(n) steps.",
  });
  assert.equal(findText(page(markup), address)?.localName, "article");
  assert.equal(findText(page(markup), DAY), null);
});
