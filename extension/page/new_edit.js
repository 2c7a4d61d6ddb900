/** The parts that edits are made of. Pure. */

/** @import { NewEdit, PaperRef } from "../shared/types.d.ts" */

/**
 * Pick a paper's id and title, which an edit carries for servers that lack the paper.
 * @param {PaperRef} paper
 */
export function paperRef({ id, title }) {
  return { id, title };
}

/**
 * Make the edit that marks papers as seen.
 * @param {PaperRef} paper the first of them
 * @param {string[]} papers
 * @returns {NewEdit}
 */
export function seenEdit(paper, papers) {
  return { kind: "seen", ref: paper.id, paper: paperRef(paper), change: { papers, seen: true } };
}
