/** Saving a paper to the reading list. Pure. */

/** @import { NewEdit, PaperRef } from "./types.d.ts" */

/**
 * Return the edit that puts a paper into the list, and leaves one alone that is there.
 * @param {PaperRef} paper
 * @returns {NewEdit}
 */
export function saveEdit({ id, title }) {
  const change = { status: "inbox" };
  return { kind: "entry", ref: id, paper: { id, title }, change, save: true };
}
