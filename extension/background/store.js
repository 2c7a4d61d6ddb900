/**
 * What the extension stores. Edits, drafts and settings are in `storage.local`, one key each,
 * because no browser evicts it. What the server can send again (cards, answers) and the request log
 * are in IndexedDB.
 */

import { browser, Failure } from "../shared/messages.js";

/** @import { Card } from "../shared/api.d.ts" */
/** @import { Account, Connection, Draft, Edit, LedgerRow, Settings } from "../shared/types.d.ts" */

const SETTINGS_VERSION = 1;
const EDIT = "edit/";
const DRAFT = "draft/";
const DATABASE_VERSION = 1;

/** @type {Settings} */
const DEFAULTS = {
  version: SETTINGS_VERSION,
  where: { list: true, paper: true, arxiv: true },
  keys: true,
  labels: { METHOD: true, DATASET: true, METRIC: true, TASK: true },
  panel: true,
  onlyNew: false,
};

/**
 * Write records, all or none.
 * @param {Record<string, any>} records
 * @throws {Failure} "quota" if the browser grants no more space
 */
async function write(records) {
  await browser.storage.local.set(records).catch((/** @type {Error} */ error) => {
    // browsers have no error name for this, only different texts with the word in them
    throw new Failure(/quota/i.test(error.message) ? "quota" : "storage", error.message);
  });
}

/** @param {string} prefix @returns {Promise<any[]>} */
async function readAll(prefix) {
  const records = await browser.storage.local.get(null);
  // keys of edits contain their zero-padded `seq`, so sorting the keys sorts the edits
  return Object.keys(records)
    .filter((key) => key.startsWith(prefix))
    .sort()
    .map((key) => records[key]);
}

/** Deny content scripts access to the storage, in browsers that can; they ask the background. */
export async function restrictStorage() {
  await browser.storage.local.setAccessLevel?.({
    accessLevel: "TRUSTED_CONTEXTS",
  });
}

/**
 * @returns {Promise<Settings>} the settings, with defaults for those that an older version lacked
 */
export async function readSettings() {
  const { settings = {} } = /** @type {{ settings?: Partial<Settings> }} */ (
    await browser.storage.local.get("settings")
  );
  return {
    ...DEFAULTS,
    ...settings,
    where: { ...DEFAULTS.where, ...settings.where },
    labels: { ...DEFAULTS.labels, ...settings.labels },
    version: SETTINGS_VERSION,
  };
}

/** @param {Partial<Settings>} change */
export async function writeSettings(change) {
  const settings = { ...(await readSettings()), ...change };
  await write({ settings });
  return settings;
}

/** @returns {Promise<Account | null>} */
export async function readAccount() {
  const { account = null } = /** @type {{ account?: Account | null }} */ (
    await browser.storage.local.get("account")
  );
  return account;
}

/** @param {Account} account */
export async function writeAccount(account) {
  await write({ account });
}

/** @returns {Promise<Connection>} how the last request went */
export async function readConnection() {
  // session storage: after a restart of the browser nothing is known about the server
  const { connection } = /** @type {{ connection?: Connection }} */ (
    await browser.storage.session.get("connection")
  );
  return connection ?? { state: "unknown", at: 0 };
}

/** @param {Connection} connection */
export async function writeConnection(connection) {
  await browser.storage.session.set({ connection });
}

/**
 * Read which tab was opened to pair with which server, null if none.
 * @returns {Promise<{ tab: number, address: string } | null>}
 */
export async function readPairing() {
  const { pairing = null } = /** @type {any} */ (await browser.storage.session.get("pairing"));
  return pairing;
}

/** @param {{ tab: number, address: string } | null} pairing */
export async function writePairing(pairing) {
  await browser.storage.session.set({ pairing });
}

/**
 * @param {string} place a tab and its address
 * @returns {Promise<any>} the filter and order that the person chose there
 */
export async function readFilter(place) {
  return (await browser.storage.session.get(`filter/${place}`))[`filter/${place}`] ?? null;
}

/** @param {string} place @param {any} filter */
export async function writeFilter(place, filter) {
  await browser.storage.session.set({ [`filter/${place}`]: filter });
}

/** @param {number} tab @returns {Promise<boolean>} whether links of its page were marked */
export async function readMarked(tab) {
  const name = `marked/${tab}`;
  return Boolean((await browser.storage.session.get(name))[name]);
}

