/** The side panel of a paper's own page. */

import { makeControls } from "./card.js";
import { statusName, termChip } from "../ui/chips.js";
import { h, makeHost } from "../ui/dom.js";
import { paperLink } from "../ui/links.js";
import { openTerm, resultTable } from "./menu.js";
import { ask } from "../shared/messages.js";
import { makeNoteList } from "./note_list.js";
import { LABELS } from "./terms.js";
import { t } from "../shared/i18n.js";

/** @import { CorrectionState, Quote, Related, TermChip } from "../shared/api.d.ts" */
/** @import { PagePaper, Settings, View } from "../shared/types.d.ts" */

const MOST_RELATED = 5;
const MOST_SHARED = 4;

/**
 * @typedef {object} PanelActs
 * @property {(labels: Settings["labels"]) => void} onLabels
 * @property {(open: boolean) => void} onFold
 * @property {(quote: Quote) => boolean} isOrphaned
 */

/**
 * Make the panel.
 * @param {PagePaper} paper
 * @param {PanelActs} act
 */
export function makePanel(paper, act) {
  const { host, body } = makeHost("papermargin-panel");
  /** @type {View | undefined} */
  let view;
  const controls = makeControls(paper, () => {});
  const legend = h("div.legend");
  const summary = h("section.summary", { hidden: true });
  const results = h("section", { hidden: true });
  const notes = makeNoteList(paper, act.isOrphaned);
  const related = h("section", { hidden: true });
  const corrections = h("section", { hidden: true });
  const state = h("p.state", { role: "status" });
  const fold = h(
    "button.fold",
    {
      "aria-expanded": "true",
      onclick: () => act.onFold(fold.getAttribute("aria-expanded") !== "true"),
    },
    h("span", t("name")),
  );
  const content = h(
    "div.content",
    controls.row,
    summary,
    legend,
    results,
    notes.section,
    related,
    corrections,
    state,
  );
  body.append(h("aside.panel", { "aria-label": t("panelLabel") }, fold, content));

  const draw = (
    /** @type {View} */ next,
    /** @type {Settings["labels"]} */ labels,
    /** @type {string} */ words,
  ) => {
    view = next;
    controls.draw(view);
    legend.replaceChildren(...drawLegend(view, paper, labels, act.onLabels));
    results.hidden = !view.card.results.length;
    results.replaceChildren(h("h2", t("results")), resultTable(view.card.results));
    state.textContent = words;
    notes.draw(view);
  };
  const setOpen = (/** @type {boolean} */ open) => {
    fold.setAttribute("aria-expanded", String(open));
    content.hidden = !open;
    host.toggleAttribute("data-folded", !open);
  };
  const { write, isEditing } = notes;
  return { host, draw, write, setOpen, isEditing, controls, summary, related, corrections };
}

/**
 * Draw Hugging Face's summary of a paper, marked as such.
 * @param {HTMLElement} section
 * @param {string | null} text
 */
export function drawSummary(section, text) {
  section.hidden = !text;
  section.replaceChildren(h("h2", t("summary")), h("p", text ?? ""));
}

/**
 * Draw the legend: for each label a toggle of its highlights in the abstract, and its terms.
 * @param {View} view
 * @param {PagePaper} paper
 * @param {Settings["labels"]} labels
 * @param {(labels: Settings["labels"]) => void} onLabels
 */
function drawLegend(view, paper, labels, onLabels) {
  const { terms } = view.card;
  return LABELS.filter((label) => terms.some((term) => term.label === label)).map((label) =>
    h(
      "section",
      h(
        "h2",
        h(
          "button",
          {
            class: `toggle ${label.toLowerCase()}`,
            "aria-pressed": String(labels[label]),
            onclick: () => onLabels({ ...labels, [label]: !labels[label] }),
          },
          t(`labels_${label}`),
        ),
      ),
      drawChips(
        terms.filter((term) => term.label === label),
        paper,
      ),
    ),
  );
}

/**
 * Draw the chips of terms, those that say little about the paper behind "+n".
 * @param {TermChip[]} terms
 * @param {PagePaper} paper
 */
function drawChips(terms, paper) {
  const draw = (/** @type {TermChip} */ term) =>
    termChip(term, (button) => openTerm(button, paper, term, null));
  const folded = terms.filter((term) => term.folded);
  const rest = h(
    "details.rest",
    h("summary", { "aria-label": t("commonTerms", folded.length) }, `+${folded.length}`),
    h("div.chips", folded.map(draw)),
  );
  return h("div.chips", terms.filter((term) => !term.folded).map(draw), folded.length ? rest : "");
}

/**
 * List the papers of the store that are most like a paper, with their status and the rare terms
 * that both papers mention.
 * @param {HTMLElement} place
 * @param {string} key
 */
export async function drawRelated(place, key) {
  /** @type {Related[]} */
  const related = await ask("related", { key }).catch(() => []);
  place.hidden = !related.length;
  place.replaceChildren(
    h("h2", t("related")),
    h("ul", related.slice(0, MOST_RELATED).map(relatedPaper)),
  );
}

/** @param {Related} paper */
function relatedPaper({ key, title, status, terms }) {
  const shared = terms.slice(0, MOST_SHARED).map((term) => term.name);
  const facts = [status === "none" ? "" : statusName(status), shared.join(", ")];
  return h("li", paperLink(key, title), h("span.facts", facts.filter(Boolean).join(" · ")));
}

/**
 * List the person's corrections, each with a button that undoes it.
 * @param {HTMLElement} place
 * @param {CorrectionState[]} corrections
 * @param {(correction: CorrectionState) => void} onUndo
 */
export function drawCorrections(place, corrections, onUndo) {
  place.hidden = !corrections.length;
  place.replaceChildren(
    h("h2", t("corrections")),
    h(
      "ul",
      corrections.map((each) =>
        h(
          "li",
          correctionText(each),
          " ",
          h("button.plain", { onclick: () => onUndo(each) }, t("undo")),
        ),
      ),
    ),
  );
}

/** @param {CorrectionState} correction @returns {string} a sentence on what it corrects */
function correctionText({ verdict, label, to_label, surface }) {
  const name = t(`label_${to_label ?? label}`);
  if (verdict === "wrong" && label === "RESULT") return t("verdict_noResult", surface, name);
  return t(`verdict_${verdict}`, surface, name);
}
