/** A paper's own page: the panel, the colours in the abstract, and what a person marks there. */

import { h, hear } from "./dom.js";
import { paint, placeOf, rangeOf } from "./highlight.js";
import { closePopover, openPopover } from "./layer.js";
import { correctMention, makeEdit, short } from "./menu.js";
import { ask } from "./messages.js";
import { drawCorrections, drawRelated, makePanel } from "./panel.js";
import { findQuote, makeQuote, quoteOfSpan } from "./quote.js";
import { findAbstract } from "./sites.js";
import { LABELS } from "./terms.js";
import { t } from "./text.js";

const WIDE = 1180;

/** @typedef {import("./wire.js").View} View */
/** @typedef {import("./wire.js").PagePaper} PagePaper */
/** @typedef {import("./wire.js").PaperPage} PaperPage */
/** @typedef {import("./wire.js").Settings} Settings */

/**
 * Make what draws on a paper's page.
 * @param {PagePaper} paper
 * @param {{ viewOf: (key: string) => View | undefined, settings: () => Settings, words: () => string }} shared
 */
export function makePaper(paper, { viewOf, settings, words }) {
  /** @type {PaperPage | null} */
  let told = null;
  /** @type {Element | null} */
  let abstract = null;
  let related = "";
  const isWide = () => innerWidth >= WIDE;
  let open = settings().panel && isWide();
  const panel = makePanel(paper, { onLabels: (labels) => ask("look", { labels }), onFold: fold, isOrphaned });

  /** Fold the panel; a wide window remembers it, a narrow one starts folded anyway. @param {boolean} wanted */
  function fold(wanted) {
    open = wanted;
    if (isWide()) void ask("look", { panel: wanted });
    showPanel();
  }

  function showPanel() {
    panel.setOpen(open);
    document.documentElement.toggleAttribute("data-papermargin-folded", !open);
  }

  /** @param {import("./wire.js").Quote} quote gone only when the abstract is known and does not hold it */
  function isOrphaned(quote) {
    const known = abstract?.textContent || told?.abstract || paper.abstract;
    const holders = [abstract?.textContent, told?.abstract, paper.abstract];
    return Boolean(known) && !holders.some((text) => text && findQuote(text, quote));
  }

  function update() {
    if (panel.host.parentNode !== document.documentElement) document.documentElement.append(panel.host);
    showPanel();
    draw();
  }

  function draw() {
    const view = viewOf(paper.id);
    if (!view) return;
    abstract = findAbstract(document, paper.abstract ?? told?.abstract ?? "");
    panel.draw(view, settings().labels, words());
    colour(view);
  }

  /** @param {View} view */
  function colour(view) {
    if (!abstract) return;
    const holder = abstract;
    const rangeFor = (/** @type {import("./wire.js").Quote | null} */ quote) => (quote ? rangeOf(holder, quote) : null);
    const present = (/** @type {(Range | null)[]} */ ranges) => ranges.filter((range) => range !== null);
    const { labels } = settings();
    for (const label of LABELS) {
      const drawn = new Set(view.card.terms.filter((term) => term.label === label).map((term) => term.name));
      const mentions =
        labels[label] && told ? told.mentions.filter((each) => each.label === label && drawn.has(each.term)) : [];
      paint({
        [label.toLowerCase()]: present(
          mentions.map((mention) => rangeFor(quoteOfSpan(/** @type {PaperPage} */ (told), mention))),
        ),
      });
    }
    paint({ note: present(view.card.notes.map((note) => rangeFor(note.quote))) });
  }

  /** Ask for what only the paper's own page shows. */
  async function load() {
    told = await ask("paper", { key: paper.id }).catch(() => told);
    draw();
    const view = viewOf(paper.id);
    if (!told || !view) return;
    drawCorrections(
      panel.corrections,
      told.corrections.filter((each) => !each.deleted),
      takeBack,
    );
    const shared = JSON.stringify(view.card.terms);
    if (shared !== related) await drawRelated(panel.related, view);
    related = shared;
  }

  /** @param {import("./wire.js").CorrectionState} correction */
  async function takeBack(correction) {
    await makeEdit(
      {
        kind: "correction",
        ref: correction.id,
        paper: short(paper),
        change: correction,
        base: correction,
        erase: true,
      },
      t("saidTakenBack"),
    );
  }

  /** @returns {{ range: Range, quote: import("./wire.js").Quote } | null} what is selected in the abstract */
  function selected() {
    const selection = document.getSelection();
    if (!abstract || !selection?.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    const place = placeOf(abstract, range);
    if (!place || !place.text.slice(place.start, place.end).trim()) return null;
    return { range, quote: makeQuote(place.text, place.start, place.end) };
  }

  function offer() {
    const chosen = selected();
    if (!chosen) return;
    const { range, quote } = chosen;
    const mark = (/** @type {import("./wire.js").Label} */ label) => () => {
      closePopover();
      void correctMention(
        paper,
        { verdict: "missing", surface: quote.exact.trim(), label, ...spanOf(quote) },
        t("saidCorrected"),
      );
    };
    openPopover(range, t("selection"), [
      h(
        "div.menu",
        { role: "menu" },
        h("button.item", { role: "menuitem", onclick: () => note(quote) }, t("addNoteHere")),
      ),
      h("p.about", t("alsoThis")),
      h(
        "div.chips",
        LABELS.map((label) =>
          h("button", { class: `chip ${label.toLowerCase()}`, onclick: mark(label) }, t(`label_${label}`)),
        ),
      ),
    ]);
  }

  /**
   * @param {import("./wire.js").Quote} quote where it stands in the server's text, which is title, newline, abstract
   */
  function spanOf(quote) {
    const place = told && findQuote(told.abstract, { ...quote, exact: quote.exact.trim() });
    if (!told || !place) return {};
    const found = makeQuote(told.abstract, place.start, place.end);
    const offset = [...told.title].length + 1;
    return { start: offset + Number(found.start), end: offset + Number(found.end), surface: found.exact };
  }

  /** @param {import("./wire.js").Quote | null} [quote] */
  function note(quote = selected()?.quote ?? null) {
    closePopover();
    open = true;
    showPanel();
    panel.write({ quote });
  }

  hear(document, "pointerup", (event) => {
    if (abstract?.contains(event.target)) setTimeout(offer);
  });

  function clear() {
    panel.host.remove();
    for (const label of [...LABELS.map((each) => each.toLowerCase()), "note"]) paint({ [label]: [] });
  }

  return { update, draw, load, note, clear, paper, panel };
}
