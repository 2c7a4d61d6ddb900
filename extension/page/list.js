/** A list of papers: a margin on every card, the bar above them, filter and order. */

import { makeBar } from "./bar.js";
import { makeMargin } from "./card.js";
import { isShown, NO_FILTER, orderOf, statusOf, termId } from "./filter.js";
import { announce, showError } from "./layer.js";
import { commonParent, itemIn, placeForMargin, wordsOn } from "./list_layout.js";
import { makeEdit } from "./menu.js";
import { makeTaskQueue } from "./throttle.js";
import { count, t } from "../shared/i18n.js";
import { emptyCard } from "../shared/cards.js";
import { ask } from "../shared/messages.js";

/** @import { TermChip } from "../shared/api.d.ts" */
/** @import { PagePaper, View } from "../shared/types.d.ts" */
/** @import { FoundCard } from "../sites/cards.js" */
/** @import { Page } from "../sites/pages.js" */
/** @import { Margin } from "./card.js" */
/** @import { Filter } from "./filter.js" */

/** Draws on a list; `update` is called whenever the page may have changed. */
export class List {
  /** @type {Map<Element, Margin>} */
  margins = new Map();
  /** @type {FoundCard[]} */
  found = [];
  /** @type {number | null} */
  listed = null;
  /** @type {Margin | null} */
  current = null;
  work = makeTaskQueue();

  /**
   * @param {Partial<Filter> | null} filter the one chosen before a reload
   * @param {object} shared
   * @param {(key: string) => View | undefined} shared.viewOf
   * @param {() => string} shared.connection
   * @param {() => void} shared.onHelp
   */
  constructor(filter, { viewOf, connection, onHelp }) {
    /** @type {Filter} */
    this.filter = { ...NO_FILTER, ...filter };
    this.viewOf = viewOf;
    this.connection = connection;
    this.acts = {
      onTerm: (/** @type {TermChip} */ term) => this.filterTerm(term),
      onTag: (/** @type {string} */ tag) => this.filterTag(tag),
    };
    this.bar = makeBar({
      onFilter: (filter) => this.setFilter(filter),
      onSeen: () => this.markSeen(),
      onHelp,
    });
  }

  /** @param {Page} page */
  update(page) {
    this.found = page.cards;
    this.listed = page.listed;
    const present = new Set(this.found.map(({ card }) => card));
    for (const [card, margin] of this.margins) if (!present.has(card)) this.forget(card, margin);
    const spots = this.found
      .filter((each) => this.isBare(each))
      .map((each) => ({ ...each, spot: placeForMargin(each.card) }));
    for (const { card, paper, spot } of spots)
      this.work.add(card, () => this.mount(card, paper, spot));
    this.removeForeignMargins();
    this.placeBar();
    if (!spots.length) this.arrange();
  }

  /** @param {FoundCard} each */
  isBare({ card, key }) {
    const margin = this.margins.get(card);
    return !margin || margin.paper.id !== key || !card.contains(margin.host);
  }

  /**
   * @param {Element} card
   * @param {PagePaper} paper
   * @param {Element} spot
   */
  mount(card, paper, spot) {
    if (
      !card.isConnected ||
      !this.found.some((each) => each.card === card && each.key === paper.id)
    )
      return;
    const old = this.margins.get(card);
    const margin = old?.paper.id === paper.id ? old : makeMargin(paper, this.acts);
    if (old && old !== margin) old.host.remove();
    this.margins.set(card, margin);
    const view = this.viewOf(paper.id);
    // without a view the margin stays empty but keeps its reserved height
    if (view) margin.draw(view);
    spot.append(margin.host);
    this.work.last(() => this.arrange());
  }

  /** @param {Element} card @param {Margin} margin */
  forget(card, margin) {
    margin.host.remove();
    this.margins.delete(card);
    card.removeAttribute("data-papermargin-dim");
    if (this.current === margin) this.current = null;
  }

  /** Remove margins that are not ours, or copies, since they may show anything. */
  removeForeignMargins() {
    const ours = new Set([...this.margins.values()].map(({ host }) => host));
    for (const host of document.querySelectorAll("papermargin-card"))
      if (!ours.has(/** @type {HTMLElement} */ (host))) host.remove();
    for (const host of document.querySelectorAll("papermargin-bar"))
      if (host !== this.bar.host) host.remove();
  }

  placeBar() {
    const list = commonParent(this.found.map(({ card }) => card));
    if (!list) return this.bar.host.remove();
    const inside = list.matches("main, body");
    const place = inside ? itemIn(list, this.found[0].card) : list;
    this.bar.host.toggleAttribute("data-inside", inside);
    list.toggleAttribute("data-papermargin-list", !inside);
    if (place.previousElementSibling !== this.bar.host) place.before(this.bar.host);
    return undefined;
  }

  /** @param {string[]} keys of the papers whose views have changed */
  redraw(keys) {
    const wanted = new Set(keys);
    for (const [card, margin] of this.margins) {
      const view = wanted.has(margin.paper.id) && this.viewOf(margin.paper.id);
      if (view) this.work.add(card, () => margin.draw(view));
    }
    this.work.last(() => this.arrange());
  }

