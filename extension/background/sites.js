/** The scripts of sites where the person has allowed the margin, and who may be told of it. */

import { readAccount, readSettings } from "./store.js";
import { wantedStyles } from "./reserve.js";
import { browser } from "../shared/messages.js";
import { OPTIONAL_SITES } from "../shared/optional_sites.js";

/** @returns {Promise<string[]>} the names of the optional sites where the margin is allowed */
export async function allowedSites() {
  const granted = await Promise.all(
    OPTIONAL_SITES.map(({ origins }) => browser.permissions.contains({ origins })),
  );
  return OPTIONAL_SITES.filter((_, place) => granted[place]).map(({ name }) => name);
}

/**
 * Register the content scripts of the sites that are allowed, and the styles for what the settings
 * draw, and no others. Those that stay are left alone, since a page that loads between two
 * registrations would get none.
 */
export async function registerScripts() {
  await navigator.locks.request("scripts", async () => {
    const [account, settings, sites] = await Promise.all([
      readAccount(),
      readSettings(),
      allowedSites(),
    ]);
    const wanted = [...(account ? wantedStyles(settings) : []), ...sites.map(scriptsOf)];
    const registered = await browser.scripting.getRegisteredContentScripts();
    const has = (/** @type {{ id: string }[]} */ scripts, /** @type {string} */ id) =>
      scripts.some((script) => script.id === id);
    const ids = registered.map(({ id }) => id).filter((id) => !has(wanted, id));
    if (ids.length) await browser.scripting.unregisterContentScripts({ ids });
    const missing = wanted.filter(({ id }) => !has(registered, id));
    await browser.scripting.registerContentScripts(
      missing.map((script) => ({ ...script, runAt: "document_start" })),
    );
  });
}

/**
 * @param {string} name
 * @returns {chrome.scripting.RegisteredContentScript}
 */
function scriptsOf(name) {
  const { origins = [] } = OPTIONAL_SITES.find((site) => site.name === name) ?? {};
  // all of a site: these change their pages without loading them
  const matches = origins;
  return { id: `site-${name}`, matches, css: ["styles/page.css"], js: ["page/content.js"] };
}

/**
 * Load the tab again that the person has just allowed the margin in: it has to be in a page before
 * the page's own scripts.
 * @param {string[]} origins
 */
export async function reloadTab(origins) {
  const asked = OPTIONAL_SITES.flatMap((site) => site.origins).filter((each) =>
    origins.includes(each),
  );
  if (!asked.length) return;
  const tabs = await browser.tabs.query({ active: true, currentWindow: true, url: asked });
  for (const { id } of tabs) if (id !== undefined) await browser.tabs.reload(id);
}
