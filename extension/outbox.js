/**
 * Edits on their way to the server: each is a record of its own, sent in order, once in effect.
 *
 * An edit's id is its Idempotency-Key, so that sending it again after a crash changes nothing; it names the version it
 * was made on, so that it never overwrites what somebody else wrote. An edit that needs the person (a conflict, a
 * refusal) holds up only the later edits of the same thing.
 */

import { absorb, bodyOf, conflicts, emptyCard } from "./merge.js";
import { send, ServerError } from "./server.js";
import {
  readAccount,
  readCards,
  readEdits,
  removeDraft,
  removeEdit,
  writeCards,
  writeEdits,
  writeLedger,
} from "./store.js";

/** @typedef {import("./wire.js").Account} Account */
/** @typedef {import("./wire.js").Card} Card */
/** @typedef {import("./wire.js").Edit} Edit */
/**
 * @typedef {Pick<Edit, "kind" | "ref" | "paper" | "change"> & Partial<Pick<Edit, "base" | "erase" | "save">>} NewEdit
 */

const MOST_MERGES = 5;
const REFUSALS = new Set(["invalid", "large", "missing"]);

/** @type {Map<string, number>} how many answers have settled edits of a paper while this worker lives */
const settlements = new Map();

/**
 * Say how many edits of a paper have been settled: an older question's answer does not know of them.
 * @param {string} key
 * @returns {number}
 */
export function settledEdits(key) {
  return settlements.get(key) ?? 0;
}

/**
 * Keep an edit, and drop the draft that it came from.
 * @param {NewEdit} wanted
 * @returns {Promise<Edit>}
 */
export async function addEdit(wanted) {
  return navigator.locks.request("outbox", async () => {
    const waiting = await readEdits();
    /** @type {Edit} */
    const edit = {
      ...wanted,
      id: crypto.randomUUID(),
      seq: (waiting.at(-1)?.seq ?? 0) + 1,
      base: wanted.base === undefined ? await knownState(wanted) : wanted.base,
      state: "waiting",
      at: Date.now(),
    };
    await writeEdits([edit]);
    if (edit.kind === "note") await removeDraft(edit.ref);
    return edit;
  });
}

/** @param {NewEdit} edit the state that the server last told of what is edited */
async function knownState({ kind, ref, paper }) {
  const card = (await readCards([paper.id])).get(paper.id);
  if (kind === "entry") return card?.entry ?? null;
  return kind === "note" ? (card?.notes.find((note) => note.id === ref) ?? null) : null;
}

/**
 * Send what waits, in order; raises ServerError as soon as the server cannot be reached or takes nothing more.
 * @param {(edit: Edit) => Promise<void>} onSettled called after each edit that was sent or stopped
 */
export async function flush(onSettled) {
  await navigator.locks.request("flush", async () => {
    const account = await readAccount();
    if (!account) return;
    for (let edit = next(await readEdits()); edit; edit = next(await readEdits())) {
      await deliver(account, edit);
      await onSettled(edit);
    }
  });
}

/** @param {Edit[]} edits */
function next(edits) {
  const stopped = new Set();
  for (const edit of edits) {
    if (edit.state === "waiting" && !stopped.has(thing(edit))) return edit;
    stopped.add(thing(edit));
  }
  return undefined;
}

/** @param {Edit} edit */
function thing({ kind, ref }) {
  return `${kind}/${ref}`;
}

/** Afterwards the edit is gone or stopped. @param {Account} account @param {Edit} edit */
async function deliver(account, edit) {
  /** @type {Edit | null} */
  let current = edit;
  for (let tries = 0; current && tries < MOST_MERGES; tries += 1) current = await attempt(account, current);
  if (current) await writeEdits([{ ...current, state: "refused", problem: "stale" }]);
}

/** @param {Account} account @param {Edit} edit @returns {Promise<Edit | null>} the edit to try next, null when done */
async function attempt(account, edit) {
  try {
    await settle(edit, await put(account, edit));
    return null;
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    return answerTo(account, edit, error);
  }
}

/** @param {Account} account @param {Edit} edit */
async function put(account, edit) {
  const headers = {
    "Idempotency-Key": edit.id,
    ...(edit.kind === "seen" ? {} : { "If-Match": `"${edit.base?.version ?? 0}"` }),
  };
  const body = edit.erase ? undefined : bodyOf(edit, edit.base);
  const state = await send(account, edit.erase ? "DELETE" : "PUT", pathOf(edit), {
    body,
    headers,
    record: writeLedger,
  });
  const isTaken = edit.erase || edit.kind === "seen" || typeof state?.version === "number";
  if (!isTaken) throw new ServerError("foreign", "an answer without a version");
  return state;
}

