/**
 * The background: listeners and a table of answers. Nothing that matters is in a variable, as a worker may stop at any
 * time; the pages that are open and the server's stream are, since they end with it.
 */

import { checkServer, noteOutcome, pair, testConnection } from "./connection.js";
import { answer, browser } from "./messages.js";
import { addEdit, flush, resolveConflict, retry } from "./outbox.js";
import { events, ServerError } from "./server.js";
import { keyOf } from "./sites.js";
import * as store from "./store.js";
import { t } from "./text.js";
import { knownViews, read, refreshCards, searchList } from "./views.js";

/** @typedef {import("./wire.js").Edit} Edit */

const RETRY_MINUTES = 0.5;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 10_000;

/** @type {Set<chrome.runtime.Port>} */
const pages = new Set();
/** @type {AbortController | null} */
let stream = null;
/** The number of the change that the pages' cards know of. */
let told = 0;

/** @param {any} news */
function tell(news) {
  for (const page of pages) page.postMessage(news);
}

/** @param {string[]} keys */
async function tellViews(keys) {
  tell({ kind: "views", views: await knownViews(keys.map((id) => ({ id }))) });
}

async function showWaiting() {
  const edits = await store.readEdits();
  const halted = edits.some((edit) => edit.state !== "waiting");
  await browser.action.setBadgeText({ text: edits.length ? String(edits.length) : "" });
  await browser.action.setBadgeBackgroundColor({ color: halted ? "#9a3b2e" : "#5b6472" });
  if (edits.some((edit) => edit.state === "waiting")) await browser.alarms.create("flush", { periodInMinutes: RETRY_MINUTES });
  else await browser.alarms.clear("flush");
}

/** @param {Edit} edit */
function keysOf(edit) {
  return edit.kind === "seen" ? edit.change.papers : [edit.paper.id];
}

/** Run something that asks the server, and let everybody know when the connection is not what it was. @template T @param {() => Promise<T>} work @returns {Promise<T>} */
async function watched(work) {
  try {
    const result = await work();
    if (await noteOutcome(null)) tell({ kind: "connection", state: "ok" });
    return result;
  } catch (error) {
    const isServers = error instanceof ServerError && !["invalid", "missing", "stale", "large"].includes(String(error.cause));
    if (isServers && (await noteOutcome(error))) tell({ kind: "connection", state: String(error.cause) });
    throw error;
  }
}

/** Send what waits; that the server is away is no failure here, the edits just go on waiting. */
async function flushNow() {
  const waits = (await store.readEdits()).some((edit) => edit.state === "waiting");
  try {
    if (waits) await watched(sendWaiting);
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
  } finally {
    await showWaiting();
  }
}

async function sendWaiting() {
  if ((await store.readConnection()).state !== "ok") await checkServer();
  await flush(async (edit) => {
    await tellViews(keysOf(edit));
    await showWaiting();
  });
}

