/**
 * Papers that any page names: by links, or by ids like arXiv:2401.01234 in its text.
 *
 * `collectPaperNames`, `markPapers` and `clearMarks` are sent into the page by the browser, each
 * alone: they can use nothing else of this module, and pass back plain values only.
 */

import { alphaxiv } from "./alphaxiv.js";
import { arxiv, ARXIV_ID } from "./arxiv.js";
import { huggingface } from "./huggingface.js";
import { semanticscholar } from "./semanticscholar.js";

const SITES = [arxiv, huggingface, alphaxiv, semanticscholar];
const IN_TEXT = new RegExp(`^arxiv:\\s?(${ARXIV_ID})(?:v\\d+)?$`, "i");
const DOI = /^\/(10\.\d{4,9}\/\S+)$/;
const ARXIV_DOI = new RegExp(`^10\\.48550/arxiv\\.(${ARXIV_ID})(?:v\\d+)?$`, "i");
const API_OF_SEMANTIC_SCHOLAR = new RegExp(`^/arXiv:(${ARXIV_ID})(?:v\\d+)?/?$`, "i");
/** The server's limit for a DOI. */
const LONGEST = 300;

/**
 * Return what a name of a paper, an address or an id in a text, means.
 * @param {string} name
 * @returns {{ id: string } | { doi: string } | null}
 */
export function referenceOf(name) {
  const id = name.match(IN_TEXT)?.[1];
  if (id) return { id };
  if (!URL.canParse(name)) return null;
  const url = new URL(name);
  const key = SITES.find(({ hosts }) => hosts.test(url.hostname))?.keyOf(url) ?? keyByOthers(url);
  if (key) return { id: key };
  const doi =
    /^(?:dx\.|www\.)?doi\.org$/.test(url.hostname) && decode(url.pathname).match(DOI)?.[1];
  const arxivId = doi && doi.match(ARXIV_DOI)?.[1];
  if (arxivId) return { id: arxivId };
  return doi && doi.length <= LONGEST ? { doi } : null;
}

/** @param {URL} url */
function keyByOthers({ hostname, pathname }) {
  return hostname === "api.semanticscholar.org"
    ? pathname.match(API_OF_SEMANTIC_SCHOLAR)?.[1]
    : undefined;
}

