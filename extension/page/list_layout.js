/** Where margins and bar go in the markup of a list. */

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
 * @param {Element} card
 * @returns {string} what the card prints, such as an organization, without its dialogs
 */
export function wordsOn(card) {
  const isPrinted = (/** @type {Node} */ node) =>
    !node.parentElement?.closest("dialog, script, style, template, [hidden]");
  const walker = document.createTreeWalker(card, NodeFilter.SHOW_TEXT);
  const words = [];
  while (walker.nextNode())
    if (isPrinted(walker.currentNode)) words.push(walker.currentNode.nodeValue);
  return words.join(" ").replace(/\s+/g, " ");
}
