/**
 * The outbox: edits that are waiting to be sent, each a record of its own, sent in order.
 *
 * An edit's id is its Idempotency-Key, so sending it again after a crash has no further effect. It
 * names the version it was made on, so it never overwrites what another device wrote. An edit that
 * needs the person (a conflict or a refusal) holds up only the later edits of the same target.
 *
 * `background.js` flushes it after each edit, whenever the server is found again, and while edits
 * wait every `RETRY_MINUTES`.
 */

import { emptyCard } from "../shared/cards.js";
import { applyReply, bodyOf, conflicts } from "./merge.js";
import { send, ServerError } from "./http.js";
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

/** @import { Card } from "../shared/api.d.ts" */
/** @import { Account, Edit, NewEdit } from "../shared/types.d.ts" */

/** The shortest period that Chromium grants an alarm. */
export const RETRY_MINUTES = 0.5;

// each try meets a version that another device wrote meanwhile; five in a row is no coincidence
const MOST_MERGES = 5;
const REFUSALS = new Set(["invalid", "large", "missing"]);

/** @type {Map<string, number>} by paper, how many edits this worker has sent */
const settlements = new Map();

/**
 * Count the edits of a paper that have been sent. If the count grows while cards are being fetched,
 * the fetched card may lack the newest edit.
 * @param {string} key
 * @returns {number}
 */
export function countSettled(key) {
  return settlements.get(key) ?? 0;
}

/**
 * Add an edit to the outbox, and delete the draft that it came from.
 * @param {NewEdit} wanted
 * @returns {Promise<Edit>}
 */
export async function addEdit(wanted) {
  return navigator.locks.request("outbox", async () => {
    // the lock keeps two tabs from taking the same `seq`
    const waiting = await readEdits();
    /** @type {Edit} */
    const edit = {
      ...wanted,
      id: crypto.randomUUID(),
      seq: (waiting.at(-1)?.seq ?? 0) + 1,
      // an editor passes the version it showed, which may be older than the cached one
      base: wanted.base === undefined ? await knownState(wanted) : wanted.base,
      state: "waiting",
      at: Date.now(),
    };
    await writeEdits([edit]);
    // only now: until the edit is stored the draft is the only copy of the text
    if (edit.kind === "note") await removeDraft(edit.ref);
    return edit;
  });
}

/**
 * Read the server's last known state of an edit's target.
 * @param {NewEdit} edit
 */
async function knownState({ kind, ref, paper }) {
  const card = (await readCards([paper.id])).get(paper.id);
  if (kind === "entry") return card?.entry ?? null;
  return kind === "note" ? (card?.notes.find((note) => note.id === ref) ?? null) : null;
}

/**
 * Send the waiting edits in order.
 * @param {(edit: Edit) => Promise<void>} onSettled called after each edit that was sent or stopped
 * @throws {ServerError} as soon as the server cannot be reached or accepts nothing
 */
