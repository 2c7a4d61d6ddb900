/** Which papers the server has of those that pages name by a DOI or a title, and adding others. */

import { withServer } from "./connection.js";
import { ServerError } from "./http.js";
import { readAnswer, writeAnswer } from "./store.js";
import { inBatches, OVERLAY, refreshCards, request } from "./views.js";

/** @import { KnownPaper, LookupReply, OverlayReply, PaperReference } from "../shared/api.d.ts" */
/** @import { PagePaper } from "../shared/types.d.ts" */

/**
 * Ask the server which papers it has; nothing but what names them is sent.
 * @param {PaperReference[]} papers
 * @returns {Promise<(KnownPaper | null)[]>} in the order of the papers
 * @throws {ServerError} "older" if the server is from before papers could be looked up
 */
export async function lookUp(papers) {
  const ask = (/** @type {PaperReference[]} */ batch) =>
    request("POST", "/api/v1/lookup", { papers: batch });
  const replies = await withServer(() => Promise.all(inBatches(papers).map(ask))).catch(sayOlder);
  return replies.flatMap((/** @type {LookupReply} */ reply) => reply.papers);
}

/** @param {unknown} error @returns {never} */
function sayOlder(error) {
  const isMissing = error instanceof ServerError && error.cause === "missing";
  throw isMissing ? new ServerError("older", error.message) : error;
}

/**
 * Return the key of a page's paper that names no id, null if the server does not have it. Without
 * the server, the last answer counts.
 * @param {{ paper: PagePaper }} asked
 * @returns {Promise<string | null>}
 * @throws {ServerError} if the server cannot be asked, and there is no answer yet
 */
export async function identify({ paper }) {
  const { doi, title } = paper;
  try {
    const [known] = await lookUp([{ title, ...(doi ? { doi } : {}) }]);
    await writeAnswer(placeOf(paper), { key: known?.key ?? null });
    return known?.key ?? null;
  } catch (error) {
    const kept = await readAnswer(placeOf(paper));
    if (!kept?.key) throw error;
    return kept.key;
  }
}

/**
 * Give the server a page's paper that it does not have, and return its key.
 * @param {{ paper: PagePaper }} asked
 * @returns {Promise<string>}
 * @throws {ServerError}
 */
export async function introduce({ paper }) {
  const { id, ...named } = paper;
  /** @type {OverlayReply} */
  const { cards } = await withServer(() => request("POST", OVERLAY, { papers: [named] }));
  const key = cards[0]?.key;
  if (!key) throw new ServerError("invalid", paper.title);
  await writeAnswer(placeOf(paper), { key });
  await refreshCards([{ id: key, title: paper.title }], null);
  return key;
}

/** @param {PagePaper} paper the place of an answer about it in the cache */
function placeOf({ doi, title }) {
  return `identity/${doi ?? title}`;
}
