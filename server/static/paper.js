// @ts-check
/** A paper's page under the hands: passages to notes, drafts, previews, what is copied, the keyboard. */

import { forget, keepDraft } from "./drafts.js";
import { listenKeys, nextStatus, openTags } from "./keys.js";
import { selectedPassage } from "./quote.js";

const htmx = /** @type {any} */ (window).htmx;
const abstract = document.querySelector("#abstract");
const offer = /** @type {HTMLElement | null} */ (document.querySelector("#selection"));

/** @param {ParentNode} root */
function tend(root) {
  for (const form of root.querySelectorAll("form[data-draft]")) {
    keepDraft(/** @type {HTMLFormElement} */ (form));
    htmx.process(form);
  }
  for (const part of root.querySelectorAll("[data-close], [data-merge]")) /** @type {HTMLElement} */ (part).hidden = false;
  for (const details of root.querySelectorAll("details.editing")) details.addEventListener("toggle", () => preview(details));
  for (const text of root.querySelectorAll('form[data-draft] textarea[name="text"]')) {
    if (/** @type {HTMLTextAreaElement} */ (text).value.trim()) preview(/** @type {Element} */ (text.closest("form")));
  }
}

/** @param {Element} place */
function preview(place) {
  const text = place.querySelector('textarea[name="text"]');
  if (text?.checkVisibility() && text.hasAttribute("hx-post")) htmx.trigger(text, "show");
}

document.addEventListener("htmx:load", (event) => tend(/** @type {HTMLElement} */ (event.target)));
tend(document);

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr, requestConfig } = /** @type {CustomEvent} */ (event).detail;
  const form = requestConfig.elt;
  // what the server kept, or shows beside its own, is settled there; a conflict keeps the draft
  if (form instanceof HTMLFormElement && form.dataset.draft && xhr.status === 200 && !xhr.responseText.includes('class="conflict"')) {
    forget(form.dataset.draft);
    forget(target.dataset.note);
  }
});

document.addEventListener("click", (event) => {
  const pressed = event.target instanceof Element ? event.target.closest("button, a") : null;
  if (!(pressed instanceof HTMLElement)) return;
  if (pressed.matches("[data-close]")) pressed.closest("details")?.removeAttribute("open");
  if (pressed.dataset.draftSettled) forget(pressed.dataset.draftSettled);
  if (pressed.matches("[data-merge]")) merge(pressed);
  if (pressed.dataset.copy) void copy(pressed);
});

/** @param {HTMLElement} button */
function merge(button) {
  const theirs = button.closest(".conflict")?.querySelector("pre.text")?.textContent ?? "";
  const mine = button.closest("form")?.querySelector("textarea");
  if (!mine) return;
  mine.value = `${theirs.trimEnd()}\n\n${mine.value}`;
  mine.focus();
  mine.dispatchEvent(new Event("input", { bubbles: true }));
}

/** @param {HTMLElement} button */
async function copy(button) {
  await navigator.clipboard.writeText(document.querySelector(button.dataset.copy ?? "")?.textContent ?? "");
  button.textContent = button.dataset.copied ?? "";
}
for (const button of document.querySelectorAll("[data-copy]")) /** @type {HTMLElement} */ (button).hidden = !navigator.clipboard;

document.addEventListener("selectionchange", () => {
  if (!offer || !abstract) return;
  const passage = selectedPassage(abstract);
  offer.hidden = !passage;
  if (!passage) return;
  const { bottom, left } = /** @type {Selection} */ (getSelection()).getRangeAt(0).getBoundingClientRect();
  offer.style.top = `${bottom + scrollY + 6}px`;
  offer.style.left = `${Math.min(left + scrollX, innerWidth - 180)}px`;
});
// the selection must outlive the press of the button that is about it
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

function writeNote() {
  const text = document.querySelector('#new-note textarea[name="text"]');
  if (!(text instanceof HTMLElement)) return;
  text.focus();
  text.scrollIntoView({ block: "center" });
}
if (location.hash === "#new-note") writeNote();

const whole = document.querySelector(".whole");
listenKeys({ s: () => nextStatus(whole), t: () => openTags(whole), n: writeNote });
