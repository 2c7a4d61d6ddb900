/**
 * The pages that are open, and the server's stream of changes, which is heard as long as there are any. Both stand in
 * variables, since they end with the worker.
 */

import { checkServer, noteOutcome } from "./connection.js";
import { browser } from "./messages.js";
import { events, ServerError } from "./server.js";
import { readAccount, readConnection, writeLedger } from "./store.js";

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 10_000;
const OF_THE_EDIT = ["invalid", "missing", "stale", "large"];

/** @type {Set<chrome.runtime.Port>} */
const pages = new Set();
/** @type {AbortController | null} */
let stream = null;
/** The number of the change that the pages' cards know of. */
let told = 0;

/** @param {any} news */
export function tell(news) {
  for (const page of pages) page.postMessage(news);
}

/** @param {number} change the number of the change that the pages have been told of */
export function toldUpTo(change) {
  told = change;
}

/** Note how a request went, and tell the pages when that is news. @param {unknown} error null after a success */
async function noteAndTell(error) {
  const isNews = await noteOutcome(error);
  if (isNews) tell({ kind: "connection", state: error === null ? "ok" : String(/** @type {Error} */ (error).cause) });
  return isNews;
}

/**
 * Run something that asks the server, and let everybody know when the connection is not what it was. After any doubt
 * the server's version is asked for first.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function watched(work) {
  try {
    if ((await readConnection()).state !== "ok") await checkServer();
    const result = await work();
    await noteAndTell(null);
    return result;
  } catch (error) {
    if (error instanceof ServerError && !OF_THE_EDIT.includes(String(error.cause))) await noteAndTell(error);
    throw error;
  }
}

/**
 * Hear of a page for as long as it is open.
 * @param {chrome.runtime.Port} page
 * @param {() => void} onServer called whenever the server is there
 */
export function join(page, onServer) {
  pages.add(page);
  page.onMessage.addListener(() => {});
  page.onDisconnect.addListener(() => {
    pages.delete(page);
    if (!pages.size) unfollow();
  });
  void follow(onServer);
}

/**
 * Hear the server's changes for as long as a page is open.
 * @param {() => void} onServer called whenever the server is there
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
      for await (const news of hear(since, signal, onServer)) {
        pause = FIRST_PAUSE;
        since = news.last ?? news.id ?? since;
      }
    } catch (error) {
      if (!signal.aborted) await noteAndTell(error);
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

/** Hear no more. */
export function unfollow() {
  stream?.abort();
  stream = null;
}

/**
 * @param {number | null} since
 * @param {AbortSignal} signal
 * @param {() => void} onServer
 * @returns {AsyncGenerator<any>}
 */
async function* hear(since, signal, onServer) {
  const account = await readAccount();
  if (!account) throw new ServerError("unpaired", "");
  await checkServer();
  for await (const news of events(account, since, { signal, record: writeLedger })) {
    // a call of the browser's own counts as a sign of life, and keeps the worker awake
    await browser.runtime.getPlatformInfo();
    if (news?.event === "hello") {
      await welcome(news.data.last);
      onServer();
    }
    if (news?.event === "change") tell({ kind: "change", change: news.data });
    if (news) yield news.data;
  }
}

/** The server is there, and pages may have missed something. @param {number} last the newest change */
async function welcome(last) {
  const isNews = await noteAndTell(null);
  if (isNews || (told && told < last)) tell({ kind: "stale" });
}
