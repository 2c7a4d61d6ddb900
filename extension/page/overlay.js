/**
 * The margin of a page: find its papers, ask the background for their views, and keep them up to
 * date.
 */

import { describeConnection } from "./bar.js";
import { Identities } from "./identities.js";
import { ensureLayer, openPopover, showError } from "./layer.js";
import { List } from "./list.js";
import { ListTriage } from "./list_triage.js";
import { setStatus } from "./menu.js";
import { openNotes } from "./note.js";
import { Offer } from "./offer.js";
import { PaperMargin } from "./paper.js";
import { openTags, setTags } from "./tags.js";
import { debounce, throttle } from "./throttle.js";
import { t } from "../shared/i18n.js";
import { ask } from "../shared/messages.js";
import { readPage } from "../sites/pages.js";
import { nextStatus } from "../ui/chips.js";
import { isDark } from "../ui/dom.js";
import { keyHelp, pressKey } from "../ui/keys.js";

/** @import { TagState } from "../shared/api.d.ts" */
/** @import { PagePaper, PageState, View } from "../shared/types.d.ts" */
/** @import { Page } from "../sites/pages.js" */
/** @import { Filter } from "./filter.js" */
/** @import { Guard } from "../ui/dom.js" */

const NEWS_PAUSE = 150;
const SETTLE_PAUSE = 1_500;

/** The margin of one page: the papers found, their views, and what is drawn. */
export class Overlay {
  arrival = location.href;
  page = readPage(document, location.href, location.href);
  /** @type {Map<string, View>} */
  views = new Map();
  /** @type {Set<string>} papers whose cards were asked of the server */
  asked = new Set();
  /** @type {Set<string>} papers that changed on the server, "*" for all */
  stale = new Set();
  /** @type {PaperMargin | null} */
  paper = null;
  isBroken = false;
  identities = new Identities({
    onFound: () => this.rescan(),
    onError: (error) => this.fail(error),
  });
  offer = new Offer((paper) => this.identities.add(paper));

  /**
   * @param {Guard} guard
   * @param {{ state: PageState, tags: TagState[], filter: Partial<Filter> | null }} known
   */
  constructor(guard, { state, tags, filter }) {
    this.guard = guard;
    this.state = state;
    setTags(tags);
    // a list that has no filter yet opens with the one that is for all lists
    this.list = new List(filter ?? { onlyNew: state.settings.onlyNew }, {
      viewOf: (key) => this.views.get(key),
      connection: () => this.state.connection,
      onHelp: () => this.openHelp(),
      onTriage: () => this.triage.open(),
    });
    this.triage = new ListTriage(this.list, {
      viewOf: (key) => this.views.get(key),
      words: () => describeConnection(this.state.connection),
    });
    this.refreshSoon = throttle(NEWS_PAUSE, () => this.refreshStale());
    this.check = debounce(SETTLE_PAUSE, () => {
      this.isBroken = this.page.kind === "list" && this.page.cards.length < (this.page.listed ?? 1);
    });
  }

  isOn() {
    return this.state.paired && this.guard.isUp() && this.isWanted();
  }

  /** Return whether the person wants the margin on pages like this one. */
  isWanted() {
    const { kind, site } = this.page;
    const { settings, sites } = this.state;
    if (site === "huggingface") return settings.where[kind === "list" ? "list" : "paper"];
    return site === "arxiv" ? settings.where.arxiv : sites.includes(site);
  }

  rescan() {
    this.scan();
    this.check();
  }

  scan() {
    this.page = readPage(document, location.href, this.arrival);
    const isOn = this.isOn();
    // only then: whoever wants no margin here is not asked about at the server
    if (isOn) this.page = this.identities.fill(this.page);
    this.offer.show(isOn ? this.page.unknown : undefined);
    this.triage.follow(isOn ? this.page : null);
    document.documentElement.toggleAttribute("data-papermargin-off", !isOn);
    document.documentElement.toggleAttribute("data-papermargin-dark", isDark(document));
    if (!isOn || this.page.kind !== "list") this.list.clear();
    if (this.paper && (!isOn || this.page.paper?.id !== this.paper.paper.id)) this.leavePaper();
    if (!isOn || this.page.kind === "other") return;
    ensureLayer();
    if (this.page.kind === "unknown") return;
    if (this.page.kind === "list") this.list.update(this.page);
    else this.drawPaper();
    void this.refresh(papersOn(this.page).filter(({ id }) => !this.asked.has(id)));
  }

  drawPaper() {
    if (!this.page.paper) return;
    this.paper ??= new PaperMargin(this.page.paper, {
      viewOf: (key) => this.views.get(key),
      settings: () => this.state.settings,
      words: () => describeConnection(this.state.connection),
    });
    this.paper.update();
  }

  leavePaper() {
    this.paper?.clear();
    this.paper = null;
  }

  async readCache() {
    const papers = papersOn(this.page);
    if (this.isOn() && papers.length) this.keepViews(await ask("views", { papers }));
  }

  /**
   * Draw the views that are cached, and then those from the server.
   * @param {PagePaper[]} papers
   */
  async refresh(papers) {
    if (!papers.length) return;
    for (const { id } of papers) this.asked.add(id);
    try {
      this.showViews(await ask("views", { papers }));
      await ask("refresh", { papers, listing: this.page.listing });
    } catch (error) {
      this.fail(error);
    }
    // the server knows the paper only now, but its cached page is worth showing anyway
    await this.paper?.load().catch((error) => this.fail(error));
  }

