// @ts-check
/** Drafts of notes: kept in this browser from the first keystroke until saved or discarded. */

const PREFIX = "papermargin.draft.";

/**
 * The fields of a note's form, and when they were kept.
 * @typedef {object} Draft
 * @property {string} action
 * @property {string} version
 * @property {string} text
 * @property {string} quote
 * @property {string} start
 * @property {string} at
 */

/**
 * Keep what is typed into a form, and restore an earlier unsaved draft.
 * @param {HTMLFormElement} form
 */
export function keepDraft(form) {
  if (form.dataset.keeping) return;
  form.dataset.keeping = "yes";
  const draft = readDraft(form);
  if (draft && isDifferent(form, draft)) restore(form, draft);
  form.addEventListener("input", () => {
    localStorage.setItem(keyOf(form), JSON.stringify(draftOf(form)));
    show(form, true);
  });
  form.querySelector("[data-draft-drop]")?.addEventListener("click", () => {
    forget(keyOf(form).slice(PREFIX.length));
    form.reset();
    form.querySelector(".notice")?.remove();
    show(form, false);
    field(form, "text").dispatchEvent(new Event("input", { bubbles: false }));
  });
}

/**
 * Delete a draft, because it was saved.
 * @param {string} name
 */
export function forget(name) {
  localStorage.removeItem(PREFIX + name);
}

/**
 * Return the key of a form's draft in the local storage.
 * @param {HTMLFormElement} form
 */
function keyOf(form) {
  return PREFIX + form.dataset.draft;
}

/**
 * @param {HTMLFormElement} form
 * @param {string} name
 * @returns {HTMLTextAreaElement | HTMLInputElement}
 */
function field(form, name) {
  return /** @type {HTMLTextAreaElement} */ (form.elements.namedItem(name));
}

/**
 * Return what is in a form, as a draft.
 * @param {HTMLFormElement} form
 * @returns {Draft}
 */
function draftOf(form) {
  return {
    action: form.getAttribute("action") ?? "",
    version: field(form, "version").value,
    text: field(form, "text").value,
    quote: field(form, "quote").value,
    start: field(form, "start").value,
    at: new Date().toISOString(),
  };
}

/**
 * @param {HTMLFormElement} form
 * @returns {Draft | null}
 */
function readDraft(form) {
  return JSON.parse(localStorage.getItem(keyOf(form)) ?? "null");
}

/**
 * Return whether a draft differs from what the server has.
 * @param {HTMLFormElement} form
 * @param {Draft} draft
 */
function isDifferent(form, draft) {
  const [text, quote] = [field(form, "text"), field(form, "quote")];
  return draft.text !== text.defaultValue || draft.quote !== quote.defaultValue;
}

/**
 * Put a draft into a form, which will be posted under the draft's note id and version.
 * @param {HTMLFormElement} form
 * @param {Draft} draft
 */
function restore(form, draft) {
  form.setAttribute("action", draft.action);
  form.setAttribute("hx-post", draft.action);
  for (const name of /** @type {const} */ (["version", "text", "quote", "start"])) {
    field(form, name).value = draft[name];
  }
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector("#draft-back"));
  const notice = template.content.cloneNode(true);
  const time = /** @type {DocumentFragment} */ (notice).querySelector("time");
  if (time) time.textContent = new Date(draft.at).toLocaleString(document.documentElement.lang);
  form.prepend(notice);
  form.closest("details")?.setAttribute("open", "");
  show(form, true);
}

/**
 * Show or hide the notice that a draft is kept, and the button that discards it.
 * @param {HTMLFormElement} form
 * @param {boolean} isKept
 */
function show(form, isKept) {
  for (const part of form.querySelectorAll("[data-draft-kept], [data-draft-drop]")) {
    /** @type {HTMLElement} */ (part).hidden = !isKept;
  }
}
