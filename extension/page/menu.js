/** Menus of a paper: status, rating, a term and its corrections, all terms, and results. */

import { describeTerm, menuItem, STATUSES, statusName, termChip } from "../ui/chips.js";
import { h } from "../ui/dom.js";
import { makeEdit } from "./edits.js";
import { closePopover, openPopover } from "./layer.js";
import { ask } from "../shared/messages.js";
import { paperRef } from "./new_edit.js";
import { wordsOfSpan } from "./quote.js";
import { reasonsOf } from "./reasons.js";
import { isComplete, resultLine, sortResults } from "./results.js";
import { LABELS } from "./terms.js";
import { t } from "../shared/i18n.js";
import { plainText } from "../shared/latex.js";

/** @import { Card, Mention, Result, TermChip } from "../shared/api.d.ts" */
/** @import { EntryChange, PaperRef, Status, View } from "../shared/types.d.ts" */

/**
 * @param {PaperRef} paper
 * @param {EntryChange} change
 * @param {string} words
 */
function editEntry(paper, change, words) {
  closePopover();
  return makeEdit({ kind: "entry", ref: paper.id, paper: paperRef(paper), change }, words);
}

/** @param {PaperRef} paper @param {Status} status */
export function setStatus(paper, status) {
  return editEntry(paper, { status }, t("saidStatus", statusName(status)));
}

/** @param {PaperRef} paper @param {number | null} rating */
export function setRating(paper, rating) {
  return editEntry(paper, { rating }, rating === null ? t("saidUnrated") : t("saidRated", rating));
}

/**
 * @param {HTMLElement} anchor
 * @param {PaperRef} paper
 * @param {View} view
 */
export function openStatus(anchor, paper, view) {
  const now = view.card.entry?.status ?? "none";
  const items = STATUSES.map((status) =>
    menuItem(statusName(status), () => setStatus(paper, status), {
      checked: status === now,
      mark: h("i", { class: `mark ${status}` }),
    }),
  );
  const leave = menuItem(t("leaveList"), () => {
    closePopover();
    return makeEdit(
      {
        kind: "entry",
        ref: paper.id,
        paper: paperRef(paper),
        change: {},
        erase: true,
      },
      t("saidLeft"),
    );
  });
  openPopover(anchor, t("statusMenu"), [
    h("div.menu", { role: "menu" }, items, view.card.entry ? leave : null),
  ]);
}

/**
 * @param {HTMLElement} anchor
 * @param {PaperRef} paper
 * @param {View} view
 */
export function openRating(anchor, paper, view) {
  const now = view.card.entry?.rating ?? null;
  const rate = (/** @type {number | null} */ rating) => () => setRating(paper, rating);
  const items = [5, 4, 3, 2, 1, 0].map((rating) =>
    menuItem(`${"★".repeat(rating)}${"☆".repeat(5 - rating)}`, rate(rating), {
      checked: rating === now,
    }),
  );
  for (const [place, item] of items.entries())
    item.setAttribute("aria-label", t("ratingOf", 5 - place));
  openPopover(anchor, t("ratingMenu"), [
    h(
      "div.menu.stars",
      { role: "menu" },
      items,
      menuItem(t("noRating"), rate(null), { checked: now === null }),
    ),
  ]);
}

/**
 * @param {HTMLElement} anchor
 * @param {PaperRef} paper
 * @param {TermChip} term
 * @param {((term: TermChip) => void) | null} onFilter
 */
