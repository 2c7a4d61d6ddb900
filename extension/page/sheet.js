/** One paper in full, for triage: what it is, what it reports, and what the person wrote on it. */

import { drawTerms, makeControls } from "./card.js";
import { resultTable } from "./menu.js";
import { makeNoteList } from "./note_list.js";
import { reasonsOf } from "./reasons.js";
import { openTags } from "./tags.js";
import { t } from "../shared/i18n.js";
import { plainText } from "../shared/latex.js";
import { h, on } from "../ui/dom.js";
import { paperLink } from "../ui/links.js";

/** @import { PaperPage } from "../shared/api.d.ts" */
/** @import { PagePaper, View } from "../shared/types.d.ts" */
/** @import { ShownFacts } from "../sites/page_json.js" */

const MOST_AUTHORS = 6;

/** @typedef {ReturnType<typeof makeSheet>} Sheet */

/**
 * Make the sheet of a paper. What the page tells of it is drawn at once, and what only the server
 * knows comes with `showDetails`.
 * @param {PagePaper} paper
 * @param {ShownFacts | undefined} told
 */
export function makeSheet(paper, told) {
  const elsewhere = { target: "_blank", rel: "noreferrer" };
  const title = paperLink(paper.id, plainText(paper.title), elsewhere);
  const authors = h("p.authors");
  const facts = h("p.facts");
  const abstract = h("p.abstract");
  const reasons = h("p.about.reasons", { hidden: true });
  const controls = makeControls(paper, () => openTags(controls.tag, paper, controls.current));
  const terms = h("div.row.terms");
  const results = h("section", { hidden: true });
  const notes = makeNoteList(paper, () => false);
  const article = h(
    "article.sheet",
    { tabindex: "-1", "aria-label": plainText(paper.title) },
    h("h2", title),
    authors,
    facts,
    controls.row,
    terms,
    reasons,
    abstract,
    notes.section,
    results,
  );
  // leaves the field, and not the whole dialog; the draft is kept
  on(notes.section, "keydown", (event) => {
    if (event.key !== "Escape" || !notes.isEditing()) return;
    event.preventDefault();
    article.focus();
  });

  const drawFacts = (/** @type {PaperPage | null} */ details) => {
    authors.textContent = authorLine(paper, details);
    facts.replaceChildren(...factsOf(paper, told, details));
    abstract.textContent = plainText(
      paper.abstract || details?.abstract || (details ? t("noAbstract") : ""),
    );
  };
  let drawn = "";
  const draw = (/** @type {View} */ view) => {
    // drawn again only if it changed, since that takes the focus from what is replaced
    if (JSON.stringify(view) === drawn) return;
    const { for_you: close, results: numbers } = view.card;
    // what comes after the paper was drawn must not move its abstract; the row says it in short
    if (!drawn && close?.stands_out) {
      reasons.hidden = false;
      reasons.textContent = `${t("forYou")}: ${reasonsOf(close).join(" · ")}`;
    }
    drawn = JSON.stringify(view);
    controls.draw(view);
    terms.replaceChildren(...drawTerms(view, paper, { onTerm: null, onFit: () => {} }));
    notes.draw(view);
    results.hidden = !numbers.length;
    results.replaceChildren(h("h2", t("results")), resultTable(numbers));
  };
  drawFacts(null);
  return { article, paper, title, draw, showDetails: drawFacts, controls, write: notes.write };
}

/** @param {PagePaper} paper @param {PaperPage | null} details @returns {string} */
function authorLine(paper, details) {
  const names = paper.authors?.length ? paper.authors : (details?.authors ?? []);
  const rest = Math.max(names.length, details?.author_count ?? 0) - MOST_AUTHORS;
  const shown = names.slice(0, MOST_AUTHORS).join(", ");
  return rest > 0 ? `${shown} ${t("authorsMore", rest)}` : shown;
}

/**
 * @param {PagePaper} paper
 * @param {ShownFacts | undefined} told
 * @param {PaperPage | null} details
 * @returns {Node[]}
 */
function factsOf(paper, told, details) {
  const organization = told?.organization || details?.organization;
  const upvotes = told?.upvotes ?? details?.upvotes;
  const code = told?.code_url || details?.code_url;
  const published = paper.published ?? details?.published;
  return [
    organization && h("span", organization),
    published && h("time", { datetime: published }, published),
    typeof upvotes === "number" && h("span", { title: t("upvotes") }, `▲ ${upvotes}`),
    // the address comes from the paper's page, and may be anything
    code &&
      /^https?:\/\//.test(code) &&
      h("a", { href: code, target: "_blank", rel: "noreferrer" }, t("codeLink")),
  ].filter(Boolean);
}
