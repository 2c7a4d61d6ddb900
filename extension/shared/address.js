/** Server addresses, as people type them and as browsers grant access to them. */

import { Failure } from "./messages.js";

/**
 * Return the server address that a person typed, in full: a missing scheme is http in a home
 * network and https elsewhere; query, fragment and slashes at the end are dropped.
 * @param {string} typed
 * @returns {string}
 * @throws {Failure} "address" if it is none
 */
export function normalizeAddress(typed) {
  const text = typed.trim();
  const full = /^https?:\/\//i.test(text) ? text : `${isAtHome(text) ? "http" : "https"}://${text}`;
  if (!text || !URL.canParse(full) || /^[a-z]+:\/\/(?!.)/i.test(full))
    throw new Failure("address", typed);
  const { origin, pathname } = new URL(full);
  return origin + pathname.replace(/\/+$/, "");
}

/** @param {string} text */
function isAtHome(text) {
  const host = text.split(/[/?#]/)[0].replace(/:\d+$/, "").toLowerCase();
  return (
    !host.includes(".") ||
    /^\[|^[\d.]+$|\.(?:local|lan|home|internal|localhost|home\.arpa)$/.test(host)
  );
}

/**
 * Return the match pattern of a server's host permission, without a port since Firefox accepts
 * none.
 * @param {string} address
 * @returns {string}
 */
export function originPattern(address) {
  const { protocol, hostname } = new URL(address);
  return `${protocol}//${hostname}/*`;
}