  /**
   * Show and order the cards as the filter asks, by style alone: the page's own nodes stay where
   * they are.
   */
  arrange() {
    const list = commonParent(this.found.map(({ card }) => card));
    const views = this.found.map(
      ({ key, paper }) => this.viewOf(key) ?? emptyView(key, paper.title),
    );
    const order = orderOf(views, this.filter.sort);
    for (const [place, { card, paper }] of this.found.entries()) {
      const item = /** @type {HTMLElement} */ (list ? itemIn(list, card) : card);
      const printed = () => [paper.title, paper.abstract, wordsOn(card)].join("\n");
      item.toggleAttribute("data-papermargin-hidden", !isShown(views[place], printed, this.filter));
      const isDone = ["read", "skipped"].includes(statusOf(views[place].card));
      card.toggleAttribute("data-papermargin-dim", isDone);
      // below zero, so that what the page itself puts into the list stays behind the papers
      const rank = this.filter.sort === "page" ? "" : String(order[place] - this.found.length);
      if (item.style.order !== rank) item.style.order = rank;
    }
    // `order` moves cards on the screen only, so the page's own code finds its nodes in place
    list?.toggleAttribute("data-papermargin-sorted", this.filter.sort !== "page");
    const shown = this.shown();
    list?.toggleAttribute("data-papermargin-empty", !shown.length);
    this.bar.draw(
      { views, filter: this.filter, unseen: this.unseen().length },
      {
        drawn: this.margins.size,
        total: Math.max(this.listed ?? 0, this.found.length),
        shown: shown.length,
        views,
        connection: this.connection(),
      },
    );
  }

  /** The papers that the filter lets through. */
  shown() {
    return this.found.filter(({ card }) => !card.closest("[data-papermargin-hidden]"));
  }

  /** The keys of the papers that are shown and not marked as seen. */
  unseen() {
    return this.shown()
      .map(({ key }) => key)
      .filter((key) => !this.viewOf(key)?.card.seen);
  }

  /** @param {Filter} wanted */
  async setFilter(wanted) {
    const isToggled = wanted.onlyNew !== this.filter.onlyNew;
    this.filter = wanted;
    this.arrange();
    // the next list opens with it, too
    if (isToggled) void ask("setPageSettings", { onlyNew: wanted.onlyNew }).catch(showError);
    await ask("saveFilter", { filter: this.filter }).catch(showError);
  }

  /** @param {TermChip} term */
  filterTerm(term) {
    void this.setFilter({
      ...this.filter,
      terms: [...new Set([...this.filter.terms, termId(term)])],
    });
  }

  /** @param {string} tag */
  filterTag(tag) {
    void this.setFilter({
      ...this.filter,
      tags: [...new Set([...this.filter.tags, tag])],
    });
  }

  async markSeen() {
    const papers = this.unseen();
    if (!papers.length || !(await saveSeen(papers, true))) return;
    announce(count("saidSeen", papers.length), async () => {
      if (await saveSeen(papers, false)) announce(t("saidUnseen"));
    });
  }

  /** @param {number} step */
  move(step) {
    const visible = [...this.margins.entries()]
      .filter(([card]) => !card.closest("[data-papermargin-hidden]"))
      .sort(([a], [b]) => this.placeOn(a) - this.placeOn(b));
    const at = visible.findIndex(([, margin]) => margin === this.current);
    const [card, margin] =
      visible[at < 0 ? 0 : Math.max(0, Math.min(at + step, visible.length - 1))] ?? [];
    if (!card || !margin) return;
    this.current = margin;
    card.scrollIntoView({ block: "nearest" });
    margin.controls.status.focus({ preventScroll: false });
  }

  /** @param {Element} card */
  placeOn(card) {
    const place = this.found.findIndex((each) => each.card === card);
    const list = commonParent(this.found.map((each) => each.card));
    const order = list ? Number(/** @type {HTMLElement} */ (itemIn(list, card)).style.order) : 0;
    return order * this.found.length + place;
  }

  /** The margin that shortcuts act on: the focused one, or the last one that `j` or `k` went to. */
  chosen() {
    const focused = [...this.margins.values()].find(({ host }) => host === document.activeElement);
    if (focused) this.current = focused;
    return this.current;
  }

  /** @returns {number} the number of margins on the page */
  drawn() {
    return this.margins.size;
  }

  clear() {
    for (const [card, margin] of this.margins) this.forget(card, margin);
    this.found = [];
    this.bar.host.remove();
  }
}

/**
 * @param {string[]} papers
 * @param {boolean} seen
 * @returns {Promise<View | null>} null if the edit was not saved
 */
function saveSeen(papers, seen) {
  const paper = { id: papers[0], title: "" };
  return makeEdit({ kind: "seen", ref: "page", paper, change: { papers, seen } });
}

/**
 * @param {string} key
 * @param {string} title
 * @returns {View}
 */
function emptyView(key, title) {
  return {
    card: emptyCard(key, title),
    known: false,
    edits: [],
    drafts: [],
  };
}
