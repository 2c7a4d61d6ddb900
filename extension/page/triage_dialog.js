/** Triage on the page of a list: a dialog that shows one paper at a time, for a decision on it. */

import { followChanges, makeEdits, takeBack } from "./edits.js";
import { announce, isPopoverOpen, openDialog, openPopover } from "./layer.js";
import { setRating, setStatus } from "./menu.js";
import { makeSheet } from "./sheet.js";
import { openTags } from "./tags.js";
import { editsOf, Triage } from "./triage.js";
import { makeEnd } from "./triage_end.js";
import { makeFrame, TRIAGE_KEYS } from "./triage_frame.js";
import { emptyCard } from "../shared/cards.js";
import { t } from "../shared/i18n.js";
import { plainText } from "../shared/latex.js";
import { ask, askTwice } from "../shared/messages.js";
import { nextStatus } from "../ui/chips.js";
import { keyHelp } from "../ui/keys.js";

/** @import { PaperPage } from "../shared/api.d.ts" */
/** @import { PagePaper, View } from "../shared/types.d.ts" */
/** @import { ShownFacts } from "../sites/page_json.js" */
/** @import { Page } from "../sites/pages.js" */
/** @import { Sheet } from "./sheet.js" */
/** @import { Decision } from "./triage.js" */

/** The dialog; it is made anew each time that it is opened. */
export class TriageDialog {
  isOnlyNew = true;
  isBusy = false;
  /** @type {Sheet | null} the paper that is drawn, null at the end */
  sheet = null;
  /** @type {PagePaper | null} the last paper that was drawn */
  last = null;

  /**
   * @param {string} address of the page whose papers are gone through
   * @param {object} list
   * @param {() => PagePaper[]} list.papers returns the papers that match the list's filter, new or
   *   not, in the order of the screen
   * @param {(key: string) => ShownFacts | undefined} list.factsOf
   * @param {(key: string) => View | undefined} list.viewOf
   * @param {() => string} list.words returns what is wrong with the connection
   * @param {(paper: PagePaper | null) => void} list.onClose called with the last paper shown
   */
  constructor(address, { papers, factsOf, viewOf, words, onClose }) {
    this.address = address;
    this.papers = papers;
    this.factsOf = factsOf;
    this.viewOf = viewOf;
    this.words = words;
    this.onClose = onClose;
    this.triage = new Triage((key) => viewOf(key)?.card ?? emptyCard(key, ""));
    this.draws = makeFrame({
      back: () => this.back(),
      decide: (decision) => this.decide(decision),
      next: () => this.next(),
      undo: () => this.undo(),
      toggleNew: () => this.toggleNew(),
      stop: () => this.stop(),
      help: (button) => this.openHelp(button),
      close: () => this.close(),
    });
    this.dialog = this.draws.dialog;
  }

  open() {
    openDialog(this.dialog, this.draws.said, () => {
      followChanges(() => {});
      this.onClose(this.last);
    });
    followChanges((change) => this.triage.changes.push(change));
    this.refill();
    this.focusShown();
  }

  /**
   * Return whether the dialog is open, and the page still the list that it was opened on. A page
   * may go elsewhere by itself, and may remove the dialog.
   * @param {Page} page
   * @param {string} address
   */
  isAt({ kind }, address) {
    const [now, then] = [new URL(address), new URL(this.address)];
    const isSame = now.pathname === then.pathname && now.search === then.search;
    return kind === "list" && isSame && this.dialog.matches(":modal");
  }

  close() {
    this.dialog.close();
  }

  /** Draw the paper that it is at, or at the end what was kept. */
  show() {
    const { current, pile, place } = this.triage;
    const hadFocus = this.draws.place.contains(this.focused());
    if (current) this.triage.visited.add(current.id);
    this.last = current ?? this.last;
    this.sheet = current && makeSheet(current, this.factsOf(current.id));
    this.draws.place.replaceChildren(this.sheet?.article ?? this.makeEnd());
    this.draws.place.scrollTop = 0;
    this.draw();
    // the buttons below keep the focus, unless they go
    if (hadFocus || !current) this.focusShown();
    if (current) void this.load(current, pile[place + 1]);
  }

  /** Focus the paper, so that it is read out, and that the keys for scrolling scroll it. */
  focusShown() {
    this.draws.place.firstElementChild?.focus({ preventScroll: true });
  }

  focused() {
    return /** @type {ShadowRoot} */ (this.dialog.getRootNode()).activeElement;
  }

