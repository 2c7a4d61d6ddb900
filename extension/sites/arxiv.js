/** arXiv: abstract pages, and papers as HTML, which LaTeXML makes of their sources. Pure. */

import { describePaper, inOrder, readMeta, textOf } from "./citation.js";
import { foldSpaces } from "./page_json.js";

/** @import { PagePaper } from "../shared/types.d.ts" */
/** @import { Site } from "./pages.js" */

const NEW_ID = String.raw`\d{4}\.\d{4,5}`;
const OLD_ID = String.raw`[a-z]+(?:-[a-z]+)?(?:\.[A-Z]{2})?/\d{7}`;
/** The source of a regular expression for an id without its version. */
export const ARXIV_ID = `(?:${NEW_ID}|${OLD_ID})`;
const PAPER = new RegExp(`^/(?:abs|pdf|html)/(${ARXIV_ID})(?:v\\d+)?(?:\\.pdf)?/?$`);
const HTML_TITLE = "h1.ltx_title_document";

/** @type {Site} */
export const arxiv = {
  name: "arxiv",
  hosts: /^(?:www\.|export\.)?arxiv\.org$/,
  keyOf: ({ pathname }) => pathname.match(PAPER)?.[1] ?? null,
  readPaper,
  readList: () => null,
  findText: (page) => page.querySelector("article.ltx_document"),
};

/**
 * Read a paper from the citation metadata for search engines, or from what the page shows.
 * @param {Document} page
 * @param {string} key
 * @returns {PagePaper}
 */
function readPaper(page, key) {
  if (page.querySelector(HTML_TITLE)) return readHtml(page, key);
  const paper = describePaper(key, {
    title: readMeta(page, "title")[0] ?? textOf(page, "h1.title, h1").replace(/^Title:\s*/, ""),
    abstract:
      readMeta(page, "abstract")[0] ?? textOf(page, "blockquote").replace(/^Abstract:\s*/, ""),
    authors: readMeta(page, "author").map(inOrder),
    date: readMeta(page, "date")[0],
  });
  const address = page.querySelector('meta[property="og:url"]')?.getAttribute("content");
  if (address) paper.address = address;
  return paper;
}

/**
 * @param {Document} page
 * @param {string} key
 * @returns {PagePaper}
 */
function readHtml(page, key) {
  const abstract = readable(page.querySelector(".ltx_abstract p"));
  const title = readable(page.querySelector(HTML_TITLE));
  return abstract ? { id: key, title, abstract } : { id: key, title };
}

/**
 * Return the text of an element without footnotes, and without the LaTeX source and the invisible
 * signs of each formula.
 * @param {Element | null} element
 */
function readable(element) {
  const copy = /** @type {Element | undefined} */ (element?.cloneNode(true));
  for (const hidden of copy?.querySelectorAll(".ltx_note, annotation") ?? []) hidden.remove();
  return foldSpaces((copy?.textContent ?? "").replace(/[\u2061-\u2064]/g, ""));
}
