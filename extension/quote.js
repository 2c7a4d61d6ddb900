/** Quotes of a text, found again when its white space differs. Pure; offsets are UTF-16 units unless said otherwise. */

/** @typedef {import("./wire.js").Quote} Quote */

const CONTEXT = 40;

/**
 * Make the W3C text quote selector of a stretch of `text`, with its position in code points as a hint.
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
 * Find the stretch of `text` that a quote means: where its words stand, white space aside; of several places the one
 * whose neighbourhood is most like the quote's. Null when the words are gone.
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
  for (let at = squeezed.indexOf(wanted); wanted && at >= 0; at = squeezed.indexOf(wanted, at + 1)) {
    const likeness = sharedEnd(squeezed.slice(0, at), before) + sharedStart(squeezed.slice(at + wanted.length), after);
    if (likeness > bestLikeness) [best, bestLikeness] = [at, likeness];
  }
  return best < 0 ? null : { start: places[best], end: places[best + wanted.length - 1] + 1 };
}

/**
 * Give a text without its white space, and where each character of that stood.
 * @param {string} text
 */
function squeeze(text) {
  const places = [];
  let squeezed = "";
  for (let at = 0; at < text.length; at += 1) {
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
  while (shared < b.length && shared < a.length && a[a.length - 1 - shared] === b[b.length - 1 - shared]) shared += 1;
  return shared;
}

/**
 * Turn places in code points, as the server counts, into places in UTF-16 units, as the browser does.
 * @param {string} text
 * @returns {(codePoint: number) => number}
 */
export function unitsOf(text) {
  const units = [0];
  for (const character of text) units.push(units[units.length - 1] + character.length);
  return (codePoint) => units[Math.min(codePoint, units.length - 1)];
}

/**
 * Give the quote of the abstract that a mention or result covers; null when it stands in the title.
 * @param {{ title: string, abstract: string }} paper
 * @param {{ start: number, end: number }} span in code points of title, newline, abstract
 * @returns {Quote | null}
 */
export function quoteOfSpan({ title, abstract }, { start, end }) {
  const offset = [...title].length + 1;
  const unit = unitsOf(abstract);
  return start < offset ? null : makeQuote(abstract, unit(start - offset), unit(end - offset));
}
