/**
 * Pairing by a page of the server that the person is signed in to: it shows a code after a click,
 * and the tab that was opened for it is read. So nobody has to type anything.
 */

import { pair, testAddress } from "./connection.js";
import { readPairing, writePairing } from "./store.js";
import { normalizeAddress } from "../shared/address.js";
import { browser } from "../shared/messages.js";

/**
 * Open the server's page in a new tab.
 * @param {string} address
 * @param {number} [openerTabId] the tab to return to
 * @throws {ServerError} if no server of ours answers there
 */
export async function openPairingPage(address, openerTabId) {
  const base = normalizeAddress(address);
  await testAddress(base);
  const { id = -1 } = await browser.tabs.create({ url: `${base}/settings#devices`, openerTabId });
  await writePairing({ tab: id, address: base });
}

/**
 * Pair if a tab is the one that was opened for it, and its page shows a code.
 * @param {chrome.tabs.Tab} tab whose page has loaded
 * @returns {Promise<boolean>} whether it was paired
 */
export async function pairFrom({ id: tabId = -1, url = "" }) {
  const wanted = await readPairing();
  // only the server's own pages: the person may have left them in that tab
  if (wanted?.tab !== tabId || !url.startsWith(`${wanted.address}/`)) return false;
  const [read] = await browser.scripting.executeScript({ target: { tabId }, func: readCode });
  if (!read?.result) return false;
  await pair({ address: wanted.address, code: read.result });
  await writePairing(null);
  await browser.tabs.remove(tabId);
  return true;
}

/** Runs in the page. */
function readCode() {
  return document.querySelector("[data-pairing-code]")?.getAttribute("data-pairing-code") ?? null;
}
