/** The background: listeners and a table of answers. Nothing stands in a variable, as a worker may stop at any time. */

import { checkServer, pair, testConnection } from "./connection.js";
import { follow, join, tell, toldUpTo, unfollow, watched } from "./live.js";
import { answer, browser } from "./messages.js";
import { addEdit, flush, resolveConflict, retry } from "./outbox.js";
import { ServerError } from "./server.js";
import { keyOf } from "./sites.js";
import * as store from "./store.js";
import { t } from "./text.js";
import { knownViews, read, refreshCards, searchList } from "./views.js";

/** @typedef {import("./wire.js").Edit} Edit */

const RETRY_MINUTES = 0.5;

/** @param {string[]} keys */
async function tellViews(keys) {
  tell({ kind: "views", views: await knownViews(keys.map((id) => ({ id }))) });
}

async function showWaiting() {
  const edits = await store.readEdits();
  const halted = edits.some((edit) => edit.state !== "waiting");
  await browser.action.setBadgeText({ text: edits.length ? String(edits.length) : "" });
  await browser.action.setBadgeBackgroundColor({ color: halted ? "#9a3b2e" : "#5b6472" });
  if (edits.some((edit) => edit.state === "waiting"))
    await browser.alarms.create("flush", { periodInMinutes: RETRY_MINUTES });
  else await browser.alarms.clear("flush");
}

/** @param {Edit} edit */
function keysOf(edit) {
  return edit.kind === "seen" ? edit.change.papers : [edit.paper.id];
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

/** See how it stands with the server, and send what waits. */
async function check() {
  try {
    await watched(checkServer);
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
  }
  await flushNow();
}

async function sendWaiting() {
  await flush(async (edit) => {
    await tellViews(keysOf(edit));
    await showWaiting();
  });
}

/** @param {{ papers: import("./wire.js").PagePaper[], listing: import("./wire.js").Listing | null }} asked */
async function refresh({ papers, listing }) {
  try {
    toldUpTo(await watched(() => refreshCards(papers, listing)));
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
    store.readAccount(),
    store.readSettings(),
    store.readConnection(),
    store.readEdits(),
    store.readDrafts(),
  ]);
  return {
    paired: Boolean(account),
    address: account?.address,
    user: account?.user,
    settings,
    connection,
    edits,
    drafts,
  };
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
  void follow(flushNow);
  void flushNow();
  return paired;
}

/** @param {{ address: string }} asked the server may have moved there */
async function testAndFollow(asked) {
  const tested = await testConnection(asked);
  unfollow();
  void follow(flushNow);
  void flushNow();
  return tested;
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
  filter: (/** @type {any} */ _, /** @type {chrome.runtime.MessageSender} */ sender) =>
    store.readFilter(placeOf(sender)),
  keepFilter: (/** @type {any} */ { filter }, /** @type {chrome.runtime.MessageSender} */ sender) =>
    store.writeFilter(placeOf(sender), filter),
  look: (/** @type {any} */ change) => configure(onlyLooks(change)),
  status,
  configure,
  pair: pairAndFollow,
  test: testAndFollow,
  check,
  flush: flushNow,
  tryAgain,
  discard,
  search: (/** @type {any} */ { query, limit }) => watched(() => searchList(query, limit)),
  ledger: (/** @type {any} */ { most }) => store.readLedger(most),
  export: store.readEverything,
  erase,
};

/** What a page in a tab may ask; the rest is for the extension's own pages. */
const OPEN = new Set(
  "views refresh edit draft dropDraft resolve paper tags list hello filter keepFilter look".split(" "),
);

/** @param {any} change a page's margin may fold its panel and switch labels, nothing else */
function onlyLooks({ panel, labels }) {
  return { ...(panel === undefined ? {} : { panel }), ...(labels === undefined ? {} : { labels }) };
}

answer(ANSWERS, OPEN);

browser.runtime.onConnect.addListener((page) => {
  if (page.sender?.id !== browser.runtime.id) return;
  join(page, flushNow);
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
    targetUrlPatterns: [
      ...[..."0123456789"].flatMap((digit) =>
        ["huggingface.co", "hf.co"].map((site) => `https://${site}/papers/${digit}*`),
      ),
      ...["abs", "pdf", "html"].map((form) => `https://arxiv.org/${form}/*`),
    ],
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
