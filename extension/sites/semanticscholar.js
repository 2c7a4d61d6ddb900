/** Semantic Scholar: a paper's page, which may link to arXiv or name a DOI. Pure. */

import { arxiv, ARXIV_ID } from "./arxiv.js";
import { readCitation, readMeta, readOwnAddress, textOf } from "./citation.js";

/** @import { Site } from "./pages.js" */

const PAPER = /^\/paper\/(?:[^/]+\/)?[0-9a-f]{40}\/?$/;
const HASH = /[0-9a-f]{40}/;
const BY_ARXIV = new RegExp(`^/arxiv/(${ARXIV_ID})(?:v\\d+)?/?$`, "i");
/** Links to the paper itself; those in its references lead to others. */
const SOURCES = ".doi__link, .alternate-sources a, a[data-test-id='paper-link']";
const ABSTRACT = "[data-test-id='text-truncator-abstract'], .abstract__text";

/** @type {Site} */
export const semanticscholar = {
  name: "semanticscholar",
  hosts: /^www\.semanticscholar\.org$/,
  keyOf: ({ pathname }) => pathname.match(BY_ARXIV)?.[1] ?? null,
  isPaper: ({ pathname }) => PAPER.test(pathname),
  readPaper: (page, key, url) => {
    const [own, told] = [url.pathname, readOwnAddress(page)].map((at) => at.match(HASH)?.[0]);
    // the tags are still those of the paper that was left
    if (own && told && own !== told) return { id: key, title: "" };
    const citation = readCitation(page);
    const links = [...page.querySelectorAll(SOURCES)].map((a) => a.getAttribute("href") ?? "");
    const id = key || ([...readMeta(page, "pdf_url"), ...links].map(arxivIdAt).find(Boolean) ?? "");
    const doi = citation.doi ?? links.map(doiAt).find(Boolean);
    const abstract = citation.abstract ?? textOf(page, ABSTRACT);
    return { ...citation, id, ...(doi ? { doi } : {}), ...(abstract ? { abstract } : {}) };
  },
  readList: () => null,
  abstract: ABSTRACT,
};

/** @param {string} address */
function arxivIdAt(address) {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  return arxiv.hosts.test(url.hostname) ? arxiv.keyOf(url) : null;
}

/** @param {string} address */
function doiAt(address) {
  return address.match(/^https?:\/\/(?:dx\.)?doi\.org\/(10\..+)$/)?.[1] ?? null;
}
