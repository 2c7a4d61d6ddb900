/**
 * Styles that reserve the margin's room before a page is first painted. Pure.
 *
 * A content script learns from storage whether the margin will be drawn, and that may be after the
 * first paint. So the browser adds these styles itself, and they are registered only while the
 * margin is drawn: otherwise every page would jump when the room is given back.
 */

/** @import { Settings } from "../shared/types.d.ts" */

const ARXIV = ["https://arxiv.org", "https://www.arxiv.org", "https://export.arxiv.org"];

/** @type {Record<string, chrome.scripting.RegisteredContentScript>} */
const STYLES = {
  list: {
    id: "list",
    matches: ["https://huggingface.co/papers*"],
    css: ["styles/reserve-list.css"],
  },
  paper: {
    id: "paper",
    // the digits of an arXiv id, in patterns that know no others
    matches: [..."0123456789"].map((digit) => `https://huggingface.co/papers/${digit}*`),
    css: ["styles/reserve-panel.css"],
  },
  arxiv: {
    id: "arxiv",
    matches: ARXIV.map((host) => `${host}/abs/*`),
    css: ["styles/reserve-panel.css"],
  },
  arxivText: {
    id: "arxivText",
    matches: ARXIV.map((host) => `${host}/html/*`),
    css: ["styles/reserve-text.css"],
  },
};

/**
 * Return the styles for what the settings draw.
 * @param {Settings} settings
 */
export function wantedStyles({ where, panel }) {
  const arxiv = where.arxiv && panel;
  const isDrawn = { list: where.list, paper: where.paper && panel, arxiv, arxivText: arxiv };
  return Object.values(STYLES).filter(({ id }) => Reflect.get(isDrawn, id));
}
