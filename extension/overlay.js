/** The margin in a page: finds the papers, asks the background, and keeps what it drew true to what stands there. */

import { isDark, takeEvents } from "./dom.js";
import { keyHelp, pressKey } from "./keys.js";
import { explain, keepLayer, openPopover } from "./layer.js";
import { List } from "./list.js";
import { setStatus } from "./menu.js";
import { ask, browser, listen } from "./messages.js";
import { openNotes } from "./note.js";
import { gathering, settling } from "./pace.js";
import { PaperMargin } from "./paper.js";
import { readPage } from "./sites.js";
import { loadTags, openTags } from "./tags.js";
import { nextStatus } from "./chips.js";
import { t } from "./text.js";

/** @typedef {import("./wire.js").Settings} Settings */
/** @typedef {import("./wire.js").View} View */
/** @typedef {import("./sites.js").Page} Page */

const SCAN_PAUSE = 60;
const NEWS_PAUSE = 150;
const SETTLE_PAUSE = 1_500;
const LATEST_START = 1_000;

/**
 * Draw the margin, and keep it right for as long as the page lives.
 * @param {import("./dom.js").Guard} guard
 */
export async function start(guard) {
  const overlay = new Overlay(guard, await ask("hello"));
  takeEvents(guard, (event) => overlay.settings.keys && overlay.isOn() && pressKey(event, overlay.keys()));
  browser.runtime.onMessage.addListener((message, sender, reply) => {
    if (sender.id === browser.runtime.id && message?.kind === "page") reply(overlay.report());
  });
  await pageReady();
  await Promise.all([loadTags(), overlay.page.kind === "list" ? overlay.list.restore() : null]);
  overlay.rescan();
  const rescan = gathering(SCAN_PAUSE, () => overlay.rescan());
  const changes = { subtree: true, childList: true, attributes: true, attributeFilter: ["href"] };
  new MutationObserver(rescan).observe(document, changes);
  new MutationObserver(rescan).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
  addEventListener("popstate", rescan);
  listen(
    (news) => overlay.hear(news),
    () => overlay.outdate("*"),
  );
}

/** The margin in one page: what stands there, what is known of it, and what is drawn. */
class Overlay {
  arrival = location.href;
  page = readPage(document, location.href, location.href);
  /** @type {Map<string, View>} */
  views = new Map();
  /** @type {Set<string>} */
  asked = new Set();
  /** @type {Set<string>} papers of which the server has news, "*" for all */
  stale = new Set();
  /** @type {PaperMargin | null} */
  paper = null;
  isBroken = false;

  /**
   * @param {import("./dom.js").Guard} guard
   * @param {{ paired: boolean, settings: Settings, connection: import("./wire.js").Connection }} told
   */
  constructor(guard, { paired, settings, connection }) {
    this.guard = guard;
    this.paired = paired;
    this.settings = settings;
    this.failure = connection.state;
    this.list = new List({
      viewOf: (key) => this.views.get(key),
      connection: () => this.failure,
      onHelp: () => this.openHelp(),
    });
    this.askAgain = gathering(NEWS_PAUSE, () => this.askForStale());
    this.check = settling(SETTLE_PAUSE, () => {
      this.isBroken = this.page.kind === "list" && this.page.cards.length < (this.page.listed ?? 1);
    });
  }

  isOn() {
    const { kind, site } = this.page;
    const place = kind === "list" ? "list" : site === "arxiv" ? "arxiv" : "paper";
    return this.paired && this.guard.isUp() && this.settings.where[place];
  }

  rescan() {
    this.scan();
    this.check();
  }

  scan() {
    this.page = readPage(document, location.href, this.arrival);
    const isOn = this.isOn();
    document.documentElement.toggleAttribute("data-papermargin-off", !isOn);
    document.documentElement.toggleAttribute("data-papermargin-dark", isDark(document));
    if (!isOn || this.page.kind !== "list") this.list.clear();
    if (this.paper && (!isOn || this.page.paper?.id !== this.paper.paper.id)) this.leavePaper();
    if (!isOn || this.page.kind === "other") return;
    keepLayer();
    if (this.page.kind === "list") this.list.update(this.page);
    else this.drawPaper();
    void this.askFor(papersOn(this.page).filter(({ id }) => !this.asked.has(id)));
  }

