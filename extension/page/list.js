/** A list of papers: a margin on every card, the bar above them, filter and order. */

import { makeBar } from "./bar.js";
import { makeMargin } from "./card.js";
import { makeEdit } from "./edits.js";
import { isNew, isShown, NO_FILTER, orderOf, statusOf, termId } from "./filter.js";
import { showError } from "./layer.js";
import {
  commonParent,
  inScreenOrder,
  placeBar,
  placeForMargin,
  removeOthers,
  styleCard,
  unstyle,
  wordsOf,
} from "./list_layout.js";
import { seenEdit } from "./new_edit.js";
import { debounce, makeTaskQueue } from "./throttle.js";
import { count } from "../shared/i18n.js";
import { emptyView } from "../shared/cards.js";
import { ask } from "../shared/messages.js";

/** @import { TermChip } from "../shared/api.d.ts" */
/** @import { PagePaper, View } from "../shared/types.d.ts" */
/** @import { FoundCard } from "../sites/cards.js" */
/** @import { Page } from "../sites/pages.js" */
/** @import { Margin } from "./card.js" */
/** @import { Filter } from "./filter.js" */

/** After how many milliseconds the bar tells that an edit waits. */
const PATIENCE = 2_000;

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
  /** Whether nothing is arranged for now: in a triage, the page behind it stays still. */
  isHeld = false;
  work = makeTaskQueue();
  arrangeLater = debounce(PATIENCE, () => this.arrange());

  /**
   * @param {Partial<Filter> | null} filter the one chosen before a reload
   * @param {object} shared
   * @param {(key: string) => View | undefined} shared.viewOf
   * @param {() => string} shared.connection
   * @param {() => void} shared.onHelp
   * @param {() => void} shared.onTriage
   */
  constructor(filter, { viewOf, connection, onHelp, onTriage }) {
    /** @type {Filter} */
    this.filter = { ...NO_FILTER, ...filter };
    this.viewOf = viewOf;
    this.connection = connection;
    this.acts = {
      onTerm: (/** @type {TermChip} */ term) => this.narrow("terms", termId(term)),
      onTag: (/** @type {string} */ tag) => this.narrow("tags", tag),
    };
    this.bar = makeBar({
      onFilter: (filter) => this.setFilter(filter),
      onSeen: () => this.markSeen(),
      onHelp,
      onTriage,
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
    const { host } = this.bar;
    removeOthers(new Set([...[...this.margins.values()].map((margin) => margin.host), host]));
    placeBar(
      host,
      this.found.map(({ card }) => card),
    );
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
    const isFound = this.found.some((each) => each.card === card && each.key === paper.id);
    if (!card.isConnected || !isFound) return;
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
    if (this.isHeld) return;
    const list = commonParent(this.found.map(({ card }) => card));
    const views = this.found.map(({ key, paper }) => this.viewOf(key) ?? emptyView(paper));
    const order = orderOf(views, this.filter.sort);
    for (const [place, each] of this.found.entries()) {
      const isDone = ["read", "skipped"].includes(statusOf(views[place].card));
      const isHidden = !isShown(views[place], () => wordsOf(each), this.filter);
      // below zero, so that what the page itself puts into the list stays behind the papers
      const rank = this.filter.sort === "page" ? "" : String(order[place] - this.found.length);
      styleCard(list, each.card, { isDone, isHidden, rank });
    }
    // `order` moves cards on the screen only, so the page's own code finds its nodes in place
    list?.toggleAttribute("data-papermargin-sorted", this.filter.sort !== "page");
    const shown = this.shown();
    list?.toggleAttribute("data-papermargin-empty", !shown.length);
    this.bar.draw(
      {
        views,
        filter: this.filter,
        unseen: this.unseen().length,
        news: views.filter(
          (view, place) => isNew(view.card) && this.matches(this.found[place], view),
        ).length,
      },
      {
        drawn: this.margins.size,
        total: Math.max(this.listed ?? 0, this.found.length),
        shown: shown.length,
        waiting: this.countWaiting(views),
        views,
        connection: this.connection(),
      },
    );
  }

  /**
   * Count the edits that have waited for a while. Those that are on their way to the server are no
   * warning, and would make the bar jump at each change.
   * @param {View[]} views
   */
  countWaiting(views) {
    const waiting = views.flatMap(({ edits }) => edits).filter(({ state }) => state !== "conflict");
    const old = waiting.filter(({ at }) => Date.now() - at >= PATIENCE);
    if (old.length < waiting.length) this.arrangeLater();
    return old.length;
  }

  /** The papers that the filter lets through. */
  shown() {
    return this.found.filter(({ card }) => !card.closest("[data-papermargin-hidden]"));
  }

  /** The keys of the papers that are shown and not marked as seen. */
  unseen() {
    const keys = this.shown().map(({ key }) => key);
    return keys.filter((key) => !this.viewOf(key)?.card.seen);
  }

  /**
   * Return whether a paper matches the filter, be it new or not.
   * @param {FoundCard} each
   * @param {View} view
   */
  matches(each, view) {
    return isShown(view, () => wordsOf(each), { ...this.filter, onlyNew: false });
  }

  /**
   * List the papers that match the filter, be they new or not, in the order of the screen.
   * @returns {PagePaper[]}
   */
  matching() {
    const matching = inScreenOrder(this.found).filter((each) =>
      this.matches(each, this.viewOf(each.key) ?? emptyView(each.paper)),
    );
    // a page may show a paper twice
    return [...new Map(matching.map(({ paper }) => [paper.id, paper])).values()];
  }

  /** Return what the page tells of a paper besides. @param {string} key */
  factsOf(key) {
    return this.found.find((each) => each.key === key)?.facts;
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

  /**
   * Narrow the list to the papers that have one more term or tag.
   * @param {"terms" | "tags"} kind
   * @param {string} value
   */
  narrow(kind, value) {
    void this.setFilter({ ...this.filter, [kind]: [...new Set([...this.filter[kind], value])] });
  }

  async markSeen() {
    const papers = this.unseen();
    if (!papers.length) return;
    const edit = seenEdit({ id: papers[0], title: "" }, papers);
    await makeEdit(edit, count("saidSeen", papers.length));
  }

  /** @param {number} step */
  move(step) {
    const visible = this.visible();
    const at = visible.findIndex(([, margin]) => margin === this.current);
    this.focusOn(visible[at < 0 ? 0 : Math.max(0, Math.min(at + step, visible.length - 1))]);
  }

  /** The cards that are shown, with their margins, in the order of the screen. */
  visible() {
    return inScreenOrder(this.shown()).flatMap(({ card }) => {
      const margin = this.margins.get(card);
      return margin ? [/** @type {[Element, Margin]} */ ([card, margin])] : [];
    });
  }

  /** @param {[Element, Margin] | undefined} place */
  focusOn(place) {
    if (!place) return;
    const [card, margin] = place;
    this.current = margin;
    card.scrollIntoView({ block: "nearest" });
    margin.controls.status.focus({ preventScroll: false });
  }

  /**
   * Let the filter hide cards again, and go to a paper's card, or if that is hidden to the next.
   * @param {string | undefined} key
   */
  release(key) {
    this.isHeld = false;
    const order = this.visible();
    const at = order.findIndex(([, margin]) => margin.paper.id === key);
    this.arrange();
    const isShown = (/** @type {[Element, Margin]} */ [card]) =>
      !card.closest("[data-papermargin-hidden]");
    const next = order.slice(Math.max(at, 0)).find(isShown) ?? order.findLast(isShown);
    if (next) this.focusOn(next);
    else this.bar.focusTriage();
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
    unstyle(this.found.map(({ card }) => card));
    for (const [card, margin] of this.margins) this.forget(card, margin);
    this.found = [];
    this.bar.host.remove();
  }
}