/** @param {number} tab @param {boolean} marked */
export async function writeMarked(tab, marked) {
  await browser.storage.session.set({ [`marked/${tab}`]: marked });
}

/** @returns {Promise<Edit[]>} the edits of the outbox, in the order they were made */
export async function readEdits() {
  return readAll(EDIT);
}

/** @param {Edit[]} edits */
export async function writeEdits(edits) {
  await write(Object.fromEntries(edits.map((edit) => [editKey(edit), edit])));
}

/** @param {Edit} edit */
export async function removeEdit(edit) {
  await browser.storage.local.remove(editKey(edit));
}

/** @param {Edit} edit */
function editKey({ seq, id }) {
  return `${EDIT}${String(seq).padStart(12, "0")}/${id}`;
}

/** @returns {Promise<Draft[]>} */
export async function readDrafts() {
  return readAll(DRAFT);
}

/** @param {Draft} draft */
export async function writeDraft(draft) {
  await write({ [DRAFT + draft.id]: draft });
}

/** @param {string} id */
export async function removeDraft(id) {
  await browser.storage.local.remove(DRAFT + id);
}

/** @returns {Promise<any>} everything but the token, for a person to take along */
export async function exportAll() {
  const { user, address } = (await readAccount()) ?? {};
  const [settings, edits, drafts, ledger] = await Promise.all([
    readSettings(),
    readEdits(),
    readDrafts(),
    readLedger(Infinity),
  ]);
  return {
    format: "papermargin-extension",
    version: SETTINGS_VERSION,
    server: { user, address },
    settings,
    edits,
    drafts,
    ledger,
  };
}

/** Delete everything, the waiting edits too. */
export async function eraseAll() {
  await Promise.all([
    browser.storage.local.clear(),
    browser.storage.session.clear(),
    clear("cards"),
    clear("answers"),
    clear("ledger"),
  ]);
}

/**
 * Delete the cached cards and answers, which are those of the old server after pairing with
 * another.
 */
export async function clearCache() {
  await Promise.all([clear("cards"), clear("answers")]);
}

/** @returns {Promise<IDBDatabase>} */
function openDatabase() {
  const opening = indexedDB.open("papermargin", DATABASE_VERSION);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore("cards", { keyPath: "key" });
    opening.result.createObjectStore("answers");
    opening.result.createObjectStore("ledger", {
      keyPath: "seq",
      autoIncrement: true,
    });
  };
  return settled(opening);
}

/** @type {Promise<IDBDatabase> | undefined} */
let database;

/** @param {string} name @param {IDBTransactionMode} mode */
async function table(name, mode) {
  // a worker opens the database once; a second open would only wait for the first
  database ??= openDatabase();
  return (await database).transaction(name, mode).objectStore(name);
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Failure("storage", request.error?.message ?? "IndexedDB"));
  });
}

/** @param {string} name */
async function clear(name) {
  await settled((await table(name, "readwrite")).clear());
}

/**
 * @param {string[]} keys
 * @returns {Promise<Map<string, Card>>} the cards as the server last sent them
 */
export async function readCards(keys) {
  const cards = await table("cards", "readonly");
  const found = await Promise.all(keys.map((key) => settled(cards.get(key))));
  return new Map(found.filter(Boolean).map((card) => [card.key, card]));
}

/** @returns {Promise<Card[]>} */
export async function readAllCards() {
  return settled((await table("cards", "readonly")).getAll());
}

/** @param {Card[]} fresh */
export async function writeCards(fresh) {
  const cards = await table("cards", "readwrite");
  await Promise.all(fresh.map((card) => settled(cards.put(card))));
}

/**
 * @param {string} path
 * @returns {Promise<any>} the server's last answer there, undefined without one
 */
export async function readAnswer(path) {
  return settled((await table("answers", "readonly")).get(path));
}

/** @param {string} path @param {any} body */
export async function writeAnswer(path, body) {
  await settled((await table("answers", "readwrite")).put(body, path));
}

/** @param {number} most @returns {Promise<LedgerRow[]>} the requests, newest first */
export async function readLedger(most) {
  const ledger = await table("ledger", "readonly");
  // the log has no other index than its ascending key
  const newest = await settled(ledger.count());
  const rows = await settled(
    ledger.getAll(most < newest ? IDBKeyRange.lowerBound(newest - most, true) : null),
  );
  return rows.reverse();
}

/** @param {LedgerRow} row */
export async function writeLedger(row) {
  await settled((await table("ledger", "readwrite")).add(row));
}
