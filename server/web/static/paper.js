// @ts-check
/** The paper page: quotes from selections, copying, and keyboard shortcuts. */

import {
  listenKeys,
  nextStatus,
  openPlan,
  openTags,
  rateKeys,
  toggleQueue,
  undoLast,
} from "./keys.js";
import { writeNote } from "./note-forms.js";
import { selectedPassage } from "./quote.js";

const abstract = document.querySelector("#abstract");
const offer = /** @type {HTMLElement | null} */ (document.querySelector("#selection"));

document.addEventListener("click", (event) => {
  const pressed = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
  if (pressed instanceof HTMLElement) void copy(pressed);
});

/**
 * Copy the text of the element that a button names.
 * @param {HTMLElement} button
 */
async function copy(button) {
  const source = document.querySelector(button.dataset.copy ?? "");
  await navigator.clipboard.writeText(source?.textContent ?? "");
  button.textContent = button.dataset.copied ?? "";
}
for (const button of document.querySelectorAll("[data-copy]")) {
  /** @type {HTMLElement} */ (button).hidden = !navigator.clipboard;
}

document.addEventListener("selectionchange", () => {
  if (!offer || !abstract) return;
  const passage = selectedPassage(abstract);
  offer.hidden = !passage;
  if (!passage) return;
  const selection = /** @type {Selection} */ (getSelection());
  const { bottom, left } = selection.getRangeAt(0).getBoundingClientRect();
  offer.style.top = `${bottom + scrollY + 6}px`;
  offer.style.left = `${Math.min(left + scrollX, innerWidth - 180)}px`;
});
// pressing the button must not clear the selection
offer?.addEventListener("pointerdown", (event) => event.preventDefault());
offer?.addEventListener("click", () => {
  const passage = abstract && selectedPassage(abstract);
  const form = document.querySelector("#new-note form");
  if (!passage || !(form instanceof HTMLFormElement)) return;
  /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("quote")).value = passage.exact;
  /** @type {HTMLInputElement} */ (form.elements.namedItem("start")).value = String(passage.start);
  form.querySelector(".quoting")?.setAttribute("open", "");
  form.dispatchEvent(new Event("input", { bubbles: true }));
  offer.hidden = true;
  writeNote();
});

if (location.hash === "#new-note") writeNote();

const whole = document.querySelector(".whole");
listenKeys({
  s: () => nextStatus(whole),
  t: () => openTags(whole),
  n: writeNote,
  q: () => toggleQueue(whole),
  z: () => openPlan(whole),
  u: undoLast,
  ...rateKeys(() => whole),
});
