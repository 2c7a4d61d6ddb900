/**
 * What goes over the wire and between the parts of the extension, as types only; the server's `wire.py` is their truth.
 *
 * @typedef {"METHOD" | "DATASET" | "METRIC" | "TASK"} Label
 * @typedef {"none" | "inbox" | "reading" | "read" | "skipped"} Status
 *
 * @typedef {object} EntryState
 * @property {string} key
 * @property {Status} status
 * @property {number | null} rating
 * @property {string[]} tags
 * @property {number} version
 * @property {string | null} [deleted]
 *
 * @typedef {object} Quote
 * @property {string} exact
 * @property {string} [prefix]
 * @property {string} [suffix]
 * @property {number | null} [start]
 * @property {number | null} [end]
 *
 * @typedef {object} NoteState
 * @property {string} id
 * @property {string} key
 * @property {string} text
 * @property {Quote | null} quote
 * @property {number} version
 * @property {string} [updated]
 * @property {string | null} [deleted]
 *
 * @typedef {object} TagState
 * @property {string} name
 * @property {string | null} colour
 * @property {number} papers
 * @property {number} version
 * @property {string | null} [deleted]
 *
 * @typedef {object} CorrectionState
 * @property {string} id
 * @property {string} key
 * @property {"wrong" | "relabelled" | "missing"} verdict
 * @property {string} surface
 * @property {Label} label
 * @property {Label | null} to_label
 * @property {number} version
 * @property {string | null} [deleted]
 *
 * @typedef {object} TermChip
 * @property {Label} label
 * @property {string} name
 * @property {number} papers
 * @property {number} first
 *
 * @typedef {object} Result
 * @property {number} start
 * @property {number} end
 * @property {string} value
 * @property {number | null} [number]
 * @property {string | null} [unit]
 * @property {string | null} [metric]
 * @property {string | null} [dataset]
 * @property {string | null} [method]
 *
 * @typedef {object} Mention
 * @property {number} start
 * @property {number} end
 * @property {Label} label
 * @property {string} term
 *
 * @typedef {object} Card
 * @property {string} key
 * @property {string} title
 * @property {"done" | "pending" | "failed"} extraction
 * @property {boolean} seen
 * @property {EntryState | null} entry
 * @property {NoteState[]} notes
 * @property {TermChip[]} terms
 * @property {Result[]} results
 *
 * @typedef {object} PaperPage
 * @property {string} key
 * @property {string} title
 * @property {string} abstract
 * @property {Mention[]} mentions
 * @property {TermChip[]} terms
 * @property {Result[]} results
 * @property {CorrectionState[]} corrections
 *
 * @typedef {object} PagePaper
 * @property {string} id
 * @property {string} title
 * @property {string} [abstract]
 * @property {string[]} [authors]
 * @property {string} [published]
 *
 * @typedef {object} Listing
 * @property {"daily" | "weekly" | "monthly" | "trending"} kind
 * @property {string} name
 * @property {string} [day]
 *
 * @typedef {object} EntryChange
 * @property {Status} [status]
 * @property {number | null} [rating]
 * @property {string[]} [add]
 * @property {string[]} [remove]
 *
 * @typedef {"entry" | "note" | "correction" | "tag" | "seen"} EditKind
 *
 * An edit as it waits: `base` is the server's state that the person saw when making it, `current` the state that a
 * conflict is with, `problem` why it stands still.
 * @typedef {object} Edit
 * @property {string} id
 * @property {number} seq
 * @property {EditKind} kind
 * @property {string} ref
 * @property {{ id: string, title: string }} paper
 * @property {any} change
 * @property {any} base
 * @property {boolean} [erase]
 * @property {boolean} [save]
 * @property {"waiting" | "conflict" | "refused"} state
 * @property {any} [current]
 * @property {string} [problem]
 * @property {number} at
 *
 * @typedef {object} Draft
 * @property {string} id
 * @property {{ id: string, title: string }} paper
 * @property {string} text
 * @property {Quote | null} quote
 * @property {NoteState | null} base
 * @property {number} at
 *
 * What is drawn beside a paper: the card with the waiting edits applied, those edits, and the drafts.
 * @typedef {object} View
 * @property {Card} card
 * @property {boolean} known
 * @property {Edit[]} edits
 * @property {Draft[]} drafts
 *
 * @typedef {object} Account
 * @property {string} address
 * @property {string} token
 * @property {string} user
 *
 * @typedef {object} Settings
 * @property {number} version
 * @property {{ list: boolean, paper: boolean, arxiv: boolean }} where
 * @property {boolean} keys
 * @property {Record<Label, boolean>} labels
 * @property {boolean} panel
 *
 * @typedef {object} Connection
 * @property {string} state
 * @property {string} [detail]
 * @property {number} at
 *
 * @typedef {object} LedgerRow
 * @property {number} [seq]
 * @property {number} at
 * @property {string} method
 * @property {string} path
 * @property {number} bytes
 * @property {number | string} answer
 */
export {};
