/** What the popup offers on any page: the margin of a site, and marks beside the known papers. */

import { h } from "../ui/dom.js";
import { ask, browser } from "../shared/messages.js";
import { optionalSiteAt } from "../shared/optional_sites.js";
import { count, t } from "../shared/i18n.js";

/**
 * Offer to show the margin on a site where it has to be allowed, and is not yet.
 * @param {string} address that of the tab's page
 * @returns {Promise<Node[]>}
 */
export async function allowLines(address) {
  const site = optionalSiteAt(address);
  if (!site || (await browser.permissions.contains({ origins: site.origins }))) return [];
  // browsers ask only while they handle a click, so nothing may be awaited before; the background
  // hears of the answer, since the question may close this popup
  const allow = () => void browser.permissions.request({ origins: site.origins });
  return [
    h("button.primary", { onclick: allow }, t("allowSite", site.title)),
    h("p.about", t("allowSiteAbout", site.title)),
  ];
}

/**
 * Offer to mark the known papers that a page names, or to take the marks off.
 * @param {number} tab
 * @param {string} address
 * @returns {Promise<Node[]>}
 */
export async function linkLines(tab, address) {
  if (!/^https?:/.test(address)) return [];
  const words = h("p.about", { role: "status" });
  const mark = h("button.plain", { onclick: () => void run(markNow) }, t("markLinks"));
  const clear = h("button.plain", { onclick: () => void run(clearNow) }, t("unmarkLinks"));
  const show = async () => void (clear.hidden = !(await ask("hasMarks", { tab })));
  const markNow = async () => {
    const { named, known } = await ask("markLinks", { tab });
    return named ? count("marked", known, named) : t("nothingNamed");
  };
  const clearNow = async () => {
    await ask("unmarkLinks", { tab });
    return "";
  };
  const run = async (/** @type {() => Promise<string>} */ work) => {
    mark.disabled = true;
    try {
      words.textContent = await work();
    } catch (failure) {
      words.textContent = sayFailure(/** @type {Error} */ (failure));
    }
    mark.disabled = false;
    await show();
  };
  await show();
  return [h("div.acts", mark, clear), words];
}

/**
 * Say why something failed: the connection's own words if it is about that.
 * @param {Error} failure
 */
export function sayFailure({ cause, message }) {
  if (cause === "unreadable") return t("pageUnreadable");
  const words = t(`state_${cause}`, message);
  return words.startsWith("state_") ? message : words;
}
