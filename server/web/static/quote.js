// @ts-check
/** Read a selection as source text: a formula that KaTeX typeset counts as its LaTeX. */

/**
 * Return the selected passage of a text, and how many characters (code points) are before it.
 * @param {Element} text
 * @returns {{ exact: string, start: number } | null}
 */
export function selectedPassage(text) {
  const selection = getSelection();
  if (!selection?.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0).cloneRange();
  if (!text.contains(range.startContainer) || !text.contains(range.endContainer)) return null;
  const [first, last] = [formulaAround(range.startContainer), formulaAround(range.endContainer)];
  if (first) range.setStartBefore(first);
  if (last) range.setEndAfter(last);
  const before = document.createRange();
  before.setStart(text, 0);
  before.setEnd(range.startContainer, range.startOffset);
  const exact = sourceText(range);
  const blank = exact.length - exact.trimStart().length;
  if (!exact.trim()) return null;
  return { exact: exact.trim(), start: [...sourceText(before)].length + blank };
}

/**
 * Return the typeset formula that a node is part of.
 * @param {Node} node
 */
function formulaAround(node) {
  return (node instanceof Element ? node : node.parentElement)?.closest("[data-tex]");
}

/**
 * Return the source text of a range.
 * @param {Range} range
 */
function sourceText(range) {
  const copy = range.cloneContents();
  for (const formula of copy.querySelectorAll("[data-tex]")) {
    formula.replaceWith(/** @type {HTMLElement} */ (formula).dataset.tex ?? "");
  }
  return copy.textContent ?? "";
}
