// @ts-check
/** Keyboard shortcuts of single letters; the page's help lists them and can turn them off. */

const OFF = "papermargin.keys";
const TYPED_INTO = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

/**
 * Call `table[key]` when a key is pressed outside of any field; `?` opens the help.
 * @param {Record<string, () => unknown>} table
 */
export function listenKeys(table) {
  const help = /** @type {HTMLDialogElement | null} */ (document.querySelector("dialog#keys"));
  const toggle = /** @type {HTMLInputElement | null} */ (document.querySelector("#keys-on"));
  const isOn = () => localStorage.getItem(OFF) === null;
  if (toggle) {
    toggle.checked = isOn();
    toggle.addEventListener("change", () => {
      if (toggle.checked) localStorage.removeItem(OFF);
      else localStorage.setItem(OFF, "off");
    });
  }
  for (const opener of document.querySelectorAll("[data-help]")) {
    /** @type {HTMLElement} */ (opener).hidden = false;
    opener.addEventListener("click", () => help?.showModal());
  }
  const commands = { ...table, "?": () => help?.showModal() };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) leaveField(event.target);
    const isModified = event.ctrlKey || event.metaKey || event.altKey;
    const isTyping = event.isComposing || document.activeElement?.matches(TYPED_INTO);
    if (isModified || isTyping || event.defaultPrevented || help?.open || !isOn()) return;
    if (!Object.hasOwn(commands, event.key)) return;
    event.preventDefault();
    commands[/** @type {keyof typeof commands} */ (event.key)]();
  });
}

/**
 * Leave the field for a tag or a note, so that the keys are heard again; in a list, for its paper.
 * @param {EventTarget | null} field
 */
function leaveField(field) {
  if (!(field instanceof HTMLElement) || !field.matches(".adds input, .write textarea")) return;
  field.closest("details.adds")?.removeAttribute("open");
  field.blur();
  /** @type {HTMLElement | null | undefined} */ (
    field.closest(".paper")?.querySelector("h3 a")
  )?.focus();
}

/** The status that the shortcut sets, by the current one. */
const NEXT = { none: "inbox", inbox: "reading", reading: "read", read: "inbox", skipped: "inbox" };

/**
 * Set the next status of a paper.
 * @param {Element | null | undefined} paper
 */
export function nextStatus(paper) {
  const status = paper?.querySelector("select.status");
  if (!(status instanceof HTMLSelectElement)) return;
  status.value = NEXT[/** @type {keyof typeof NEXT} */ (status.value)];
  status.dispatchEvent(new Event("change", { bubbles: true }));
}

/**
 * Open the field for a new tag of a paper.
 * @param {Element | null | undefined} paper
 */
export function openTags(paper) {
  const adds = paper?.querySelector("details.adds");
  adds?.setAttribute("open", "");
  /** @type {HTMLElement | null | undefined} */ (adds?.querySelector('input[name="tag"]'))?.focus();
}

/**
 * Put a paper into the queue, or take it out.
 * @param {Element | null | undefined} paper
 */
export function toggleQueue(paper) {
  const button = paper?.querySelector('.plan [value="out"], .plan [value="bottom"]');
  if (button instanceof HTMLElement) button.click();
}

/**
 * Open what says when a paper is read.
 * @param {Element | null | undefined} paper
 */
export function openPlan(paper) {
  const later = paper?.querySelector("details.later");
  later?.setAttribute("open", "");
  /** @type {HTMLElement | null | undefined} */ (
    later?.querySelector('[value="tomorrow"]')
  )?.focus();
}

/**
 * Return the keys 0 to 5, each of which gives a paper this rating.
 * @param {() => Element | null | undefined} paper
 * @returns {Record<string, () => void>}
 */
export function rateKeys(paper) {
  const rate = (/** @type {string} */ rating) => {
    const field = paper()?.querySelector("select.rating");
    if (!(field instanceof HTMLSelectElement)) return;
    field.value = rating;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  };
  return Object.fromEntries([..."012345"].map((rating) => [rating, () => rate(rating)]));
}

/**
 * Undo the last change of this page, also if its toast is gone; return whether there was one.
 * @returns {boolean}
 */
export function undoLast() {
  const buttons = document.querySelectorAll("#toasts [data-undo]");
  const last = buttons.item(buttons.length - 1) ?? document.querySelector("#done [data-undo]");
  if (last instanceof HTMLElement) last.click();
  return last !== null;
}
