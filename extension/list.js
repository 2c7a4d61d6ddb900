/** A list of papers: a margin on every card, the bar over them, filter and order. */

import { makeBar, sayState } from "./bar.js";
import { makeMargin } from "./card.js";
import { isShown, NO_FILTER, orderOf, ownTerms, statusOf, termId } from "./filter.js";
import { announce, explain } from "./layer.js";
import { ask } from "./messages.js";
import { makeSlices } from "./pace.js";
import { count, t } from "./text.js";

/** @typedef {import("./wire.js").View} View */
/** @typedef {import("./sites.js").FoundCard} FoundCard */
/** @typedef {import("./filter.js").Filter} Filter */

const CHARACTER_WIDTH = 6.6;
const CARD_PADDING = 48;

/** What draws on a list: it is told what stands on the page as often as that may have changed. */
export class List {
  /** @type {Map<Element, Margin>} */
  margins = new Map();
  /** @type {FoundCard[]} */
  found = [];
  /** @type {number | null} */
  listed = null;
  /** @type {Filter} */
  filter = NO_FILTER;
  /** @type {Map<string, number>} */
  own = new Map();
  /** @type {Margin | null} */
  current = null;
  room = 46;
  work = makeSlices();

  /** @param {{ viewOf: (key: string) => View | undefined, connection: () => string, onHelp: () => void }} shared */
  constructor({ viewOf, connection, onHelp }) {
    this.viewOf = viewOf;
    this.connection = connection;
    this.acts = {
      onTerm: (/** @type {import("./wire.js").TermChip} */ term) => this.filterTerm(term),
      onTag: (/** @type {string} */ tag) => this.filterTag(tag),
    };
    this.bar = makeBar({ onFilter: (filter) => this.setFilter(filter), onSeen: () => this.markSeen(), onHelp });
  }

  /** @param {import("./sites.js").Page} page */
  update(page) {
    this.found = page.cards;
    this.listed = page.listed;
    const present = new Set(this.found.map(({ card }) => card));
    for (const [card, margin] of this.margins) if (!present.has(card)) this.forget(card, margin);
    const spots = this.found.filter((each) => this.isBare(each)).map((each) => ({ ...each, spot: spotIn(each.card) }));
    if (spots.length) this.room = roomIn(spots[0].card);
    for (const { card, paper, spot } of spots) this.work.add(card, () => this.mount(card, paper, spot));
    this.removeStrangers();
    this.placeBar();
    if (!spots.length) this.arrange();
  }

  /** @param {FoundCard} each */
  isBare({ card, key }) {
    const margin = this.margins.get(card);
    return !margin || margin.paper.id !== key || !card.contains(margin.host);
  }

