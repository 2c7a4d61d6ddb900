/** What is drawn beside papers: the cards as last told, with the waiting edits on top. */

import { applyEdits, emptyCard } from "./merge.js";
import { settledEdits } from "./outbox.js";
import { send, ServerError } from "./server.js";
import {
  readAccount,
  readAllCards,
  readAnswer,
  readCards,
  readDrafts,
  readEdits,
  writeAnswer,
  writeCards,
  writeLedger,
} from "./store.js";

/** @typedef {import("./wire.js").Card} Card */
/** @typedef {import("./wire.js").Edit} Edit */
/** @typedef {import("./wire.js").PagePaper} PagePaper */
/** @typedef {import("./wire.js").View} View */

const MOST_PAPERS = 200;
const ENTRY_PATH = "/api/v1/papers";

/**
 * Give the views of papers from what is kept here, without asking anybody.
 * @param {{ id: string, title?: string }[]} papers
 * @returns {Promise<View[]>}
 */
export async function knownViews(papers) {
  const keys = papers.map(({ id }) => id);
  // between the edit that goes and the card that takes it in, a paper would look as before either
  const [cards, edits, drafts] = await navigator.locks.request("outbox", { mode: "shared" }, () =>
    Promise.all([readCards(keys), readEdits(), readDrafts()]),
  );
  return papers.map(({ id, title = "" }) => {
    const own = edits.filter((edit) => touches(edit, id));
    const card = cards.get(id) ?? emptyCard(id, title);
    return {
      card: applyEdits(card, own),
      known: cards.has(id),
      edits: own,
      drafts: drafts.filter((draft) => draft.paper.id === id),
    };
  });
}

/** @param {Edit} edit @param {string} key */
function touches(edit, key) {
  return edit.kind === "seen" ? edit.change.papers.includes(key) : edit.kind !== "tag" && edit.paper.id === key;
}

/**
 * Ask the server for the cards of a page's papers and keep them; raises ServerError.
 * @param {PagePaper[]} papers
 * @param {import("./wire.js").Listing | null} listing
 * @returns {Promise<number>} the number of the change that the cards know of
 */
export async function refreshCards(papers, listing) {
  let known = Infinity;
  for (let start = 0; start < papers.length; start += MOST_PAPERS) {
    const batch = papers.slice(start, start + MOST_PAPERS);
    const body = { papers: batch, ...(listing && papers.length <= MOST_PAPERS ? { listing } : {}) };
    const settled = batch.map(({ id }) => settledEdits(id));
    const { cards, change } = await request("POST", "/api/v1/overlay", body);
    // the answer keeps the order of the question: a paper that became known under another key is kept under the page's
    const told = cards.map(
      (/** @type {Card | null} */ card, /** @type {number} */ place) => card && { ...card, key: batch[place].id },
    );
    const isTrue = (/** @type {number} */ place) => settledEdits(batch[place].id) === settled[place];
    // not while an edit's answer is put into the card as it was before
    await navigator.locks.request("outbox", () =>
      writeCards(told.filter((/** @type {Card | null} */ card, /** @type {number} */ place) => card && isTrue(place))),
    );
    const late = batch.filter((_, place) => !isTrue(place));
    if (late.length) await refreshCards(late, null);
    known = Math.min(known, change);
  }
  return known;
}

/**
 * Ask the server; raises ServerError, with cause "unpaired" when there is no account.
 * @param {string} method
 * @param {string} path
 * @param {any} [body]
 * @returns {Promise<any>}
 */
export async function request(method, path, body) {
  const account = await readAccount();
  if (!account) throw new ServerError("unpaired", "");
  return send(account, method, path, { body, record: writeLedger });
}

/**
 * Ask the server to read something, and fall back on its last answer when it cannot be reached.
 * @param {string} path
 * @returns {Promise<any>}
 */
export async function read(path) {
  try {
    const answer = await request("GET", path);
    await writeAnswer(path, answer);
    return answer;
  } catch (error) {
    const kept = await readAnswer(path);
    if (kept === undefined) throw error;
    return kept;
  }
}

/**
 * Search the person's own list; without the server, the titles, tags and notes of the cards that are kept here.
 * @param {string} query
 * @param {number} limit
 * @returns {Promise<{ papers: { key: string, title: string, status: string }[], total: number, offline: boolean }>}
 */
export async function searchList(query, limit) {
  try {
    const { papers, total } = await request("GET", `${ENTRY_PATH}?q=${encodeURIComponent(query)}&limit=${limit}`);
    return { papers: papers.map(found), total, offline: false };
  } catch (error) {
    if (!(error instanceof ServerError) || error.cause === "invalid") throw error;
    const papers = (await readAllCards()).filter((card) => card.entry && holds(card, query));
    return {
      papers: papers.slice(0, limit).map((card) => found({ key: card.key, title: card.title, card })),
      total: papers.length,
      offline: true,
    };
  }
}

/** @param {{ key: string, title: string, card: Card }} paper */
function found({ key, title, card }) {
  return { key, title, status: card.entry?.status ?? "none" };
}

/** @param {Card} card @param {string} query */
function holds(card, query) {
  const text = [card.title, ...(card.entry?.tags ?? []), ...card.notes.map((note) => note.text)]
    .join("\n")
    .toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
