/**
 * What pages tell search engines about their paper: the `citation_*` tags of Highwire Press, which
 * Google Scholar reads, or an article in JSON-LD. Pure.
 */

import { foldSpaces, parseJson } from "./page_json.js";

/** @import { PagePaper } from "../shared/types.d.ts" */

/** The server's limits. */
const MOST = { title: 2_000, abstract: 100_000, name: 300, doi: 300, authors: 10_000 };
const DATE = /^(\d{4})(?:[/-](\d{1,2}))?(?:[/-](\d{1,2}))?(?:T.*)?$/;
const DATES = ["publication_date", "online_date", "date", "year"];

/**
 * Describe the paper of a page. The id is empty: whoever knows one fills it in.
 * @param {Document} page
 * @returns {PagePaper}
 */
export function readCitation(page) {
  const article = readArticle(page);
  const [title = article.title] = readMeta(page, "title");
  const authors = readMeta(page, "author").map(inOrder);
  return describePaper("", {
    title,
    doi: readMeta(page, "doi")[0] ?? "",
    abstract: readMeta(page, "abstract")[0] ?? article.abstract,
    authors: authors.length ? authors : article.authors,
    date: DATES.flatMap((name) => readMeta(page, name))[0] ?? article.date,
  });
}

/**
 * Describe a paper by what is known of it, within the server's limits.
 * @param {string} id
 * @param {{ title: string, doi?: string, abstract?: string, authors?: string[], date?: string }} it
 * @returns {PagePaper}
 */
export function describePaper(id, { title, doi = "", abstract = "", authors = [], date = "" }) {
  const names = authors.filter(Boolean).slice(0, MOST.authors);
  return {
    id,
    title: title.slice(0, MOST.title),
    ...(doi && doi.length <= MOST.doi ? { doi } : {}),
    ...(abstract ? { abstract: abstract.slice(0, MOST.abstract) } : {}),
    ...(names.length ? { authors: names.map((name) => name.slice(0, MOST.name)) } : {}),
    ...readDate(date),
  };
}

/**
 * Return the contents of a page's `citation_*` tags of a name.
 * @param {Document} page
 * @param {string} name
 */
export function readMeta(page, name) {
  return [...page.querySelectorAll(`meta[name="citation_${name}"]`)]
    .map((meta) => foldSpaces(meta.getAttribute("content") ?? ""))
    .filter(Boolean);
}

/**
 * Return the address that a page gives as its own, "" if none. A site that draws its next paper in
 * place may tell of the one that was left for a while, and then this address is that one's, too.
 * @param {Document} page
 */
export function readOwnAddress(page) {
  const link = page.querySelector("link[rel=canonical]")?.getAttribute("href");
  return link ?? page.querySelector('meta[property="og:url"]')?.getAttribute("content") ?? "";
}

/** @param {Document} page @param {string} selector */
export function textOf(page, selector) {
  return foldSpaces(page.querySelector(selector)?.textContent ?? "");
}

/**
 * Return a name that may be written "Family, Given" as people say it.
 * @param {string} name
 */
export function inOrder(name) {
  return name.split(", ").reverse().join(" ");
}

/**
 * Read a date: `published` if it names a day of the calendar, else `issued` for its year or month.
 * @param {string} text
 * @returns {{ published?: string, issued?: string }}
 */
function readDate(text) {
  const [, year, month, day] = text.match(DATE) ?? [];
  if (!year || !/^[12]/.test(year)) return {};
  const digits = (/** @type {string} */ number) => number.padStart(2, "0");
  const isMonth = month && Number(month) >= 1 && Number(month) <= 12;
  const issued = isMonth ? `${year}-${digits(month)}` : year;
  const published = isMonth && day ? `${issued}-${digits(day)}` : "";
  // the Date of a day that no calendar has is one of the next month
  const isDay = published && !Number.isNaN(Date.parse(published));
  return isDay && new Date(published).toISOString().startsWith(published)
    ? { published }
    : { issued };
}

/**
 * Read the scholarly article of a page's JSON-LD, empty if it has none.
 * @param {Document} page
 */
function readArticle(page) {
  const scripts = [...page.querySelectorAll('script[type="application/ld+json"]')];
  const things = scripts.flatMap((script) => flatten(parseJson(script.textContent ?? ""), 3));
  const article = things.find((thing) => String(thing["@type"]).includes("ScholarlyArticle")) ?? {};
  const words = (/** @type {any} */ value) => (typeof value === "string" ? foldSpaces(value) : "");
  return {
    title: words(article.headline) || words(article.name),
    abstract: words(article.abstract),
    authors: [article.author ?? []].flat().map((author) => words(author?.name ?? author)),
    date: words(article.datePublished),
  };
}

/**
 * Return the objects in a JSON-LD value: lists and graphs are nested differently on each site.
 * @param {any} value
 * @param {number} depth
 * @returns {any[]}
 */
function flatten(value, depth) {
  if (!value || typeof value !== "object" || depth < 0) return [];
  if (Array.isArray(value)) return value.flatMap((each) => flatten(each, depth - 1));
  return [value, ...flatten(value["@graph"], depth - 1)];
}
