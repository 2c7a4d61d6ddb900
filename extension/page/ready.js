/** When a page can be read, and when its own scripts have settled. */

const LATEST_START = 1_000;

/** Wait until the page's text is there. */
export function documentParsed() {
  if (document.readyState !== "loading") return Promise.resolve();
  return new Promise((resolve) => {
    addEventListener("DOMContentLoaded", () => resolve(undefined), { once: true });
  });
}

/**
 * Wait for the page's scripts to hydrate its server-rendered nodes, but no longer than a second for
 * images.
 */
export function pageReady() {
  if (document.readyState === "complete") return Promise.resolve();
  return new Promise((resolve) => {
    addEventListener("load", () => resolve(undefined), { once: true });
    setTimeout(resolve, LATEST_START);
  });
}
