/** Which papers stand on which page, and where: read from the page's links and its own JSON. Pure. */

import { describe, fold, parseJson, readItems } from "./props.js";

/** @typedef {import("./wire.js").PagePaper} PagePaper */
/** @typedef {import("./wire.js").Listing} Listing */

/**
 * @typedef {object} FoundCard
 * @property {string} key
 * @property {PagePaper} paper
 * @property {Element} card
 *
 * `listed` is how many papers the page's own JSON says are there, null where it says nothing or speaks
 * of another page.
 * @typedef {object} Page
 * @property {"list" | "paper" | "other"} kind
 * @property {"huggingface" | "arxiv"} site
 * @property {FoundCard[]} cards
 * @property {PagePaper | null} paper
 * @property {Listing | null} listing
 * @property {number | null} listed
 */

const NEW_ID = String.raw`\d{4}\.\d{4,5}`;
const OLD_ID = String.raw`[a-z]+(?:-[a-z]+)?(?:\.[A-Z]{2})?/\d{7}`;
const HF_PAPER = new RegExp(`^/papers/(${NEW_ID})(?:v\\d+)?(?:\\.md)?/?$`);
const HF_LIST = /^\/papers(?:\/(date|week|month)\/([^/]+)|\/trending)?\/?$/;
const ARXIV_PAPER = new RegExp(`^/(?:abs|pdf|html)/(${NEW_ID}|${OLD_ID})(?:v\\d+)?(?:\\.pdf)?/?$`);
const HEADING = "h1, h2, h3, h4, h5, h6, [role=heading]";
const CARD = "article, li, [role=article], [role=listitem]";

/**
 * Give the key of the paper that an address is of, null for any other address.
 * @param {string} address
 * @returns {string | null}
 */
export function keyOf(address) {
  if (!URL.canParse(address)) return null;
  const { hostname, pathname } = new URL(address);
  if (hostname === "huggingface.co" || hostname === "hf.co") return pathname.match(HF_PAPER)?.[1] ?? null;
  return /^(?:www\.|export\.)?arxiv\.org$/.test(hostname) ? (pathname.match(ARXIV_PAPER)?.[1] ?? null) : null;
}

/**
 * Read what the page shows now. `arrival` is the address that it was loaded from: its JSON speaks of that one only.
 * @param {Document} page
 * @param {string} address
 * @param {string} arrival
 * @returns {Page}
 */
export function readPage(page, address, arrival) {
  const { hostname, pathname } = new URL(address);
  const site = hostname.endsWith("arxiv.org") ? "arxiv" : "huggingface";
  const nothing = { cards: [], paper: null, listing: null, listed: null };
  if (keyOf(address)) return { ...nothing, kind: "paper", site, paper: readPaper(page, address, site) };
  if (site === "arxiv" || !HF_LIST.test(pathname)) return { ...nothing, kind: "other", site };
  const items = readItems(page);
  const cards = findCards(page, address).map(({ key, title, card }) => ({
    key,
    card,
    paper: describe(key, title, items.byKey.get(key)),
  }));
  const speaks = samePlace(address, arrival) && items.ids !== null;
  const listing = speaks && matches(cards, items.ids ?? []) ? readListing(items.props, new URL(address)) : null;
  return { kind: "list", site, cards, paper: null, listing, listed: speaks ? (items.ids ?? []).length : null };
}

/**
 * Find the cards of a list: each link that carries an arXiv id and a title, and the widest element around it that
 * belongs to no other paper. Where headings hold such links, only those count, so that a paper named in an abstract
 * is no card.
 * @param {ParentNode} root
 * @param {string} address
 * @returns {{ key: string, title: string, card: Element }[]}
 */
export function findCards(root, address) {
  const links = titleLinks(root, address);
  const owners = countOwners(links);
  /** @type {Map<Element, { key: string, title: string, card: Element }>} */
  const cards = new Map();
  for (const { key, link } of links) {
    const card = cardAround(link, owners);
    if (!cards.has(card)) cards.set(card, { key, title: fold(link.textContent ?? ""), card });
  }
  return [...cards.values()];
}

/** @param {ParentNode} root @param {string} address */
function titleLinks(root, address) {
  const links = [];
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (root.querySelectorAll("a[href]"))) {
    const url = parse(link.getAttribute("href") ?? "", address);
    const key = url && !url.hash && url.host === new URL(address).host ? url.pathname.match(HF_PAPER)?.[1] : null;
    if (key && fold(link.textContent ?? "")) links.push({ key, link });
  }
  const headed = links.filter(({ link }) => link.closest(HEADING) ?? link.querySelector(HEADING));
  return headed.length ? headed : wordiest(links);
}

/** @param {string} href @param {string} base */
function parse(href, base) {
  return URL.canParse(href, base) ? new URL(href, base) : null;
}

/**
 * Without headings, a paper's title is the link to it with the most words.
 * @param {{ key: string, link: HTMLAnchorElement }[]} links
 */
function wordiest(links) {
  /** @type {Map<string, { key: string, link: HTMLAnchorElement }>} */
  const best = new Map();
  for (const found of links) {
    const rival = best.get(found.key);
    if (!rival || (found.link.textContent ?? "").length > (rival.link.textContent ?? "").length)
      best.set(found.key, found);
  }
  return [...best.values()];
}