export function openTerm(anchor, paper, term, onFilter) {
  const everywhere = h("input", { type: "checkbox" });
  const correct = (/** @type {object} */ change, /** @type {string} */ words) => async () => {
    // closing the popover removes its nodes
    const isEverywhere = everywhere.checked;
    closePopover();
    const surface = await surfaceOf(paper, term);
    await correctMention(
      paper,
      {
        ...change,
        name: term.name,
        surface,
        label: term.label,
        everywhere: isEverywhere,
      },
      words,
    );
  };
  const others = LABELS.filter((label) => label !== term.label);
  openPopover(anchor, term.name, [
    h("p.about", describeTerm(term)),
    h(
      "div.menu",
      { role: "menu" },
      onFilter &&
        menuItem(t("filterBy", term.name), () => {
          closePopover();
          onFilter(term);
        }),
      menuItem(t("addAsTag"), () =>
        editEntry(paper, { add: [term.name] }, t("saidTagged", term.name)),
      ),
      menuItem(t("isWrong"), correct({ verdict: "wrong" }, t("saidCorrected"))),
      others.map((label) =>
        menuItem(
          t("isRather", t(`label_${label}`)),
          correct({ verdict: "relabelled", to_label: label }, t("saidCorrected")),
          { mark: h("i", { class: `mark ${label.toLowerCase()}` }) },
        ),
      ),
    ),
    h("label.about", everywhere, " ", t("everywhere")),
  ]);
}

/**
 * Save a correction of a mention.
 * @param {PaperRef} paper
 * @param {object} correction
 * @param {string} words
 */
export function correctMention(paper, correction, words) {
  return makeEdit(
    {
      kind: "correction",
      ref: crypto.randomUUID(),
      paper: paperRef(paper),
      change: correction,
      base: null,
    },
    words,
  );
}

/**
 * Return the words that the paper itself uses for a term, or the term's name if they are unknown.
 * @param {PaperRef} paper
 * @param {TermChip} term
 */
async function surfaceOf(paper, term) {
  const page = await ask("paper", { key: paper.id }).catch(() => null);
  const mention = page?.mentions.find(
    (/** @type {Mention} */ each) => each.term === term.name && each.label === term.label,
  );
  return mention ? wordsOfSpan(page, mention) : term.name;
}

/**
 * @param {HTMLElement} anchor
 * @param {View} view
 * @param {(anchor: HTMLElement, term: TermChip) => void} onTerm
 */
export function openTerms(anchor, view, onTerm) {
  const groups = LABELS.map((label) => ({
    label,
    terms: view.card.terms.filter((term) => term.label === label),
  }));
  openPopover(anchor, t("allTerms"), [
    h(
      "div.groups",
      groups
        .filter(({ terms }) => terms.length)
        .map(({ label, terms }) =>
          h(
            "section",
            h("h3", t(`labels_${label}`)),
            h(
              "div.chips",
              terms.map((term) => termChip(term, () => onTerm(anchor, term))),
            ),
          ),
        ),
    ),
  ]);
}

/** @param {HTMLElement} anchor @param {Card} card of a paper that stands out */
export function openReasons(anchor, { for_you: close }) {
  if (!close) return;
  openPopover(
    anchor,
    t("forYou"),
    reasonsOf(close).map((reason) => h("p.about", reason)),
  );
}

/** @param {HTMLElement} anchor @param {View} view */
export function openResults(anchor, view) {
  openPopover(anchor, t("results"), [resultTable(view.card.results)], {
    wide: true,
  });
}

/** @param {Result[]} results */
export function resultTable(results) {
  const heads = ["value", "metric", "dataset", "method"];
  return h(
    "table.results",
    h(
      "thead",
      h(
        "tr",
        heads.map((head) => h("th", { scope: "col" }, t(`head_${head}`))),
      ),
    ),
    h(
      "tbody",
      sortResults(results).map((result) =>
        h(
          "tr",
          { title: resultLine(result) },
          heads.map((head) => resultCell(result, head)),
        ),
      ),
    ),
  );
}

/**
 * @param {Result} result
 * @param {string} head
 */
function resultCell(result, head) {
  const words = plainText(String(Reflect.get(result, head) ?? "–"));
  if (head !== "value") return h("td", words);
  const about = result.kind === "baseline" || result.kind === "change" ? result.kind : "";
  return h(
    isComplete(result) && !about ? "td.complete" : "td",
    words,
    about && h("span.facts", t(`result_${about}`)),
  );
}