/** @param {string} path */
function decode(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/**
 * Runs in the page: find links and ids that may name papers, and remember where they are. It looks
 * at the first 20,000 links and at the first 50,000 texts, so that a huge page stays usable.
 * @returns {string[]} each name once
 */
export function collectPaperNames() {
  const MOST_LINKS = 20_000;
  const MOST_TEXTS = 50_000;
  const HOST = /(?:^|\.)(?:arxiv|alphaxiv|semanticscholar|doi)\.org$|^(?:huggingface|hf)\.co$/;
  const ID = /\barxiv:\s?(?:\d{4}\.\d{4,5}|[a-z]+(?:-[a-z]+)?(?:\.[A-Z]{2})?\/\d{7})(?:v\d+)?/gi;
  const SKIPPED = "script, style, noscript, textarea, input, select, [contenteditable], svg";
  /** @type {Map<string, Map<Node, number>>} by name, where in which nodes it is first */
  const found = new Map();
  const add = (/** @type {string} */ name, /** @type {Node} */ node, at = 0) => {
    const places = found.get(name) ?? new Map();
    if (!places.has(node)) found.set(name, places.set(node, at));
  };
  for (const link of [...document.links].slice(0, MOST_LINKS)) {
    if (HOST.test(link.hostname) && link.textContent?.trim()) add(link.href, link);
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let count = 0; count < MOST_TEXTS && texts.nextNode(); count += 1) {
    const { currentNode: text } = texts;
    const ids = [...(text.nodeValue ?? "").matchAll(ID)];
    // a linked id has its mark at the link
    if (ids.length && !text.parentElement?.closest(`a[href], ${SKIPPED}`))
      for (const { 0: id, index } of ids) add(id, text, index);
  }
  Reflect.set(globalThis, "papermarginNames", found);
  return [...found.keys()];
}

/**
 * Runs in the page: put a mark behind each name of a known paper. The page can neither read nor
 * press a mark: it is in a closed shadow root, and only a person's click opens the paper.
 * @param {{ names: string[], key: string, label: string, about: string, status: string }[]} papers
 * @param {string} message what the extension is told when a mark is clicked
 * @returns {number} how many marks were made
 */
export function markPapers(papers, message) {
  const MOST_MARKS = 2_000;
  const LOOKS =
    "button { font: 600 11px/16px system-ui, sans-serif; margin: 0 2px; padding: 0 6px;" +
    "border: 1px solid #c9d1d9; border-radius: 9px; background: #fff; color: #24292f;" +
    "cursor: pointer; vertical-align: 1px; white-space: nowrap; }" +
    "button::before { content: ''; display: inline-block; width: 7px; height: 7px;" +
    "border-radius: 50%; margin-inline-end: 4px; background: var(--dot, transparent);" +
    "border: 1px solid var(--dot, #8b939c); }" +
    "button:hover { background: #f2f4f6; } button:focus-visible { outline: 2px solid #2f5d8c; }";
  /** @type {Record<string, string>} */
  const DOTS = { inbox: "#2f5d8c", reading: "#a36c12", read: "#3c7a55", skipped: "#8b939c" };
  const { runtime } = /** @type {any} */ (Reflect.get(globalThis, "browser") ?? chrome);
  const found = /** @type {Map<string, Map<Node, number>>} */ (
    Reflect.get(globalThis, "papermarginNames") ?? new Map()
  );
  const makeMark = (/** @type {string} */ words, /** @type {(typeof papers)[number]} */ paper) => {
    const host = document.createElement("papermargin-mark");
    host.style.cssText = "all: initial; display: inline; user-select: none;";
    const root = host.attachShadow({ mode: "closed" });
    const style = document.createElement("style");
    style.textContent = LOOKS;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words;
    button.title = paper.about;
    button.setAttribute("aria-label", paper.about);
    if (DOTS[paper.status]) button.style.setProperty("--dot", DOTS[paper.status]);
    button.addEventListener("click", (event) => {
      if (!event.isTrusted) return;
      event.preventDefault();
      event.stopPropagation();
      runtime.sendMessage({ kind: message, body: { key: paper.key } });
    });
    root.append(style, button);
    return host;
  };
  const places = papers
    .flatMap((paper) => paper.names.map((name) => ({ paper, name })))
    .flatMap(({ paper, name }) =>
      [...(found.get(name) ?? [])].map(([node, at]) => ({ paper, name, node, at })),
    )
    // the page may have removed or changed it meanwhile
    .filter(
      ({ name, node, at }) => node.isConnected && (node.nodeValue ?? name).startsWith(name, at),
    )
    // a text is split behind its last id first, so that the places of the others stay
    .sort((one, other) => other.at - one.at)
    .slice(0, MOST_MARKS);
  /** @type {[Text, Text][]} */
  const splits = [];
  for (const { paper, name, node, at } of places) {
    const rest = node instanceof Text ? node.splitText(at + name.length) : node.nextSibling;
    if (node instanceof Text) splits.push([node, /** @type {Text} */ (rest)]);
    node.parentNode?.insertBefore(makeMark(paper.label, paper), rest);
  }
  Reflect.set(globalThis, "papermarginSplits", splits);
  // nodes that the page removes are not to be held
  Reflect.deleteProperty(globalThis, "papermarginNames");
  return places.length;
}

/** Runs in the page: take the marks off, and join the texts that were split for them. */
export function clearMarks() {
  for (const mark of document.querySelectorAll("papermargin-mark")) mark.remove();
  const splits = /** @type {[Text, Text][]} */ (Reflect.get(globalThis, "papermarginSplits") ?? []);
  for (const [text, rest] of splits.toReversed()) {
    if (!text.isConnected || text.nextSibling !== rest) continue;
    text.appendData(rest.data);
    rest.remove();
  }
  Reflect.deleteProperty(globalThis, "papermarginSplits");
}