/**
 * @param {{ key: string, link: Element }[]} links
 * @returns {Map<Element, string>} the only key below an element, "" for several
 */
function countOwners(links) {
  const owners = new Map();
  for (const { key, link } of links) {
    for (let element = link.parentElement; element; element = element.parentElement) {
      const owner = owners.get(element);
      owners.set(element, owner === undefined || owner === key ? key : "");
    }
  }
  return owners;
}

/** @param {Element} link @param {Map<Element, string>} owners */
function cardAround(link, owners) {
  const marked = link.closest(CARD);
  if (marked && owners.get(marked)) return marked;
  /** @type {Element} */
  let card = link.parentElement ?? link;
  for (
    let wider = card.parentElement;
    wider && owners.get(wider) && !wider.matches("main, body, section");
    wider = wider.parentElement
  ) {
    card = wider;
  }
  return card;
}

/** @param {FoundCard[]} cards @param {string[]} ids */
function matches(cards, ids) {
  return cards.length === ids.length && cards.every((card, place) => card.key === ids[place]);
}

/** @param {string} address @param {string} arrival */
function samePlace(address, arrival) {
  const [a, b] = [new URL(address), new URL(arrival)];
  return a.pathname === b.pathname && a.search === b.search;
}

/**
 * A search is nobody's business but the person's: it is no listing.
 * @param {any} props
 * @param {URL} url
 * @returns {Listing | null}
 */
function readListing(props, url) {
  const [, period, name] = url.pathname.match(HF_LIST) ?? [];
  if (props.query?.q || url.searchParams.get("q")) return null;
  if (period === "week" && /^\d{4}-W\d{2}$/.test(name)) return { kind: "weekly", name };
  if (period === "month" && /^\d{4}-\d{2}$/.test(name)) return { kind: "monthly", name };
  const day = String(props.dateString ?? props.date ?? "").slice(0, 10);
  const isDay = !props.isTrending && (props.periodType ?? "day") === "day" && /^\d{4}-\d{2}-\d{2}$/.test(day);
  return isDay ? { kind: "daily", name: day, day } : null;
}

/** @param {Document} page @param {string} address @param {string} site @returns {PagePaper} */
function readPaper(page, address, site) {
  const key = keyOf(address) ?? "";
  return site === "arxiv" ? readArxiv(page, key) : readPaperPage(page, key);
}

/** @param {Document} page @param {string} key */
function readPaperPage(page, key) {
  const raws = [...page.querySelectorAll("[data-props]")].map((holder) => holder.getAttribute("data-props") ?? "");
  const source = raws
    .filter((raw) => raw.includes(`"${key}"`))
    .map((raw) => parseJson(raw)?.paper)
    .find((paper) => paper?.id === key);
  const paper = describe(key, fold(page.querySelector("h1")?.textContent ?? ""), source ? { paper: source } : null);
  return paper.abstract ? paper : { ...paper, ...abstractOf(underHeading(page)) };
}

/** @param {Document} page @param {string} key @returns {PagePaper} */
function readArxiv(page, key) {
  const all = (/** @type {string} */ name) =>
    [...page.querySelectorAll(`meta[name="${name}"]`)].map((meta) => fold(meta.getAttribute("content") ?? ""));
  const heading = fold(page.querySelector("h1.title, h1")?.textContent ?? "").replace(/^Title:\s*/, "");
  const authors = all("citation_author").map((name) => name.split(", ").reverse().join(" "));
  const [published] = all("citation_date").map((date) => date.replaceAll("/", "-"));
  return {
    id: key,
    title: all("citation_title")[0] ?? heading,
    ...(authors.length ? { authors } : {}),
    ...(/^\d{4}-\d{2}-\d{2}$/.test(published) ? { published } : {}),
    ...abstractOf(
      all("citation_abstract")[0] ??
        fold(page.querySelector("blockquote")?.textContent ?? "").replace(/^Abstract:\s*/, ""),
    ),
  };
}

/** @param {string} abstract */
function abstractOf(abstract) {
  return abstract ? { abstract } : {};
}

/** @param {Document} page */
function underHeading(page) {
  const heading = [...page.querySelectorAll("h2, h3")].find(
    (element) => fold(element.textContent ?? "") === "Abstract",
  );
  const texts = [...(heading?.parentElement?.querySelectorAll("p") ?? [])].map((element) =>
    fold(element.textContent ?? ""),
  );
  return texts.reduce((longest, text) => (text.length > longest.length ? text : longest), "");
}

/**
 * Find the element that shows the abstract: of those that hold its first words, the narrowest.
 * @param {Document} page
 * @param {string} abstract
 * @returns {Element | null}
 */
export function findAbstract(page, abstract) {
  const squeeze = (/** @type {string | null} */ text) => (text ?? "").replace(/\s+/g, "");
  const start = squeeze(abstract).slice(0, 60);
  const holders = [...page.querySelectorAll("p, blockquote")].filter(
    (element) => start && squeeze(element.textContent).includes(start),
  );
  return (
    holders.reduce(
      (/** @type {Element | null} */ found, element) => (!found || found.contains(element) ? element : found),
      null,
    ) ?? page.querySelector("blockquote")
  );
}
