/**
 * Highlights in the page's own text, by the CSS Custom Highlight API, which changes none of its
 * nodes.
 */

import { h, makeHost } from "../ui/dom.js";
import { findQuote } from "./quote.js";

/** @import { Quote } from "../shared/api.d.ts" */

/**
 * Read the text of an element with the node behind each character.
 * @param {Element} element
 */
function readText(element) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const nodes = [];
  let text = "";
  while (walker.nextNode()) {
    nodes.push({
      node: /** @type {Text} */ (walker.currentNode),
      start: text.length,
    });
    text += walker.currentNode.nodeValue;
  }
  return { text, nodes };
}

/**
 * @param {{ node: Text, start: number }[]} nodes
 * @param {number} place
 * @param {boolean} isEnd
 */
function pointAt(nodes, place, isEnd) {
  const found = nodes.findLast(({ start }) => (isEnd ? start < place : start <= place)) ?? nodes[0];
  return { node: found.node, offset: place - found.start };
}

/**
 * Return the range of a quote in an element's text, null if its words are not there.
 * @param {Element} element
 * @param {Quote} quote
 * @returns {Range | null}
 */
export function rangeOf(element, quote) {
  const { text, nodes } = readText(element);
  const place = findQuote(text, quote);
  if (!place) return null;
  const [start, end] = [pointAt(nodes, place.start, false), pointAt(nodes, place.end, true)];
  const range = document.createRange();
  range.setStart(start.node, start.offset);
  range.setEnd(end.node, end.offset);
  return range;
}

/**
 * Return the offsets of a range in an element's text, null if it is not inside.
 * @param {Element} element
 * @param {Range} range
 * @returns {{ text: string, start: number, end: number } | null}
 */
export function placeOf(element, range) {
  if (!element.contains(range.startContainer) || !element.contains(range.endContainer)) return null;
  // a range counts the characters before the selection, whatever elements they are in
  const before = document.createRange();
  before.setStart(element, 0);
  before.setEnd(range.startContainer, range.startOffset);
  const start = before.toString().length;
  return {
    text: readText(element).text,
    start,
    end: start + range.toString().length,
  };
}

/**
 * Set the ranges of each highlight name (styled in `page.css` as `papermargin-<name>`), [] for
 * none. Firefox before 140 lacks the API and gets coloured boxes over the words.
 * @param {Record<string, Range[]>} ranges
 */
export function paint(ranges) {
  for (const [name, its] of Object.entries(ranges)) painted.set(name, its);
  if (CSS.highlights) return highlight(CSS.highlights, ranges);
  marks ??= makeMarks();
  return marks.lay();
}

/** @type {Map<string, Range[]>} */
const painted = new Map();
/** @type {ReturnType<typeof makeMarks> | undefined} */
let marks;

/** @param {HighlightRegistry} registry @param {Record<string, Range[]>} ranges */
function highlight(registry, ranges) {
  for (const [name, its] of Object.entries(ranges)) {
    if (its.length) registry.set(`papermargin-${name}`, new Highlight(...its));
    else registry.delete(`papermargin-${name}`);
  }
}

/**
 * Make the boxes over highlighted words, which are placed again whenever the page's layout changes.
 */
function makeMarks() {
  const { host, body } = makeHost("papermargin-marks");
  const lay = () => {
    if (host.parentNode !== document.documentElement) document.documentElement.append(host);
    body.replaceChildren(
      ...[...painted].flatMap(([name, ranges]) => ranges.flatMap((range) => boxesOf(name, range))),
    );
  };
  new ResizeObserver(lay).observe(document.documentElement);
  return { lay };
}

/** @param {string} name @param {Range} range */
function boxesOf(name, range) {
  return [...range.getClientRects()].map(({ left, top, width, height }) => {
    const box = h(`i.over.${name}`);
    Object.assign(box.style, {
      left: `${left + scrollX}px`,
      top: `${top + scrollY}px`,
      width: `${width}px`,
      height: `${height}px`,
    });
    return box;
  });
}
