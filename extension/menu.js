/** What a person does to a paper from a menu: status, rating, corrections of terms, results and all terms. */

import { menuItem, STATUSES, statusWord, termChip } from "./chips.js";
import { h } from "./dom.js";
import { announce, closePopover, explain, openPopover } from "./layer.js";
import { ask } from "./messages.js";
import { unitsOf } from "./quote.js";
import { byTelling, byWorth, LABELS, resultLine } from "./terms.js";
import { t } from "./text.js";

/** @typedef {import("./wire.js").PagePaper} PagePaper */
/** @typedef {import("./wire.js").TermChip} TermChip */
/** @typedef {import("./wire.js").View} View */
/** @typedef {{ id: string, title: string }} Paper */

/**
 * Ask for an edit, close what was open, and say what was done; what goes wrong is said too.
 * @param {object} edit
 * @param {string} [words]
 * @returns {Promise<View | null>} what is to be drawn now, null where the edit was not kept
 */
export async function makeEdit(edit, words) {
  try {
    const view = await ask("edit", edit);
    if (words) announce(words);
    return view;
  } catch (failure) {
    explain(failure);
    return null;
  }
}

/**
 * @param {Paper} paper
 * @param {import("./wire.js").EntryChange} change
 * @param {string} words
 */
export function editEntry(paper, change, words) {
  closePopover();
  return makeEdit({ kind: "entry", ref: paper.id, paper: short(paper), change }, words);
}

/** @param {Paper} paper an edit carries a paper's id and title, so that it can be introduced to a server without it */
export function short({ id, title }) {
  return { id, title };
}

/** @param {Paper} paper @param {import("./wire.js").Status} status */
export function setStatus(paper, status) {
  return editEntry(paper, { status }, t("saidStatus", statusWord(status)));
}

/** @param {HTMLElement} anchor @param {Paper} paper @param {View} view */
export function openStatus(anchor, paper, view) {
  const now = view.card.entry?.status ?? "none";
  const items = STATUSES.map((status) =>
    menuItem(statusWord(status), () => setStatus(paper, status), {
      checked: status === now,
      mark: h("i", { class: `mark ${status}` }),
    }),
  );
  const leave = menuItem(t("leaveList"), () => {
    closePopover();
    return makeEdit({ kind: "entry", ref: paper.id, paper: short(paper), change: {}, erase: true }, t("saidLeft"));
  });
  openPopover(anchor, t("statusMenu"), [h("div.menu", { role: "menu" }, items, view.card.entry ? leave : null)]);
}

/** @param {HTMLElement} anchor @param {Paper} paper @param {View} view */
export function openRating(anchor, paper, view) {
  const now = view.card.entry?.rating ?? null;
  const rate = (/** @type {number | null} */ rating) => () =>
    editEntry(paper, { rating }, rating === null ? t("saidUnrated") : t("saidRated", rating));
  const items = [5, 4, 3, 2, 1, 0].map((rating) =>
    menuItem(`${"★".repeat(rating)}${"☆".repeat(5 - rating)}`, rate(rating), { checked: rating === now }),
  );
  for (const [place, item] of items.entries()) item.setAttribute("aria-label", t("ratingOf", 5 - place));
  openPopover(anchor, t("ratingMenu"), [
    h("div.menu.stars", { role: "menu" }, items, menuItem(t("noRating"), rate(null), { checked: now === null })),
  ]);
}

/**
 * @param {HTMLElement} anchor
 * @param {Paper} paper
 * @param {TermChip} term
 * @param {((term: TermChip) => void) | null} onFilter
 */
export function openTerm(anchor, paper, term, onFilter) {
  const everywhere = h("input", { type: "checkbox" });
  const correct = (/** @type {object} */ change, /** @type {string} */ words) => async () => {
    const isEverywhere = everywhere.checked;
    closePopover();
    const surface = await surfaceOf(paper, term);
    await correctMention(
      paper,
      { ...change, name: term.name, surface, label: term.label, everywhere: isEverywhere },
      words,
    );
  };
  const others = LABELS.filter((label) => label !== term.label);
  openPopover(anchor, term.name, [
    h("p.about", t("termAbout", term.name, t(`label_${term.label}`), term.papers)),
    h(
      "div.menu",
      { role: "menu" },
      onFilter &&
        menuItem(t("filterBy", term.name), () => {
          closePopover();
          onFilter(term);
        }),
      menuItem(t("addAsTag"), () => editEntry(paper, { add: [term.name] }, t("saidTagged", term.name))),
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
 * Keep a verdict on a mention.
 * @param {Paper} paper
 * @param {object} correction
 * @param {string} words
 */
export function correctMention(paper, correction, words) {
  return makeEdit(
    { kind: "correction", ref: crypto.randomUUID(), paper: short(paper), change: correction, base: null },
    words,
  );
}

/**
 * The words that the paper itself uses for a term; its name when the paper cannot be asked for.
 * @param {Paper} paper
 * @param {TermChip} term
 */
async function surfaceOf(paper, term) {
  const page = await ask("paper", { key: paper.id }).catch(() => null);
  const mention = page?.mentions.find(
    (/** @type {import("./wire.js").Mention} */ each) => each.term === term.name && each.label === term.label,
  );
  if (!mention) return term.name;
  const text = `${page.title}\n${page.abstract}`;
  const unit = unitsOf(text);
  return text.slice(unit(mention.start), unit(mention.end));
}

/**
 * @param {HTMLElement} anchor
 * @param {View} view
 * @param {(anchor: HTMLElement, term: TermChip) => void} onTerm
 */
export function openTerms(anchor, view, onTerm) {
  const groups = LABELS.map((label) => ({
    label,
    terms: byTelling(view.card.terms).filter((term) => term.label === label),
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

/** @param {HTMLElement} anchor @param {View} view */
export function openResults(anchor, view) {
  openPopover(anchor, t("results"), [resultTable(view.card.results)], { wide: true });
}

/** @param {import("./wire.js").Result[]} results */
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
      byWorth(results).map((result) =>
        h(
          "tr",
          { title: resultLine(result) },
          heads.map((head) => h("td", String(Reflect.get(result, head) ?? "–"))),
        ),
      ),
    ),
  );
}
