/**
 * What the parts of the extension pass between them. The server's own structures are in `api.d.ts`,
 * which is generated from its OpenAPI document.
 */

import type * as api from "./api.d.ts";

export type Label = api.TermChip["label"];
export type Status = api.EntryState["status"];

/**
 * A paper as a site shows it. Unlike the API's, it has an id and a title, which are empty as long as
 * they are not known.
 */
export interface PagePaper extends api.PagePaper {
  id: string;
  title: string;
}

/** The part of a paper that an edit carries, to introduce it to a server that lacks it. */
export interface PaperRef {
  id: string;
  title: string;
}

/** Tags are sent as a set, but kept as changes, so that two devices can add tags without conflict. */
/** When a paper is to be read, as far as that is known. */
export type Plan = Pick<api.EntryState, "queue" | "snoozed_until" | "due">;

export interface EntryChange {
  status?: Status;
  rating?: number | null;
  /** What a change of the status ended, when that is taken back. */
  plan?: Plan;
  add?: string[];
  remove?: string[];
}

export type EditKind = "entry" | "note" | "correction" | "tag" | "seen";

/** An edit in the outbox. */
export interface Edit {
  /** A UUID, sent as the Idempotency-Key. */
  id: string;
  /** Edits are sent in ascending order of `seq`. */
  seq: number;
  kind: EditKind;
  /** The id of the note or correction, the name of the tag, or the key of the paper. */
  ref: string;
  paper: PaperRef;
  change: any;
  /** The server's state when the person made the edit, null if there was none. */
  base: any;
  /** Delete what `ref` names. */
  erase?: boolean;
  /** Add the paper to the list, but leave an existing entry as it is. */
  save?: boolean;
  /** "conflict" and "refused" wait for the person. */
  state: "waiting" | "conflict" | "refused";
  /** The server's state that a conflict is with, null if it was deleted. */
  current?: any;
  /** The server's reason for a refusal. */
  problem?: string;
  /** When the edit was made, in milliseconds since the epoch. */
  at: number;
}

export type NewEdit = Pick<Edit, "kind" | "ref" | "paper" | "change"> &
  Partial<Pick<Edit, "base" | "erase" | "save">>;

/** An unsaved note; `id` is that of the note it will become. */
export interface Draft {
  id: string;
  paper: PaperRef;
  text: string;
  quote: api.Quote | null;
  base: api.NoteState | null;
  at: number;
}

/** What is drawn beside a paper: its card with the waiting edits applied, those edits, and drafts. */
export interface View {
  card: api.Card;
  /** False until the server has sent a card for the paper. */
  known: boolean;
  edits: Edit[];
  drafts: Draft[];
}

export interface Account {
  address: string;
  token: string;
  user: string;
}

export interface Settings {
  version: number;
  where: { list: boolean; paper: boolean; arxiv: boolean };
  /** Whether single-letter shortcuts are on. */
  keys: boolean;
  /** Which labels are highlighted in an abstract. */
  labels: Record<Label, boolean>;
  /** Whether the panel is open where it has room. */
  panel: boolean;
  /** Whether lists open with only the papers that are new to the person. */
  onlyNew: boolean;
}

/** How the last request went: `state` is "ok", "unknown", or the cause of a ServerError. */
export interface Connection {
  state: string;
  detail?: string;
  at: number;
}

/** What a page has to know of the extension. */
export interface PageState {
  paired: boolean;
  settings: Settings;
  /** The names of the optional sites where the person has allowed the margin. */
  sites: string[];
  /** The state of `Connection`, or "gone" if the extension was updated while the page was open. */
  connection: string;
}

/** One request in the log that the options page shows. */
export interface LedgerRow {
  seq?: number;
  at: number;
  method: string;
  path: string;
  /** The size of the request's body. */
  bytes: number;
  /** The HTTP status, or the cause of a failure. */
  answer: number | string;
}
