/** Where margins and bar go in the markup of a list, and in which order its cards are shown. */

/** @import { FoundCard } from "../sites/cards.js" */

/**
 * @param {Element} card
 * @returns {Element} the parent for the margin in a card: the card, or its title's parent in a row
 *   layout
 */
export function placeForMargin(card) {
  const { display, flexDirection } = getComputedStyle(card);
  const isRow =
    display.includes("grid") || (display.includes("flex") && flexDirection.startsWith("row"));
  return isRow
    ? (card.querySelector("h1, h2, h3, h4, h5, h6, [role=heading]")?.parentElement ?? card)
    : card;
}

/**
 * @param {Element[]} cards
 * @returns {Element | null} the innermost element that contains them all
 */
export function commonParent(cards) {
  if (!cards.length) return null;
  let parent = cards[0].parentElement;
  while (
    parent &&
    !(parent.contains(cards[cards.length - 1]) && parent.contains(cards[cards.length >> 1]))
  )
    parent = parent.parentElement;
  return parent;
}

/**
 * @param {Element} list
 * @param {Element} card
 * @returns {Element} the child of the list that contains the card
 */
export function itemIn(list, card) {
  let item = card;
  while (item.parentElement && item.parentElement !== list) item = item.parentElement;
  return item;
}

/**
 * Sort cards as they are on the screen, where the filter's order may differ from the page's.
 * @param {FoundCard[]} found
 */
export function inScreenOrder(found) {
  const list = commonParent(found.map(({ card }) => card));
  const rankOf = (/** @type {Element} */ card) =>
    list ? Number(/** @type {HTMLElement} */ (itemIn(list, card)).style.order) : 0;
  const ranked = found.map((each) => ({ each, rank: rankOf(each.card) }));
  return ranked.sort((a, b) => a.rank - b.rank).map(({ each }) => each);
}

/**
 * Show, hide, dim and order a card by style alone: the page's own nodes stay where they are.
 * @param {Element | null} list
 * @param {Element} card
 * @param {{ isDone: boolean, isHidden: boolean, rank: string }} looks
 */
export function styleCard(list, card, { isDone, isHidden, rank }) {
  const item = /** @type {HTMLElement} */ (list ? itemIn(list, card) : card);
  item.toggleAttribute("data-papermargin-hidden", isHidden);
  card.toggleAttribute("data-papermargin-dim", isDone);
  if (item.style.order !== rank) item.style.order = rank;
}

/**
 * Show the cards of a list as the page itself does.
 * @param {Element[]} cards
 */
export function unstyle(cards) {
  const list = commonParent(cards);
  for (const card of cards) styleCard(list, card, { isDone: false, isHidden: false, rank: "" });
  for (const name of ["list", "sorted", "empty"]) list?.removeAttribute(`data-papermargin-${name}`);
}

/**
 * Put the bar above the list of some cards, or take it away if there are none.
 * @param {HTMLElement} bar
 * @param {Element[]} cards
 */
export function placeBar(bar, cards) {
  const list = commonParent(cards);
  if (!list) return bar.remove();
  const inside = list.matches("main, body");
  const place = inside ? itemIn(list, cards[0]) : list;
  bar.toggleAttribute("data-inside", inside);
  list.toggleAttribute("data-papermargin-list", !inside);
  if (place.previousElementSibling !== bar) place.before(bar);
  return undefined;
}

/**
 * Remove margins and bars that are not ours, or copies, since they may show anything.
 * @param {Set<Element>} ours
 */
export function removeOthers(ours) {
  for (const host of document.querySelectorAll("papermargin-card, papermargin-bar"))
    if (!ours.has(host)) host.remove();
}

/**
 * Return what the page says of a paper.
 * @param {FoundCard} found
 */
export function wordsOf({ card, paper }) {
  return [paper.title, paper.abstract, wordsOn(card)].join("\n");
}

/**
 * @param {Element} card
 * @returns {string} what the card prints, such as an organization, without its dialogs
 */
function wordsOn(card) {
  const isPrinted = (/** @type {Node} */ node) =>
    !node.parentElement?.closest("dialog, script, style, template, [hidden]");
  const walker = document.createTreeWalker(card, NodeFilter.SHOW_TEXT);
  const words = [];
  while (walker.nextNode())
    if (isPrinted(walker.currentNode)) words.push(walker.currentNode.nodeValue);
  return words.join(" ").replace(/\s+/g, " ");
}
