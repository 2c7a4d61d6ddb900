// @ts-check
/** The reading list under the hands: what submits itself, the place of a query's error, ticked papers, the keyboard. */

import { listenKeys, nextStatus, openTags } from "./keys.js";

/** @template {Element} T @param {string} selector @param {new () => T} kind @returns {T | null} */
function find(selector, kind) {
  const found = document.querySelector(selector);
  return found instanceof kind ? found : null;
}

const search = find("#q", HTMLInputElement);
const bulk = find("#bulk", HTMLFormElement);

for (const field of document.querySelectorAll("[data-submit]")) {
  field.addEventListener("change", () => /** @type {HTMLSelectElement} */ (field).form?.requestSubmit());
}

// filters stand open where there is room for them
const side = find("[data-narrow]", HTMLDetailsElement);
if (side && matchMedia("(max-width: 52rem)").matches) side.open = false;

if (search?.dataset.wrong) {
  const place = Number(search.dataset.wrong);
  search.focus();
  search.setSelectionRange(place, place + 1);
}

// what was ticked is done with; a value that a browser kept over a reload was ticked for another deed
bulk?.addEventListener("htmx:afterRequest", (event) => {
  if (event.target === bulk && /** @type {CustomEvent} */ (event).detail.successful) bulk.reset();
});
bulk?.addEventListener("keydown", (event) => {
  // Enter in the field means the button beside it, not the first of the form
  if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement) || event.defaultPrevented) return;
  event.preventDefault();
  bulk.querySelector('[value="tag"]')?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
});

/** @param {number} step */
function move(step) {
  const papers = [...document.querySelectorAll("#papers .paper")];
  const at = papers.findIndex((paper) => paper.contains(document.activeElement));
  const next = papers[at < 0 ? 0 : Math.min(Math.max(at + step, 0), papers.length - 1)];
  const link = next?.querySelector("h3 a");
  if (!(link instanceof HTMLElement)) return;
  link.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

/** @returns {Element | null | undefined} the paper that has the focus */
function current() {
  return document.activeElement?.closest(".paper");
}

function writeNote() {
  const link = current()?.querySelector("h3 a");
  if (link instanceof HTMLAnchorElement) location.assign(`${link.pathname}#new-note`);
}

function tick() {
  const box = current()?.querySelector(".pick input");
  if (box instanceof HTMLInputElement) box.click();
}

const seek = () => (search?.focus(), search?.select());

listenKeys({ j: () => move(1), k: () => move(-1), s: () => nextStatus(current()), t: () => openTags(current()), n: writeNote, x: tick, f: seek, "/": seek });
