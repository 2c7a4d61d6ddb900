/**
 * Hugging Face: Daily Papers by day, week and month, trending papers, the papers of a user, an
 * organization or a collection, and each paper's page. Pure.
 */

import { findCards } from "./cards.js";
import { describe, foldSpaces, parseJson, readFacts, readItems } from "./page_json.js";

/** @import { PageListing } from "../shared/api.d.ts" */
/** @import { FoundCard } from "./cards.js" */
/** @import { FoundList, Site } from "./pages.js" */

const PAPER = /^\/papers\/(\d{4}\.\d{4,5})(?:v\d+)?(?:\.md)?\/?$/;
const LIST = /^\/papers(?:\/(date|week|month)\/([^/]+)|\/trending)?\/?$/;
/** Lists that are no day's, week's or month's: `/NAME/papers`, `/collections/NAME/SLUG`. */
const COLLECTION = /^\/(?:collections\/[^/]+\/[^/]+|(?:[^/]+\/){1,2}papers)\/?$/;

/** @type {Site} */
export const huggingface = {
  name: "huggingface",
  hosts: /^(?:huggingface\.co|hf\.co)$/,
  keyOf,
  readPaper,
  readList,
};

/** @param {URL} url */
function keyOf({ pathname }) {
  return pathname.match(PAPER)?.[1] ?? null;
}

/**
 * @param {Document} page
 * @param {URL} url
 * @param {URL} arrival
 * @returns {FoundList | null}
 */
function readList(page, url, arrival) {
  if (!LIST.test(url.pathname) && !COLLECTION.test(url.pathname)) return null;
  const items = readItems(page);
  const cards = findCards(page, url, keyOf).map(({ key, title, card }) => ({
    key,
    card,
    paper: describe(key, title, items.byKey.get(key)),
    facts: readFacts(items.byKey.get(key)),
  }));
  const isCurrent = url.pathname === arrival.pathname && url.search === arrival.search;
  if (!isCurrent || !items.ids) return { cards, listing: null, listed: null };
  const listing = matches(cards, items.ids) ? readListing(items.props, url) : null;
  return { cards, listing, listed: items.ids.length };
}

/** @param {FoundCard[]} cards @param {string[]} ids */
function matches(cards, ids) {
  return cards.length === ids.length && cards.every((card, place) => card.key === ids[place]);
}

/**
 * Read which listing the page shows. A search is private to the person and not a listing.
 * @param {any} props
 * @param {URL} url
 * @returns {PageListing | null}
 */
function readListing(props, url) {
  const [, period, name] = url.pathname.match(LIST) ?? [];
  if (COLLECTION.test(url.pathname) || props.query?.q || url.searchParams.get("q")) return null;
  if (period === "week" && /^\d{4}-W\d{2}$/.test(name)) return { kind: "weekly", name };
  if (period === "month" && /^\d{4}-\d{2}$/.test(name)) return { kind: "monthly", name };
  const day = readDay(props);
  return day ? { kind: "daily", name: day, day } : null;
}

/** @param {any} props @returns {string | null} the day of a daily list, null for other lists */
function readDay({ isTrending, periodType, dateString, date }) {
  const day = String(dateString ?? date).slice(0, 10);
  const isDaily = !isTrending && (periodType ?? "day") === "day" && /^\d{4}-\d{2}-\d{2}$/.test(day);
  return isDaily ? day : null;
}

/** @param {Document} page @param {string} key */
function readPaper(page, key) {
  const raws = [...page.querySelectorAll("[data-props]")].map(
    (holder) => holder.getAttribute("data-props") ?? "",
  );
  const source = raws
    .filter((raw) => raw.includes(`"${key}"`))
    .map((raw) => parseJson(raw)?.paper)
    .find((paper) => paper?.id === key);
  const paper = describe(
    key,
    foldSpaces(page.querySelector("h1")?.textContent ?? ""),
    source ? { paper: source } : null,
  );
  const abstract = paper.abstract || underHeading(page);
  return abstract ? { ...paper, abstract } : paper;
}

/** @param {Document} page */
function underHeading(page) {
  const heading = [...page.querySelectorAll("h2, h3")].find(
    (element) => foldSpaces(element.textContent ?? "") === "Abstract",
  );
  const texts = [...(heading?.parentElement?.querySelectorAll("p") ?? [])].map((element) =>
    foldSpaces(element.textContent ?? ""),
  );
  return texts.reduce((longest, text) => (text.length > longest.length ? text : longest), "");
}
