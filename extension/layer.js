/** What lies above the page: one popover at a time, in the top layer, and short words that are also read out. */

import { h, hear, makeHost } from "./dom.js";
import { t } from "./text.js";

const WORDS_SECONDS = 4;
const GAP = 6;

const { host, body } = makeHost("papermargin-layer");
const popover = h("div.popover", { popover: "auto", role: "dialog", tabindex: "-1" });
const words = h("div.words", { popover: "manual", role: "status", "aria-live": "polite" });
body.append(popover, words);

/** @type {HTMLElement | null} */
let opener = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let silence;

// a hidden field keeps the focus until the next frame, and would swallow the keys that are pressed before it
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

/** Put the layer where it belongs; a page that throws it out gets it again. */
export function keepLayer() {
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
  keepLayer();
  if (popover.matches(":popover-open")) popover.hidePopover();
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

/** Put the popover below the anchor, above it where there is more room. @param {DOMRect} anchor */
function place(anchor) {
  const { width, height } = popover.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  const below = clientHeight - anchor.bottom;
  const above = below < height + GAP && anchor.top > below;
  const left = Math.max(GAP, Math.min(anchor.left, clientWidth - width - GAP));
  const top = above ? Math.max(GAP, anchor.top - height - GAP) : anchor.bottom + GAP;
  popover.style.left = `${left + scrollX}px`;
  popover.style.top = `${top + scrollY}px`;
}

/** Close the popover, if one is open. */
export function closePopover() {
  if (popover.matches(":popover-open")) popover.hidePopover();
}

/** @returns {boolean} whether a popover is open */
export function isOpen() {
  return popover.matches(":popover-open");
}

/**
 * Say something for a moment.
 * @param {string} text
 */
export function announce(text) {
  keepLayer();
  clearTimeout(silence);
  words.textContent = text;
  if (!words.matches(":popover-open")) words.showPopover();
  silence = setTimeout(() => words.hidePopover(), WORDS_SECONDS * 1_000);
}

/**
 * Say what went wrong, by the failure's cause.
 * @param {any} failure
 */
export function explain(failure) {
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
    "new",
  ];
  announce(
    known.includes(failure?.cause) ? t(`failure_${failure.cause}`) : t("failure_bug", failure?.message ?? failure),
  );
}

hear(popover, "keydown", (event) => {
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
