/**
 * Apply edits to cards, and find conflicts between an edit and a newer version of its target. Pure.
 */

import { missingOf, withStatus } from "../shared/plan.js";

/** @import { Card, EntryState, TermChip } from "../shared/api.d.ts" */
/** @import { Edit, EntryChange } from "../shared/types.d.ts" */

/** @type {Record<string, any>} */
const NO_ENTRY = { status: "none", rating: null };

/**
 * Return the card as it will be when the edits have been sent.
 * @param {Card} card
 * @param {Edit[]} edits
 * @returns {Card}
 */
export function applyEdits(card, edits) {
  return edits.reduce((drawn, edit) => APPLY[edit.kind](drawn, edit), card);
}

/** @type {Record<string, (card: Card, edit: Edit) => Card>} */
const APPLY = {
  entry: (card, edit) => ({ ...card, entry: editedEntry(card, edit) }),
  note: (card, edit) => ({
    ...card,
    entry: listed(card, edit),
    notes: editedNotes(card, edit),
  }),
  correction: (card, edit) => ({ ...card, terms: correctedTerms(card, edit) }),
  seen: (card, edit) => ({ ...card, seen: edit.change.seen }),
  tag: (card) => card,
};

/**
 * @param {Card} card
 * @param {Edit} edit
 * @returns {EntryState | null}
 */
function editedEntry(card, edit) {
  if (edit.erase) return null;
  // saving never changes an entry that exists
  if (edit.save && card.entry && !card.entry.deleted) return card.entry;
  const entry = listed(card, edit);
  const { status = entry.status, rating = entry.rating, plan } = edit.change;
  return {
    ...withStatus(entry, status),
    ...plan,
    rating,
    tags: editedTags(entry.tags, edit.change),
  };
}

/**
 * Return the card's entry, or the one that a first note, rating or tag creates, as on the server.
 * @param {Card} card
 * @param {Edit} edit
 * @returns {EntryState}
 */
function listed(card, { at }) {
  if (card.entry && !card.entry.deleted) return card.entry;
  const now = new Date(at).toISOString();
  const version = card.entry?.version ?? 0;
  return {
    key: card.key,
    status: "inbox",
    rating: null,
    tags: [],
    version,
    added: now,
    updated: now,
  };
}

/** @param {string[]} tags @param {{ add?: string[], remove?: string[] }} change */
function editedTags(tags, { add = [], remove = [] }) {
  // the server compares tags without regard to case
  const same = (/** @type {string} */ a) => (/** @type {string} */ b) =>
    a.toLowerCase() === b.toLowerCase();
  const kept = tags.filter((tag) => !remove.some(same(tag)));
  return [...kept, ...add.filter((tag) => !kept.some(same(tag)))];
}

/** @param {Card} card @param {Edit} edit */
function editedNotes(card, edit) {
  const others = card.notes.filter((note) => note.id !== edit.ref);
  if (edit.erase) return others;
  const was = card.notes.find((note) => note.id === edit.ref);
  const now = new Date(edit.at).toISOString();
  const note = {
    id: edit.ref,
    key: card.key,
    version: 0,
    created: now,
    updated: now,
    ...was,
    text: edit.change.text,
    quote: edit.change.quote ?? null,
  };
  return was ? card.notes.map((each) => (each.id === edit.ref ? note : each)) : [...others, note];
}

/** @param {Card} card @param {Edit} edit */
function correctedTerms(card, edit) {
  const { verdict, surface, label, to_label: toLabel, name = surface } = edit.change;
  const isMeant = (/** @type {TermChip} */ term) => term.label === label && term.name === name;
  if (edit.erase || label === "RESULT") return card.terms;
  if (verdict === "missing")
    return [
      ...card.terms.filter((term) => !isMeant(term)),
      { label, name, papers: 1, first: edit.change.start ?? 0, role: null, folded: false },
    ];
  if (verdict === "wrong") return card.terms.filter((term) => !isMeant(term));
  return card.terms.map((term) => (isMeant(term) ? { ...term, label: toLabel } : term));
}

/**
 * Return the request body that saves an edit on top of `state`.
 * @param {Edit} edit
 * @param {any} state the server's state, null if there is none
 * @returns {any}
 */
export function bodyOf(edit, state) {
  if (edit.kind === "entry") return entryBody(edit.change, state);
  if (edit.kind === "note")
    return {
      paper: edit.paper.id,
      text: edit.change.text,
      quote: edit.change.quote ?? null,
    };
  if (edit.kind !== "correction") return edit.change;
  // `name` is for drawing only; the server finds the term by its surface
  const { name: _, ...correction } = edit.change;
  return correction;
}

/** @param {EntryChange} change @param {EntryState | null} state */
function entryBody({ status, rating, plan, add, remove }, state) {
  return {
    ...(status === undefined ? {} : { status }),
    ...(plan ? missingOf(plan, state) : {}),
    ...(rating === undefined ? {} : { rating }),
    ...(add || remove ? { tags: editedTags(state?.tags ?? [], { add, remove }) } : {}),
  };
}

/**
 * Return the fields that the edit and `current` both changed, to different values, since the edit's
 * base. Tags are sets and never in conflict.
 * @param {Edit} edit
 * @param {any} current the server's state now
 * @returns {string[]} empty if the edit can be applied to `current`
 */
export function conflicts(edit, current) {
  const { base, kind } = edit;
  if (edit.erase) return deletionConflicts(edit, current);
  if (current.deleted && base && !base.deleted) return ["deleted"];
  if (kind === "note") return isSameText(edit, current) ? [] : ["text"];
  if (kind !== "entry") return [];
  return entryConflicts(edit, shown(base), shown(current));
}

/**
 * Return the entry that people see: a deleted one is shown as none.
 * @param {any} entry
 */
function shown(entry) {
  return entry && !entry.deleted ? entry : NO_ENTRY;
}

/** @param {Edit} edit @param {any} current */
function deletionConflicts({ base }, current) {
  return current.deleted || current.version === base?.version ? [] : ["deleted"];
}

/** @param {Edit} edit @param {any} current */
function isSameText({ base, change }, current) {
  return base?.text === current.text || change.text === current.text;
}

/**
 * @param {Edit} edit
 * @param {any} base
 * @param {any} current
 */
function entryConflicts(edit, base, current) {
  return ["status", "rating"].filter((field) => {
    const mine = edit.change[field];
    return mine !== undefined && current[field] !== base[field] && current[field] !== mine;
  });
}

/**
 * Return the card with the state that the server sent in reply to an edit.
 * @param {Card} card
 * @param {Edit} edit
 * @param {any} state null if the reply had no body
 * @returns {Card}
 */
export function applyReply(card, edit, state) {
  if (edit.kind === "entry")
    return { ...card, entry: state?.deleted ? null : (state ?? card.entry) };
  if (edit.kind !== "note") return applyEdits(card, [edit]);
  const others = card.notes.filter((note) => note.id !== edit.ref);
  const was = card.notes.findIndex((note) => note.id === edit.ref);
  if (edit.erase || state?.deleted) return { ...card, notes: others };
  return {
    ...card,
    notes: was < 0 ? [...others, state] : card.notes.with(was, state),
  };
}