/** Hear the server's changes for as long as a page is open. */
async function follow() {
  if (stream || !pages.size || !(await store.readAccount())) return;
  stream = new AbortController();
  const { signal } = stream;
  let pause = FIRST_PAUSE;
  /** @type {number | null} */
  let since = null;
  while (!signal.aborted) {
    try {
      for await (const news of hear(since, signal)) {
        pause = FIRST_PAUSE;
        since = news.last ?? news.id ?? since;
      }
    } catch (error) {
      if (!signal.aborted && (await noteOutcome(error))) tell({ kind: "connection", state: String(/** @type {Error} */ (error).cause) });
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

/** @param {number | null} since @param {AbortSignal} signal @returns {AsyncGenerator<any>} */
async function* hear(since, signal) {
  const account = await store.readAccount();
  if (!account) throw new ServerError("unpaired", "");
  for await (const news of events(account, since, { signal, record: store.writeLedger })) {
    await browser.runtime.getPlatformInfo();
    if (news?.event === "hello") await welcome(news.data.last);
    if (news?.event === "change") tell({ kind: "change", change: news.data });
    if (news) yield news.data;
  }
}

/** The server is there: what waited can go, and pages may have missed something. @param {number} last the newest change */
async function welcome(last) {
  const isNews = await noteOutcome(null);
  if (isNews) tell({ kind: "connection", state: "ok" });
  if (isNews || (told && told < last)) tell({ kind: "stale" });
  void flushNow();
}

function unfollow() {
  stream?.abort();
  stream = null;
}

/** @param {{ papers: import("./wire.js").PagePaper[], listing: import("./wire.js").Listing | null }} asked */
async function refresh({ papers, listing }) {
  try {
    told = await watched(() => refreshCards(papers, listing));
  } finally {
    tell({ kind: "views", views: await knownViews(papers) });
  }
}

/** @param {import("./outbox.js").NewEdit} wanted */
async function edit(wanted) {
  const made = await addEdit(wanted);
  const [view] = await knownViews([{ id: wanted.paper.id, title: wanted.paper.title }]);
  await tellViews(keysOf(made));
  await showWaiting();
  void flushNow();
  return view;
}

/** @param {{ id: string }} named */
async function findEdit({ id }) {
  return (await store.readEdits()).find((each) => each.id === id);
}

/** @param {{ id: string, choice: "mine" | "theirs" | "merged", text?: string }} decision */
async function resolve({ id, choice, text }) {
  const halted = await findEdit({ id });
  if (!halted) return;
  await resolveConflict(halted, choice, text);
  await tellViews(keysOf(halted));
  await flushNow();
}

/** @param {{ id: string }} named */
async function discard(named) {
  const dropped = await findEdit(named);
  if (!dropped) return;
  await store.removeEdit(dropped);
  await tellViews(keysOf(dropped));
  await showWaiting();
}

async function tryAgain() {
  await retry(await store.readEdits());
  await flushNow();
}

/** @param {import("./wire.js").Draft} draft */
async function keepDraft(draft) {
  await store.writeDraft({ ...draft, at: Date.now() });
  await tellViews([draft.paper.id]);
}

/** @param {{ id: string, key: string }} named */
async function dropDraft({ id, key }) {
  await store.removeDraft(id);
  await tellViews([key]);
}

async function status() {
  const [account, settings, connection, edits, drafts] = await Promise.all([
    store.readAccount(), store.readSettings(), store.readConnection(), store.readEdits(), store.readDrafts(),
  ]);
  return { paired: Boolean(account), address: account?.address, user: account?.user, settings, connection, edits, drafts };
}

/** @param {Partial<import("./wire.js").Settings>} change */
async function configure(change) {
  const settings = await store.writeSettings(change);
  tell({ kind: "settings", settings });
  return settings;
}

async function erase() {
  unfollow();
  await store.eraseEverything();
  await showWaiting();
  tell({ kind: "settings", settings: await store.readSettings() });
}

/** @param {{ address: string, code: string }} asked */
async function pairAndFollow(asked) {
  unfollow();
  const paired = await pair(asked);
  tell({ kind: "stale" });
  void follow();
  void flushNow();
  return paired;
}

/** @param {chrome.runtime.MessageSender} sender */
function placeOf({ tab, url = "" }) {
  const { pathname, search } = new URL(url);
  return `${tab?.id}${pathname}${search}`;
}

const ANSWERS = {
  views: (/** @type {any} */ { papers }) => knownViews(papers),
  refresh,
  edit,
  draft: keepDraft,
  dropDraft,
  resolve,
  paper: (/** @type {any} */ { key }) => read(`/api/v1/papers/${key}`),
  tags: () => read("/api/v1/tags"),
  list: (/** @type {any} */ { query = "", facets = false, limit = 20 }) =>
    read(`/api/v1/papers?q=${encodeURIComponent(query)}&limit=${limit}${facets ? "&facets=true" : ""}`),
  hello: async () => {
    const { paired, settings, connection, address } = await status();
    return { paired, settings, connection, address };
  },
  filter: (/** @type {any} */ _, /** @type {chrome.runtime.MessageSender} */ sender) => store.readFilter(placeOf(sender)),
  keepFilter: (/** @type {any} */ { filter }, /** @type {chrome.runtime.MessageSender} */ sender) => store.writeFilter(placeOf(sender), filter),
  look: (/** @type {any} */ change) => configure(onlyLooks(change)),
  status,
  configure,
  pair: pairAndFollow,
  test: testConnection,
  flush: flushNow,
  tryAgain,
  discard,
  search: (/** @type {any} */ { query, limit }) => watched(() => searchList(query, limit)),
  ledger: (/** @type {any} */ { most }) => store.readLedger(most),
  export: store.readEverything,
  erase,
};

/** What a page in a tab may ask; the rest is for the extension's own pages. */
const OPEN = new Set(["views", "refresh", "edit", "draft", "dropDraft", "resolve", "paper", "tags", "list", "hello", "filter", "keepFilter", "look"]);

/** @param {any} change a page's margin may fold its panel and switch labels, nothing else */
function onlyLooks({ panel, labels }) {
  return { ...(panel === undefined ? {} : { panel }), ...(labels === undefined ? {} : { labels }) };
}

answer(ANSWERS, OPEN);

browser.runtime.onConnect.addListener((page) => {
  if (page.sender?.id !== browser.runtime.id) return;
  pages.add(page);
  page.onMessage.addListener(() => {});
  page.onDisconnect.addListener(() => {
    pages.delete(page);
    if (!pages.size) unfollow();
  });
  void follow();
  void flushNow();
});

browser.alarms.onAlarm.addListener(() => void flushNow());
browser.runtime.onStartup.addListener(() => void flushNow());
browser.permissions.onAdded.addListener(() => void flushNow());

browser.runtime.onInstalled.addListener(async ({ reason }) => {
  await browser.contextMenus.removeAll();
  browser.contextMenus.create({
    id: "save",
    title: t("menuSave"),
    contexts: ["link"],
    targetUrlPatterns: ["https://huggingface.co/papers/*", "https://hf.co/papers/*", "https://arxiv.org/abs/*", "https://arxiv.org/pdf/*", "https://arxiv.org/html/*"],
  });
  await showWaiting();
  if (reason === "install") void browser.runtime.openOptionsPage();
});

browser.contextMenus.onClicked.addListener(({ linkUrl = "" }) => {
  const key = keyOf(linkUrl);
  if (!key) return;
  void edit({ kind: "entry", ref: key, paper: { id: key, title: "" }, change: { status: "inbox" }, save: true });
});

void store.closeStorage();
