/**
 * Find out why a server cannot be reached. `fetch` only says that it failed, so the server is
 * probed once more with WebRTC's connectivity checks (ICE), whose errors in Chromium distinguish a
 * name that does not resolve from a closed port. Firefox's errors say nothing.
 */

const PATIENCE_SECONDS = 3;
const LOOKUP_FAILED = /lookup|resol/i;
const CONNECTION_FAILED = /establish|refused|failed/i;
const NO_ERROR = "none";
const UNNAMED = "";
const NUMBER = /^\[|^[\d.]+$|^localhost$/;

/**
 * Diagnose why no request reached an address.
 * @param {string} address
 * @returns {Promise<string>} "dns", "closed", "tls", "unsaid" if the browser gives no reason, or
 *   "unreachable" if the probes found nothing wrong
 */
export async function diagnose(address) {
  const { protocol, hostname, host, port } = new URL(address);
  const isSecure = protocol === "https:";
  const place = port ? host : `${hostname}:${isSecure ? 443 : 80}`;
  const lookup = await probe(`stun:${place}`);
  if (LOOKUP_FAILED.test(lookup)) return "dns";
  if (isSecure && (await answersPlainHttp(place))) return "tls";
  const connection = await probe(`turn:${place}?transport=tcp`);
  if (CONNECTION_FAILED.test(connection)) return "closed";
  if ([lookup, connection].includes(UNNAMED)) return isSecure ? "unsaid" : unnamedCause(hostname);
  return isSecure ? "tls" : "unreachable";
}

/**
 * Name the cause of an error without a text, as in Firefox: a number needs no lookup, so the port
 * is closed.
 * @param {string} hostname
 */
function unnamedCause(hostname) {
  return NUMBER.test(hostname) ? "closed" : "unsaid";
}

/**
 * Return whether plain HTTP gets any answer: most TLS servers answer it with an error.
 * @param {string} place
 */
async function answersPlainHttp(place) {
  const signal = AbortSignal.timeout(PATIENCE_SECONDS * 1_000);
  return fetch(`http://${place}/health`, {
    mode: "no-cors",
    credentials: "omit",
    signal,
  }).then(
    () => true,
    () => false,
  );
}

/**
 * @param {string} url
 * @returns {Promise<string>} the first error of gathering ICE candidates, or NO_ERROR
 */
async function probe(url) {
  const tester = new RTCPeerConnection({
    iceServers: [{ urls: url, username: "papermargin", credential: "none" }],
  });
  tester.createDataChannel("probe");
  /** @type {Promise<string>} */
  const firstError = new Promise((resolve) => {
    tester.addEventListener("icecandidateerror", (event) => resolve(event.errorText));
    tester.addEventListener(
      "icegatheringstatechange",
      () => tester.iceGatheringState === "complete" && resolve(NO_ERROR),
    );
    setTimeout(resolve, PATIENCE_SECONDS * 1_000, NO_ERROR);
  });
  await tester.setLocalDescription(await tester.createOffer());
  const error = await firstError;
  tester.close();
  return error;
}