  /** @param {Element} card @param {import("./wire.js").PagePaper} paper @param {Element} spot */
  mount(card, paper, spot) {
    if (!card.isConnected || !this.found.some((each) => each.card === card && each.key === paper.id)) return;
    const old = this.margins.get(card);
    const margin = old?.paper.id === paper.id ? old : makeMargin(paper, this.acts);
    if (old && old !== margin) old.host.remove();
    this.margins.set(card, margin);
    const view = this.viewOf(paper.id);
    if (view) margin.draw(view, this.room);
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

  /** A margin that is not ours, or a copy of one, tells nothing true. */
  removeStrangers() {
    const ours = new Set([...this.margins.values()].map(({ host }) => host));
    for (const host of document.querySelectorAll("papermargin-card"))
      if (!ours.has(/** @type {HTMLElement} */ (host))) host.remove();
    for (const host of document.querySelectorAll("papermargin-bar")) if (host !== this.bar.host) host.remove();
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

  /** @param {string[]} keys the papers whose views are new */
  redraw(keys) {
    const wanted = new Set(keys);
    for (const [card, margin] of this.margins) {
      const view = wanted.has(margin.paper.id) && this.viewOf(margin.paper.id);
      if (view) this.work.add(card, () => margin.draw(view, this.room));
    }
    this.work.last(() => this.arrange());
  }

  /** Show and order the cards as the filter asks, by style alone: the page's own nodes stay where they are. */
  arrange() {
    const list = commonParent(this.found.map(({ card }) => card));
    const views = this.found.map(({ key, paper }) => this.viewOf(key) ?? blank(key, paper.title));
    const order = orderOf(views, this.filter.sort, this.own);
    let shown = 0;
    for (const [place, { card, paper }] of this.found.entries()) {
      const item = list ? itemIn(list, card) : card;
      const visible = isShown(views[place], paper, this.filter);
      shown += Number(visible);
      item.toggleAttribute("data-papermargin-hidden", !visible);
      card.toggleAttribute("data-papermargin-dim", ["read", "skipped"].includes(statusOf(views[place].card)));
      const rank = this.filter.sort === "page" ? "" : String(order[place] - this.found.length);
      if (/** @type {HTMLElement} */ (item).style.order !== rank) /** @type {HTMLElement} */ (item).style.order = rank;
    }
    list?.toggleAttribute("data-papermargin-sorted", this.filter.sort !== "page");
    const waiting = views.reduce((sum, view) => sum + view.edits.length, 0);
    this.bar.draw(
      views,
      this.filter,
      sayState({
        drawn: this.margins.size,
        total: Math.max(this.listed ?? 0, this.found.length),
        shown,
        waiting,
        connection: this.connection(),
      }),
    );
  }

  /** @param {Filter} wanted */
  async setFilter(wanted) {
    this.filter = wanted;
    if (this.filter.sort === "close" && !this.own.size) this.own = await ownTermsNow();
    this.arrange();
    await ask("keepFilter", { filter: this.filter }).catch(explain);
  }

  /** @param {import("./wire.js").TermChip} term */
  filterTerm(term) {
    void this.setFilter({ ...this.filter, terms: [...new Set([...this.filter.terms, termId(term)])] });
  }

  /** @param {string} tag */
  filterTag(tag) {
    void this.setFilter({ ...this.filter, tags: [...new Set([...this.filter.tags, tag])] });
  }

  async markSeen() {
    const papers = this.found.map(({ key }) => key);
    try {
      await ask("edit", {
        kind: "seen",
        ref: "page",
        paper: { id: papers[0], title: "" },
        change: { papers, seen: true },
      });
      announce(count("saidSeen", papers.length));
    } catch (failure) {
      explain(failure);
    }
  }

  /** @param {number} step */
  move(step) {
    const visible = [...this.margins.entries()]
      .filter(([card]) => !card.closest("[data-papermargin-hidden]"))
      .sort(([a], [b]) => this.placeOn(a) - this.placeOn(b));
    const at = visible.findIndex(([, margin]) => margin === this.current);
    const [card, margin] = visible[at < 0 ? 0 : Math.max(0, Math.min(at + step, visible.length - 1))] ?? [];
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

  /** The margin that the keyboard speaks of: the focused one, or the one last gone to. */
  chosen() {
    const focused = [...this.margins.values()].find(({ host }) => host === document.activeElement);
    if (focused) this.current = focused;
    return this.current;
  }

  async restore() {
    const kept = await ask("filter").catch(() => null);
    this.filter = { ...NO_FILTER, ...kept };
    if (this.filter.sort === "close") this.own = await ownTermsNow();
    this.arrange();
  }

  /** @returns {number} how many margins stand there */
  drawn() {
    return this.margins.size;
  }

  clear() {
    for (const [card, margin] of this.margins) this.forget(card, margin);
    this.found = [];
    this.bar.host.remove();
  }
}

/** @typedef {import("./card.js").Margin} Margin */

async function ownTermsNow() {
  const list = await ask("list", { facets: true, limit: 1 }).catch(() => null);
  if (!list) announce(t("listUnknown"));
  return ownTerms(list?.facets);
}

/** @param {string} key @param {string} title @returns {View} */
function blank(key, title) {
  return {
    card: { key, title, extraction: "pending", seen: false, entry: null, notes: [], terms: [], results: [] },
    known: false,
    edits: [],
    drafts: [],
  };
}

/**
 * @param {Element} card
 * @returns {Element} where in a card the margin goes: its end, or the title's box when it is a row
 */
function spotIn(card) {
  const { display, flexDirection } = getComputedStyle(card);
  const isRow = display.includes("grid") || (display.includes("flex") && flexDirection.startsWith("row"));
  return isRow ? (card.querySelector("h1, h2, h3, h4, h5, h6, [role=heading]")?.parentElement ?? card) : card;
}

/** @param {Element} card @returns {number} how many characters of chips fit into a row */
function roomIn(card) {
  return Math.max(20, Math.floor((card.clientWidth - CARD_PADDING) / CHARACTER_WIDTH));
}

/** @param {Element[]} cards @returns {Element | null} the narrowest element that holds them all */
function commonParent(cards) {
  if (!cards.length) return null;
  let parent = cards[0].parentElement;
  while (parent && !(parent.contains(cards[cards.length - 1]) && parent.contains(cards[cards.length >> 1])))
    parent = parent.parentElement;
  return parent;
}

/** @param {Element} list @param {Element} card @returns {Element} the child of the list that the card stands in */
function itemIn(list, card) {
  let item = card;
  while (item.parentElement && item.parentElement !== list) item = item.parentElement;
  return item;
}
