// @ts-check
/** What every page needs: words about what went wrong while htmx asked, and about what was done. */

const TOAST_MS = 8000;

/**
 * Shows a short word at the edge of the page; it goes by itself unless the person must act.
 * @param {string} text
 * @param {{warning?: boolean, action?: HTMLElement}} [options]
 */
export function toast(text, { warning = false, action } = {}) {
  const box = document.createElement("div");
  box.className = warning ? "toast warning" : "toast";
  box.append(text);
  if (action) box.append(action);
  document.querySelector("#toasts")?.append(box);
  setTimeout(() => box.remove(), warning ? 2 * TOAST_MS : TOAST_MS);
}

/**
 * Says what a problem document (RFC 9457) says, or that something else came.
 * @param {XMLHttpRequest} answer
 */
function tell(answer) {
  let detail = `The server answered ${answer.status}. Nothing was changed.`;
  if ((answer.getResponseHeader("content-type") ?? "").includes("json")) detail = JSON.parse(answer.responseText).detail ?? detail;
  toast(detail, { warning: true });
}

document.addEventListener("htmx:responseError", (event) => tell(/** @type {CustomEvent} */ (event).detail.xhr));
document.addEventListener("htmx:sendError", () =>
  toast("The server does not answer. What you typed is still here.", { warning: true }),
);
