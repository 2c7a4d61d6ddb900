/**
 * Why nothing answers: `fetch` says only that it failed, so the person's own server is knocked at once more with the
 * browser's connection tester (ICE), whose errors tell a name that is not found from a port that is closed.
 */

const PATIENCE_SECONDS = 3;

/**
 * Name why no request reached an address: "dns", "closed", "tls", or "unreachable" when nothing more can be told.
 * @param {string} address
 * @returns {Promise<string>}
 */
export async function nameCause(address) {
  const { protocol, hostname, host, port } = new URL(address);
  const place = port ? host : `${hostname}:${protocol === "https:" ? 443 : 80}`;
  if (/lookup|resol/i.test(await knock(`stun:${place}`))) return "dns";
  if (protocol === "https:" && (await speaksPlain(place))) return "tls";
  if (/establish|refused|failed/i.test(await knock(`turn:${place}?transport=tcp`))) return "closed";
  return protocol === "https:" ? "tls" : "unreachable";
}

/** Servers of https mostly have a plain word for who speaks http to them. @param {string} place */
async function speaksPlain(place) {
  const signal = AbortSignal.timeout(PATIENCE_SECONDS * 1_000);
  return fetch(`http://${place}/health`, { mode: "no-cors", credentials: "omit", signal }).then(() => true, () => false);
}

/** @param {string} url @returns {Promise<string>} the first error of gathering candidates through the url, "" for none */
async function knock(url) {
  const tester = new RTCPeerConnection({ iceServers: [{ urls: url, username: "papermargin", credential: "none" }] });
  tester.createDataChannel("knock");
  const failed = new Promise((resolve) => tester.addEventListener("icecandidateerror", (event) => resolve(event.errorText)));
  const finished = new Promise((resolve) => tester.addEventListener("icegatheringstatechange", () => tester.iceGatheringState === "complete" && resolve("")));
  const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE_SECONDS * 1_000, ""));
  await tester.setLocalDescription(await tester.createOffer());
  const said = await Promise.race([failed, finished, patience]);
  tester.close();
  return said;
}
