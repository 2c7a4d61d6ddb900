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

/** What draws on a paper's page. */
export class PaperMargin {
  /** @type {PaperPage | null} */
  told = null;
  /** @type {Element | null} */
  abstract = null;
  related = "";

  /**
   * @param {PagePaper} paper
   * @param {{ viewOf: (key: string) => View | undefined, settings: () => Settings, words: () => string }} shared
   */
  constructor(paper, { viewOf, settings, words }) {
    this.paper = paper;
    this.viewOf = viewOf;
    this.settings = settings;
    this.words = words;
    this.open = settings().panel && isWide();
    this.panel = makePanel(paper, {
      onLabels: (labels) => ask("look", { labels }),
      onFold: (open) => this.fold(open),
      isOrphaned: (quote) => this.isOrphaned(quote),
    });
    hear(document, "pointerup", (event) => {
      if (this.abstract?.contains(event.target)) setTimeout(() => this.offer());
    });
  }

  /** Fold the panel; a wide window remembers it, a narrow one starts folded anyway. @param {boolean} wanted */
  fold(wanted) {
    this.open = wanted;
    if (isWide()) void ask("look", { panel: wanted });
    this.showPanel();
  }

  showPanel() {
    this.panel.setOpen(this.open);
    document.documentElement.toggleAttribute("data-papermargin-folded", !this.open);
  }

  /** @param {import("./wire.js").Quote} quote gone only when the abstract is known and does not hold it */
  isOrphaned(quote) {
    const known = this.abstract?.textContent || this.told?.abstract || this.paper.abstract;
    const holders = [this.abstract?.textContent, this.told?.abstract, this.paper.abstract];
    return Boolean(known) && !holders.some((text) => text && findQuote(text, quote));
  }

  update() {
    if (this.panel.host.parentNode !== document.documentElement) document.documentElement.append(this.panel.host);
    this.showPanel();
    this.draw();
  }

  draw() {
    const view = this.viewOf(this.paper.id);
    if (!view) return;
    this.abstract = findAbstract(document, this.paper.abstract ?? this.told?.abstract ?? "");
    this.panel.draw(view, this.settings().labels, this.words());
    this.colour(view);
  }

  /** @param {View} view */
  colour(view) {
    if (!this.abstract) return;
    const holder = this.abstract;
    const rangeFor = (/** @type {import("./wire.js").Quote | null} */ quote) => (quote ? rangeOf(holder, quote) : null);
    const present = (/** @type {(Range | null)[]} */ ranges) => ranges.filter((range) => range !== null);
    const { labels } = this.settings();
    for (const label of LABELS) {
      const drawn = new Set(view.card.terms.filter((term) => term.label === label).map((term) => term.name));
      const mentions =
        labels[label] && this.told
          ? this.told.mentions.filter((each) => each.label === label && drawn.has(each.term))
          : [];
      paint({
        [label.toLowerCase()]: present(
          mentions.map((mention) => rangeFor(quoteOfSpan(/** @type {PaperPage} */ (this.told), mention))),
        ),
      });
    }
    paint({ note: present(view.card.notes.map(({ quote }) => rangeFor(quote))) });
  }

  /** Ask for what only the paper's own page shows. */
  async load() {
    this.told = await ask("paper", { key: this.paper.id }).catch(() => this.told);
    this.draw();
    const view = this.viewOf(this.paper.id);
    if (!this.told || !view) return;
    drawCorrections(
      this.panel.corrections,
      this.told.corrections.filter((each) => !each.deleted),
      (correction) => this.takeBack(correction),
    );
    const shared = JSON.stringify(view.card.terms);
    if (shared !== this.related) await drawRelated(this.panel.related, view);
    this.related = shared;
  }

  /** @param {import("./wire.js").CorrectionState} correction */
  async takeBack(correction) {
    await makeEdit(
      {
        kind: "correction",
        ref: correction.id,
        paper: short(this.paper),
        change: correction,
        base: correction,
        erase: true,
      },
      t("saidTakenBack"),
    );
  }

  /** @returns {{ range: Range, quote: import("./wire.js").Quote } | null} what is selected in the abstract */
  selected() {
    const selection = document.getSelection();
    if (!this.abstract || !selection?.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    const place = placeOf(this.abstract, range);
    if (!place || !place.text.slice(place.start, place.end).trim()) return null;
    return { range, quote: makeQuote(place.text, place.start, place.end) };
  }

  offer() {
    const chosen = this.selected();
    if (!chosen) return;
    const { range, quote } = chosen;
    const mark = (/** @type {import("./wire.js").Label} */ label) => () => {
      closePopover();
      void correctMention(
        this.paper,
        { verdict: "missing", surface: quote.exact.trim(), label, ...this.spanOf(quote) },
        t("saidCorrected"),
      );
    };
    openPopover(range, t("selection"), [
      h(
        "div.menu",
        { role: "menu" },
        h("button.item", { role: "menuitem", onclick: () => this.note(quote) }, t("addNoteHere")),
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
  spanOf(quote) {
    const place = this.told && findQuote(this.told.abstract, { ...quote, exact: quote.exact.trim() });
    if (!this.told || !place) return {};
    const found = makeQuote(this.told.abstract, place.start, place.end);
    const offset = [...this.told.title].length + 1;
    return { start: offset + Number(found.start), end: offset + Number(found.end), surface: found.exact };
  }

  /** @param {import("./wire.js").Quote | null} [quote] */
  note(quote = this.selected()?.quote ?? null) {
    closePopover();
    this.open = true;
    this.showPanel();
    this.panel.write({ quote });
  }

  clear() {
    this.abstract = null;
    this.panel.host.remove();
    for (const label of [...LABELS.map((each) => each.toLowerCase()), "note"]) paint({ [label]: [] });
  }
}

function isWide() {
  return innerWidth >= WIDE;
}
