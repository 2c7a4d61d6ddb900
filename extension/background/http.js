/** HTTP to the paired server. No other module of the background or of a page sends anything. */

import { originPattern } from "../shared/address.js";
import { browser, Failure } from "../shared/messages.js";

/** @import { LedgerRow } from "../shared/types.d.ts" */

/** The version of the API that this extension speaks. */
export const API = 1;

const TIMEOUT_SECONDS = 10;

/** @type {Record<number, string>} */
const CAUSES = {
  // causes that the interface has texts and advice for
  401: "revoked",
  403: "refused",
  404: "missing",
  412: "stale",
  413: "large",
  428: "stale",
  429: "busy",
};

/** An error response, or none at all; `cause` says which. */
export class ServerError extends Failure {
  /**
   * @param {string} cause
   * @param {string} message
   * @param {{ problem?: any, retryAfter?: number }} [more]
   */
  constructor(cause, message, { problem, retryAfter } = {}) {
    super(cause, message);
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

/**
 * Send a request and return the JSON of its response, null for an empty one.
 * @param {{ address: string, token?: string }} account
 * @param {string} method
 * @param {string} path
 * @param {object} options
 * @param {any} [options.body]
 * @param {Record<string, string>} [options.headers]
 * @param {(row: LedgerRow) => Promise<void>} options.record logs the request for the person to see
 * @returns {Promise<any>}
 * @throws {ServerError}
 */
export async function send(account, method, path, { body, headers = {}, record }) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const row = {
    at: Date.now(),
    method,
    path,
    bytes: new Blob([text ?? ""]).size,
  };
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
    const failure =
      error instanceof ServerError ? error : new ServerError("unreachable", String(error));
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
  // without the permission fetch() fails with a TypeError, like an unreachable server
  if (!(await browser.permissions.contains({ origins: [originPattern(address)] }))) {
    throw new ServerError("permission", address);
  }
  /** @type {RequestInit} */
  const request = {
    method,
    body: text,
    signal,
    cache: "no-store",
    credentials: "omit",
    redirect: "manual",
  };
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
 * Parse JSON, or return undefined: anything may answer at an address that a person typed.
 * @param {string} text
 * @returns {any}
 */
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Make the error of a response. Only problem details (RFC 9457) come from Papermargin itself; other
 * bodies are from a proxy or another server, "foreign" unless their status says that it is
 * overloaded.
 * @param {Response} response
 * @param {any} body
 */
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
 * Read the server's changes as they happen, until the stream ends.
 * @param {{ address: string, token: string }} account
 * @param {number | null} since the last change that is known, null to start with the next one
 * @param {{ signal: AbortSignal, record: (row: LedgerRow) => Promise<void> }} options
 * @returns {AsyncGenerator<{ event: string, data: any } | null>} null for a comment that keeps it
 *   alive
 * @throws {ServerError} if the server opens no stream
 */
export async function* events(account, since, { signal, record }) {
  const path = `/api/v1/events${since === null ? "" : `?since=${since}`}`;
  const row = { at: Date.now(), method: "GET", path, bytes: 0 };
  const response = await open(account, "GET", path, {
    headers: { Accept: "text/event-stream" },
    signal,
  });
  await record({ ...row, answer: response.status });
  if (!response.ok || !response.body) throw replyError(response, parseJson(await response.text()));
  let rest = "";
  for await (const chunk of chunks(response.body)) {
    const blocks = (rest + chunk).replace(/\r\n?/g, "\n").split("\n\n");
    // the last part is an event that has not arrived in full
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
 * Parse one block of an event stream. A browser's EventSource would not do: it can send no token.
 * The format is
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
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
