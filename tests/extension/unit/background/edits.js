/** Edits for the tests of the outbox. */

import { install, requests } from "../browser.js";

install();
export const outbox = await import("../../../../extension/background/outbox.js");
export const store = await import("../../../../extension/background/store.js");

export const PAPER = { id: "2601.00001", title: "Moss" };
export const OTHER = { id: "2601.00002", title: "Fern" };

export const entry = (more = {}) => ({
  key: PAPER.id,
  status: "inbox",
  rating: null,
  tags: [],
  version: 3,
  ...more,
});
export const note = (more = {}) => ({
  id: "n1",
  text: "old",
  quote: null,
  version: 1,
  ...more,
});

/** Add an edit of an entry, a note or seen papers. */
export const add = (kind, change, more = {}) =>
  outbox.addEdit({
    kind,
    ref: kind === "note" ? "n1" : PAPER.id,
    paper: PAPER,
    change,
    ...more,
  });
export const flush = () => outbox.flush(async () => {});
export const states = async () =>
  (await store.readEdits()).map(({ state, problem }) => [state, problem]);
export const sent = () => requests.map(({ method, path }) => `${method} ${path}`);
export const ifMatch = () => requests.map(({ headers }) => headers.get("If-Match"));
export const PUT = `PUT /api/v1/papers/${PAPER.id}/entry`;
