/**
 * A preview of Markdown as nodes, never as HTML: paragraphs, headings, lists, quotes, code,
 * emphasis and links. Anything else is shown as written; the server renders notes in full.
 */

import { h } from "../ui/dom.js";

const INLINE = new RegExp(
  [
    /`([^`]+)`/,
    /\*\*([^*]+)\*\*/,
    /\*([^*\s][^*]*)\*/,
    /_([^_\s][^_]*)_/,
    /\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)/,
    /(https?:\/\/[^\s<>)]+)/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "g",
);

/**
 * Render a Markdown text as block elements.
 * @param {string} text
 * @returns {Node[]}
 */
export function renderMarkdown(text) {
  const parts = text.split(/^```.*$/m);
  return parts.flatMap((part, place) =>
    place % 2 ? [h("pre", h("code", part.replace(/^\n|\n$/g, "")))] : renderBlocks(part),
  );
}

/** @param {string} text @returns {Node[]} */
function renderBlocks(text) {
  return text
    .split(/\n\s*\n/)
    .filter((block) => block.trim())
    .flatMap(renderBlock);
}

/** @param {string} block @returns {Node[]} */
function renderBlock(block) {
  const lines = block.replace(/^\n+|\s+$/g, "").split("\n");
  const [, marks, heading] = lines[0].match(/^(#{1,6})\s+(.*)/) ?? [];
  if (marks)
    return [h("p.heading", ...renderInline(heading)), ...renderBlocks(lines.slice(1).join("\n"))];
  if (lines.every((line) => /^\s*>/.test(line))) {
    return [
      h("blockquote", ...renderBlocks(lines.map((line) => line.replace(/^\s*> ?/, "")).join("\n"))),
    ];
  }
  const list = lines.every((line) => /^\s*(?:[-*+]|\d+[.)])\s/.test(line));
  if (list) return [h(/^\s*\d/.test(lines[0]) ? "ol" : "ul", {}, lines.map(renderItem))];
  return [
    h(
      "p",
      lines.flatMap((line, place) => [...(place ? [h("br")] : []), ...renderInline(line)]),
    ),
  ];
}

/** @param {string} line */
function renderItem(line) {
  return h("li", ...renderInline(line.replace(/^\s*(?:[-*+]|\d+[.)])\s+/, "")));
}

/** @param {string} line @returns {(Node | string)[]} */
function renderInline(line) {
  const parts = [];
  let end = 0;
  for (const match of line.matchAll(INLINE)) {
    parts.push(line.slice(end, match.index), renderMatch(match));
    end = match.index + match[0].length;
  }
  return [...parts, line.slice(end)].filter((part) => part !== "");
}

/** @param {RegExpMatchArray} match @returns {Node} */
function renderMatch([, code, strong, star, underscore, words, address, bare]) {
  if (code) return h("code", code);
  if (strong) return h("strong", strong);
  if (star || underscore) return h("em", star || underscore);
  return h(
    "a",
    { href: address || bare, rel: "noreferrer noopener", target: "_blank" },
    words || bare,
  );
}
