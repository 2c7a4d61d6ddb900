// @ts-check
/** What every page needs: words about what went wrong while htmx asked, completion and mathematics where they are used. */

import { typeset } from "./math.js";

const TOAST_MS = 8000;

/** @returns {HTMLElement} the place of toasts, which also holds the words that they use */
function corner() {
  return /** @type {HTMLElement} */ (document.querySelector("#toasts"));
}

/**
 * Warns with a short word at the edge of the page, which goes by itself.
 * @param {string} text
 */
function warn(text) {
  corner().append(Object.assign(document.createElement("div"), { className: "toast warning", textContent: text }));
}

/**
 * Says what a problem document (RFC 9457) says, or that something else came.
 * @param {XMLHttpRequest} answer
 */
function tell(answer) {
  let detail = `${corner().dataset.failed} (${answer.status})`;
  if ((answer.getResponseHeader("content-type") ?? "").includes("json")) detail = JSON.parse(answer.responseText).detail ?? detail;
  warn(detail);
}

document.addEventListener("htmx:responseError", (event) => tell(/** @type {CustomEvent} */ (event).detail.xhr));
document.addEventListener("htmx:sendError", () => warn(corner().dataset.silent ?? ""));
document.addEventListener("htmx:load", (event) => typeset(/** @type {HTMLElement} */ (event.target)));
typeset(document.body);

// a toast stays while it is pointed at or has the focus, since it may hold what takes a deed back
new MutationObserver((changes) => changes.flatMap((change) => [...change.addedNodes]).forEach(expire)).observe(corner(), { childList: true });

/** @param {Node} box */
function expire(box) {
  if (!(box instanceof HTMLElement)) return;
  const life = box.classList.contains("warning") ? 2 * TOAST_MS : TOAST_MS;
  const leave = () => (box.matches(":hover, :focus-within") ? setTimeout(leave, TOAST_MS) : box.remove());
  setTimeout(leave, life);
}

/** @type {{ id: string, name: string | null } | null} what has the focus in a part that is about to be swapped */
let held = null;
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const part = /** @type {CustomEvent} */ (event).detail.target;
  if (part.contains(document.activeElement)) held = { id: part.id, name: document.activeElement?.getAttribute("name") ?? null };
});
document.addEventListener("htmx:oobAfterSwap", () => {
  const part = held && document.getElementById(held.id);
  if (!part || part.contains(document.activeElement)) return;
  const adds = part.querySelector("details.adds");
  // whoever adds a tag may add another, whoever took one off stays at the tags
  if (held?.name === "tag") adds?.setAttribute("open", "");
  /** @type {HTMLElement | null | undefined} */ (adds?.querySelector(held?.name === "tag" ? 'input[name="tag"]' : "summary"))?.focus();
  held = null;
});

document.addEventListener("focusin", async (event) => {
  const field = event.target;
  if (!(field instanceof HTMLInputElement) || !field.dataset.complete || field.role === "combobox") return;
  const { complete } = await import("./complete.js");
  complete(field);
});
