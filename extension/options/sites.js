/** The sites where the margin has to be allowed: a box for each, ticked if the browser has it. */

import { h } from "../ui/dom.js";
import { browser } from "../shared/messages.js";
import { OPTIONAL_SITES } from "../shared/optional_sites.js";

/** @import { OptionalSite } from "../shared/optional_sites.js" */

/** Draw a box for each site. What is ticked is what the browser has granted. */
export async function drawSites() {
  const rows = await Promise.all(OPTIONAL_SITES.map(drawSite));
  document.getElementById("sites")?.replaceChildren(...rows);
}

/** @param {OptionalSite} site */
async function drawSite({ name, title, origins }) {
  const checked = await browser.permissions.contains({ origins });
  const change = async (/** @type {any} */ { currentTarget: box }) => {
    // browsers ask only while they handle a click, so nothing may be awaited before
    const answer = box.checked
      ? browser.permissions.request({ origins })
      : browser.permissions.remove({ origins });
    await answer.catch(() => false);
    box.checked = await browser.permissions.contains({ origins });
  };
  const box = h("input", { type: "checkbox", name: `site-${name}`, checked, onchange: change });
  return h("label", box, " ", h("span", title));
}

// the popup, or the browser's own settings, may change them too
browser.permissions.onAdded.addListener(() => void drawSites());
browser.permissions.onRemoved.addListener(() => void drawSites());
