/** The margin in a page: finds the papers, asks the background, and keeps what it drew true to what stands there. */

import { isDark, takeEvents } from "./dom.js";
import { keyHelp, pressKey } from "./keys.js";
import { explain, keepLayer, openPopover } from "./layer.js";
import { makeList } from "./list.js";
import { setStatus } from "./menu.js";
import { ask, browser, listen } from "./messages.js";
import { openNotes } from "./note.js";
import { makePaper } from "./paper.js";
import { readPage } from "./sites.js";
import { loadTags, openTags } from "./tags.js";
import { nextStatus } from "./chips.js";
import { t } from "./text.js";

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
  const arrival = location.href;
  /** @type {Map<string, View>} */
  const views = new Map();
  /** @type {Set<string>} */
  const asked = new Set();
  let { paired, settings, connection } = await ask("hello");
  /** @type {Page} */
  let page = readPage(document, location.href, arrival);
  let broken = false;
  let failure = connection.state;
  /** @type {ReturnType<typeof makePaper> | null} */
  let paper = null;
  const list = makeList({ viewOf: (key) => views.get(key), connection: () => failure, onHelp: openHelp });

  const isOn = () =>
    paired && guard.isUp() && settings.where[page.kind === "list" ? "list" : page.site === "arxiv" ? "arxiv" : "paper"];

  function scan() {
    page = readPage(document, location.href, arrival);
    document.documentElement.toggleAttribute("data-papermargin-off", !isOn());
    document.documentElement.toggleAttribute("data-papermargin-dark", isDark(document));
    if (!isOn() || page.kind !== "list") list.clear();
    if (paper && (!isOn() || page.paper?.id !== paper.paper.id)) leavePaper();
    if (!isOn() || page.kind === "other") return;
    keepLayer();
    if (page.kind === "list") list.update(page);
    else drawPaper();
    void askFor(papersOn(page).filter(({ id }) => !asked.has(id)));
  }

  function drawPaper() {
    if (!page.paper) return;
    if (!paper)
      paper = makePaper(page.paper, {
        viewOf: (key) => views.get(key),
        settings: () => settings,
        words: () => (["ok", "unknown"].includes(failure) ? "" : t("short_offline")),
      });
    paper.update();
  }

  function leavePaper() {
    paper?.clear();
    paper = null;
  }

  /** Draw at once what is known, and then what the server says. @param {import("./wire.js").PagePaper[]} papers */
  async function askFor(papers) {
    if (!papers.length) return;
    for (const { id } of papers) asked.add(id);
    try {
      take(await ask("views", { papers }));
      await ask("refresh", { papers, listing: page.listing });
      await paper?.load();
    } catch (error) {
      fail(error);
    }
  }

  /** @param {any} error */
  function fail(error) {
    failure = String(error.cause ?? "bug");
    list.arrange();
    paper?.draw();
    if (failure === "gone") explain(error);
  }

  /** @param {View[]} told */
  function take(told) {
    const here = told.filter(({ card }) => asked.has(card.key));
    for (const view of here) views.set(view.card.key, view);
    list.redraw(here.map(({ card }) => card.key));
    if (paper && here.some(({ card }) => card.key === paper?.paper.id)) paper.draw();
  }

  const stale = new Set();
  const askAgain = gathering(NEWS_PAUSE, () => {
    const papers = papersOn(page).filter(({ id }) => stale.has("*") || stale.has(id));
    stale.clear();
    void askFor(papers);
  });

  /** @param {import("./wire.js").PagePaper | string} which */
  function outdated(which) {
    stale.add(which);
    askAgain();
  }

  async function restart() {
    ({ paired, settings } = await ask("hello"));
    asked.clear();
    await loadTags();
    scan();
  }

  /** @param {any} news */
  function onNews(news) {
    if (news.kind === "views") take(news.views);
    if (news.kind === "change") onChange(news.change);
    if (news.kind === "settings") {
      settings = news.settings;
      scan();
    }
    if (news.kind === "stale") void restart().catch(fail);
    if (news.kind === "connection") {
      failure = news.state;
      list.arrange();
      paper?.draw();
    }
  }

  /** @param {{ kind: string, paper: string | null, ref: string }} change */
  function onChange(change) {
    if (change.kind === "tag") void loadTags().then(() => outdated("*"));
    else outdated(change.paper ?? (["seen", "term"].includes(change.kind) ? "*" : change.ref));
  }

  function openHelp() {
    openPopover(list.bar.host.isConnected ? list.bar.host : document.documentElement, t("help"), keyHelp());
  }

  const chosen = () => (paper ? { paper: paper.paper, controls: paper.panel.controls } : list.chosen());
  const withChosen = (/** @type {(it: NonNullable<ReturnType<typeof chosen>>, view: View) => void} */ act) => () => {
    const it = chosen();
    const view = it && views.get(it.paper.id);
    if (it && view) act(it, view);
  };
  const keys = {
    j: () => list.move(1),
    k: () => list.move(-1),
    s: withChosen((it, view) => setStatus(it.paper, nextStatus(view.card.entry?.status ?? "none"))),
    t: withChosen((it) => openTags(it.controls.tag, it.paper, it.controls.current)),
    n: withChosen((it, view) => (paper ? paper.note() : openNotes(it.controls.notes, it.paper, view, { fresh: true }))),
    f: () => list.bar.input.focus(),
    "?": openHelp,
  };
  takeEvents(guard, (event) => settings.keys && isOn() && pressKey(event, keys));

  const check = settling(SETTLE_PAUSE, () => {
    broken = page.kind === "list" && page.cards.length < (page.listed ?? 1);
  });
  browser.runtime.onMessage.addListener((message, sender, reply) => {
    if (sender.id !== browser.runtime.id || message?.kind !== "page") return;
    reply({
      kind: guard.isUp() ? page.kind : "late",
      paper: page.paper,
      drawn: list.drawn(),
      found: page.cards.length,
      listed: page.listed,
      broken,
      form: location.pathname.split("/").slice(1, 3).join("/"),
    });
  });

  await pageReady();
  await Promise.all([loadTags(), page.kind === "list" ? list.restore() : null]);
  scan();
  check();
  const rescan = gathering(SCAN_PAUSE, () => {
    scan();
    check();
  });
  new MutationObserver(rescan).observe(document, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["href"],
  });
  new MutationObserver(rescan).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
  addEventListener("popstate", rescan);
  listen(onNews, () => outdated("*"));
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

/**
 * @param {number} pause
 * @param {() => void} act
 * @returns {() => void} a call that waits until nobody called for a while
 */
function settling(pause, act) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, pause);
  };
}

/**
 * @param {number} pause
 * @param {() => void} act
 * @returns {() => void} a call that acts for all calls of a while, however many
 */
function gathering(pause, act) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      act();
    }, pause);
  };
}
