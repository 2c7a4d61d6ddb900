/**
 * Why nothing answers: `fetch` says only that it failed, so the person's own server is knocked at once more with the
 * browser's connection tester (ICE). Chromium's errors tell a name that is not found from a port that is closed;
 * Firefox's tell nothing.
 */

const PATIENCE_SECONDS = 3;
const NUMBER = /^\[|^[\d.]+$|^localhost$/;

/**
 * Name why no request reached an address: "dns", "closed", "tls", "unsaid" when the browser keeps it to itself, or
 * "unreachable" when nothing is known to be wrong.
 * @param {string} address
 * @returns {Promise<string>}
 */
export async function nameCause(address) {
  const { protocol, hostname, host, port } = new URL(address);
  const isSecure = protocol === "https:";
  const place = port ? host : `${hostname}:${isSecure ? 443 : 80}`;
  const lookup = await knock(`stun:${place}`);
  if (lookup && /lookup|resol/i.test(lookup)) return "dns";
  if (isSecure && (await speaksPlain(place))) return "tls";
  const door = await knock(`turn:${place}?transport=tcp`);
  if (door && /establish|refused|failed/i.test(door)) return "closed";
  if (lookup === "" || door === "") return NUMBER.test(hostname) && !isSecure ? "closed" : "unsaid";
  return isSecure ? "tls" : "unreachable";
}

/** Servers of https mostly have a plain word for who speaks http to them. @param {string} place */
async function speaksPlain(place) {
  const signal = AbortSignal.timeout(PATIENCE_SECONDS * 1_000);
  return fetch(`http://${place}/health`, { mode: "no-cors", credentials: "omit", signal }).then(
    () => true,
    () => false,
  );
}

/**
 * @param {string} url
 * @returns {Promise<string | null>} the first error of gathering candidates through the url, null for none
 */
async function knock(url) {
  const tester = new RTCPeerConnection({ iceServers: [{ urls: url, username: "papermargin", credential: "none" }] });
  tester.createDataChannel("knock");
  /** @type {Promise<string | null>} */
  const said = new Promise((resolve) => {
    tester.addEventListener("icecandidateerror", (event) => resolve(event.errorText));
    tester.addEventListener("icegatheringstatechange", () => tester.iceGatheringState === "complete" && resolve(null));
    setTimeout(resolve, PATIENCE_SECONDS * 1_000, null);
  });
  await tester.setLocalDescription(await tester.createOffer());
  const error = await said;
  tester.close();
  return error;
}
