// @ts-check
/** Drafts of notes: kept in this browser from the first keystroke until they are saved or thrown away. */

const PREFIX = "papermargin.draft.";

/** @typedef {{ action: string, version: string, text: string, quote: string, start: string, at: string }} Draft */

/**
 * Keeps what is typed into a form, and gives back what was not saved.
 * @param {HTMLFormElement} form
 */
export function keepDraft(form) {
  if (form.dataset.keeping) return;
  form.dataset.keeping = "yes";
  const draft = readDraft(form);
  if (draft && isNews(form, draft)) restore(form, draft);
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

/** @param {string} name of a draft that is saved */
export function forget(name) {
  localStorage.removeItem(PREFIX + name);
}

/** @param {HTMLFormElement} form */
function keyOf(form) {
  return PREFIX + form.dataset.draft;
}

/** @param {HTMLFormElement} form @param {string} name @returns {HTMLTextAreaElement | HTMLInputElement} */
function field(form, name) {
  return /** @type {HTMLTextAreaElement} */ (form.elements.namedItem(name));
}

/** @param {HTMLFormElement} form @returns {Draft} */
function draftOf(form) {
  const [version, text, quote, start] = ["version", "text", "quote", "start"].map((name) => field(form, name).value);
  return { action: form.getAttribute("action") ?? "", version, text, quote, start, at: new Date().toISOString() };
}

/** @param {HTMLFormElement} form @returns {Draft | null} */
function readDraft(form) {
  return JSON.parse(localStorage.getItem(keyOf(form)) ?? "null");
}

/** @param {HTMLFormElement} form @param {Draft} draft */
function isNews(form, draft) {
  return draft.text !== field(form, "text").defaultValue || draft.quote !== field(form, "quote").defaultValue;
}

/**
 * A draft goes to where it was going: to its own id, and against the version that it began with.
 * @param {HTMLFormElement} form @param {Draft} draft
 */
function restore(form, draft) {
  form.setAttribute("action", draft.action);
  form.setAttribute("hx-post", draft.action);
  for (const name of /** @type {const} */ (["version", "text", "quote", "start"])) field(form, name).value = draft[name];
  const notice = /** @type {HTMLTemplateElement} */ (document.querySelector("#draft-back")).content.cloneNode(true);
  const time = /** @type {DocumentFragment} */ (notice).querySelector("time");
  if (time) time.textContent = new Date(draft.at).toLocaleString(document.documentElement.lang);
  form.prepend(notice);
  form.closest("details")?.setAttribute("open", "");
  show(form, true);
}

/** @param {HTMLFormElement} form @param {boolean} isKept */
function show(form, isKept) {
  for (const part of form.querySelectorAll("[data-draft-kept], [data-draft-drop]")) /** @type {HTMLElement} */ (part).hidden = !isKept;
}
