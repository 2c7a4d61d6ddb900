/** Triage of a list: its papers one at a time, and what was done with them. Pure. */

import { isNew, statusOf } from "./filter.js";
import { paperRef, seenEdit } from "./new_edit.js";

/** @import { Card } from "../shared/api.d.ts" */
/** @import { NewEdit, PagePaper } from "../shared/types.d.ts" */
/** @import { Change } from "./edits.js" */

/** @typedef {"keep" | "skip"} Decision */

/**
 * Return the edits of a decision, which are none if they would change nothing.
 *
 * A paper that is kept joins the list, in the inbox, unless it is there already. A paper of the
 * list that is skipped gets this status; any other stays out of the list. Both count as seen.
 * @param {Decision} decision
 * @param {PagePaper} paper
 * @param {Card} card
 * @returns {NewEdit[]}
 */
export function editsOf(decision, paper, card) {
  const change = decision === "keep" ? keepEdit(statusOf(card)) : skipEdit(statusOf(card));
  const entry = { kind: /** @type {const} */ ("entry"), ref: paper.id, paper: paperRef(paper) };
  return [
    ...(change ? [{ ...entry, ...change }] : []),
    ...(card.seen ? [] : [seenEdit(paper, [paper.id])]),
  ];
}

/** @param {string} status @returns {Pick<NewEdit, "change" | "save"> | null} */
function keepEdit(status) {
  // "save": if another device has listed it meanwhile, its entry stays as it is
  if (status === "none") return { change: { status: "inbox" }, save: true };
  return status === "skipped" ? { change: { status: "inbox" } } : null;
}

/** @param {string} status @returns {Pick<NewEdit, "change"> | null} */
function skipEdit(status) {
  return ["none", "skipped"].includes(status) ? null : { change: { status: "skipped" } };
}

/**
 * The papers to go through, the one that is shown, and the changes made on the way. Everything
 * else, such as what was kept, follows from the papers' views.
 */
export class Triage {
  /** @type {PagePaper[]} */
  pile = [];
  place = 0;
  /** Whether it is at the end, or was stopped. */
  isOver = false;
  /** @type {Change[]} */
  changes = [];
  /** @type {Set<string>} the papers that were shown */
  visited = new Set();
  /** @type {Map<string, boolean>} which papers were kept already when they came into the pile */
  before = new Map();

  /** @param {(key: string) => Card} cardOf */
  constructor(cardOf) {
    this.cardOf = cardOf;
  }

  /**
   * Replace the pile. The paper that is shown and those that were changed on the way stay in it, so
   * that it is possible to go back to them; those that the list has no longer come first.
   * @param {PagePaper[]} papers that match the list's filter, which a change may have ended
   * @param {boolean} isOnlyNew
   */
  fill(papers, isOnlyNew) {
    const { current } = this;
    const changed = this.changes.filter(isInForce).map(({ paper }) => paper.id);
    const kept = new Set([...changed, ...(current ? [current.id] : [])]);
    const listed = new Set(papers.map(({ id }) => id));
    this.pile = [
      ...this.pile.filter(({ id }) => kept.has(id) && !listed.has(id)),
      ...papers.filter(({ id }) => !isOnlyNew || kept.has(id) || isNew(this.cardOf(id))),
    ];
    for (const { id } of this.pile)
      if (!this.before.has(id)) this.before.set(id, isKept(this.cardOf(id)));
    if (current) this.goTo(current.id);
    else this.goOn();
  }

  /** Go to the first paper that is new, or else to the first. */
  goOn() {
    const place = this.pile.findIndex(({ id }) => isNew(this.cardOf(id)));
    this.place = Math.max(place, 0);
    this.isOver = false;
  }

  /** @returns {PagePaper | null} the paper that is shown, null at the end */
  get current() {
    return this.isOver ? null : (this.pile[this.place] ?? null);
  }

  /** Go to the next paper, or behind the last one to the end. */
  next() {
    if (this.place + 1 < this.pile.length) this.place += 1;
    else this.isOver = true;
  }

  /** Go to the paper before, or from the end to the last one shown. */
  back() {
    if (!this.isOver) this.place = Math.max(0, this.place - 1);
    this.isOver = false;
  }

  /** @param {string} key */
  goTo(key) {
    const place = this.pile.findIndex(({ id }) => id === key);
    if (place < 0) return;
    this.place = place;
    this.isOver = false;
  }

  /** @returns {PagePaper[]} the papers that are in the list now, and were not before */
  kept() {
    return this.pile.filter(({ id }) => isKept(this.cardOf(id)) && !this.before.get(id));
  }

  /** @returns {PagePaper[]} the papers that are still neither seen nor in the list */
  stillNew() {
    return this.pile.filter(({ id }) => isNew(this.cardOf(id)));
  }

  /** @returns {PagePaper[]} the papers that were shown and are no longer new */
  lookedThrough() {
    return this.pile.filter(({ id }) => this.visited.has(id) && !isNew(this.cardOf(id)));
  }

  /** @returns {Change | undefined} the last change that was not taken back yet */
  lastChange() {
    return this.changes.findLast(isInForce);
  }

  /**
   * Return the changes of a paper's status, rating and tags, the last one first. Notes and
   * corrections stay when it is taken back that the paper was kept.
   * @param {string} key
   */
  changesOf(key) {
    const isOfEntry = (/** @type {Change} */ { edits }) =>
      edits.every(({ kind }) => kind === "entry" || kind === "seen");
    const own = this.changes.filter((each) => each.paper.id === key && isInForce(each));
    return own.filter(isOfEntry).reverse();
  }
}

/** @param {Change} change */
function isInForce({ backs }) {
  return backs.length > 0;
}

/** @param {Card} card */
function isKept(card) {
  return !["none", "skipped"].includes(statusOf(card));
}
