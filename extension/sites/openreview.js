/** OpenReview: the forum of a paper, which has neither a DOI nor an arXiv id. Pure. */

import { readCitation, readMeta, textOf } from "./citation.js";

/** @import { Site } from "./pages.js" */

/** @type {Site} */
export const openreview = {
  name: "openreview",
  hosts: /^openreview\.net$/,
  keyOf: () => null,
  isPaper: (url) => url.pathname === "/forum" && url.searchParams.has("id"),
  readPaper: (page, _, url) => {
    const [pdf = ""] = readMeta(page, "pdf_url");
    const id = url.searchParams.get("id");
    const told = URL.canParse(pdf, url) ? new URL(pdf, url).searchParams.get("id") : null;
    // within the site, the tags may still be those of the forum that was left
    if (told && told !== id) return { id: "", title: "" };
    const citation = readCitation(page);
    return { ...citation, title: citation.title || textOf(page, ".citation_title") };
  },
  readList: () => null,
  abstract: ".note-content-value",
};
