// @ts-check
/** The reading list: query errors, bulk edits and shortcuts. */

import { listenKeys, nextStatus, openTags } from "./keys.js";

/**
 * Find an element of a kind.
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} kind
 * @returns {T | null}
 */
function find(selector, kind) {
  const found = document.querySelector(selector);
  return found instanceof kind ? found : null;
}

const search = find("#q", HTMLInputElement);
const bulk = find("#bulk", HTMLFormElement);

// the filters are open if there is room for them
const side = find("[data-narrow]", HTMLDetailsElement);
if (side && matchMedia("(max-width: 52rem)").matches) side.open = false;

if (search?.dataset.wrong) {
  const place = Number(search.dataset.wrong);
  search.focus();
  search.setSelectionRange(place, place + 1);
}

// after a bulk edit its ticks are cleared, since a browser keeps form values over a reload
bulk?.addEventListener("htmx:afterRequest", (event) => {
  const isDone = /** @type {CustomEvent} */ (event).detail.successful;
  if (event.target === bulk && isDone) bulk.reset();
});
bulk?.addEventListener("keydown", (event) => {
  // Enter in the field presses the button beside it, not the first button of the form
  if (event.key !== "Enter" || event.defaultPrevented) return;
  if (!(event.target instanceof HTMLInputElement)) return;
  event.preventDefault();
  const click = new MouseEvent("click", { bubbles: true, cancelable: true });
  bulk.querySelector('[value="tag"]')?.dispatchEvent(click);
});

/**
 * Move the focus to another paper of the list.
 * @param {number} step
 */
function move(step) {
  const papers = [...document.querySelectorAll("#papers .paper")];
  const at = papers.findIndex((paper) => paper.contains(document.activeElement));
  const last = papers.length - 1;
  const next = papers[at < 0 ? 0 : Math.min(Math.max(at + step, 0), last)];
  const link = next?.querySelector("h3 a");
  if (!(link instanceof HTMLElement)) return;
  link.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

/**
 * Return the paper that has the focus.
 * @returns {Element | null | undefined}
 */
function current() {
  return document.activeElement?.closest(".paper");
}

/** Open the page of the focused paper, at its new note. */
function writeNote() {
  const link = current()?.querySelector("h3 a");
  if (link instanceof HTMLAnchorElement) location.assign(`${link.pathname}#new-note`);
}

/** Tick the focused paper for a bulk edit. */
function tick() {
  const box = current()?.querySelector(".pick input");
  if (box instanceof HTMLInputElement) box.click();
}

/** Focus the search field. */
function seek() {
  search?.focus();
  search?.select();
}

listenKeys({
  j: () => move(1),
  k: () => move(-1),
  s: () => nextStatus(current()),
  t: () => openTags(current()),
  n: writeNote,
  x: tick,
  f: seek,
  "/": seek,
});
