/** The end of a triage: what was kept, and the ways on. */

import { count, t } from "../shared/i18n.js";
import { plainText } from "../shared/latex.js";
import { h } from "../ui/dom.js";
import { paperLink } from "../ui/links.js";

/** @import { PagePaper } from "../shared/types.d.ts" */
/** @import { Triage } from "./triage.js" */

/**
 * @typedef {object} EndActs
 * @property {(paper: PagePaper) => void} takeOut takes back what was decided on a paper
 * @property {() => void} goOn goes to the papers that are still new
 * @property {() => void} goAll goes through all papers, new or not
 * @property {() => void} back
 * @property {() => void} close
 */

/**
 * Draw the end.
 * @param {Triage} triage
 * @param {number} listed how many papers the list has, new or not
 * @param {EndActs} act
 * @returns {HTMLElement}
 */
export function makeEnd(triage, listed, act) {
  const { pile } = triage;
  const [kept, passed] = [triage.kept(), triage.stillNew().length];
  const done = triage.lookedThrough().length;
  const heading = pile.length ? count("lookedThrough", done) : t("triageEmpty");
  const way = (/** @type {string} */ words, /** @type {() => void} */ onclick) =>
    h("button.act", { onclick }, words);
  return h(
    "section.end",
    { tabindex: "-1", "aria-label": heading },
    h("h2", heading),
    pile.length > 0 && h("p", kept.length ? count("keptPapers", kept.length) : t("keptNone")),
    passed > 0 && h("p", count("stillNew", passed)),
    h(
      "div.ways",
      passed > 0 && way(t("goOn"), act.goOn),
      !pile.length && listed > 0 && way(count("goAll", listed), act.goAll),
      pile.length > 0 && way(t("back"), act.back),
      way(t("close"), act.close),
    ),
    h(
      "ul.kept",
      kept.map((paper) => keptPaper(paper, triage, act)),
    ),
  );
}

/** @param {PagePaper} paper @param {Triage} triage @param {EndActs} act */
function keptPaper(paper, triage, { takeOut }) {
  const title = plainText(paper.title);
  const elsewhere = { target: "_blank", rel: "noreferrer" };
  const undo = { "aria-label": t("undoOf", title), onclick: () => takeOut(paper) };
  return h(
    "li",
    paperLink(paper.id, title, elsewhere),
    triage.changesOf(paper.id).length > 0 && h("button.plain", undo, t("undo")),
  );
}
