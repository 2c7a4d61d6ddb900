/**
 * The background script: browser listeners and the table of messages that it answers.
 *
 * It is a service worker in Chromium and an event page in Firefox. Both may be stopped at any time,
 * so everything that has to last is in storage.
 */

import { showBadge } from "./badge.js";
import { checkServer, pair, testConnection, withServer } from "./connection.js";
import { addPage, broadcast, follow, setLastChange, stopFollowing } from "./events.js";
import { ServerError } from "./http.js";
import { forgetMarks, hasMarks, markLinks, openPaper, unmarkLinks } from "./links.js";
import { identify, introduce } from "./lookup.js";
import { makeMenu, saveOf } from "./menu.js";
import { addEdit, flush, resolveConflict, retry } from "./outbox.js";
import { changesState, hello, pageState, placeOf } from "./page_state.js";
import { openPairingPage, pairFrom } from "./pair_by_page.js";
import { registerScripts, reloadTab } from "./sites.js";
import * as store from "./store.js";
import { knownViews, paperAt, read, refreshCards, searchList, TAGS } from "./views.js";
import { answer, browser } from "../shared/messages.js";
import { saveEdit } from "../shared/save.js";

/** @import { PageListing } from "../shared/api.d.ts" */
/** @import { Draft, Edit, NewEdit, PagePaper } from "../shared/types.d.ts" */

/** @param {string[]} keys */
async function broadcastViews(keys) {
  broadcast({
    kind: "views",
    views: await knownViews(keys.map((id) => ({ id }))),
  });
}

/** @param {Edit} edit */
function keysOf(edit) {
  return edit.kind === "seen" ? edit.change.papers : [edit.paper.id];
}

/**
 * Send the waiting edits. If the server cannot be reached they stay in the outbox for the alarm.
 */
async function flushNow() {
  const waits = (await store.readEdits()).some((edit) => edit.state === "waiting");
  try {
    if (waits) await withServer(sendWaiting);
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
  } finally {
    await showBadge();
  }
}

/** Check the connection to the server, and send the waiting edits. */
async function check() {
  try {
    await withServer(checkServer);
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
  }
  await flushNow();
}

async function sendWaiting() {
  await flush(async (edit) => {
    await broadcastViews(keysOf(edit));
    await showBadge();
  });
}

/**
 * @param {object} asked
 * @param {PagePaper[]} asked.papers
 * @param {PageListing | null} asked.listing
 */
async function refresh({ papers, listing }) {
  try {
    setLastChange(await withServer(() => refreshCards(papers, listing)));
  } finally {
    broadcast({ kind: "views", views: await knownViews(papers) });
  }
}

/**
 * Store an edit, and return the paper's views before and after.
 * @param {NewEdit} wanted
 */
async function edit(wanted) {
  const [before] = await knownViews([wanted.paper]);
  const made = await addEdit(wanted);
  const [view] = await knownViews([wanted.paper]);
  await broadcastViews(keysOf(made));
  await showBadge();
  void flushNow();
  return { before, view };
}

/**
 * Give the server a page's paper that it lacks, put it into the list, and return its key.
 * @param {{ paper: PagePaper }} asked
 */
async function addPaper({ paper }) {
  const id = await introduce({ paper });
  await edit(saveEdit({ id, title: paper.title }));
  return id;
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
  await broadcastViews(keysOf(halted));
  await flushNow();
}

/** @param {{ id: string }} named */
async function discard(named) {
  const dropped = await findEdit(named);
  if (!dropped) return;
  await store.removeEdit(dropped);
  await broadcastViews(keysOf(dropped));
  await showBadge();
}

async function tryAgain() {
  await retry(await store.readEdits());
  await flushNow();
}

/** @param {Draft} draft */
async function saveDraft(draft) {
  await store.writeDraft({ ...draft, at: Date.now() });
  await broadcastViews([draft.paper.id]);
}

