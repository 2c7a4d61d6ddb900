/** The triage of a page's list: opened above it, and ended when the list goes. */

import { announce } from "./layer.js";
import { TriageDialog } from "./triage_dialog.js";
import { t } from "../shared/i18n.js";

/** @import { PagePaper, View } from "../shared/types.d.ts" */
/** @import { Page } from "../sites/pages.js" */
/** @import { List } from "./list.js" */

export class ListTriage {
  /** @type {TriageDialog | null} the one that is open */
  dialog = null;

  /**
   * @param {List} list
   * @param {{ viewOf: (key: string) => View | undefined, words: () => string }} shared `words`
   *   returns what is wrong with the connection
   */
  constructor(list, shared) {
    this.list = list;
    this.shared = shared;
  }

  open() {
    if (this.dialog) return;
    this.list.isHeld = true;
    this.dialog = new TriageDialog(location.href, {
      ...this.shared,
      papers: () => this.list.matching(),
      factsOf: (key) => this.list.factsOf(key),
      onClose: (paper) => this.#close(paper),
    });
    this.dialog.open();
  }

  redraw() {
    this.dialog?.redraw();
  }

  /**
   * End it if the page shows another list, or none: its papers are no longer those of the page.
   * @param {Page | null} page null if the margin is off
   */
  follow(page) {
    const left = this.dialog;
    if (!left || (page && left.isAt(page, location.href))) return;
    this.dialog = null;
    this.list.isHeld = false;
    left.close();
  }

  /** @param {PagePaper | null} paper the last one that was shown */
  #close(paper) {
    // it was left, since its list is gone
    if (!this.dialog) return announce(t("triageEnded"));
    this.dialog = null;
    return this.list.release(paper?.id);
  }
}
