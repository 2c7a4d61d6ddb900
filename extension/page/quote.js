/**
 * Quotes of a text, which are found again even if its white space differs. Pure.
 *
 * Offsets are UTF-16 code units, as in the DOM, unless code points are mentioned, as on the server.
 */

/** @import { Quote } from "../shared/api.d.ts" */

// as many as the server keeps, which compares them when it finds the quote
const CONTEXT = 40;

/**
 * Make a W3C text quote selector for part of a text, with its position in code points as a hint.
 * https://www.w3.org/TR/annotation-model/#text-quote-selector
 * @param {string} text
 * @param {number} start
 * @param {number} end
 * @returns {Quote}
 */
export function makeQuote(text, start, end) {
  return {
    exact: text.slice(start, end),
    prefix: text.slice(Math.max(0, start - CONTEXT), start),
    suffix: text.slice(end, end + CONTEXT),
    start: [...text.slice(0, start)].length,
    end: [...text.slice(0, end)].length,
  };
}

/**
 * Find a quote in a text, ignoring white space. Of several places, the one whose surroundings have
 * most in common with the quote's prefix and suffix is returned; null if there is none.
 * @param {string} text
 * @param {Quote} quote
 * @returns {{ start: number, end: number } | null}
 */
export function findQuote(text, quote) {
  const { squeezed, places } = squeeze(text);
  const wanted = squeeze(quote.exact).squeezed;
  const before = squeeze(quote.prefix ?? "").squeezed;
  const after = squeeze(quote.suffix ?? "").squeezed;
  let best = -1;
  let bestLikeness = -1;
  for (
    let at = squeezed.indexOf(wanted);
    wanted && at >= 0;
    at = squeezed.indexOf(wanted, at + 1)
  ) {
    const likeness =
      sharedEnd(squeezed.slice(0, at), before) +
      sharedStart(squeezed.slice(at + wanted.length), after);
    if (likeness > bestLikeness) [best, bestLikeness] = [at, likeness];
  }
  return best < 0 ? null : { start: places[best], end: places[best + wanted.length - 1] + 1 };
}

/**
 * Return a text without its white space, and the offset of each character that is left.
 * @param {string} text
 */
function squeeze(text) {
  const places = [];
  let squeezed = "";
  for (let at = 0; at < text.length; at += 1) {
    // all white space goes: markup may add or drop it anywhere, even between words
    if (/\s/.test(text[at])) continue;
    squeezed += text[at];
    places.push(at);
  }
  return { squeezed, places };
}

/** @param {string} a @param {string} b */
function sharedStart(a, b) {
  let shared = 0;
  while (shared < b.length && a[shared] === b[shared]) shared += 1;
  return shared;
}

/** @param {string} a @param {string} b */
function sharedEnd(a, b) {
  let shared = 0;
  while (
    shared < b.length &&
    shared < a.length &&
    a[a.length - 1 - shared] === b[b.length - 1 - shared]
  )
    shared += 1;
  return shared;
}

/**
 * Return a function that converts offsets in code points into offsets in UTF-16 code units.
 * @param {string} text
 * @returns {(codePoint: number) => number}
 */
function unitsOf(text) {
  const units = [0];
  for (const character of text) units.push(units[units.length - 1] + character.length);
  return (codePoint) => units[Math.min(codePoint, units.length - 1)];
}

/**
 * Return the words of a paper that a mention or result covers.
 * @param {{ title: string, abstract: string }} paper
 * @param {{ start: number, end: number }} span in code points of the title, a newline and the
 *   abstract
 */
export function wordsOfSpan({ title, abstract }, { start, end }) {
  return [...`${title}\n${abstract}`].slice(start, end).join("");
}

/**
 * Find a quote of the abstract in a paper, without white space at its ends.
 * @param {{ title: string, abstract: string }} paper
 * @param {Quote} quote
 * @returns {{ start: number, end: number } | null} in code points of the title, a newline and the
 *   abstract
 */
export function spanOfQuote({ title, abstract }, quote) {
  const place = findQuote(abstract, { ...quote, exact: quote.exact.trim() });
  if (!place) return null;
  const pointsBefore = (/** @type {number} */ unit) =>
    [...`${title}\n${abstract.slice(0, unit)}`].length;
  return { start: pointsBefore(place.start), end: pointsBefore(place.end) };
}

/**
 * Return the quote of the abstract that a mention or result covers, null if it is in the title.
 * @param {{ title: string, abstract: string }} paper
 * @param {{ start: number, end: number }} span in code points of the title, a newline and the
 *   abstract
 * @returns {Quote | null}
 */
export function quoteOfSpan({ title, abstract }, { start, end }) {
  const offset = [...title].length + 1;
  const unit = unitsOf(abstract);
  return start < offset ? null : makeQuote(abstract, unit(start - offset), unit(end - offset));
}
