/** A list of papers: a margin on every card, the bar over them, filter and order. */

import { makeBar, sayState } from "./bar.js";
import { makeMargin } from "./card.js";
import { isShown, NO_FILTER, orderOf, ownTerms, statusOf, termId } from "./filter.js";
import { announce, explain } from "./layer.js";
import { ask } from "./messages.js";
import { count, t } from "./text.js";

/** @typedef {import("./wire.js").View} View */
/** @typedef {import("./sites.js").FoundCard} FoundCard */
/** @typedef {import("./filter.js").Filter} Filter */

const SLICE_MILLISECONDS = 8;
const CHARACTER_WIDTH = 6.6;
const CARD_PADDING = 48;

/**
 * Make what draws on a list; `update` is called with what stands on the page, as often as that may have changed.
 * @param {{ viewOf: (key: string) => View | undefined, connection: () => string, onHelp: () => void }} shared
 */
export function makeList({ viewOf, connection, onHelp }) {
  /** @type {Map<Element, import("./card.js").Margin>} */
  const margins = new Map();
  /** @type {FoundCard[]} */
  let found = [];
  /** @type {number | null} */
  let listed = null;
  /** @type {Filter} */
  let filter = NO_FILTER;
  /** @type {Map<string, number>} */
  let own = new Map();
  /** @type {Margin | null} */
  let current = null;
  let room = 46;
  const bar = makeBar({ onFilter: setFilter, onSeen: markSeen, onHelp });
  const work = makeSlices();

  /** @param {import("./sites.js").Page} page */
  function update(page) {
    ({ cards: found, listed } = page);
    const present = new Set(found.map(({ card }) => card));
    for (const [card, margin] of margins) if (!present.has(card)) forget(card, margin);
    const spots = found.filter(isBare).map((each) => ({ ...each, spot: spotIn(each.card) }));
    if (spots.length) room = roomIn(spots[0].card);
    for (const { card, paper, spot } of spots) work.add(card, () => mount(card, paper, spot));
    removeStrangers();
    placeBar();
    if (!spots.length) arrange();
  }

  /** @param {FoundCard} each */
  function isBare({ card, key }) {
    const margin = margins.get(card);
    return !margin || margin.paper.id !== key || !card.contains(margin.host);
  }

  /** @param {Element} card @param {import("./wire.js").PagePaper} paper @param {Element} spot */
  function mount(card, paper, spot) {
    if (!card.isConnected || !found.some((each) => each.card === card && each.key === paper.id)) return;
    const old = margins.get(card);
    const margin = old?.paper.id === paper.id ? old : makeMargin(paper, { onTerm: filterTerm, onTag: filterTag });
    if (old && old !== margin) old.host.remove();
    margins.set(card, margin);
    const view = viewOf(paper.id);
    if (view) margin.draw(view, room);
    spot.append(margin.host);
    work.last(arrange);
  }

  /** @param {Element} card @param {Margin} margin */
  function forget(card, margin) {
    margin.host.remove();
    margins.delete(card);
    card.removeAttribute("data-papermargin-dim");
    if (current === margin) current = null;
  }

  /** A margin that is not ours, or a copy of one, tells nothing true. */
  function removeStrangers() {
    const ours = new Set([...margins.values()].map(({ host }) => host));
    for (const host of document.querySelectorAll("papermargin-card"))
      if (!ours.has(/** @type {HTMLElement} */ (host))) host.remove();
    for (const host of document.querySelectorAll("papermargin-bar")) if (host !== bar.host) host.remove();
  }

  function placeBar() {
    const list = commonParent(found.map(({ card }) => card));
    if (!list) return bar.host.remove();
    const inside = list.matches("main, body");
    const place = inside ? itemIn(list, found[0].card) : list;
    bar.host.toggleAttribute("data-inside", inside);
    list.toggleAttribute("data-papermargin-list", !inside);
    if (place.previousElementSibling !== bar.host) place.before(bar.host);
    return undefined;
  }

  /** @param {string[]} keys the papers whose views are new */
  function redraw(keys) {
    const wanted = new Set(keys);
    for (const [card, margin] of margins) {
      const view = wanted.has(margin.paper.id) && viewOf(margin.paper.id);
      if (view) work.add(card, () => margin.draw(view, room));
    }
    work.last(arrange);
  }

  /** Show and order the cards as the filter asks, by style alone: the page's own nodes stay where they are. */
  function arrange() {
    const list = commonParent(found.map(({ card }) => card));
    const views = found.map(({ key, paper }) => viewOf(key) ?? blank(key, paper.title));
    const order = orderOf(views, filter.sort, own);
    let shown = 0;
    for (const [place, { card, paper }] of found.entries()) {
      const item = list ? itemIn(list, card) : card;
      const visible = isShown(views[place], paper, filter);
      shown += Number(visible);
      item.toggleAttribute("data-papermargin-hidden", !visible);
      card.toggleAttribute("data-papermargin-dim", ["read", "skipped"].includes(statusOf(views[place].card)));
      const rank = filter.sort === "page" ? "" : String(order[place] - found.length);
      if (/** @type {HTMLElement} */ (item).style.order !== rank) /** @type {HTMLElement} */ (item).style.order = rank;
    }
    list?.toggleAttribute("data-papermargin-sorted", filter.sort !== "page");
    const waiting = views.reduce((sum, view) => sum + view.edits.length, 0);
    bar.draw(
      views,
      filter,
      sayState({
        drawn: margins.size,
        total: Math.max(listed ?? 0, found.length),
        shown,
        waiting,
        connection: connection(),
      }),
    );
  }

  /** @param {Filter} wanted */
  async function setFilter(wanted) {
    filter = wanted;
    if (filter.sort === "close" && !own.size) own = await ownTermsNow();
    arrange();
    await ask("keepFilter", { filter }).catch(explain);
  }

  /** @param {import("./wire.js").TermChip} term */
  function filterTerm(term) {
    void setFilter({ ...filter, terms: [...new Set([...filter.terms, termId(term)])] });
  }

  /** @param {string} tag */
  function filterTag(tag) {
    void setFilter({ ...filter, tags: [...new Set([...filter.tags, tag])] });
  }

  async function markSeen() {
    const papers = found.map(({ key }) => key);
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
  function move(step) {
    const visible = [...margins.entries()]
      .filter(([card]) => !card.closest("[data-papermargin-hidden]"))
      .sort(([a], [b]) => placeOn(a) - placeOn(b));
    const at = visible.findIndex(([, margin]) => margin === current);
    const [card, margin] = visible[at < 0 ? 0 : Math.max(0, Math.min(at + step, visible.length - 1))] ?? [];
    if (!card || !margin) return;
    current = margin;
    card.scrollIntoView({ block: "nearest" });
    margin.controls.status.focus({ preventScroll: false });
  }

  /** @param {Element} card */
  function placeOn(card) {
    const place = found.findIndex((each) => each.card === card);
    const list = commonParent(found.map((each) => each.card));
    const order = list ? Number(/** @type {HTMLElement} */ (itemIn(list, card)).style.order) : 0;
    return order * found.length + place;
  }

  /** The margin that the keyboard speaks of: the focused one, or the one last gone to. */
  function chosen() {
    const focused = [...margins.values()].find(({ host }) => host === document.activeElement);
    if (focused) current = focused;
    return current;
  }

  async function restore() {
    const kept = await ask("filter").catch(() => null);
    filter = { ...NO_FILTER, ...kept };
    if (filter.sort === "close") own = await ownTermsNow();
    arrange();
  }

  function clear() {
    for (const [card, margin] of margins) forget(card, margin);
    found = [];
    bar.host.remove();
  }

  return { update, redraw, clear, move, chosen, restore, arrange, bar, drawn: () => margins.size };
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

/** Work in slices, so that the page stays free to answer the person; newer work for a thing replaces older. */
function makeSlices() {
  /** @type {Map<unknown, () => void>} */
  const jobs = new Map();
  /** @type {(() => void) | null} */
  let closing = null;
  let running = false;
  const run = () => {
    const end = performance.now() + SLICE_MILLISECONDS;
    for (const [thing, job] of jobs) {
      jobs.delete(thing);
      job();
      if (performance.now() > end) break;
    }
    running = jobs.size > 0;
    if (running) return void setTimeout(run);
    const finish = closing;
    closing = null;
    return finish?.();
  };
  const wake = () => {
    if (!running) setTimeout(run);
    running = true;
  };
  return {
    add: (/** @type {unknown} */ thing, /** @type {() => void} */ job) => {
      jobs.set(thing, job);
      wake();
    },
    last: (/** @type {() => void} */ job) => {
      closing = job;
      wake();
    },
  };
}
