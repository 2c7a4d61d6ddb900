// @ts-check
/** What a selection says as it was written: formulas that KaTeX has set count as their LaTeX. */

/**
 * Gives the passage of a text that is selected, and how many characters (code points) of the text stand before it.
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
  const exact = written(range);
  const blank = exact.length - exact.trimStart().length;
  return exact.trim() ? { exact: exact.trim(), start: [...written(before)].length + blank } : null;
}

/** @param {Node} node */
function formulaAround(node) {
  return (node instanceof Element ? node : node.parentElement)?.closest("[data-tex]");
}

/** @param {Range} range */
function written(range) {
  const copy = range.cloneContents();
  for (const formula of copy.querySelectorAll("[data-tex]")) formula.replaceWith(/** @type {HTMLElement} */ (formula).dataset.tex ?? "");
  return copy.textContent ?? "";
}
