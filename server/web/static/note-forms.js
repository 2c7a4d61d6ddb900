// @ts-check
/** The forms of notes: drafts, previews, and conflicts, on every page that has such forms. */

import { forget, keepDraft } from "./drafts.js";

const htmx = /** @type {any} */ (window).htmx;

/**
 * Prepare the forms and buttons in a part of the page that was just loaded.
 * @param {ParentNode} root
 */
function prepare(root) {
  for (const form of root.querySelectorAll("form[data-draft]")) {
    keepDraft(/** @type {HTMLFormElement} */ (form));
    htmx.process(form);
  }
  for (const part of root.querySelectorAll("[data-close], [data-merge]")) {
    /** @type {HTMLElement} */ (part).hidden = false;
  }
  for (const details of root.querySelectorAll("details.editing")) {
    details.addEventListener("toggle", () => preview(details));
  }
  for (const text of root.querySelectorAll('form[data-draft] textarea[name="text"]')) {
    const form = /** @type {Element} */ (text.closest("form"));
    if (/** @type {HTMLTextAreaElement} */ (text).value.trim()) preview(form);
  }
}

/**
 * Request the preview of the text in a form, if the form is visible.
 * @param {Element} place
 */
function preview(place) {
  const text = place.querySelector('textarea[name="text"]');
  if (text?.checkVisibility() && text.hasAttribute("hx-post")) htmx.trigger(text, "show");
}

document.addEventListener("htmx:load", (event) =>
  prepare(/** @type {HTMLElement} */ (event.target)),
);
prepare(document);

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr, requestConfig } = /** @type {CustomEvent} */ (event).detail;
  const form = requestConfig.elt;
  if (!(form instanceof HTMLFormElement) || !form.dataset.draft) return;
  // a saved note needs no draft; in a conflict it is still unsaved
  if (xhr.status === 200 && !xhr.responseText.includes('class="conflict"')) {
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
});

/**
 * Put the server's text above the own text of a conflict.
 * @param {HTMLElement} button
 */
function merge(button) {
  const theirs = button.closest(".conflict")?.querySelector("pre.text")?.textContent ?? "";
  const mine = button.closest("form")?.querySelector("textarea");
  if (!mine) return;
  mine.value = `${theirs.trimEnd()}\n\n${mine.value}`;
  mine.focus();
  mine.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Focus the field for a new note. */
export function writeNote() {
  const text = document.querySelector('#new-note textarea[name="text"]');
  if (!(text instanceof HTMLElement)) return;
  text.closest("details")?.setAttribute("open", "");
  text.focus();
  text.scrollIntoView({ block: "center" });
}
