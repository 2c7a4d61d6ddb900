/**
 * The layer above the page: one popover at a time, a dialog, and announcements that screen readers
 * read out.
 */

import { h, on, makeHost } from "../ui/dom.js";
import { t } from "../shared/i18n.js";

const WORDS_SECONDS = 4;
const UNDO_SECONDS = 10;
const GAP = 6;

const { host, body } = makeHost("papermargin-layer");
const popover = h("div.popover", {
  popover: "auto",
  role: "dialog",
  tabindex: "-1",
});
const words = h("div.words", {
  popover: "manual",
  role: "status",
  "aria-live": "polite",
});
body.append(popover, words);

/** @type {HTMLElement | null} */
let opener = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let silence;
/** @type {HTMLElement | null} the line in the open dialog that announcements are written into */
let line = null;

// a hidden field keeps the focus until the next frame, and would receive keys pressed until then
popover.addEventListener("beforetoggle", (/** @type {any} */ event) => {
  const focused = popover.getRootNode().activeElement;
  if (event.newState === "open" || !focused) return;
  opener?.focus({ preventScroll: true });
  if (popover.getRootNode().activeElement === focused) focused.blur();
});

popover.addEventListener("toggle", () => {
  if (popover.matches(":popover-open")) return;
  opener?.setAttribute("aria-expanded", "false");
  popover.replaceChildren();
  opener = null;
});

/** Attach the layer to the document, again if the page has removed it. */
export function ensureLayer() {
  if (host.parentNode !== document.documentElement) document.documentElement.append(host);
}

/**
 * Open a popover beside an element, and move the focus into it.
 * @param {HTMLElement | Range} anchor
 * @param {string} label
 * @param {(Node | string)[]} content
 * @param {{ wide?: boolean }} [looks]
 */
export function openPopover(anchor, label, content, { wide = false } = {}) {
  ensureLayer();
  closePopover();
  opener = anchor instanceof HTMLElement ? anchor : null;
  opener?.setAttribute("aria-expanded", "true");
  popover.setAttribute("aria-label", label);
  popover.className = wide ? "popover wide" : "popover";
  popover.replaceChildren(...content);
  popover.showPopover();
  place(anchor.getBoundingClientRect());
  (
    popover.querySelector("[autofocus]") ??
    popover.querySelector("button, input, textarea, a, select") ??
    popover
  ).focus({ preventScroll: true });
}

/**
 * Place the popover below the anchor, or above it if there is more room.
 * @param {DOMRect} anchor
 */
function place(anchor) {
  const { width, height } = popover.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  // positions are in page coordinates, so that the popover scrolls with its anchor
  const below = clientHeight - anchor.bottom;
  const above = below < height + GAP && anchor.top > below;
  const left = Math.max(GAP, Math.min(anchor.left, clientWidth - width - GAP));
  const top = above ? Math.max(GAP, anchor.top - height - GAP) : anchor.bottom + GAP;
  popover.style.left = `${left + scrollX}px`;
  popover.style.top = `${top + scrollY}px`;
}

/** Close the popover, if one is open. */
export function closePopover() {
  if (isPopoverOpen()) popover.hidePopover();
}

/** @returns {boolean} */
export function isPopoverOpen() {
  return popover.matches(":popover-open");
}

/**
 * Open a modal dialog. Everything outside of it is inert meanwhile, so popovers open inside, and
 * announcements are written into a line of its own.
 * @param {HTMLDialogElement} dialog
 * @param {HTMLElement} said the line
 * @param {() => void} onClose called when it is closed, in any way
 */
export function openDialog(dialog, said, onClose) {
  ensureLayer();
  closePopover();
  if (words.matches(":popover-open")) words.hidePopover();
  dialog.append(popover);
  body.append(dialog);
  line = said;
  dialog.addEventListener(
    "close",
    () => {
      line = null;
      body.append(popover);
      dialog.remove();
      onClose();
    },
    { once: true },
  );
  dialog.showModal();
}

/**
 * Show a short text for a few seconds, longer with a button that undoes what it says. A dialog has
 * such a button itself.
 * @param {string} text
 * @param {() => void} [undo]
 */
export function announce(text, undo) {
  ensureLayer();
  clearTimeout(silence);
  if (line) {
    line.textContent = text;
    return;
  }
  const hide = () => words.hidePopover();
  const onclick = () => {
    hide();
    undo?.();
  };
  words.replaceChildren(text, undo ? h("button.plain", { onclick }, t("undo")) : "");
  if (!words.matches(":popover-open")) words.showPopover();
  silence = setTimeout(hide, (undo ? UNDO_SECONDS : WORDS_SECONDS) * 1_000);
}

/**
 * Announce a failure by its cause.
 * @param {any} failure
 */
export function showError(failure) {
  const known = [
    "quota",
    "storage",
    "gone",
    "unpaired",
    "revoked",
    "unreachable",
    "timeout",
    "permission",
    "old",
    "older",
    "new",
  ];
  announce(
    known.includes(failure?.cause)
      ? t(`failure_${failure.cause}`)
      : t("failure_bug", failure?.message ?? failure),
  );
}

on(popover, "keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") moveInMenu(event);
});

/** @param {KeyboardEvent} event */
function moveInMenu(event) {
  const items = [...popover.querySelectorAll("[role^=menuitem]")];
  const at = items.indexOf(/** @type {ShadowRoot} */ (popover.getRootNode()).activeElement);
  if (at < 0) return;
  event.preventDefault();
  items.at((at + (event.key === "ArrowDown" ? 1 : -1)) % items.length).focus();
}
