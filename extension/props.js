/** What a page's own JSON says of its papers. Pure but for a memo. */

/** @typedef {import("./wire.js").PagePaper} PagePaper */

/** @type {{ raw: string, items: ReturnType<typeof parseItems> } | undefined} */
let memo;

/**
 * Read the papers that a list's own JSON tells of: by their ids, and the ids of those shown (null without JSON).
 * @param {Document} page
 */
export function readItems(page) {
  const holders = [...page.querySelectorAll("[data-props]")];
  const raw =
    holders.map((holder) => holder.getAttribute("data-props") ?? "").find((text) => text.includes('"dailyPapers"')) ??
    "";
  if (memo?.raw !== raw) memo = { raw, items: parseItems(raw) };
  return memo.items;
}

/** @param {string} raw */
function parseItems(raw) {
  const props = parseJson(raw);
  const daily = itemsOf(props?.dailyPapers);
  const results = Array.isArray(props?.searchResults) ? itemsOf(props.searchResults) : null;
  const byKey = new Map([...daily, ...(results ?? [])].map((item) => [String(item.paper.id), item]));
  return { props, byKey, ids: props && Array.isArray(props.dailyPapers) ? shownIds(daily, results) : null };
}

/**
 * A search shows its results, on a period's page only those of the period.
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
 * Read a page's JSON, which is a stranger's: what cannot be read is as good as absent.
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
 * Say of a paper what its item tells.
 * @param {string} key
 * @param {string} title as the page shows it
 * @param {any} item null where the page's JSON has none
 * @returns {PagePaper}
 */
export function describe(key, title, item) {
  const source = item?.paper ?? {};
  /** @type {PagePaper} */
  const paper = { id: key, title: title || fold(String(item?.title ?? source.title ?? "")) };
  const abstract = fold(String(item?.summary ?? source.summary ?? ""));
  const authors = (Array.isArray(source.authors) ? source.authors : []).filter(
    (/** @type {any} */ author) => author?.name && !author.hidden,
  );
  if (abstract) paper.abstract = abstract;
  if (authors.length)
    paper.authors = authors.map((/** @type {any} */ author) => fold(String(author.name)).slice(0, 300));
  if (/^\d{4}-\d{2}-\d{2}/.test(source.publishedAt)) paper.published = source.publishedAt.slice(0, 10);
  return paper;
}

/**
 * Fold white space.
 * @param {string} text
 * @returns {string}
 */
export function fold(text) {
  return text.replace(/\s+/g, " ").trim();
}
