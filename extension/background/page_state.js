/** What a page has to know of the extension, from storage and permissions. */

import { allowedSites } from "./sites.js";
import { readAccount, readAnswer, readConnection, readFilter, readSettings } from "./store.js";
import { TAGS } from "./views.js";

/** @import { PageState } from "../shared/types.d.ts" */

/** @returns {Promise<PageState>} */
export async function pageState() {
  const [account, settings, connection, sites] = await Promise.all([
    readAccount(),
    readSettings(),
    readConnection(),
    allowedSites(),
  ]);
  return { paired: Boolean(account), settings, sites, connection: connection.state };
}

/**
 * Answer a page that has just opened, with all that it needs to draw the first time.
 * @param {any} _
 * @param {chrome.runtime.MessageSender} sender
 */
export async function hello(_, sender) {
  const [state, tags, filter] = await Promise.all([
    pageState(),
    readAnswer(TAGS),
    readFilter(placeOf(sender)),
  ]);
  return { state, tags: tags ?? [], filter };
}

/**
 * Name a tab and its page, for what is remembered until the browser is closed.
 * @param {chrome.runtime.MessageSender} sender
 */
export function placeOf({ tab, url = "" }) {
  const { pathname, search } = new URL(url);
  return `${tab?.id}${pathname}${search}`;
}

/**
 * Return whether a change of the storage changes the state of pages. The connection is recorded
 * after each request, mostly with the state that it had.
 * @param {Record<string, chrome.storage.StorageChange>} changes
 */
export function changesState({ account, settings, connection }) {
  const isNew = connection && stateOf(connection.oldValue) !== stateOf(connection.newValue);
  return Boolean(account || settings || isNew);
}

/** @param {any} connection */
function stateOf(connection) {
  return connection?.state ?? "unknown";
}
