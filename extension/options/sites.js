/** The sites where the margin has to be allowed: a box for each, ticked if the browser has it. */

import { h } from "../ui/dom.js";
import { browser } from "../shared/messages.js";
import { OPTIONAL_SITES } from "../shared/optional_sites.js";

/** @import { OptionalSite } from "../shared/optional_sites.js" */

/** @type {Map<OptionalSite, HTMLInputElement>} */
const boxes = new Map(OPTIONAL_SITES.map((site) => [site, makeBox(site)]));

/** Draw a box for each site. */
export async function drawSites() {
  await tick();
  const rows = [...boxes].map(([{ title }, box]) => h("label", box, " ", h("span", title)));
  document.getElementById("sites")?.replaceChildren(...rows);
}

/** Tick what the browser has granted; the boxes stay, so that the focus does. */
async function tick() {
  for (const [{ origins }, box] of boxes)
    box.checked = await browser.permissions.contains({ origins });
}

/** @param {OptionalSite} site */
function makeBox({ name, origins }) {
  const change = async (/** @type {any} */ { currentTarget: box }) => {
    // browsers ask only while they handle a click, so nothing may be awaited before
    const answer = box.checked
      ? browser.permissions.request({ origins })
      : browser.permissions.remove({ origins });
    await answer.catch(() => false);
    await tick();
  };
  return h("input", { type: "checkbox", name: `site-${name}`, onchange: change });
}

// the popup, or the browser's own settings, may change them too
browser.permissions.onAdded.addListener(() => void tick());
browser.permissions.onRemoved.addListener(() => void tick());
