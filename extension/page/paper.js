/** A paper's own page: the panel, highlights in the abstract, and quotes from it. */

import { h } from "../ui/dom.js";
import { makeEdit } from "./edits.js";
import { paint, placeOf, rangeOf } from "./highlight.js";
import { closePopover, openPopover } from "./layer.js";
import { correctMention } from "./menu.js";
import { ask, askTwice } from "../shared/messages.js";
import { paperRef } from "./new_edit.js";
import { drawCorrections, drawRelated, drawSummary, makePanel } from "./panel.js";
import { findQuote, makeQuote, quoteOfSpan, spanOfQuote, wordsOfSpan } from "./quote.js";
import { findAbstract, findText } from "../sites/pages.js";
import { huggingface } from "../sites/huggingface.js";
import { LABELS } from "./terms.js";
import { t } from "../shared/i18n.js";

/** @import { CorrectionState, PaperPage, Quote } from "../shared/api.d.ts" */
/** @import { Label, PagePaper, Settings, View } from "../shared/types.d.ts" */

/** Where a page keeps room beside the panel; the styles that reserve it name the same width. */
const ROOMY = matchMedia("(min-width: 1360px)");
/** By how many characters a new version of an abstract may be shorter. */
const LONGEST_CUT = 1_000;
const HEADERS = "header, nav, [role=banner]";

/** Draws on a paper's page. */
export class PaperMargin {
  /** @type {PaperPage | null} */
  details = null;
  /** @type {Element | null} */
  abstract = null;
  /** @type {Element | null} what can be quoted: the whole paper, or its abstract */
  text = null;
  related = "";
  leaving = new AbortController();

  /**
   * @param {PagePaper} paper
   * @param {{ viewOf: (key: string) => View | undefined, settings: () => Settings, words: () =>
   *   string }} shared
   */
  constructor(paper, { viewOf, settings, words }) {
    this.paper = paper;
    this.viewOf = viewOf;
    this.settings = settings;
    this.words = words;
    this.open = settings().panel && ROOMY.matches;
    this.panel = makePanel(paper, {
      onLabels: (labels) => ask("setPageSettings", { labels }),
      onFold: (open) => this.fold(open),
      isOrphaned: (quote) => this.isOrphaned(quote),
    });
    const { signal } = this.leaving;
    const select = (/** @type {PointerEvent} */ { isTrusted, target }) => {
      // the selection is updated after the event
      if (isTrusted && this.text?.contains(/** @type {Node} */ (target)))
        setTimeout(() => this.offer());
    };
    document.addEventListener("pointerup", select, { signal });
    const lower = () => this.lowerPanel();
    ROOMY.addEventListener("change", () => this.followRoom(), { signal });
    addEventListener("scroll", lower, { signal, passive: true });
    addEventListener("resize", lower, { signal });
  }

  /**
   * Open or fold the panel. Narrow windows always start folded, so only wide ones save the choice.
   * @param {boolean} wanted
   */
  fold(wanted) {
    this.open = wanted;
    if (ROOMY.matches) void ask("setPageSettings", { panel: wanted });
    this.showPanel();
  }

  /** Fold the panel when a resize or zoom takes its room, but not under what is being written. */
  followRoom() {
    if (!this.panel.isEditing()) this.open = this.settings().panel && ROOMY.matches;
    this.showPanel();
  }

  showPanel() {
    const { documentElement } = document;
    this.panel.setOpen(this.open);
    documentElement.toggleAttribute("data-papermargin-folded", !this.open);
    documentElement.toggleAttribute("data-papermargin-panel", this.open);
    this.lowerPanel();
  }

  /** Let the panel begin below the page's header, where its account and search are. */
  lowerPanel() {
    this.panel.host.style.top = this.open ? `${headerEdge()}px` : "";
  }

  /**
   * Return whether the quote's text is known and lacks it. A place far behind the abstract's end is
   * one in the whole paper, which only some pages show.
   * @param {Quote} quote
   */
  isOrphaned(quote) {
    const holders = [this.text?.textContent, this.details?.abstract, this.paper.abstract];
    const known = holders.find(Boolean) ?? "";
    const isElsewhere = (quote.start ?? 0) > known.length + LONGEST_CUT;
    return (
      Boolean(known) && !isElsewhere && !holders.some((text) => text && findQuote(text, quote))
    );
  }

  update() {
    if (this.panel.host.parentNode !== document.documentElement)
      document.documentElement.append(this.panel.host);
    this.showPanel();
    this.draw();
  }

  draw() {
    const view = this.viewOf(this.paper.id);
    // details that come after the page went on to another paper colour nothing there
    if (!view || this.leaving.signal.aborted) return;
    this.abstract = findAbstract(document, this.paper.abstract ?? this.details?.abstract ?? "");
    this.text = findText(document, location.href) ?? this.abstract;
    this.panel.draw(view, this.settings().labels, this.words());
    this.colour(view);
  }

