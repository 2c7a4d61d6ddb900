/** alphaXiv: discussions and overviews of arXiv's papers, under their arXiv ids. Pure. */

import { ARXIV_ID } from "./arxiv.js";
import { describePaper, readCitation, readOwnAddress } from "./citation.js";
import { foldSpaces } from "./page_json.js";

/** @import { Site } from "./pages.js" */

const PAPER = new RegExp(
  `^/(?:[a-z]{2}/)?(?:abs|overview|pdf)/(${ARXIV_ID})(?:v\\d+)?(?:\\.md)?/?$`,
);
const SITE = /\s*[|–-]\s*alphaXiv\s*$/i;

/** @type {Site} */
export const alphaxiv = {
  name: "alphaxiv",
  hosts: /^(?:www\.)?alphaxiv\.org$/,
  keyOf: ({ pathname }) => pathname.match(PAPER)?.[1] ?? null,
  readPaper: (page, key) => {
    const told = idIn(readOwnAddress(page));
    // what is told of another paper would be stored as this one's
    if (told && told !== key) return { id: key, title: "" };
    const citation = readCitation(page);
    const [, abstract = ""] =
      contentOf(page, "name='description'").match(/Abstract:\s*(.+)$/) ?? [];
    const title = citation.title || contentOf(page, "property='og:title'") || page.title;
    const shown = describePaper(key, { title: foldSpaces(title).replace(SITE, ""), abstract });
    return { ...shown, ...citation, id: key, title: shown.title };
  },
  readList: () => null,
};

/** @param {string} address */
function idIn(address) {
  return URL.canParse(address) ? new URL(address).pathname.match(PAPER)?.[1] : undefined;
}

/** @param {Document} page @param {string} which */
function contentOf(page, which) {
  return foldSpaces(page.querySelector(`meta[${which}]`)?.getAttribute("content") ?? "");
}
