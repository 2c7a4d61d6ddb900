/** What an edit makes of a state, and whether it can stand on a state that somebody else has changed. Pure. */

/** @typedef {import("./wire.js").Card} Card */
/** @typedef {import("./wire.js").Edit} Edit */
/** @typedef {import("./wire.js").EntryState} EntryState */

/** @type {Record<string, any>} */
const NO_ENTRY = { status: "none", rating: null, tags: [] };

/**
 * Give the card as it will be when the edits have been sent.
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
  note: (card, edit) => ({ ...card, entry: listed(card), notes: editedNotes(card, edit) }),
  correction: (card, edit) => ({ ...card, terms: correctedTerms(card, edit) }),
  seen: (card, edit) => ({ ...card, seen: edit.change.seen }),
  tag: (card) => card,
};

/** @param {Card} card @param {Edit} edit @returns {EntryState | null} */
function editedEntry(card, edit) {
  if (edit.erase) return null;
  if (edit.save && card.entry && !card.entry.deleted) return card.entry;
  const entry = listed(card);
  const { status = entry.status, rating = entry.rating } = edit.change;
  return { ...entry, status, rating, tags: editedTags(entry.tags, edit.change) };
}

/**
 * A first note, rating or tag puts a paper in the list, as the server does.
 * @param {Card} card
 * @returns {EntryState}
 */
function listed(card) {
  if (card.entry && !card.entry.deleted) return card.entry;
  return { key: card.key, status: "inbox", rating: null, tags: [], version: card.entry?.version ?? 0 };
}

/** @param {string[]} tags @param {{ add?: string[], remove?: string[] }} change */
function editedTags(tags, { add = [], remove = [] }) {
  const same = (/** @type {string} */ a) => (/** @type {string} */ b) => a.toLowerCase() === b.toLowerCase();
  const kept = tags.filter((tag) => !remove.some(same(tag)));
  return [...kept, ...add.filter((tag) => !kept.some(same(tag)))];
}

/** @param {Card} card @param {Edit} edit */
function editedNotes(card, edit) {
  const others = card.notes.filter((note) => note.id !== edit.ref);
  if (edit.erase) return others;
  const was = card.notes.find((note) => note.id === edit.ref);
  const note = {
    id: edit.ref,
    key: card.key,
    version: 0,
    ...was,
    text: edit.change.text,
    quote: edit.change.quote ?? null,
  };
  return was ? card.notes.map((each) => (each.id === edit.ref ? note : each)) : [...others, note];
}

/** @param {Card} card @param {Edit} edit */
function correctedTerms(card, edit) {
  const { verdict, surface, label, to_label: toLabel, name = surface } = edit.change;
  const isMeant = (/** @type {import("./wire.js").TermChip} */ term) => term.label === label && term.name === name;
  if (edit.erase) return card.terms;
  if (verdict === "missing")
    return [...card.terms.filter((term) => !isMeant(term)), { label, name, papers: 1, first: edit.change.start ?? 0 }];
  if (verdict === "wrong") return card.terms.filter((term) => !isMeant(term));
  return card.terms.map((term) => (isMeant(term) ? { ...term, label: toLabel } : term));
}

/**
 * Give the body that the edit asks for when it stands on `state`.
 * @param {Edit} edit
 * @param {any} state the server's state, null where there is none
 * @returns {any}
 */
export function bodyOf(edit, state) {
  if (edit.kind === "entry") return entryBody(edit.change, state);
  if (edit.kind === "note") return { paper: edit.paper.id, text: edit.change.text, quote: edit.change.quote ?? null };
  if (edit.kind !== "correction") return edit.change;
  const { name: _, ...correction } = edit.change;
  return correction;
}

/** @param {import("./wire.js").EntryChange} change @param {EntryState | null} state */
function entryBody({ status, rating, add, remove }, state) {
  return {
    ...(status === undefined ? {} : { status }),
    ...(rating === undefined ? {} : { rating }),
    ...(add || remove ? { tags: editedTags(state?.tags ?? [], { add, remove }) } : {}),
  };
}

/**
 * Name the fields that both sides changed, and differently, since the state that the edit was made on; none means that
 * the edit can stand on `current` as it is. Tags are sets, and never in conflict.
 * @param {Edit} edit
 * @param {any} current
 * @returns {string[]}
 */
export function conflicts(edit, current) {
  const base = edit.base;
  const gone = Boolean(current.deleted);
  if (edit.erase) return gone || current.version === base?.version ? [] : ["deleted"];
  if (gone && base && !base.deleted) return ["deleted"];
  if (edit.kind === "note") return base?.text === current.text || edit.change.text === current.text ? [] : ["text"];
  if (edit.kind === "entry")
    return entryConflicts(edit, { ...NO_ENTRY, ...base }, gone ? { ...NO_ENTRY, tags: current.tags } : current);
  return [];
}

/** @param {Edit} edit @param {any} base @param {any} current */
function entryConflicts(edit, base, current) {
  return ["status", "rating"].filter((field) => {
    const mine = edit.change[field];
    return mine !== undefined && current[field] !== base[field] && current[field] !== mine;
  });
}

/**
 * Give the card with a state in it that the server has just told.
 * @param {Card} card
 * @param {Edit} edit the edit that the state answers
 * @param {any} state null where nothing was told
 * @returns {Card}
 */
export function absorb(card, edit, state) {
  if (edit.kind === "entry") return { ...card, entry: state?.deleted ? null : (state ?? card.entry) };
  if (edit.kind !== "note") return applyEdits(card, [edit]);
  const others = card.notes.filter((note) => note.id !== edit.ref);
  const was = card.notes.findIndex((note) => note.id === edit.ref);
  if (edit.erase || state?.deleted) return { ...card, notes: others };
  return { ...card, notes: was < 0 ? [...others, state] : card.notes.with(was, state) };
}

/**
 * Give the card of a paper of which nothing is known yet.
 * @param {string} key
 * @param {string} title
 * @returns {Card}
 */
export function emptyCard(key, title) {
  return { key, title, extraction: "pending", seen: false, entry: null, notes: [], terms: [], results: [] };
}
