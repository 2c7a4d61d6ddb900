/** Links to papers. */

import { h } from "./dom.js";
import { ask } from "../shared/messages.js";

/**
 * Link to a paper: to Hugging Face or arXiv by its arXiv id, or else to its page of the server.
 * @param {string} key
 * @param {string} title
 * @param {object} [properties] of a link
 * @returns {HTMLElement}
 */
export function paperLink(key, title, properties = {}) {
  if (key.startsWith("t-"))
    return h("button.link", { onclick: () => void ask("openPaper", { key }) }, title);
  const address = key.includes("/")
    ? `https://arxiv.org/abs/${key}`
    : `https://huggingface.co/papers/${key}`;
  return h("a", { href: address, ...properties }, title);
}
