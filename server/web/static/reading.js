// @ts-check
/** The reading list and the days: query errors, bulk edits, counts, the place, and shortcuts. */

import {
  listenKeys,
  nextStatus,
  openPlan,
  openTags,
  rateKeys,
  toggleQueue,
  undoLast,
} from "./keys.js";
import { keepPlace } from "./place.js";
import { queueKeys } from "./queue.js";

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

keepPlace();

const every = find('input[name="every"]', HTMLInputElement);
const chosen = find("#chosen", HTMLOutputElement);

/**
 * Return the boxes of the papers that are shown.
 * @returns {HTMLInputElement[]}
 */
function boxes() {
  return [...document.querySelectorAll("#papers .pick input")].map(
    (box) => /** @type {HTMLInputElement} */ (box),
  );
}

/** Say how many papers are selected: those that are ticked, or all, whose number the box names. */
function countChosen() {
  if (!chosen) return;
  const ticked = boxes().filter((box) => box.checked).length;
  const all = every?.checked && /\d+/.exec(every.parentElement?.textContent ?? "")?.[0];
  chosen.textContent = (chosen.dataset.words ?? "").replace("#", String(all || ticked));
  chosen.hidden = false;
}

/** Tick the papers that are shown if all are selected, so that it is seen what all are. */
function tickAll() {
  for (const box of boxes()) box.checked = every?.checked ?? false;
  countChosen();
}

document.addEventListener("change", ({ target }) => {
  if (target === every) tickAll();
  else if (target instanceof HTMLInputElement && target.matches(".pick input")) {
    // without one of them it is not all any more
    if (every && !target.checked) every.checked = false;
    countChosen();
  }
});
document.addEventListener("htmx:afterSettle", () => {
  if (every?.checked) tickAll();
});
// a browser keeps what was ticked over a reload
if (every?.checked) tickAll();
else countChosen();

// the counts of the filters follow each change, but not while a search is given a name there
const filters = document.querySelector("#filters");
/** @type {string[]} */
let closed = [];
filters?.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target === filters && filters.querySelector(".drop[open]")) event.preventDefault();
});
filters?.addEventListener("htmx:beforeSwap", () => {
  closed = [...filters.querySelectorAll(".facet:not([open]) h2")].map((name) => name.innerHTML);
});
filters?.addEventListener("htmx:afterSwap", () => {
  for (const name of filters.querySelectorAll(".facet h2")) {
    if (closed.includes(name.innerHTML)) name.closest("details")?.removeAttribute("open");
  }
});

// after a bulk edit its ticks are cleared, since a browser keeps form values over a reload
bulk?.addEventListener("htmx:afterRequest", (event) => {
  const isDone = /** @type {CustomEvent} */ (event).detail.successful;
  if (event.target !== bulk || !isDone) return;
  bulk.reset();
  countChosen();
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
  u: undoLast,
  q: () => toggleQueue(current()),
  z: () => openPlan(current()),
  ...queueKeys(),
  ...rateKeys(current),
  ...(search && { f: seek, "/": seek }),
});
