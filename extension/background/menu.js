/** The menu of links: papers can be saved from any page that links to them. */

import { t } from "../shared/i18n.js";
import { browser } from "../shared/messages.js";
import { saveEdit } from "../shared/save.js";
import { keyOf } from "../sites/pages.js";

/** @import { NewEdit } from "../shared/types.d.ts" */

/** Make the menu, anew after an update. */
export async function makeMenu() {
  // menus survive updates in Chromium, and creating one twice is an error
  await browser.contextMenus.removeAll();
  browser.contextMenus.create({
    id: "save",
    title: t("menuSave"),
    contexts: ["link"],
    targetUrlPatterns: [
      ...[..."0123456789"].flatMap((digit) =>
        ["huggingface.co", "hf.co"].map((site) => `https://${site}/papers/${digit}*`),
      ),
      ...["abs", "pdf", "html"].map((form) => `https://*.arxiv.org/${form}/*`),
      ...["abs", "overview"].map((form) => `https://*.alphaxiv.org/${form}/*`),
    ],
  });
}

/**
 * Return the edit that saves the paper of a link, null if it leads to none.
 * @param {string} address
 * @returns {NewEdit | null}
 */
export function saveOf(address) {
  const key = keyOf(address);
  return key ? saveEdit({ id: key, title: "" }) : null;
}
