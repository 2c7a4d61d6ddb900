/** What a person changes: put into the outbox, announced, and taken back. */

import { announce, showError } from "./layer.js";
import { undoOf } from "./undo.js";
import { t } from "../shared/i18n.js";
import { ask } from "../shared/messages.js";

/** @import { NewEdit, PaperRef, View } from "../shared/types.d.ts" */

/**
 * What a person did in one go. `backs` are the edits that take it back, in their order; none are
 * left once it was taken back.
 * @typedef {{ paper: PaperRef, edits: NewEdit[], backs: NewEdit[], view: View | null }} Change
 */

/** @type {(change: Change) => void} */
let tell = () => {};

/**
 * Call a function with every change that is made from now on and can be taken back.
 * @param {(change: Change) => void} listener
 */
export function followChanges(listener) {
  tell = listener;
}

/**
 * Add an edit to the outbox, and announce it with a button that takes it back, or its failure.
 * @param {NewEdit} edit
 * @param {string} [words] the announcement
 * @returns {Promise<View | null>} the paper's new view, null if the edit was not saved
 */
export async function makeEdit(edit, words) {
  const { view } = await makeEdits([edit], words);
  return view;
}

/**
 * Add edits of one paper to the outbox that are taken back together.
 * @param {NewEdit[]} edits
 * @param {string} [words] the announcement
 * @returns {Promise<Change>} its `view` is null if not all of the edits were saved
 */
export async function makeEdits(edits, words) {
  /** @type {Change} */
  const change = { paper: edits[0].paper, edits, backs: [], view: null };
  try {
    for (const edit of edits) {
      const { before, view } = await ask("edit", edit);
      const back = undoOf(edit, before);
      if (back) change.backs.unshift(back);
      if (edit === edits.at(-1)) change.view = view;
    }
    if (words) announce(words, change.backs.length ? () => takeBack(change) : undefined);
  } catch (failure) {
    showError(failure);
  }
  // also after a failure: what was saved before it can be taken back
  if (change.backs.length) tell(change);
  return change;
}

/**
 * Take a change back, once only, and announce it.
 * @param {Change} change
 * @returns {Promise<boolean>} whether all of it was taken back now
 */
export async function takeBack(change) {
  // emptied before anything is awaited, since a button may be pressed twice
  const backs = change.backs.splice(0);
  if (!backs.length) return false;
  try {
    for (let back = backs[0]; back; back = backs[0]) {
      await ask("edit", back);
      backs.shift();
    }
    announce(t("saidTakenBack"));
    return true;
  } catch (failure) {
    change.backs.push(...backs);
    showError(failure);
    return false;
  }
}
