/** The edit that takes another one back. Pure. */

import { planOf } from "../shared/plan.js";

/** @import { EntryState } from "../shared/api.d.ts" */
/** @import { EntryChange, NewEdit, View } from "../shared/types.d.ts" */

/** @type {Partial<Record<NewEdit["kind"], (edit: NewEdit, before: View) => Partial<NewEdit>>>} */
const BACK = {
  entry: entryBack,
  note: noteBack,
  correction: () => erase({ version: 1 }),
  seen: ({ change }) => ({ change: { ...change, seen: !change.seen } }),
};

/**
 * Return the edit that takes `edit` back, null if there is none for its kind.
 * @param {NewEdit} edit
 * @param {View} before the paper as it was before
 * @returns {NewEdit | null}
 */
export function undoOf(edit, before) {
  const { kind, ref, paper, change } = edit;
  const back = BACK[kind]?.(edit, before);
  return back ? { kind, ref, paper, change, ...back } : null;
}

/** @param {any} [base] the server's state that is deleted, if the cache does not know it */
function erase(base) {
  return base ? { erase: true, base } : { erase: true };
}

/** @param {NewEdit} edit @param {View} before @returns {Partial<NewEdit>} */
function entryBack({ change, erase: isErased }, { card: { entry } }) {
  if (!entry || entry.deleted) return erase();
  const { status, rating, tags } = entry;
  return { change: isErased ? { status, rating, add: tags } : changeBack(change, entry) };
}

/** @param {EntryChange} change @param {EntryState} entry @returns {EntryChange} */
function changeBack({ status, rating, add, remove }, entry) {
  const own = new Set(entry.tags.map((tag) => tag.toLowerCase()));
  const had = (/** @type {string} */ tag) => own.has(tag.toLowerCase());
  return {
    ...(status === undefined ? {} : { status: entry.status, plan: planOf(entry) }),
    ...(rating === undefined ? {} : { rating: entry.rating }),
    ...(add ? { remove: add.filter((tag) => !had(tag)) } : {}),
    ...(remove ? { add: remove.filter(had) } : {}),
  };
}

/** @param {NewEdit} edit @param {View} before @returns {Partial<NewEdit>} */
function noteBack({ ref }, { card }) {
  const note = card.notes.find(({ id }) => id === ref);
  return note ? { change: { text: note.text, quote: note.quote } } : erase();
}