/** @param {{ id: string, key: string }} named */
async function dropDraft({ id, key }) {
  await store.removeDraft(id);
  await broadcastViews([key]);
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

async function erase() {
  stopFollowing();
  await store.eraseAll();
  await showBadge();
}

/** @param {{ address: string, code: string }} asked */
async function pairAndFollow(asked) {
  stopFollowing();
  const paired = await pair(asked);
  void follow(flushNow);
  void flushNow();
  return paired;
}

/**
 * @param {{ address: string }} asked
 * @param {chrome.runtime.MessageSender} sender
 */
function pairByPage({ address }, { tab }) {
  return openPairingPage(address, tab?.id);
}

/** @param {{ address: string }} asked where the server is now, which may be a new address */
async function testAndFollow(asked) {
  const tested = await testConnection(asked);
  stopFollowing();
  void follow(flushNow);
  void flushNow();
  return tested;
}

const ANSWERS = {
  views: (/** @type {any} */ { papers }) => knownViews(papers),
  refresh,
  edit,
  draft: saveDraft,
  dropDraft,
  resolve,
  paper: (/** @type {any} */ { key, cached }) => read(`/api/v1/papers/${key}`, cached),
  tags: (/** @type {any} */ { cached }) => read(TAGS, cached),
  related: (/** @type {any} */ { key }) => read(`/api/v1/papers/${key}/related`, false),
  hello,
  saveFilter: (/** @type {any} */ { filter }, /** @type {chrome.runtime.MessageSender} */ sender) =>
    store.writeFilter(placeOf(sender), filter),
  setPageSettings: (/** @type {any} */ change) => store.writeSettings(pickPageSettings(change)),
  status,
  configure: store.writeSettings,
  pair: pairAndFollow,
  pairByPage,
  test: testAndFollow,
  check,
  flush: flushNow,
  tryAgain,
  discard,
  paperAt,
  identify,
  addPaper,
  markLinks,
  unmarkLinks,
  hasMarks,
  openPaper,
  search: (/** @type {any} */ { query, limit }) => withServer(() => searchList(query, limit)),
  ledger: (/** @type {any} */ { most }) => store.readLedger(most),
  export: store.exportAll,
  erase,
};

/** The messages that a content script may send; the others are for the extension's own pages. */
const OPEN = new Set([
  ...["hello", "views", "refresh", "paper", "related", "tags"],
  ...["edit", "draft", "dropDraft", "resolve", "saveFilter", "setPageSettings"],
  ...["identify", "addPaper", "openPaper"],
]);

/**
 * Pick the settings that a content script may change.
 * @param {any} change
 */
function pickPageSettings(change) {
  const names = ["panel", "labels", "onlyNew"].filter((name) => change[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, change[name]]));
}

answer(ANSWERS, OPEN);

browser.runtime.onConnect.addListener((page) => {
  // other extensions can connect too
  if (page.sender?.id !== browser.runtime.id) return;
  addPage(page, flushNow);
  // the page may have been hidden while the state changed
  void pageState().then((state) => page.postMessage({ kind: "state", state }));
  void flushNow();
});

// whoever writes the account, the settings or the connection's state, every open page gets it
browser.storage.onChanged.addListener((changes) => {
  const { account, settings } = changes;
  if (changesState(changes)) void pageState().then((state) => broadcast({ kind: "state", state }));
  if (account) broadcast({ kind: "stale" });
  if (account || settings) void registerScripts();
});

browser.alarms.onAlarm.addListener(() => void flushNow());
browser.runtime.onStartup.addListener(() => void flushNow());
browser.tabs.onUpdated.addListener(async (id, { status }, tab) => {
  if (status === "loading") await forgetMarks(id);
  if (status === "complete" && (await pairFrom(tab))) void follow(flushNow);
});
browser.permissions.onAdded.addListener(async ({ origins = [] }) => {
  await tellPermissions();
  await reloadTab(origins);
  await flushNow();
});
browser.permissions.onRemoved.addListener(() => void tellPermissions());

/** Let the sites' scripts and the open pages follow what the person has allowed or taken back. */
async function tellPermissions() {
  await registerScripts();
  broadcast({ kind: "state", state: await pageState() });
}

browser.runtime.onInstalled.addListener(async ({ reason }) => {
  await makeMenu();
  await registerScripts();
  await showBadge();
  if (reason === "install") void browser.runtime.openOptionsPage();
});

browser.contextMenus.onClicked.addListener(({ linkUrl = "" }) => {
  const wanted = saveOf(linkUrl);
  if (wanted) void edit(wanted);
});

void store.restrictStorage();
