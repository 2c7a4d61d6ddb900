/** Which paper the pages of other sites show, and what they tell of it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { JSDOM } from "jsdom";
import { optionalSiteAt } from "../../../../extension/shared/optional_sites.js";
import { referenceOf } from "../../../../extension/sites/links.js";
import { findAbstract, keyOf, readPage } from "../../../../extension/sites/pages.js";

const meta = (name, content) => `<meta name="citation_${name}" content="${content}">`;
const read = (address, head, body = "") => {
  const { document } = new JSDOM(`<head>${head}</head><body>${body}</body>`, { url: address })
    .window;
  return { document, ...readPage(document, address, address) };
};
const S2 = `https://www.semanticscholar.org/paper/A-thing/${"0a".repeat(20)}`;

test("the Anthology's tags tell authors, DOI and month, and its page the abstract", () => {
  const body = '<div class="acl-abstract"><h5>Abstract</h5><span>We look \n at words.</span></div>';
  const head =
    meta("title", "A Thing") +
    meta("author", "Ada Quill") +
    meta("author", "Ben Marginalia") +
    meta("publication_date", "2023/7") +
    meta("doi", "10.18653/v1/2023.x.1");
  const { kind, paper, document } = read("https://aclanthology.org/2023.x-long.1/", head, body);
  assert.equal(kind, "paper");
  assert.deepEqual(paper, {
    id: "",
    title: "A Thing",
    doi: "10.18653/v1/2023.x.1",
    abstract: "We look at words.",
    authors: ["Ada Quill", "Ben Marginalia"],
    issued: "2023-07",
  });
  assert.equal(findAbstract(document, "We look at words.")?.localName, "span");
});

test("only papers' pages of the Anthology are papers", () => {
  for (const path of ["P18-1001", "2023.acl-long.12/", "2020.lrec-1.3"])
    assert.equal(read(`https://aclanthology.org/${path}`, meta("title", "A")).kind, "paper", path);
  for (const path of ["", "volumes/2023.acl-long/", "people/x/", "2023.acl-long", "P18-1001.pdf"])
    assert.equal(read(`https://aclanthology.org/${path}`, meta("title", "A")).kind, "other", path);
});

test("dates are as precise as they are told, and no others are made up", () => {
  const dated = (date) => {
    const { title, id, ...rest } = read(
      "https://aclanthology.org/P18-1001",
      meta("title", "A") + meta("publication_date", date),
    ).paper;
    return rest;
  };
  assert.deepEqual(dated("2026/05/28"), { published: "2026-05-28" });
  assert.deepEqual(dated("2026-05-28T10:00:00Z"), { published: "2026-05-28" });
  assert.deepEqual(dated("2026/2/31"), { issued: "2026-02" });
  assert.deepEqual(dated("2026/13"), { issued: "2026" });
  assert.deepEqual(dated("2026"), { issued: "2026" });
  for (const none of ["0000", "soon", "", "20266"]) assert.deepEqual(dated(none), {});
});

test("what is longer than the server takes is cut, and a DOI that long is none", () => {
  const head =
    meta("title", "x".repeat(3_000)) +
    meta("author", "y".repeat(400)) +
    meta("doi", `10.1/${"z".repeat(300)}`) +
    meta("abstract", "w".repeat(100_001));
  const { paper } = read("https://openreview.net/forum?id=a", head);
  assert.equal(paper.title.length, 2_000);
  assert.equal(paper.authors[0].length, 300);
  assert.equal(paper.abstract.length, 100_000);
  assert.equal(paper.doi, undefined);
});

test("a forum whose tags are another's has no title yet", () => {
  const head = meta("title", "Old") + meta("pdf_url", "https://openreview.net/pdf?id=old");
  assert.equal(read("https://openreview.net/forum?id=old", head).paper.title, "Old");
  assert.equal(read("https://openreview.net/forum?id=new", head).paper.title, "");
  assert.equal(read("https://openreview.net/group?id=old", head).kind, "other");
});

test("Semantic Scholar's paper is the one that it links to itself, not a reference", () => {
  const reference =
    '<div class="cl-paper-row"><a href="https://arxiv.org/abs/2401.00001">x</a></div>';
  const own =
    '<div class="alternate-sources"><a href="https://arxiv.org/pdf/2606.00001v2">P</a></div>';
  const doi = '<a class="doi__link" href="https://doi.org/10.1/x">10.1/x</a>';
  assert.equal(read(S2, meta("title", "A"), reference).paper.id, "");
  assert.equal(read(S2, meta("title", "A"), reference + own).paper.id, "2606.00001");
  assert.equal(read(S2, meta("title", "A"), reference + doi).paper.doi, "10.1/x");
  const pdf = meta("pdf_url", "https://arxiv.org/pdf/2606.00002.pdf");
  assert.equal(read(S2, meta("title", "A") + pdf).paper.id, "2606.00002");
  assert.equal(keyOf("https://www.semanticscholar.org/arxiv/2606.00003"), "2606.00003");
});

test("alphaXiv tells its paper by the address, and the rest by JSON-LD or its description", () => {
  const article = { "@graph": [{ "@type": ["ScholarlyArticle"], headline: "A", abstract: "B." }] };
  const json = `<script type="application/ld+json">${JSON.stringify(article)}</script>`;
  const described =
    '<meta name="description" content="View recent discussion. Abstract: C.">' +
    '<meta property="og:title" content="A | alphaXiv">';
  const address = "https://www.alphaxiv.org/overview/2606.00001v1";
  const paper = { id: "2606.00001", title: "A" };
  assert.deepEqual(read(address, json).paper, { ...paper, abstract: "B." });
  assert.deepEqual(read(address, described).paper, {
    id: "2606.00001",
    title: "A",
    abstract: "C.",
  });
  for (const broken of ["{", "[]", "7", '{"@graph": 3, "@type": null}'])
    assert.equal(
      read(address, `<script type="application/ld+json">${broken}</script>`).kind,
      "paper",
    );
  assert.equal(read("https://www.alphaxiv.org/explore", json).kind, "other");
});

test("tags of the paper that was left tell nothing of the next, which is drawn in place", () => {
  const canonical = (address) => `<link rel="canonical" href="${address}">`;
  const old = meta("title", "Old") + meta("pdf_url", "https://arxiv.org/pdf/2606.00001");
  const next = S2.replaceAll("0a", "0b");
  assert.equal(read(S2, old + canonical(S2)).paper.id, "2606.00001");
  assert.deepEqual(read(next, old + canonical(S2)).paper, { id: "", title: "" });
  const byId = "https://www.semanticscholar.org/arxiv/2606.00001";
  assert.equal(read(byId, old + canonical(S2)).paper.title, "Old");
  const own = (id) => `<meta property="og:url" content="https://www.alphaxiv.org/abs/${id}">`;
  const titleAt = (address, head) => read(`https://www.alphaxiv.org/${address}`, head).paper.title;
  assert.equal(titleAt("overview/2606.00001v2", old + own("2606.00001")), "Old");
  assert.equal(titleAt("abs/2606.00002", old + own("2606.00001")), "");
  assert.equal(titleAt("abs/2606.00001", old + canonical("https://www.alphaxiv.org/")), "Old");
});

test("names of papers in any page mean their ids or DOIs", () => {
  for (const name of [
    "arXiv:2401.01234v2",
    "arxiv: 2401.01234",
    "https://arxiv.org/abs/2401.01234",
    "http://www.arxiv.org/pdf/2401.01234v3.pdf",
    "https://export.arxiv.org/html/2401.01234#S1",
    "https://huggingface.co/papers/2401.01234#community",
    "https://hf.co/papers/2401.01234",
    "https://alphaxiv.org/abs/2401.01234",
    "https://doi.org/10.48550/arXiv.2401.01234",
    "https://dx.doi.org/10.48550/ARXIV.2401.01234",
    "https://www.semanticscholar.org/arxiv/2401.01234",
    "https://api.semanticscholar.org/arXiv:2401.01234",
  ])
    assert.deepEqual(referenceOf(name), { id: "2401.01234" }, name);
  assert.deepEqual(referenceOf("https://arxiv.org/abs/hep-th/9901001v1"), { id: "hep-th/9901001" });
  assert.deepEqual(referenceOf("https://doi.org/10.1000/a%3Cb"), { doi: "10.1000/a<b" });
  for (const other of [
    "https://arxiv.org/list/cs.CL/new",
    "https://huggingface.co/papers/trending",
    "https://doi.org/",
    "https://doi.org/10.1000/%E0%A4%A",
    `https://doi.org/10.1000/${"x".repeat(300)}`,
    "https://evil.org/abs/2401.01234",
    "nonsense",
  ])
    assert.equal(referenceOf(other)?.id, undefined, other);
});

test("a site is asked for by its own origin, and no address of others", () => {
  assert.equal(optionalSiteAt("https://openreview.net/forum?id=x")?.name, "openreview");
  for (const other of [
    "https://openreview.net.evil.org/",
    "http://openreview.net/",
    "about:blank",
    "",
  ])
    assert.equal(optionalSiteAt(other), undefined, other);
});