  async refreshTags() {
    await ask("tags").then(setTags, (error) => this.fail(error));
    this.list.redraw([...this.views.keys()]);
  }

  /**
   * Handle a failed question. What is wrong with the connection comes as news from the background.
   * @param {any} error
   */
  fail(error) {
    // after an update of the extension this page's script is an orphan; only a reload helps
    if (error.cause === "gone") this.setState({ ...this.state, connection: "gone" });
    if (["gone", "storage", "quota", "older"].includes(error.cause)) showError(error);
  }

  /** @param {PageState} state */
  setState(state) {
    const wasAway = !["ok", "unknown"].includes(this.state.connection);
    this.state = state;
    this.scan();
    this.list.arrange();
    this.paper?.draw();
    this.triage.redraw();
    if (wasAway && state.connection === "ok") this.reconnect();
  }

  /** Ask again for what could not be asked while the server was away. */
  reconnect() {
    this.identities.retry();
    this.scan();
    this.markStale("*");
  }

  /** @param {View[]} views */
  keepViews(views) {
    for (const view of views) this.views.set(view.card.key, view);
  }

  /** @param {View[]} views */
  showViews(views) {
    // news is sent to all pages, and most of it is about papers of others
    const here = views.filter(({ card }) => this.asked.has(card.key));
    this.keepViews(here);
    this.list.redraw(here.map(({ card }) => card.key));
    this.triage.redraw();
    if (here.some(({ card }) => card.key === this.paper?.paper.id)) this.paper?.draw();
  }

  refreshStale() {
    const papers = papersOn(this.page).filter(
      ({ id }) => this.stale.has("*") || this.stale.has(id),
    );
    this.stale.clear();
    void this.refresh(papers);
  }

  /** @param {string} which a paper's key, "*" for all */
  markStale(which) {
    this.stale.add(which);
    this.refreshSoon();
  }

  /** @param {any} news from the background */
  receive(news) {
    if (news.kind === "state") this.setState(news.state);
    if (news.kind === "views") this.showViews(news.views);
    if (news.kind === "change") this.receiveChange(news.change);
    if (news.kind !== "stale") return;
    void this.refreshTags();
    this.markStale("*");
  }

  /** @param {{ kind: string, paper: string | null, ref: string }} change */
  receiveChange(change) {
    // it may have been added elsewhere
    if (this.page.unknown) void this.identities.find(this.page.unknown);
    if (change.kind === "tag") void this.refreshTags().then(() => this.markStale("*"));
    else this.markStale(change.paper ?? (change.kind === "seen" ? "*" : change.ref));
  }

  /**
   * Take an event of the keyboard or of typing before the page does. In a triage the page gets
   * none, and a key that is held down decides nothing.
   * @param {any} event
   */
  takeEvent(event) {
    const { dialog } = this.triage;
    if (dialog) event.stopImmediatePropagation();
    if (!this.state.settings.keys || !this.isOn()) return;
    if (!dialog) pressKey(event, this.keys());
    else if (!event.repeat) pressKey(event, dialog.keys());
  }

  openHelp() {
    const { host } = this.list.bar;
    openPopover(host.isConnected ? host : document.documentElement, t("help"), keyHelp());
  }

  /**
   * Map each shortcut to its action, on the selected paper if there is one. A page that has no
   * margin keeps its own.
   * @returns {Record<string, () => void>}
   */
  keys() {
    const { list } = this;
    const { kind } = this.page;
    if (kind !== "list" && kind !== "paper") return {};
    const onList = {
      j: () => list.move(1),
      k: () => list.move(-1),
      f: () => list.bar.focusFilter(),
      g: () => this.triage.open(),
    };
    const always = { ...(kind === "list" ? onList : {}), "?": () => this.openHelp() };
    const it = this.paper
      ? { paper: this.paper.paper, controls: this.paper.panel.controls }
      : list.chosen();
    const view = it && this.views.get(it.paper.id);
    if (!it || !view) return always;
    const { paper, controls } = it;
    return {
      ...always,
      s: () => setStatus(paper, nextStatus(view.card.entry?.status ?? "none")),
      t: () => openTags(controls.tag, paper, controls.current),
      n: () =>
        this.paper ? this.paper.note() : openNotes(controls.notes, paper, view, { fresh: true }),
    };
  }

  /** Describe the page for the popup. */
  report() {
    const { paper, cards, listed } = this.page;
    // where the margin is off, nobody has asked which paper it is that names no id
    const kind = paper && !paper.id ? "other" : this.page.kind;
    return {
      kind: this.guard.isUp() ? kind : "late",
      paper,
      unknown: this.page.unknown,
      drawn: this.list.drawn(),
      found: cards.length,
      listed,
      broken: this.isBroken,
      form: location.pathname.split("/").slice(1, 3).join("/"),
    };
  }
}

/** @param {Page} page */
function papersOn(page) {
  const papers = page.paper ? [page.paper] : page.cards.map(({ paper }) => paper);
  return papers.filter(({ id }) => id);
}
