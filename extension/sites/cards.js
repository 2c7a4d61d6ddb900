/** Find the cards of a list of papers in any markup. Pure. */

import { foldSpaces } from "./page_json.js";

/** @import { PagePaper } from "../shared/types.d.ts" */
/** @import { ShownFacts } from "./page_json.js" */

/**
 * @typedef {object} FoundCard
 * @property {string} key
 * @property {PagePaper} paper
 * @property {Element} card
 * @property {ShownFacts} facts what the page tells besides, which is not sent to the server
 */

const HEADING = "h1, h2, h3, h4, h5, h6, [role=heading]";
const CARD = "article, li, [role=article], [role=listitem]";

/**
 * Find the cards of a list. A card is the widest element around a paper's title link that contains
 * no link to another paper. If any title links are in headings, only those count, so that a paper
 * cited in an abstract is not taken for a card.
 * @param {ParentNode} root
 * @param {URL} url the page's address
 * @param {(url: URL) => string | null} keyOf returns the key of the paper at an address of the site
 * @returns {{ key: string, title: string, card: Element }[]}
 */
export function findCards(root, url, keyOf) {
  const links = titleLinks(root, url, keyOf);
  const owners = countOwners(links);
  /** @type {Map<Element, { key: string, title: string, card: Element }>} */
  const cards = new Map();
  for (const { key, link } of links) {
    const card = cardAround(link, owners);
    if (!cards.has(card)) cards.set(card, { key, title: foldSpaces(link.textContent ?? ""), card });
  }
  return [...cards.values()];
}

/**
 * @param {ParentNode} root
 * @param {URL} url
 * @param {(url: URL) => string | null} keyOf
 */
function titleLinks(root, url, keyOf) {
  const links = [];
  const anchors = /** @type {NodeListOf<HTMLAnchorElement>} */ (root.querySelectorAll("a[href]"));
  for (const link of anchors) {
    const key = foldSpaces(link.textContent ?? "") && keyOfLink(link, url, keyOf);
    if (key) links.push({ key, link });
  }
  // "comments" and thumbnails link to the paper too
  const headed = links.filter(({ link }) => link.closest(HEADING) ?? link.querySelector(HEADING));
  return headed.length ? headed : longestLinks(links);
}

/**
 * @param {HTMLAnchorElement} link
 * @param {URL} url
 * @param {(url: URL) => string | null} keyOf
 */
function keyOfLink(link, url, keyOf) {
  const href = link.getAttribute("href") ?? "";
  if (!URL.canParse(href, url)) return null;
  const target = new URL(href, url);
  // a link with a fragment leads to a paper's comments
  return target.hash || target.host !== url.host ? null : keyOf(target);
}

/**
 * Without headings, take the longest link to a paper for its title.
 * @param {{ key: string, link: HTMLAnchorElement }[]} links
 */
function longestLinks(links) {
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
