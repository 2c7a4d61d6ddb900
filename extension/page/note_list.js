/** All notes of a paper in a section, where they are also written. */

import { drawNote, makeEditor, newNoteButton } from "./note.js";
import { count, t } from "../shared/i18n.js";
import { h } from "../ui/dom.js";

/** @import { NoteState, Quote } from "../shared/api.d.ts" */
/** @import { PagePaper, View } from "../shared/types.d.ts" */

/**
 * Make the section. An open editor replaces the notes, and stays when they are drawn again.
 * @param {PagePaper} paper
 * @param {(quote: Quote) => boolean} isOrphaned
 */
export function makeNoteList(paper, isOrphaned) {
  const section = h("section.notes");
  /** @type {View} */
  let view;
  let editing = false;
  const drawOne = (/** @type {NoteState} */ note) =>
    drawNote(note, {
      paper,
      onEdit: () => write({ note }),
      orphaned: Boolean(note.quote && isOrphaned(note.quote)),
    });
  const show = () => {
    if (editing) return;
    const { notes } = view.card;
    section.replaceChildren(
      h("h2", count("notes", notes.length)),
      ...notes.map(drawOne),
      newNoteButton(() => write({})),
    );
  };
  const write = (/** @type {any} */ { note = null, quote = null }) => {
    editing = true;
    const onDone = () => {
      editing = false;
      show();
    };
    const editor = makeEditor(paper, view, { note, quote, onDone });
    section.replaceChildren(h("h2", note ? t("edit") : t("newNote")), editor);
    editor.querySelector("textarea")?.focus();
  };
  const draw = (/** @type {View} */ next) => {
    view = next;
    show();
  };
  return { section, draw, write, isEditing: () => editing };
}
