/** The start of the margin: when a page can be read, and what the margin then follows. */

import { Overlay } from "./overlay.js";
import { throttle } from "./throttle.js";
import { ask, browser, listen } from "../shared/messages.js";
import { connectGuard } from "../ui/dom.js";

/** @import { Guard } from "../ui/dom.js" */

const SCAN_PAUSE = 60;
const LATEST_START = 1_000;

/**
 * Draw the margin, and keep it up to date while the page is open.
 *
 * Everything that is cached is drawn before anything is asked of the server.
 * @param {Guard} guard
 */
export async function start(guard) {
  const [known] = await Promise.all([ask("hello"), documentParsed()]);
  const overlay = new Overlay(guard, known);
  connectGuard(guard, (event) => overlay.takeEvent(event));
  browser.runtime.onMessage.addListener((message, sender, reply) => {
    if (sender.id === browser.runtime.id && message?.kind === "page") reply(overlay.report());
  });
  // the cache answers while the page's scripts are still starting
  await Promise.all([overlay.readCache(), pageReady()]);
  overlay.rescan();
  const rescan = throttle(SCAN_PAUSE, () => overlay.rescan());
  const changes = { subtree: true, childList: true, attributes: true, attributeFilter: ["href"] };
  // sites draw cards late, replace them, or reuse their nodes for other papers
  new MutationObserver(rescan).observe(document, changes);
  new MutationObserver(rescan).observe(document.documentElement, {
    attributes: true,
    attributeFilter: ["class"],
  });
  addEventListener("popstate", rescan);
  listen(
    (news) => overlay.receive(news),
    () => overlay.markStale("*"),
  );
  void overlay.refreshTags();
}

/** Wait until the page's text is there. */
function documentParsed() {
  if (document.readyState !== "loading") return Promise.resolve();
  return new Promise((resolve) => {
    addEventListener("DOMContentLoaded", () => resolve(undefined), { once: true });
  });
}

/**
 * Wait for the page's scripts to hydrate its server-rendered nodes, but no longer than a second for
 * images.
 */
function pageReady() {
  if (document.readyState === "complete") return Promise.resolve();
  return new Promise((resolve) => {
    addEventListener("load", () => resolve(undefined), { once: true });
    setTimeout(resolve, LATEST_START);
  });
}
