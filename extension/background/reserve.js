/**
 * Styles that reserve the margin's room before a page is first painted.
 *
 * A content script learns from storage whether the margin will be drawn, and that may be after the
 * first paint. So the browser adds these styles itself, and they are registered only while the
 * margin is drawn: otherwise every page would jump when the room is given back.
 */

import { readAccount, readSettings } from "./store.js";
import { browser } from "../shared/messages.js";

const ARXIV = ["https://arxiv.org", "https://www.arxiv.org", "https://export.arxiv.org"];

/** @type {Record<string, chrome.scripting.RegisteredContentScript>} */
const STYLES = {
  list: {
    id: "list",
    matches: ["https://huggingface.co/papers*"],
    css: ["styles/reserve-list.css"],
  },
  paper: {
    id: "paper",
    // the digits of an arXiv id, in patterns that know no others
    matches: [..."0123456789"].map((digit) => `https://huggingface.co/papers/${digit}*`),
    css: ["styles/reserve-panel.css"],
  },
  arxiv: {
    id: "arxiv",
    matches: ARXIV.map((host) => `${host}/abs/*`),
    css: ["styles/reserve-panel.css"],
  },
  arxivText: {
    id: "arxivText",
    matches: ARXIV.map((host) => `${host}/html/*`),
    css: ["styles/reserve-text.css"],
  },
};

/**
 * Register the styles for what the settings draw now, and no others. Those that stay are left
 * alone, since a page that loads between two registrations would get none.
 */
export async function registerStyles() {
  await navigator.locks.request("styles", async () => {
    const [account, { where, panel }] = await Promise.all([readAccount(), readSettings()]);
    const arxiv = where.arxiv && panel;
    const isDrawn = { list: where.list, paper: where.paper && panel, arxiv, arxivText: arxiv };
    const wanted = Object.values(STYLES).filter(({ id }) => account && Reflect.get(isDrawn, id));
    const registered = await browser.scripting.getRegisteredContentScripts();
    const has = (/** @type {{ id: string }[]} */ styles, /** @type {string} */ id) =>
      styles.some((style) => style.id === id);
    const ids = registered.map(({ id }) => id).filter((id) => !has(wanted, id));
    if (ids.length) await browser.scripting.unregisterContentScripts({ ids });
    const missing = wanted.filter(({ id }) => !has(registered, id));
    await browser.scripting.registerContentScripts(
      missing.map((style) => ({ ...style, runAt: "document_start" })),
    );
  });
}