  /** @param {View} view */
  colour(view) {
    const rangeFor = (/** @type {Element | null} */ holder, /** @type {Quote | null} */ quote) =>
      holder && quote ? rangeOf(holder, quote) : null;
    const present = (/** @type {(Range | null)[]} */ ranges) =>
      ranges.filter((range) => range !== null);
    const { labels } = this.settings();
    for (const label of LABELS) {
      // a waiting correction changes the card but not yet the mentions
      const drawn = new Set(
        view.card.terms.filter((term) => term.label === label).map((term) => term.name),
      );
      const mentions =
        labels[label] && this.details
          ? this.details.mentions.filter((each) => each.label === label && drawn.has(each.term))
          : [];
      paint({
        [label.toLowerCase()]: present(
          mentions.map((mention) =>
            rangeFor(this.abstract, quoteOfSpan(/** @type {PaperPage} */ (this.details), mention)),
          ),
        ),
      });
    }
    paint({
      note: present(view.card.notes.map(({ quote }) => rangeFor(this.text, quote))),
    });
  }

  /** Load what only a paper's own page shows: mentions, corrections and related papers. */
  async load() {
    await askTwice("paper", { key: this.paper.id }, (details) => this.showDetails(details));
    await this.loadRelated();
  }

  /** @param {PaperPage} details */
  showDetails(details) {
    this.details = details;
    this.draw();
    // its own pages show it themselves
    const isShown = huggingface.hosts.test(location.hostname);
    drawSummary(this.panel.summary, isShown ? null : (details.hugging_face?.summary ?? null));
    drawCorrections(
      this.panel.corrections,
      details.corrections.filter((each) => !each.deleted),
      (correction) => this.takeBack(correction),
    );
  }

  async loadRelated() {
    const view = this.viewOf(this.paper.id);
    if (!view) return;
    const shared = JSON.stringify(view.card.terms);
    // the panel is redrawn at every edit, but related papers change with the terms only
    if (shared === this.related) return;
    this.related = shared;
    await drawRelated(this.panel.related, view.card.key);
  }

  /** @param {CorrectionState} correction */
  async takeBack(correction) {
    await makeEdit(
      {
        kind: "correction",
        ref: correction.id,
        paper: paperRef(this.paper),
        change: correction,
        base: correction,
        erase: true,
      },
      t("saidTakenBack"),
    );
  }

  /** @returns {{ range: Range, quote: Quote } | null} the selection, if it can be quoted */
  selected() {
    const selection = document.getSelection();
    if (!this.text || !selection?.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    const place = placeOf(this.text, range);
    if (!place || !place.text.slice(place.start, place.end).trim()) return null;
    return { range, quote: makeQuote(place.text, place.start, place.end) };
  }

  offer() {
    const chosen = this.selected();
    if (!chosen) return;
    const { range, quote } = chosen;
    const mark = (/** @type {Label} */ label) => () => {
      closePopover();
      void correctMention(
        this.paper,
        {
          verdict: "missing",
          surface: quote.exact.trim(),
          label,
          ...this.spanOf(quote),
        },
        t("saidCorrected"),
      );
    };
    openPopover(range, t("selection"), [
      h(
        "div.menu",
        { role: "menu" },
        h("button.item", { role: "menuitem", onclick: () => this.note(quote) }, t("addNoteHere")),
      ),
      ...(this.abstract?.contains(range.commonAncestorContainer) ? labelButtons(mark) : []),
    ]);
  }

  /**
   * Find a quote in the server's text, and how it is written there.
   * @param {Quote} quote
   */
  spanOf(quote) {
    const span = this.details && spanOfQuote(this.details, quote);
    if (!this.details || !span) return {};
    return { ...span, surface: wordsOfSpan(this.details, span) };
  }

  /** @param {Quote | null} [quote] */
  note(quote = this.selected()?.quote ?? null) {
    closePopover();
    this.open = true;
    this.showPanel();
    this.panel.write({ quote });
  }

  clear() {
    this.abstract = this.text = null;
    this.leaving.abort();
    this.panel.host.remove();
    document.documentElement.removeAttribute("data-papermargin-panel");
    for (const label of [...LABELS.map((each) => each.toLowerCase()), "note"])
      paint({ [label]: [] });
  }
}

/**
 * Draw the buttons that mark selected words of the abstract as a mention, which was missed.
 * @param {(label: Label) => () => void} mark
 */
function labelButtons(mark) {
  const buttons = LABELS.map((label) =>
    h(
      "button",
      { class: `chip ${label.toLowerCase()}`, onclick: mark(label) },
      t(`label_${label}`),
    ),
  );
  return [h("p.about", t("alsoThis")), h("div.chips", buttons)];
}

/**
 * Return where the page's header ends in the window: 0 if it has none, or is scrolled away. Several
 * headers may follow each other; a column of links beside the page is none.
 */
function headerEdge() {
  const boxes = [...document.querySelectorAll(HEADERS)]
    .filter((header) => !header.closest("main, article, aside, footer, dialog"))
    .map((header) => header.getBoundingClientRect())
    .filter(({ width, height }) => width > innerWidth / 2 && height < innerHeight / 2)
    .sort((a, b) => a.top - b.top);
  return boxes.reduce((edge, { top, bottom }) => (top <= edge ? Math.max(edge, bottom) : edge), 0);
}