  drawPaper() {
    if (!this.page.paper) return;
    this.paper ??= new PaperMargin(this.page.paper, {
      viewOf: (key) => this.views.get(key),
      settings: () => this.settings,
      words: () => (["ok", "unknown"].includes(this.failure) ? "" : t("short_offline")),
    });
    this.paper.update();
  }

  leavePaper() {
    this.paper?.clear();
    this.paper = null;
  }

  /** Draw at once what is known, and then what the server says. @param {import("./wire.js").PagePaper[]} papers */
  async askFor(papers) {
    if (!papers.length) return;
    for (const { id } of papers) this.asked.add(id);
    try {
      this.take(await ask("views", { papers }));
      await ask("refresh", { papers, listing: this.page.listing });
      await this.paper?.load();
    } catch (error) {
      this.fail(error);
    }
  }

  /** @param {any} error */
  fail(error) {
    this.connect(String(error.cause ?? "bug"));
    if (this.failure === "gone") explain(error);
  }

  /** @param {string} state */
  connect(state) {
    this.failure = state;
    this.list.arrange();
    this.paper?.draw();
  }

  /** @param {View[]} told */
  take(told) {
    const here = told.filter(({ card }) => this.asked.has(card.key));
    for (const view of here) this.views.set(view.card.key, view);
    this.list.redraw(here.map(({ card }) => card.key));
    if (here.some(({ card }) => card.key === this.paper?.paper.id)) this.paper?.draw();
  }

  askForStale() {
    const papers = papersOn(this.page).filter(({ id }) => this.stale.has("*") || this.stale.has(id));
    this.stale.clear();
    void this.askFor(papers);
  }

  /** @param {string} which a paper's id, "*" for all */
  outdate(which) {
    this.stale.add(which);
    this.askAgain();
  }

  async restart() {
    ({ paired: this.paired, settings: this.settings } = await ask("hello"));
    this.asked.clear();
    await loadTags();
    this.scan();
  }

  /** @param {any} news of the background */
  hear(news) {
    if (news.kind === "views") this.take(news.views);
    if (news.kind === "change") this.hearChange(news.change);
    if (news.kind === "stale") void this.restart().catch((error) => this.fail(error));
    if (news.kind === "connection") this.connect(news.state);
    if (news.kind !== "settings") return;
    this.settings = news.settings;
    this.scan();
  }

  /** @param {{ kind: string, paper: string | null, ref: string }} change */
  hearChange(change) {
    if (change.kind === "tag") void loadTags().then(() => this.outdate("*"));
    else this.outdate(change.paper ?? (change.kind === "seen" ? "*" : change.ref));
  }

  openHelp() {
    const { host } = this.list.bar;
    openPopover(host.isConnected ? host : document.documentElement, t("help"), keyHelp());
  }

  /** What each key does now, to the paper that is chosen, if one is. @returns {Record<string, () => void>} */
  keys() {
    const { list } = this;
    const always = { j: () => list.move(1), k: () => list.move(-1), f: () => list.bar.input.focus() };
    const it = this.paper ? { paper: this.paper.paper, controls: this.paper.panel.controls } : list.chosen();
    const view = it && this.views.get(it.paper.id);
    if (!it || !view) return { ...always, "?": () => this.openHelp() };
    const { paper, controls } = it;
    return {
      ...always,
      "?": () => this.openHelp(),
      s: () => setStatus(paper, nextStatus(view.card.entry?.status ?? "none")),
      t: () => openTags(controls.tag, paper, controls.current),
      n: () => (this.paper ? this.paper.note() : openNotes(controls.notes, paper, view, { fresh: true })),
    };
  }

  /** What the popup is told of the page. */
  report() {
    const { kind, paper, cards, listed } = this.page;
    return {
      kind: this.guard.isUp() ? kind : "late",
      paper,
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
  return page.paper ? [page.paper] : page.cards.map(({ paper }) => paper);
}

/** The page's own scripts may still be taking over what the server drew; a slow picture is not waited for. */
function pageReady() {
  if (document.readyState === "complete") return Promise.resolve();
  return new Promise((resolve) => {
    addEventListener("load", () => resolve(undefined), { once: true });
    setTimeout(resolve, LATEST_START);
  });
}