export async function flush(onSettled) {
  await navigator.locks.request("flush", async () => {
    const account = await readAccount();
    if (!account) return;
    // read again after each edit: others may have been added or rebased meanwhile
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
    if (edit.state === "waiting" && !stopped.has(targetOf(edit))) return edit;
    stopped.add(targetOf(edit));
  }
  return undefined;
}

/** @param {Edit} edit */
function targetOf({ kind, ref }) {
  return `${kind}/${ref}`;
}

/**
 * Send an edit until it is either removed or stopped. Each try may find a newer version to merge
 * with.
 * @param {Account} account
 * @param {Edit} edit
 */
async function deliver(account, edit) {
  /** @type {Edit | null} */
  let current = edit;
  for (let tries = 0; current && tries < MOST_MERGES; tries += 1)
    current = await attempt(account, current);
  // stopped and not dropped: the person can send it again
  if (current) await writeEdits([{ ...current, state: "refused", problem: "stale" }]);
}

/**
 * @param {Account} account
 * @param {Edit} edit
 * @returns {Promise<Edit | null>} the edit to try next, null when done
 */
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
  // a captive portal answers 200 with a page of its own: only a version proves that the edit was
  // saved
  const isSaved = edit.erase || edit.kind === "seen" || typeof state?.version === "number";
  if (!isSaved) throw new ServerError("foreign", "an answer without a version");
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
 * Handle the error that sending an edit raised.
 * @param {Account} account
 * @param {Edit} edit
 * @param {ServerError} error
 * @returns {Promise<Edit | null>} the edit to send again, null if it was removed or waits for the
 *   person
 * @throws {ServerError} the error itself, if it is about the server and not the edit
 */
async function answerTo(account, edit, error) {
  if (error.cause === "stale") return rebase(edit, error.problem.current ?? null);
  // what is to be deleted is gone already
  if (error.cause === "missing" && edit.erase) return drop(edit);
  // introduced once only: a server that still lacks the paper would be asked without end
  if (error.cause === "missing" && edit.problem !== "introduced") return introduce(account, edit);
  if (!REFUSALS.has(String(error.cause))) throw error;
  await writeEdits([{ ...edit, state: "refused", problem: error.message }]);
  return null;
}

/**
 * Move an edit onto a newer version of its target, or stop it if both changed the same field.
 * @param {Edit} edit
 * @param {any} current
 */
async function rebase(edit, current) {
  // saving from a menu means "have it in the list", which it is
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
 * Send a paper's id and title to a server that lacks it, for example one restored from a backup.
 * @param {Account} account
 * @param {Edit} edit
 */
async function introduce(account, edit) {
  await send(account, "POST", "/api/v1/overlay", {
    body: { papers: [edit.paper] },
    record: writeLedger,
  });
  return { ...edit, base: null, problem: "introduced" };
}

/**
 * Store the server's reply to an edit, and remove the edit. Later edits of the same target move
 * onto the new version first: if the worker stops in between, the edit is sent once more, which is
 * harmless.
 * @param {Edit} edit
 * @param {any} state
 */
async function settle(edit, state) {
  await navigator.locks.request("outbox", async () => {
    const keys = edit.kind === "seen" ? edit.change.papers : [edit.paper.id];
    // before the card is written, so that a card fetched meanwhile is known to be older
    for (const key of keys) settlements.set(key, countSettled(key) + 1);
    const cards = await readCards(keys);
    const taught = keys.map(
      (/** @type {string} */ key) => cards.get(key) ?? emptyCard(key, edit.paper.title),
    );
    await writeCards(taught.map((/** @type {Card} */ card) => applyReply(card, edit, state)));
    // without this the next edit of the note would be sent on the old version, and be in conflict
    // with our own
    const later = (await readEdits()).filter(
      (other) => other.seq > edit.seq && targetOf(other) === targetOf(edit),
    );
    if (state?.version) await writeEdits(later.map((other) => ({ ...other, base: state })));
    await removeEdit(edit);
  });
}

/**
 * End a conflict as the person decided. Even if the other text is kept, the person's own is sent
 * first, so that the server's history has both.
 * @param {Edit} edit
 * @param {"mine" | "theirs" | "merged"} choice
 * @param {string} [text] the merged text
 */
export async function resolveConflict(edit, choice, text) {
  const { current, ...rest } = edit;
  // only a note's own text is worth keeping in the history
  if (choice === "theirs" && (edit.kind !== "note" || edit.erase)) return removeEdit(edit);
  const change = choice === "merged" ? { ...edit.change, text } : edit.change;
  await writeEdits([
    {
      ...rest,
      id: crypto.randomUUID(),
      change,
      base: current,
      state: "waiting",
    },
  ]);
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
    edits
      .filter((edit) => edit.state === "refused")
      .map((edit) => ({ ...edit, state: "waiting", problem: undefined })),
  );
}
