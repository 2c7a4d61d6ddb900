/** The network: the only place that sends anything, and only to the paired server. */

import { browser, Failure } from "./messages.js";

/** @typedef {import("./wire.js").LedgerRow} LedgerRow */

/** The version of the API that this extension speaks. */
export const API = 1;

const TIMEOUT_SECONDS = 10;

/** @type {Record<number, string>} */
const CAUSES = {
  401: "revoked",
  403: "refused",
  404: "missing",
  412: "stale",
  413: "large",
  428: "stale",
  429: "busy",
};

/** An answer that is no success, or no answer at all; `cause` names it. */
export class ServerError extends Failure {
  /** @param {string} cause @param {string} message @param {{ problem?: any, retryAfter?: number }} [more] */
  constructor(cause, message, { problem, retryAfter } = {}) {
    super(cause, message);
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

/**
 * Make an address of what a person typed: a scheme is added (http in a home network, https elsewhere), slashes at the
 * end, a question and a fragment are dropped; raises Failure "address".
 * @param {string} typed
 * @returns {string}
 */
export function normalizeAddress(typed) {
  const text = typed.trim();
  const full = /^https?:\/\//i.test(text) ? text : `${isAtHome(text) ? "http" : "https"}://${text}`;
  if (!text || !URL.canParse(full) || /^[a-z]+:\/\/(?!.)/i.test(full)) throw new Failure("address", typed);
  const { origin, pathname } = new URL(full);
  return origin + pathname.replace(/\/+$/, "");
}

/** @param {string} text */
function isAtHome(text) {
  const host = text.split(/[/?#]/)[0].replace(/:\d+$/, "").toLowerCase();
  return !host.includes(".") || /^\[|^[\d.]+$|\.(?:local|lan|home|internal|localhost|home\.arpa)$/.test(host);
}

/**
 * Give the match pattern of a server's permission; ports are not part of it, as Firefox knows none there.
 * @param {string} address
 * @returns {string}
 */
export function originPattern(address) {
  const { protocol, hostname } = new URL(address);
  return `${protocol}//${hostname}/*`;
}

/**
 * Send a request and give its JSON; raises ServerError. Every request goes into the ledger by `record`.
 * @param {{ address: string, token?: string }} account
 * @param {string} method
 * @param {string} path
 * @param {{ body?: any, headers?: Record<string, string>, record: (row: LedgerRow) => Promise<void> }} options
 * @returns {Promise<any>}
 */
export async function send(account, method, path, { body, headers = {}, record }) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const row = { at: Date.now(), method, path, bytes: new Blob([text ?? ""]).size };
  try {
    const response = await open(account, method, path, {
      text,
      headers,
      signal: AbortSignal.timeout(TIMEOUT_SECONDS * 1_000),
    });
    const reply = await readReply(response);
    await record({ ...row, answer: response.status });
    return reply;
  } catch (error) {
    const failure = error instanceof ServerError ? error : new ServerError("unreachable", String(error));
    await record({ ...row, answer: failure.problem?.status ?? failure.cause });
    throw failure;
  }
}

/**
 * @param {{ address: string, token?: string }} account @param {string} method @param {string} path
 * @param {{ text?: string, headers?: Record<string, string>, signal: AbortSignal }} options
 * @returns {Promise<Response>}
 */
async function open({ address, token }, method, path, { text, headers = {}, signal }) {
  if (!(await browser.permissions.contains({ origins: [originPattern(address)] }))) {
    throw new ServerError("permission", address);
  }
  /** @type {RequestInit} */
  const request = { method, body: text, signal, cache: "no-store", credentials: "omit", redirect: "manual" };
  const sent = new Headers({ Accept: "application/json", ...headers });
  if (text !== undefined) sent.set("Content-Type", "application/json");
  if (token) sent.set("Authorization", `Bearer ${token}`);
  return fetch(address + path, { ...request, headers: sent }).catch((error) => {
    throw new ServerError(error.name === "TimeoutError" ? "timeout" : "unreachable", error.message);
  });
}

/** @param {Response} response */
async function readReply(response) {
  if (response.type === "opaqueredirect") throw new ServerError("moved", response.url);
  const body = parseJson(await response.text());
  if (response.ok && (body !== undefined || response.status === 204)) return body ?? null;
  throw replyError(response, body);
}

/**
 * Anything may answer at an address that a person typed.
 * @param {string} text
 * @returns {any} undefined for what is no JSON
 */
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param {Response} response @param {any} body */
function replyError(response, body) {
  const isProblem = Boolean(response.headers.get("Content-Type")?.includes("problem+json"));
  const more = {
    problem: { status: response.status, ...body },
    retryAfter: Number(response.headers.get("Retry-After")) || undefined,
  };
  const cause = CAUSES[response.status] ?? (response.status >= 500 ? "broken" : "invalid");
  return new ServerError(
    isProblem || response.status === 429 || response.status >= 500 ? cause : "foreign",
    body?.detail ?? response.statusText,
    more,
  );
}

/**
 * Read the server's changes as they happen; ends when the stream does, raises ServerError when there is none.
 * @param {{ address: string, token: string }} account
 * @param {number | null} since
 * @param {{ signal: AbortSignal, record: (row: LedgerRow) => Promise<void> }} options
 * @returns {AsyncGenerator<{ event: string, data: any } | null>} null for a sign of life
 */
export async function* events(account, since, { signal, record }) {
  const path = `/api/v1/events${since === null ? "" : `?since=${since}`}`;
  const row = { at: Date.now(), method: "GET", path, bytes: 0 };
  const response = await open(account, "GET", path, { headers: { Accept: "text/event-stream" }, signal });
  await record({ ...row, answer: response.status });
  if (!response.ok || !response.body) throw replyError(response, parseJson(await response.text()));
  let rest = "";
  for await (const chunk of chunks(response.body)) {
    const blocks = (rest + chunk).replace(/\r\n?/g, "\n").split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) yield readEvent(block);
  }
}

/** @param {ReadableStream<Uint8Array>} stream */
async function* chunks(stream) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    yield decoder.decode(part.value, { stream: true });
  }
}

/**
 * Read one block of an event stream, https://html.spec.whatwg.org/multipage/server-sent-events.html
 * @param {string} block
 * @returns {{ event: string, data: any } | null}
 */
export function readEvent(block) {
  const fields = block
    .split("\n")
    .filter((line) => line && !line.startsWith(":"))
    .map((line) => line.split(/: ?(.*)/s));
  const data = fields
    .filter(([name]) => name === "data")
    .map(([, value]) => value)
    .join("\n");
  const [, event = "message"] = fields.find(([name]) => name === "event") ?? [];
  return data ? { event, data: JSON.parse(data) } : null;
}
