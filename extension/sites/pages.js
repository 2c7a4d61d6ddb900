/** Find the papers of a page. Each site has a module of its own; this one picks it. Pure. */

import { acl } from "./acl.js";
import { alphaxiv } from "./alphaxiv.js";
import { arxiv } from "./arxiv.js";
import { huggingface } from "./huggingface.js";
import { openreview } from "./openreview.js";
import { semanticscholar } from "./semanticscholar.js";

/** @import { PageListing } from "../shared/api.d.ts" */
/** @import { PagePaper } from "../shared/types.d.ts" */
/** @import { FoundCard } from "./cards.js" */

/**
 * What a page shows. The id of its paper is empty if the page names none: the server knows papers
 * by DOI and title, too. `listed` is the number of papers by the page's own JSON, null if it has
 * none or is about another page.
 * @typedef {object} Page
 * @property {"list" | "paper" | "unknown" | "other"} kind
 * @property {string} site
 * @property {FoundCard[]} cards
 * @property {PagePaper | null} paper
 * @property {PagePaper} [unknown] a paper that the server does not have
 * @property {PageListing | null} listing
 * @property {number | null} listed
 */

/**
 * What a site module exports. `readList` returns null for a page that is no list of papers, and
 * `findText`, where a site shows whole papers, the element that contains all of one. `isPaper`
 * tells the papers' pages of a site whose addresses name no arXiv id; `abstract` selects where it
 * has the abstract, if that is no paragraph.
 * @typedef {object} Site
 * @property {string} name
 * @property {RegExp} hosts
 * @property {(url: URL) => string | null} keyOf
 * @property {(url: URL) => boolean} [isPaper]
 * @property {(page: Document, key: string, url: URL) => PagePaper} readPaper
 * @property {(page: Document, url: URL, arrival: URL) => FoundList | null} readList
 * @property {(page: Document) => Element | null} [findText]
 * @property {string} [abstract]
 *
 * @typedef {Pick<Page, "cards" | "listing" | "listed">} FoundList
 */

/** @type {Site[]} */
const SITES = [huggingface, arxiv, acl, alphaxiv, openreview, semanticscholar];
const ABSTRACTS = ["p", "blockquote", ...SITES.flatMap(({ abstract }) => abstract ?? [])].join();

/** @param {URL} url */
function siteOf(url) {
  return SITES.find(({ hosts }) => hosts.test(url.hostname));
}

/**
 * Return the key of the paper at an address, null for any other address.
 * @param {string} address
 * @returns {string | null}
 */
export function keyOf(address) {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  return siteOf(url)?.keyOf(url) ?? null;
}

/**
 * Read what the page shows now. `arrival` is the address that it was loaded from, since its JSON is
 * about that one only: navigating within the site changes the page but not the JSON.
 * @param {Document} page
 * @param {string} address
 * @param {string} arrival
 * @returns {Page}
 */
export function readPage(page, address, arrival) {
  const url = new URL(address);
  const site = siteOf(url);
  const key = site?.keyOf(url) ?? "";
  /** @type {Page} */
  const empty = {
    kind: "other",
    site: site?.name ?? "",
    cards: [],
    paper: null,
    listing: null,
    listed: null,
  };
  if (site && (key || site.isPaper?.(url)))
    return { ...empty, kind: "paper", paper: site.readPaper(page, key, url) };
  const list = site?.readList(page, url, new URL(arrival));
  return list ? { ...empty, ...list, kind: "list" } : empty;
}

/**
 * Find the element that shows the abstract: the innermost that contains its first words.
 * @param {Document} page
 * @param {string} abstract
 * @returns {Element | null}
 */
export function findAbstract(page, abstract) {
  const squeeze = (/** @type {string | null} */ text) => (text ?? "").replace(/\s+/g, "");
  const start = squeeze(abstract).slice(0, 60);
  const holders = [...page.querySelectorAll(ABSTRACTS)].filter(
    (element) => start && squeeze(element.textContent).includes(start),
  );
  return (
    holders.reduce(
      (/** @type {Element | null} */ found, element) =>
        !found || found.contains(element) ? element : found,
      null,
    ) ??
    page.querySelector(".ltx_abstract p") ??
    page.querySelector("blockquote")
  );
}

/**
 * Find the element that contains the paper's whole text, null if the page shows only its abstract.
 * @param {Document} page
 * @param {string} address
 * @returns {Element | null}
 */
export function findText(page, address) {
  return siteOf(new URL(address))?.findText?.(page) ?? null;
}
