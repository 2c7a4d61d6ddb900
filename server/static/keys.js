// @ts-check
/** Single letters as commands: heard when nobody types, told of in the page's help, and turned off there. */

const OFF = "papermargin.keys";
const TYPED_INTO = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

/**
 * Calls `table[key]` for a letter that is pressed outside of any field; `?` opens the help.
 * @param {Record<string, () => void>} table
 */
export function listenKeys(table) {
  const help = /** @type {HTMLDialogElement | null} */ (document.querySelector("dialog#keys"));
  const toggle = /** @type {HTMLInputElement | null} */ (document.querySelector("#keys-on"));
  const isOn = () => localStorage.getItem(OFF) === null;
  if (toggle) {
    toggle.checked = isOn();
    toggle.addEventListener("change", () => (toggle.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "off")));
  }
  for (const opener of document.querySelectorAll("[data-help]")) {
    /** @type {HTMLElement} */ (opener).hidden = false;
    opener.addEventListener("click", () => help?.showModal());
  }
  const commands = { ...table, "?": () => help?.showModal() };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented || !isOn()) return;
    if (!Object.hasOwn(commands, event.key) || help?.open || document.activeElement?.matches(TYPED_INTO)) return;
    event.preventDefault();
    commands[/** @type {keyof typeof commands} */ (event.key)]();
  });
}

const NEXT = { none: "inbox", inbox: "reading", reading: "read", read: "inbox", skipped: "inbox" };

/** @param {Element | null | undefined} paper */
export function nextStatus(paper) {
  const status = paper?.querySelector("select.status");
  if (!(status instanceof HTMLSelectElement)) return;
  status.value = NEXT[/** @type {keyof typeof NEXT} */ (status.value)];
  status.dispatchEvent(new Event("change", { bubbles: true }));
}

/** @param {Element | null | undefined} paper */
export function openTags(paper) {
  const adds = paper?.querySelector("details.adds");
  adds?.setAttribute("open", "");
  /** @type {HTMLElement | null | undefined} */ (adds?.querySelector('input[name="tag"]'))?.focus();
}
