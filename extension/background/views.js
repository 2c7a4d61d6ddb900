/**
 * Views: what is drawn beside papers, which is their cached cards with the waiting edits applied.
 */

import { withServer } from "./connection.js";
import { emptyCard } from "../shared/cards.js";
import { keyOf } from "../sites/pages.js";
import { applyEdits } from "./merge.js";
import { countSettled } from "./outbox.js";
import { send, ServerError } from "./http.js";
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

/** @import { Card, OverlayReply, OverlayRequest, PageListing } from "../shared/api.d.ts" */
/** @import { Edit, PagePaper, View } from "../shared/types.d.ts" */

/** The most papers of a request. */
const MOST_PAPERS = 200;
/** Where the server takes the papers of a page. */
export const OVERLAY = "/api/v1/overlay";
/** Where the server has the tags. */
export const TAGS = "/api/v1/tags";
const ENTRY_PATH = "/api/v1/papers";

/**
 * Return the views of papers from the cache and the outbox, without a request.
 * @param {{ id: string, title?: string }[]} papers
 * @returns {Promise<View[]>}
 */
export async function knownViews(papers) {
  const keys = papers.map(({ id }) => id);
  // settling an edit updates the card and then removes the edit; the lock keeps us from reading
  // between
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

/**
 * Return the paper at an address, for pages where no margin can be drawn, such as PDFs.
 * @param {{ address: string }} asked
 * @returns {Promise<{ id: string, title: string } | null>}
 */
export async function paperAt({ address }) {
  const key = keyOf(address);
  if (!key) return null;
  const [view] = await knownViews([{ id: key }]);
  return { id: key, title: view.card.title };
}

/** @param {Edit} edit @param {string} key */
function touches(edit, key) {
  return edit.kind === "seen"
    ? edit.change.papers.includes(key)
    : edit.kind !== "tag" && edit.paper.id === key;
}

/**
 * Fetch the cards of a page's papers into the cache.
 * @param {PagePaper[]} papers
 * @param {PageListing | null} listing
 * @returns {Promise<number>} the number of the latest change that the cards include
 * @throws {ServerError}
 */
export async function refreshCards(papers, listing) {
  const batches = inBatches(papers);
  // a listing says which papers it has, so it is only sent with all of them
  const sent = batches.length === 1 ? listing : null;
  // the smallest: a change after it may be missing from one of the batches
  return Math.min(...(await Promise.all(batches.map((batch) => refreshBatch(batch, sent)))));
}

/**
 * Split papers into as many as a request may have.
 * @template T
 * @param {T[]} papers
 * @returns {T[][]}
 */
export function inBatches(papers) {
  const number = Math.ceil(papers.length / MOST_PAPERS);
  return Array.from({ length: number }, (_, place) =>
    papers.slice(place * MOST_PAPERS, (place + 1) * MOST_PAPERS),
  );
}

/** @param {PagePaper[]} batch @param {PageListing | null} listing @returns {Promise<number>} */
async function refreshBatch(batch, listing) {
  const settled = batch.map(({ id }) => countSettled(id));
  const { cards, change } = await requestCards({
    papers: batch,
    ...(listing ? { listing } : {}),
  });
  // an edit that was sent while the card was on its way makes the card stale
  const isCurrent = (/** @type {number} */ place) =>
    countSettled(batch[place].id) === settled[place];
  // cards come in the order of the request; one whose paper has another key on the server is
  // cached under the page's
  const fresh = cards.map((card, place) => card && { ...card, key: batch[place].id });
  // the lock: no edit is settled between the test and the writing
  await navigator.locks.request("outbox", () =>
    writeCards(fresh.flatMap((card, place) => (card && isCurrent(place) ? [card] : []))),
  );
  const late = batch.filter((_, place) => !isCurrent(place));
  return late.length ? Math.min(change, await refreshCards(late, null)) : change;
}

/**
 * Ask for the cards of papers. A server refuses fields that it does not know: one that is older
 * than the extension gets what every version knows.
 * @param {OverlayRequest} asked
 * @returns {Promise<OverlayReply>}
 * @throws {ServerError}
 */
async function requestCards(asked) {
  try {
    return await request("POST", OVERLAY, asked);
  } catch (error) {
    if (!(error instanceof ServerError) || error.cause !== "invalid") throw error;
    return request("POST", OVERLAY, { ...asked, papers: asked.papers.map(pickOld) });
  }
}

/** @param {OverlayRequest["papers"][number]} paper */
function pickOld({ id, title, abstract, authors, published }) {
  return { id, title, abstract, authors, published };
}

/**
 * Send a request to the paired server.
 * @param {string} method
 * @param {string} path
 * @param {any} [body]
 * @returns {Promise<any>}
 * @throws {ServerError} "unpaired" if there is no account
 */
export async function request(method, path, body) {
  const account = await readAccount();
  if (!account) throw new ServerError("unpaired", "");
  return send(account, method, path, { body, record: writeLedger });
}

/**
 * Read a path from the cache only, or from the server with the cache as fallback.
 * @param {string} path
 * @param {boolean} cached
 */
export async function read(path, cached) {
  if (cached) return readAnswer(path);
  try {
    return await withServer(() => readFresh(path));
  } catch (error) {
    const kept = await readAnswer(path);
    if (kept === undefined) throw error;
    return kept;
  }
}

/**
 * Read a path of the server into the cache.
 * @param {string} path
 * @returns {Promise<any>}
 * @throws {ServerError}
 */
async function readFresh(path) {
  const answer = await request("GET", path);
  await writeAnswer(path, answer);
  return answer;
}

/**
 * Search the reading list; without the server, search titles, tags and notes of the cached cards.
 * @param {string} query
 * @param {number} limit
 * @returns {Promise<{ papers: { key: string, title: string, status: string }[], total: number,
 *   exact: boolean, offline: boolean }>}
 */
export async function searchList(query, limit) {
  try {
    const {
      papers,
      total,
      exact = true,
    } = await request("GET", `${ENTRY_PATH}?q=${encodeURIComponent(query)}&limit=${limit}`);
    return { papers: papers.map(found), total, exact, offline: false };
  } catch (error) {
    if (!(error instanceof ServerError) || error.cause === "invalid") throw error;
    const papers = (await readAllCards()).filter((card) => card.entry && holds(card, query));
    return {
      papers: papers
        .slice(0, limit)
        .map((card) => found({ key: card.key, title: card.title, card })),
      total: papers.length,
      exact: true,
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
