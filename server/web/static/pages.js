// @ts-check
/**
 * Scripts of every page: warnings about failed requests, completion, mathematics, and fields that
 * submit themselves.
 */

import { complete } from "./complete.js";
import { typeset } from "./math.js";

const TOAST_MS = 8000;

/**
 * Return the container of toasts, which also has their texts as data attributes.
 * @returns {HTMLElement}
 */
function toasts() {
  return /** @type {HTMLElement} */ (document.querySelector("#toasts"));
}

/**
 * Show a warning at the edge of the page, which disappears by itself.
 * @param {string} text
 */
function warn(text) {
  const toast = document.createElement("div");
  toast.className = "toast warning";
  toast.textContent = text;
  toasts().append(toast);
}

/**
 * Show the detail of a problem document (RFC 9457), or else the status of an answer.
 * @param {XMLHttpRequest} answer
 */
function showProblem(answer) {
  let detail = `${toasts().dataset.failed} (${answer.status})`;
  if ((answer.getResponseHeader("content-type") ?? "").includes("json")) {
    detail = JSON.parse(answer.responseText).detail ?? detail;
  }
  warn(detail);
}

document.addEventListener("htmx:responseError", (event) =>
  showProblem(/** @type {CustomEvent} */ (event).detail.xhr),
);
document.addEventListener("htmx:sendError", () => warn(toasts().dataset.silent ?? ""));
document.addEventListener("htmx:load", (event) =>
  typeset(/** @type {HTMLElement} */ (event.target)),
);
typeset(document.body);

for (const field of document.querySelectorAll("[data-submit]")) {
  field.addEventListener("change", () =>
    /** @type {HTMLSelectElement} */ (field).form?.requestSubmit(),
  );
}

new MutationObserver((changes) =>
  changes.flatMap((change) => [...change.addedNodes]).forEach(expire),
).observe(toasts(), { childList: true });

/**
 * Remove a toast after a while, but not while it is pointed at or has the focus: it may have an
 * undo button.
 * @param {Node} box
 */
function expire(box) {
  if (!(box instanceof HTMLElement)) return;
  const life = box.classList.contains("warning") ? 2 * TOAST_MS : TOAST_MS;
  const leave = () => {
    if (box.matches(":hover, :focus-within")) setTimeout(leave, TOAST_MS);
    else if (box.querySelector("[data-undo]"))
      box.hidden = true; // for the key that undoes
    else box.remove();
  };
  setTimeout(leave, life);
}

/**
 * The focused field in a part of the page that htmx is about to swap, to be focused again.
 * @type {{ id: string, name: string | null } | null}
 */
let focused = null;
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const part = /** @type {CustomEvent} */ (event).detail.target;
  if (!part.contains(document.activeElement)) return;
  focused = { id: part.id, name: document.activeElement?.getAttribute("name") ?? null };
});
document.addEventListener("htmx:oobAfterSwap", () => {
  const part = focused && document.getElementById(focused.id);
  if (!part || part.contains(document.activeElement)) return;
  const adds = part.querySelector("details.adds, details.later");
  // after adding a tag the user may add another; after removing one the focus stays at the tags
  const isAdding = focused?.name === "tag";
  if (isAdding) adds?.setAttribute("open", "");
  const next = adds?.querySelector(isAdding ? 'input[name="tag"]' : "summary");
  /** @type {HTMLElement | null | undefined} */ (next)?.focus();
  focused = null;
});

// "+ tag" opens the field for a tag, and whoever opens it wants to write into it
document.addEventListener(
  "toggle",
  ({ target }) => {
    if (!(target instanceof HTMLDetailsElement) || !target.open) return;
    if (!target.matches("details.adds")) return;
    /** @type {HTMLElement | null} */ (target.querySelector('input[name="tag"]'))?.focus();
  },
  true,
);

/**
 * Let the tasks of notes be ticked, where the note can be changed.
 * @param {Element} part
 */
function openTasks(part) {
  // not those of a preview, whose text is not saved yet
  for (const box of part.querySelectorAll("article[data-note] > .markdown input")) {
    /** @type {HTMLInputElement} */ (box).disabled = false;
  }
}
document.addEventListener("htmx:load", ({ target }) =>
  openTasks(/** @type {Element} */ (target).parentElement ?? document.body),
);
openTasks(document.body);
document.addEventListener("change", ({ target }) => {
  if (!(target instanceof HTMLInputElement) || !target.matches("[data-note] > .markdown input"))
    return;
  const note = /** @type {HTMLElement} */ (target.closest("[data-note]"));
  const { htmx } = /** @type {any} */ (window);
  void htmx.ajax("POST", `/notes/${note.dataset.note}/task`, {
    source: note,
    target: note,
    swap: "outerHTML",
    values: { line: target.value, text: target.ariaLabel, done: target.checked, shape: "note" },
  });
});

document.addEventListener("focusin", (event) => {
  const field = event.target;
  if (!(field instanceof HTMLInputElement)) return;
  if (!field.dataset.complete || field.role === "combobox") return;
  complete(field);
});