  /** Draw what depends on the views, which change with every edit and with news of the server. */
  draw() {
    const { state, bar, acts, onlyNew, stop, back } = this.draws;
    const { pile, place, current } = this.triage;
    const kept = this.triage.kept().length;
    const words = current ? [t("placeOf", place + 1, pile.length), t("keptCount", kept)] : [];
    const told = [...words, this.words()].filter(Boolean).join(" · ");
    // a status that is written again is read out again
    if (state.textContent !== told) state.textContent = told;
    bar.max = Math.max(pile.length, 1);
    bar.value = current ? place + 1 : pile.length;
    onlyNew.setAttribute("aria-pressed", String(this.isOnlyNew));
    back.setAttribute("aria-disabled", String(!place));
    acts.hidden = stop.hidden = !current;
    const view = current && this.viewOf(current.id);
    if (view) this.sheet?.draw(view);
  }

  /** Draw again after news; at the end, the list of what was kept too. */
  redraw() {
    if (!this.triage.current) {
      const hadFocus = this.draws.place.contains(this.focused());
      this.draws.place.replaceChildren(this.makeEnd());
      if (hadFocus) this.focusShown();
    }
    this.draw();
  }

  /**
   * Load what only the server knows of a paper, and the next one's for when it comes.
   * @param {PagePaper} paper
   * @param {PagePaper | undefined} next
   */
  async load(paper, next) {
    const { sheet } = this;
    const show = (/** @type {PaperPage} */ details) => sheet?.showDetails(details);
    // without the server the page's own words are there
    await askTwice("paper", { key: paper.id }, show).catch(() => null);
    if (next && this.sheet === sheet) await ask("paper", { key: next.id }).catch(() => null);
  }

  /** @param {Decision} decision */
  async decide(decision) {
    const { current } = this.triage;
    const view = current && this.viewOf(current.id);
    // pressed twice before the first is stored, it decides once
    if (!current || !view || this.isBusy) return;
    this.isBusy = true;
    const edits = editsOf(decision, current, view.card);
    const title = plainText(current.title);
    const words = decision === "keep" ? t("saidKept", title) : t("saidSkipped", title);
    const isStored = !edits.length || Boolean((await makeEdits(edits, words)).view);
    this.isBusy = false;
    if (!isStored || this.triage.current !== current) return;
    this.triage.next();
    this.show();
  }

  next() {
    announce("");
    this.triage.next();
    this.show();
  }

  back() {
    if (this.triage.place === 0 && this.triage.current) return;
    announce("");
    this.triage.back();
    this.show();
  }

  /** Take back the last change, and show its paper. */
  async undo() {
    const change = this.triage.lastChange();
    if (this.isBusy) return;
    if (!change) return void announce(t("nothingToUndo"));
    this.isBusy = true;
    await takeBack(change);
    this.isBusy = false;
    const { current } = this.triage;
    this.triage.goTo(change.paper.id);
    if (this.triage.current !== current) this.show();
  }

  /** @param {PagePaper} paper */
  async takeOut(paper) {
    for (const change of this.triage.changesOf(paper.id)) if (!(await takeBack(change))) break;
    this.redraw();
  }

  stop() {
    announce("");
    this.triage.isOver = true;
    this.show();
  }

  toggleNew() {
    this.isOnlyNew = !this.isOnlyNew;
    this.refill();
  }

  /** Take the papers that the list has now; the paper that is shown stays. */
  refill() {
    this.triage.fill(this.papers(), this.isOnlyNew);
    this.show();
  }

  makeEnd() {
    return makeEnd(this.triage, this.papers().length, {
      takeOut: (paper) => this.takeOut(paper),
      goOn: () => this.refill(),
      goAll: () => this.toggleNew(),
      back: () => this.back(),
      close: () => this.close(),
    });
  }

  /** @param {HTMLElement} button */
  openHelp(button) {
    openPopover(button, t("help"), keyHelp(TRIAGE_KEYS));
  }

  /**
   * Map each shortcut to its action; none acts behind an open menu.
   * @returns {Record<string, () => unknown>}
   */
  keys() {
    if (isPopoverOpen()) return {};
    const always = {
      k: () => this.back(),
      ArrowLeft: () => this.back(),
      u: () => this.undo(),
      "?": () => this.openHelp(this.draws.help),
    };
    const view = this.sheet && this.viewOf(this.sheet.paper.id);
    if (!this.sheet || !view) return always;
    const { paper, controls, article, title, write } = this.sheet;
    const status = view.card.entry?.status ?? "none";
    const rate = (/** @type {string} */ digit) => [digit, () => setRating(paper, Number(digit))];
    return {
      ...always,
      j: () => this.next(),
      ArrowRight: () => this.next(),
      a: () => this.decide("keep"),
      x: () => this.decide("skip"),
      s: () => setStatus(paper, nextStatus(status)),
      t: () => openTags(controls.tag, paper, controls.current),
      n: () => write({}),
      ...Object.fromEntries([..."012345"].map(rate)),
      // on a button, Enter presses it
      ...(this.focused() === article ? { Enter: () => title.click() } : {}),
    };
  }
}