/** @param {Edit} edit */
function pathOf({ kind, ref, paper }) {
  const names = (/** @type {string} */ text) => text.split("/").map(encodeURIComponent).join("/");
  const paths = {
    entry: () => `/api/v1/papers/${names(paper.id)}/entry`,
    note: () => `/api/v1/notes/${ref}`,
    correction: () => `/api/v1/papers/${names(paper.id)}/corrections/${ref}`,
    tag: () => `/api/v1/tags/${names(ref)}`,
    seen: () => "/api/v1/seen",
  };
  return paths[kind]();
}

/**
 * Do what a failed sending asks for: give the edit to send again, null when it has become needless or the person is
 * asked; raises the error when it is about the server, not the edit.
 * @param {Account} account
 * @param {Edit} edit
 * @param {ServerError} error
 * @returns {Promise<Edit | null>}
 */
async function answerTo(account, edit, error) {
  if (error.cause === "stale") return rebase(edit, error.problem.current ?? null);
  if (error.cause === "missing" && edit.erase) return drop(edit);
  if (error.cause === "missing" && edit.problem !== "introduced") return introduce(account, edit);
  if (!REFUSALS.has(String(error.cause))) throw error;
  await writeEdits([{ ...edit, state: "refused", problem: error.message }]);
  return null;
}

/** @param {Edit} edit @param {any} current */
async function rebase(edit, current) {
  if (edit.save && current && !current.deleted) return drop(edit);
  const moved = { ...edit, base: current };
  if (current && conflicts(edit, current).length) {
    await writeEdits([{ ...edit, state: "conflict", current }]);
    return null;
  }
  await writeEdits([moved]);
  return moved;
}

/** @param {Edit} edit */
async function drop(edit) {
  await removeEdit(edit);
  return null;
}

/**
 * A server that has lost or never met the paper is told its id and title.
 * @param {Account} account
 * @param {Edit} edit
 */
async function introduce(account, edit) {
  await send(account, "POST", "/api/v1/overlay", { body: { papers: [edit.paper] }, record: writeLedger });
  return { ...edit, base: null, problem: "introduced" };
}

/**
 * Put the answer where it belongs. The later edits of the same thing move onto it before the edit goes: a stop in
 * between sends it once more, which its id makes harmless.
 * @param {Edit} edit
 * @param {any} state
 */
async function settle(edit, state) {
  await navigator.locks.request("outbox", async () => {
    const keys = edit.kind === "seen" ? edit.change.papers : [edit.paper.id];
    for (const key of keys) settlements.set(key, settledEdits(key) + 1);
    const cards = await readCards(keys);
    const taught = keys.map((/** @type {string} */ key) => cards.get(key) ?? emptyCard(key, edit.paper.title));
    await writeCards(taught.map((/** @type {Card} */ card) => absorb(card, edit, state)));
    const later = (await readEdits()).filter((other) => other.seq > edit.seq && thing(other) === thing(edit));
    if (state?.version) await writeEdits(later.map((other) => ({ ...other, base: state })));
    await removeEdit(edit);
  });
}

/**
 * End a conflict as the person decided. The text that is not kept is sent first, so that the server's history holds it.
 * @param {Edit} edit
 * @param {"mine" | "theirs" | "merged"} choice
 * @param {string} [text] the merged text
 */
export async function resolveConflict(edit, choice, text) {
  const { current, ...rest } = edit;
  if (choice === "theirs" && (edit.kind !== "note" || edit.erase)) return removeEdit(edit);
  const change = choice === "merged" ? { ...edit.change, text } : edit.change;
  await writeEdits([{ ...rest, id: crypto.randomUUID(), change, base: current, state: "waiting" }]);
  await removeEdit(edit);
  if (choice !== "theirs") return undefined;
  const back = { text: current.text, quote: current.quote };
  await addEdit({
    kind: edit.kind,
    ref: edit.ref,
    paper: edit.paper,
    base: current,
    change: back,
    erase: Boolean(current.deleted),
  });
  return undefined;
}

/**
 * Try a refused edit again, or all of them.
 * @param {Edit[]} edits
 */
export async function retry(edits) {
  await writeEdits(
    edits.filter((edit) => edit.state === "refused").map((edit) => ({ ...edit, state: "waiting", problem: undefined })),
  );
}
