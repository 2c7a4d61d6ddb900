/**
 * Pairing with a server and checking the connection, with a cause for each thing that can be wrong.
 */

import { browser } from "../shared/messages.js";
import { normalizeAddress, originPattern } from "../shared/address.js";
import { API, send, ServerError } from "./http.js";
import {
  clearCache,
  readAccount,
  readConnection,
  writeAccount,
  writeConnection,
  writeLedger,
} from "./store.js";

/** Causes that are about an edit, and say nothing about the connection. */
const ABOUT_THE_EDIT = ["invalid", "missing", "stale", "large"];

/** @type {Promise<void> | null} */
let checking = null;

/**
 * Record the outcome of a request. `background.js` sends the new state to every open page.
 * @param {unknown} error null after a success
 */
export async function recordOutcome(error) {
  const state = error === null ? "ok" : causeOf(error);
  const detail = error instanceof Error ? error.message : "";
  await writeConnection({ state, detail, at: Date.now() });
}

/** @param {unknown} error */
function causeOf(error) {
  return error instanceof ServerError ? String(error.cause) : "bug";
}

/**
 * Run work that needs the server, and record its outcome. Unless the last request succeeded, the
 * server's version is checked first: it may have been replaced since.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withServer(work) {
  try {
    if ((await readConnection()).state !== "ok") await checkServer();
    const result = await work();
    await recordOutcome(null);
    return result;
  } catch (error) {
    const isAboutServer =
      error instanceof ServerError && !ABOUT_THE_EDIT.includes(String(error.cause));
    if (isAboutServer) await recordOutcome(error);
    throw error;
  }
}

/**
 * Check that the paired server answers and speaks our version of the API. Calls at the same time
 * share one request, so that a page's requests wait for it once and then run side by side.
 * @returns {Promise<void>}
 * @throws {ServerError} "unpaired", "old", "new", or the cause of the failed request
 */
export function checkServer() {
  checking ??= checkNow().finally(() => (checking = null));
  return checking;
}

async function checkNow() {
  const account = await readAccount();
  if (!account) throw new ServerError("unpaired", "");
  checkApi(await send(account, "GET", "/api/v1/me", { record: writeLedger }));
}

/** @param {{ api: number, version?: string, server?: string }} reply */
function checkApi({ api, version, server }) {
  if (api !== API)
    throw new ServerError(api < API ? "old" : "new", String(version ?? server ?? api));
}

/**
 * Exchange a pairing code for a token.
 * @param {{ address: string, code: string }} asked
 * @throws {ServerError} "code" if the code is wrong or used up
 */
export async function pair({ address, code }) {
  const base = normalizeAddress(address);
  await testAddress(base);
  const scopes = ["read", "write"]; // all that the extension needs
  // people type the code in groups of digits
  const body = { code: code.replace(/\s/g, ""), name: deviceName(), scopes };
  const reply = await send({ address: base }, "POST", "/api/v1/pair", {
    body,
    record: writeLedger,
  }).catch(wrongCode);
  const before = await readAccount();
  // cards of another user or server must not be shown
  if (before?.address !== base || before?.user !== reply.user) await clearCache();
  await writeAccount({ address: base, token: reply.token, user: reply.user });
  await recordOutcome(null);
  return { user: reply.user, address: base };
}

/** @param {unknown} error @returns {never} */
function wrongCode(error) {
  const isCode =
    error instanceof ServerError && ["revoked", "invalid"].includes(String(error.cause));
  throw isCode ? new ServerError("code", error.message) : error;
}

/** @returns {string} the name of this browser in the server's list of devices */
function deviceName() {
  // Edge and Opera also call themselves Chrome, so they are looked for first
  const [, family = "Browser"] = navigator.userAgent.match(/(Firefox|Edg|OPR|Chrome)\//) ?? [];
  const [, system = ""] = navigator.userAgent.match(/(Windows|Mac OS X|Android|CrOS|Linux)/) ?? [];
  const names = { Edg: "Edge", OPR: "Opera" };
  return [Reflect.get(names, family) ?? family, system].filter(Boolean).join(", ");
}

/**
 * Check that a Papermargin server of our API version answers at an address.
 * @param {string} base
 * @throws {ServerError} whose cause names what is wrong
 */
export async function testAddress(base) {
  const health = await send({ address: base }, "GET", "/health", {
    record: writeLedger,
  }).catch(async (error) => {
    if (
      ["foreign", "missing", "moved", "revoked"].includes(error.cause) &&
      (await isServer(new URL(base).origin))
    ) {
      throw new ServerError("path", new URL(base).origin);
    }
    throw error.cause === "missing" ? new ServerError("foreign", base) : error;
  });
  if (health?.name !== "papermargin") throw new ServerError("foreign", base);
  checkApi(health);
}

/** @param {string} origin */
async function isServer(origin) {
  const health = await send({ address: origin }, "GET", "/health", {
    record: writeLedger,
  }).catch(() => null);
  return health?.name === "papermargin";
}

/**
 * Check permission, address, version and token, in that order.
 * @param {{ address: string }} asked
 * @throws {ServerError} for the first check that fails
 */
export async function testConnection({ address }) {
  const base = normalizeAddress(address);
  if (!(await browser.permissions.contains({ origins: [originPattern(base)] })))
    throw new ServerError("permission", base);
  await testAddress(base);
  const account = await readAccount();
  if (!account) throw new ServerError("unpaired", base);
  const me = await send({ ...account, address: base }, "GET", "/api/v1/me", {
    record: writeLedger,
  });
  // the token proves that it is the same server, at a new address
  if (base !== account.address) await writeAccount({ ...account, address: base });
  await recordOutcome(null);
  return { user: me.user, server: me.server, address: base };
}
