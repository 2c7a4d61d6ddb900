/** Pairing, and how it stands with the server: a word for each thing that can be wrong. */

import { browser } from "./messages.js";
import { API, normalizeAddress, originPattern, send, ServerError } from "./server.js";
import { forgetAnswers, readAccount, readConnection, writeAccount, writeConnection, writeLedger } from "./store.js";

/**
 * Note how a request went; says whether the state is another than before.
 * @param {unknown} error null after a success
 * @returns {Promise<boolean>}
 */
export async function noteOutcome(error) {
  const before = await readConnection();
  const state = error === null ? "ok" : error instanceof ServerError ? String(error.cause) : "bug";
  const detail = error instanceof Error ? error.message : "";
  await writeConnection({ state, detail, at: Date.now() });
  return before.state !== state;
}

/**
 * Make sure that the server is one that this extension can speak to; raises ServerError ("old", "new", or why not).
 */
export async function checkServer() {
  const account = await readAccount();
  if (!account) throw new ServerError("unpaired", "");
  checkApi(await send(account, "GET", "/api/v1/me", { record: writeLedger }));
}

/** @param {{ api: number, version?: string, server?: string }} told */
function checkApi({ api, version, server }) {
  if (api !== API) throw new ServerError(api < API ? "old" : "new", String(version ?? server ?? api));
}

/**
 * Trade a pairing code for a token; raises ServerError, with cause "code" when the code is wrong or used up.
 * @param {{ address: string, code: string }} asked
 */
export async function pair({ address, code }) {
  const base = normalizeAddress(address);
  await testAddress(base);
  const body = { code: code.replace(/\s/g, ""), name: deviceName() };
  const reply = await send({ address: base }, "POST", "/api/v1/pair", { body, record: writeLedger }).catch(wrongCode);
  const before = await readAccount();
  if (before?.address !== base || before?.user !== reply.user) await forgetAnswers();
  await writeAccount({ address: base, token: reply.token, user: reply.user });
  await noteOutcome(null);
  return { user: reply.user, address: base };
}

/** @param {unknown} error @returns {never} */
function wrongCode(error) {
  const isCode = error instanceof ServerError && ["revoked", "invalid"].includes(String(error.cause));
  throw isCode ? new ServerError("code", error.message) : error;
}

/** @returns {string} what this browser calls itself in the server's list of devices */
function deviceName() {
  const [, family = "Browser"] = navigator.userAgent.match(/(Firefox|Edg|OPR|Chrome)\//) ?? [];
  const [, system = ""] = navigator.userAgent.match(/(Windows|Mac OS X|Android|CrOS|Linux)/) ?? [];
  const names = { Edg: "Edge", OPR: "Opera" };
  return [Reflect.get(names, family) ?? family, system].filter(Boolean).join(", ");
}

/**
 * See whether a Papermargin server of our version answers at an address; raises ServerError that names what is wrong.
 * @param {string} base
 */
async function testAddress(base) {
  const health = await send({ address: base }, "GET", "/health", { record: writeLedger }).catch(async (error) => {
    if (["foreign", "missing", "moved", "revoked"].includes(error.cause) && (await isServer(new URL(base).origin))) {
      throw new ServerError("path", new URL(base).origin);
    }
    throw error.cause === "missing" ? new ServerError("foreign", base) : error;
  });
  if (health?.name !== "papermargin") throw new ServerError("foreign", base);
  checkApi(health);
}

/** @param {string} origin */
async function isServer(origin) {
  const health = await send({ address: origin }, "GET", "/health", { record: writeLedger }).catch(() => null);
  return health?.name === "papermargin";
}

/**
 * Try everything that must be right, one after the other; raises ServerError that names the first that is not.
 * @param {{ address: string }} asked
 */
export async function testConnection({ address }) {
  const base = normalizeAddress(address);
  if (!(await browser.permissions.contains({ origins: [originPattern(base)] })))
    throw new ServerError("permission", base);
  await testAddress(base);
  const account = await readAccount();
  if (!account) throw new ServerError("unpaired", base);
  const me = await send({ ...account, address: base }, "GET", "/api/v1/me", { record: writeLedger });
  if (base !== account.address) await writeAccount({ ...account, address: base });
  await noteOutcome(null);
  return { user: me.user, server: me.server, address: base };
}
