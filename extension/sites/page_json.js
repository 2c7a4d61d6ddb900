/** The JSON that Hugging Face's pages carry about their papers. Pure but for a one-entry cache. */

/** @import { PageFacts, PaperPage } from "../shared/api.d.ts" */
/** @import { PagePaper } from "../shared/types.d.ts" */

/** @typedef {Pick<PaperPage, "organization" | "upvotes" | "code_url">} ShownFacts */

/** The server's limits: for an author's name or a keyword, for keywords, and for a summary. */
const MOST_NAME_CHARACTERS = 300;
const MOST_KEYWORDS = 200;
const MOST_SUMMARY_CHARACTERS = 10_000;

/** @type {{ raw: string, items: ReturnType<typeof parseItems> } | undefined} */
let memo;

/**
 * Read the JSON of a list: its papers by id, and the ids that the page shows (null without JSON).
 * @param {Document} page
 */
export function readItems(page) {
  const holders = [...page.querySelectorAll("[data-props]")];
  const raw =
    holders
      .map((holder) => holder.getAttribute("data-props") ?? "")
      .find((text) => text.includes('"dailyPapers"')) ?? "";
  // the JSON is up to a megabyte, and the page is scanned at every change
  if (memo?.raw !== raw) memo = { raw, items: parseItems(raw) };
  return memo.items;
}

/** @param {string} raw */
function parseItems(raw) {
  const props = parseJson(raw);
  const daily = itemsOf(props?.dailyPapers);
  const results = Array.isArray(props?.searchResults) ? itemsOf(props.searchResults) : null;
  const byKey = new Map(
    [...daily, ...(results ?? [])].map((item) => [String(item.paper.id), item]),
  );
  return {
    props,
    byKey,
    ids: props && Array.isArray(props.dailyPapers) ? shownIds(daily, results) : null,
  };
}

/**
 * Return the ids that the page shows: a search shows its results, those of the period on a period's
 * page.
 * @param {any[]} daily
 * @param {any[] | null} results
 */
function shownIds(daily, results) {
  const ids = (/** @type {any[]} */ items) => items.map((item) => String(item.paper.id));
  if (!results) return ids(daily);
  const both = new Set(ids(daily));
  const common = ids(results).filter((id) => both.has(id));
  return common.length ? common : ids(results);
}

/** @param {unknown} value @returns {any[]} */
function itemsOf(value) {
  return Array.isArray(value) ? value.filter((item) => typeof item?.paper?.id === "string") : [];
}

/**
 * Parse a page's JSON, or return null. It is not ours and may have any shape.
 * @param {string} raw
 * @returns {any}
 */
export function parseJson(raw) {
  try {
    const value = JSON.parse(raw);
    return value && typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

/**
 * Describe a paper by its title on the page and its item in the page's JSON.
 * @param {string} key
 * @param {string} title
 * @param {any} item null if the JSON has none
 * @returns {PagePaper}
 */
export function describe(key, title, item) {
  const source = item?.paper ?? {};
  /** @type {PagePaper} */
  const paper = { id: key, title: title || foldSpaces(String(item?.title ?? source.title ?? "")) };
  const abstract = foldSpaces(String(item?.summary ?? source.summary ?? ""));
  const authors = visibleAuthors(source.authors);
  if (abstract) paper.abstract = abstract;
  if (authors.length) paper.authors = authors;
  if (/^\d{4}-\d{2}-\d{2}/.test(source.publishedAt))
    paper.published = source.publishedAt.slice(0, 10);
  const facts = describeFacts(source, item);
  if (facts) paper.hugging_face = facts;
  return paper;
}

/**
 * Describe what Hugging Face adds to a paper, or return null if it adds nothing. Only what has the
 * expected type is taken, as the server refuses anything else.
 * @param {any} source the paper
 * @param {any} item what holds it
 * @returns {PageFacts | null}
 */
function describeFacts(source, item) {
  /** @type {PageFacts} */
  const facts = {};
  const summary = textOf(source.ai_summary);
  const keywords = (Array.isArray(source.ai_keywords) ? source.ai_keywords : [])
    .map(textOf)
    .filter((/** @type {string} */ word) => word && word.length <= MOST_NAME_CHARACTERS);
  const model = textOf(source.ai_summary_model);
  if (summary) facts.summary = summary.slice(0, MOST_SUMMARY_CHARACTERS);
  if (keywords.length) facts.keywords = keywords.slice(0, MOST_KEYWORDS);
  if (model) facts.model = model.slice(0, MOST_NAME_CHARACTERS);
  if (isCount(source.githubStars)) facts.stars = source.githubStars;
  if (isCount(source.upvotes)) facts.upvotes = source.upvotes;
  if (isCount(item?.numComments)) facts.comments = item.numComments;
  return Object.keys(facts).length ? facts : null;
}

/** @param {unknown} value */
function textOf(value) {
  return typeof value === "string" ? foldSpaces(value) : "";
}

/** @param {unknown} value */
function isCount(value) {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 31;
}

/**
 * Read what a page tells of a paper besides: its organization, upvotes and code.
 * @param {any} item null if the JSON has none
 * @returns {ShownFacts}
 */
export function readFacts(item) {
  const source = item?.paper ?? {};
  const { fullname, name } = item?.organization ?? source.organization ?? {};
  const text = (/** @type {unknown} */ value) => (typeof value === "string" ? value : null);
  return {
    organization: text(fullname) || text(name),
    upvotes: typeof source.upvotes === "number" ? source.upvotes : null,
    code_url: text(source.githubRepo),
  };
}

/** @param {unknown} authors @returns {string[]} */
function visibleAuthors(authors) {
  if (!Array.isArray(authors)) return [];
  return authors
    .filter((author) => author?.name && !author.hidden)
    .map((author) => foldSpaces(String(author.name)).slice(0, MOST_NAME_CHARACTERS));
}

/**
 * Collapse white space to single spaces.
 * @param {string} text
 * @returns {string}
 */
export function foldSpaces(text) {
  return text.replace(/\s+/g, " ").trim();
}
