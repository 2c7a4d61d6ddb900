/** Notes: show and edit them, saving a draft at every keystroke. */

import { conflictForm } from "../ui/conflict.js";
import { h, on } from "../ui/dom.js";
import { makeEdit } from "./edits.js";
import { closePopover, showError, openPopover } from "./layer.js";
import { renderMarkdown } from "./markdown.js";
import { paperRef } from "./new_edit.js";
import { ask } from "../shared/messages.js";
import { t } from "../shared/i18n.js";

/** @import { NoteState, Quote } from "../shared/api.d.ts" */
/** @import { Draft, PaperRef, View } from "../shared/types.d.ts" */

/**
 * Make an id for a note: a UUID of version 7 (RFC 9562, section 5.7), so that ids sort by time.
 * @param {number} now in milliseconds since the epoch
 * @returns {string}
 */
function makeNoteId(now) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let place = 0; place < 6; place += 1)
    bytes[place] = Math.floor(now / 2 ** (8 * (5 - place))) % 256;
  // version 7 and the RFC 9562 variant
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}

/**
 * Open a paper's notes beside an element, or the editor if there are none or a quote is given.
 * @param {HTMLElement | Range} anchor
 * @param {PaperRef} paper
 * @param {View} view
 * @param {{ quote?: Quote | null, fresh?: boolean }} [wanted]
 */
export function openNotes(anchor, paper, view, { quote = null, fresh = false } = {}) {
  const show = (/** @type {Node[]} */ content) =>
    openPopover(anchor, t("notesOf", paper.title), content, { wide: true });
  const write = (/** @type {NoteState | null} */ note) =>
    show([makeEditor(paper, view, { note, quote, onDone: closePopover })]);
  const stuck = conflictOf(view);
  if (stuck) return show(conflictForm(stuck, closePopover));
  if (fresh || quote || !view.card.notes.length) return write(null);
  return show([
    ...view.card.notes.map((note) => drawNote(note, { paper, onEdit: () => write(note) })),
    newNoteButton(() => write(null)),
  ]);
}

/** @param {View} view */
export function conflictOf(view) {
  return view.edits.find((edit) => edit.state === "conflict");
}

/** @param {() => void} onclick */
export function newNoteButton(onclick) {
  return h("button.plain", { onclick }, t("newNote"));
}

/**
 * Show a note with buttons to edit and delete it.
 * @param {NoteState} note
 * @param {{ paper: PaperRef, onEdit: () => void, orphaned?: boolean }} more
 */
export function drawNote(note, { paper, onEdit, orphaned = false }) {
  const erase = () => {
    closePopover();
    return makeEdit(
      {
        kind: "note",
        ref: note.id,
        paper: paperRef(paper),
        change: { text: note.text, quote: note.quote },
        erase: true,
      },
      t("saidErased"),
    );
  };
  return h(
    "article.note",
    note.quote && h("blockquote.quote", note.quote.exact),
    orphaned && h("p.about.warn", t("orphaned")),
    h("div.text", ...renderMarkdown(note.text)),
    h(
      "p.acts",
      h("button.plain", { onclick: onEdit }, t("edit")),
      h("button.plain", { onclick: erase }, t("erase")),
    ),
  );
}

/**
 * Make an editor. Each keystroke is saved as a draft at once, and an existing draft is restored.
 * @param {PaperRef} paper
 * @param {View} view
 * @param {{ note: NoteState | null, quote?: Quote | null, onDone: () => void }} more
 * @returns {HTMLElement}
 */
export function makeEditor(paper, view, { note, quote = null, onDone }) {
  // an unfinished draft is newer than the note it began from
  const left = draftFor(view, note, quote);
  const id = note?.id ?? left?.id ?? makeNoteId(Date.now());
  const anchor = note?.quote ?? left?.quote ?? quote;
  const base = left?.base ?? savedState(note);
  const area = h("textarea.field", {
    rows: 7,
    autofocus: true,
    "aria-label": t("noteText"),
    placeholder: t("notePlaceholder"),
    value: left?.text ?? note?.text ?? "",
  });
  const preview = h("div.text.preview", {
    hidden: true,
    tabindex: "0",
    "aria-label": t("preview"),
  });
  const state = h("span.about", { role: "status" }, left ? t("draftRestored") : "");
  const keep = () =>
    saveDraft(
      {
        id,
        paper: paperRef(paper),
        text: area.value,
        quote: anchor,
        base,
        at: 0,
      },
      state,
    );
  const save = async () => {
    const change = { text: area.value, quote: anchor };
    const done =
      area.value.trim() &&
      (await makeEdit(
        {
          kind: "note",
          ref: id,
          paper: paperRef(paper),
          change,
          ...(note || left?.base ? { base } : { base: null }),
        },
        t("saidNoted"),
      ));
    if (done && editor.isConnected) onDone();
  };
  const discard = async () => {
    await ask("dropDraft", { id, key: paper.id }).catch(showError);
    onDone();
  };
  on(area, "input", keep);
  const editor = h(
    "div.editor",
    anchor && h("blockquote.quote", anchor.exact),
    area,
    preview,
    h(
      "div.acts",
      h("button.primary", { onclick: save }, t("save")),
      h(
        "button.plain",
        {
          "aria-pressed": "false",
          onclick: (/** @type {any} */ event) => togglePreview(event.currentTarget, area, preview),
        },
        t("preview"),
      ),
      h("button.plain", { onclick: discard }, t("discard")),
      state,
    ),
  );
  // on the editor, since the preview hides the text field
  on(editor, "keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void save();
  });
  return editor;
}

/**
 * Return the note if the server has it, not one that only a waiting edit made.
 * @param {NoteState | null} note
 */
function savedState(note) {
  return note?.version ? note : null;
}

/**
 * @param {View} view
 * @param {NoteState | null} note
 * @param {Quote | null} quote
 * @returns {Draft | undefined}
 */
function draftFor(view, note, quote) {
  if (note) return view.drafts.find((draft) => draft.id === note.id);
  const notes = new Set(view.card.notes.map(({ id }) => id));
  return view.drafts.find(
    (draft) => !notes.has(draft.id) && (!quote || draft.quote?.exact === quote.exact),
  );
}

/** @param {Draft} draft @param {HTMLElement} state */
async function saveDraft(draft, state) {
  try {
    await (draft.text
      ? ask("draft", draft)
      : ask("dropDraft", { id: draft.id, key: draft.paper.id }));
    state.textContent = draft.text ? t("draftKept") : "";
  } catch (failure) {
    state.textContent = t("draftLost");
    showError(failure);
  }
}

/**
 * @param {HTMLElement} button
 * @param {HTMLTextAreaElement} area
 * @param {HTMLElement} preview
 */
function togglePreview(button, area, preview) {
  const shows = preview.hidden;
  preview.replaceChildren(...renderMarkdown(area.value));
  preview.hidden = !shows;
  area.hidden = shows;
  button.setAttribute("aria-pressed", String(shows));
}
