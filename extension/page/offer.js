/** The offer to add a page's paper that the server does not have. */

import { showError } from "./layer.js";
import { h, makeHost } from "../ui/dom.js";
import { t } from "../shared/i18n.js";

/** @import { PagePaper } from "../shared/types.d.ts" */

export class Offer {
  /** @type {HTMLElement | null} */
  host = null;
  title = "";

  /** @param {(paper: PagePaper) => Promise<void>} onAdd */
  constructor(onAdd) {
    this.onAdd = onAdd;
  }

  /**
   * Show the offer for a paper, or take it away.
   * @param {PagePaper | undefined} paper
   */
  show(paper) {
    if (paper && this.host?.isConnected && this.title === paper.title) return;
    this.host?.remove();
    this.host = null;
    if (!paper) return;
    const { host, body } = makeHost("papermargin-panel");
    host.toggleAttribute("data-folded", true);
    const add = h("button.primary", { onclick: () => void this.#add(add, paper) }, t("addToList"));
    const words = h("span.about", t("notKnown"));
    body.append(h("aside.panel.offer", { "aria-label": t("panelLabel") }, words, add));
    document.documentElement.append(host);
    this.host = host;
    this.title = paper.title;
  }

  /** @param {HTMLButtonElement} button @param {PagePaper} paper */
  async #add(button, paper) {
    button.disabled = true;
    try {
      await this.onAdd(paper);
    } catch (error) {
      button.disabled = false;
      showError(/** @type {Error} */ (error));
    }
  }
}
