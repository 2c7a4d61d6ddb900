/**
 * The open pages, and the server's stream of changes, which is read while there are any. Both are
 * in variables because they end when the worker does.
 */

import { checkServer, recordOutcome } from "./connection.js";
import { events, ServerError } from "./http.js";
import { readAccount, writeLedger } from "./store.js";
import { browser } from "../shared/messages.js";

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 10_000;

/** @type {Set<chrome.runtime.Port>} */
const pages = new Set();
/** @type {AbortController | null} */
let stream = null;
/** The number of the latest change that the pages' cards include. */
let lastChange = 0;

/**
 * Send a message to every open page.
 * @param {any} news
 */
export function broadcast(news) {
  for (const page of pages) page.postMessage(news);
}

/** @param {number} change the number of the latest change that the pages include */
export function setLastChange(change) {
  lastChange = change;
}

/**
 * Add a page to those that get messages, until it disconnects.
 * @param {chrome.runtime.Port} page
 * @param {() => void} onServer called whenever the stream connects
 */
export function addPage(page, onServer) {
  pages.add(page);
  // the messages are only pings; receiving them keeps the worker awake
  page.onMessage.addListener(() => {});
  page.onDisconnect.addListener(() => {
    pages.delete(page);
    if (!pages.size) stopFollowing();
  });
  void follow(onServer);
}

/**
 * Read the stream while any page is open, and reconnect with growing pauses.
 * @param {() => void} onServer called whenever the stream connects
 */
export async function follow(onServer) {
  if (stream || !pages.size || !(await readAccount())) return;
  stream = new AbortController();
  const { signal } = stream;
  let pause = FIRST_PAUSE;
  /** @type {number | null} */
  let since = null;
  while (!signal.aborted) {
    try {
      for await (const news of readStream(since, signal, onServer)) {
        // the stream works, so the next failure starts with a short pause again
        pause = FIRST_PAUSE;
        since = news.last ?? news.id ?? since;
      }
    } catch (error) {
      if (!signal.aborted) await recordOutcome(error);
    }
    // also after a stream that ended well: the server may be restarting
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

/** Stop reading the stream. */
export function stopFollowing() {
  stream?.abort();
  stream = null;
}

/**
 * @param {number | null} since
 * @param {AbortSignal} signal
 * @param {() => void} onServer
 * @returns {AsyncGenerator<any>}
 */
async function* readStream(since, signal, onServer) {
  const account = await readAccount();
  if (!account) throw new ServerError("unpaired", "");
  await checkServer();
  for await (const news of events(account, since, {
    signal,
    record: writeLedger,
  })) {
    // a call of an extension API resets the worker's idle timer; reading a stream does not
    await browser.runtime.getPlatformInfo();
    if (news?.event === "hello") {
      await onHello(news.data);
      onServer();
    }
    if (news?.event === "change") broadcast({ kind: "change", change: news.data });
    if (news) yield news.data;
  }
}

/**
 * Tell the pages to refresh if they missed a change while the stream was down, or if the server
 * holds an older copy of its store, whose numbers start again.
 * @param {{ last: number, reset?: boolean }} hello
 *   `last` is the change that the stream starts after
 */
async function onHello({ last, reset }) {
  await recordOutcome(null);
  if (reset) lastChange = last;
  // without a number no page has asked for cards yet, so none can be stale
  if (reset || (lastChange && lastChange < last)) broadcast({ kind: "stale" });
}
