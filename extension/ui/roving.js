/**
 * Groups of buttons with one Tab stop, inside which arrow keys move. It is the toolbar pattern of
 * the ARIA Authoring Practices: https://www.w3.org/WAI/ARIA/apg/patterns/toolbar/
 */

import { on } from "./dom.js";

/** @type {Record<string, number>} */
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/**
 * Give the buttons of a group one Tab stop: the one that was focused last, or the first.
 * @param {HTMLElement} group
 */
export function rove(group) {
  /** @type {HTMLElement | undefined} */
  let current;
  const focused = () => /** @type {ShadowRoot} */ (group.getRootNode()).activeElement;
  const buttons = () =>
    /** @type {HTMLElement[]} */ ([...group.querySelectorAll("button:not(:disabled)")]).filter(
      (button) => !button.closest("[hidden], .away"),
    );
  const update = (place = 0) => {
    const reachable = buttons();
    if (!current || !reachable.includes(current)) current = reachable[place] ?? reachable.at(-1);
    for (const button of group.querySelectorAll("button"))
      button.tabIndex = button === current ? 0 : -1;
  };
  /** @param {() => void} draw replaces buttons; the focus stays at its place among them */
  const redraw = (draw) => {
    const isInside = group.contains(focused());
    const place = current ? buttons().indexOf(current) : 0;
    draw();
    update(place);
    // in a microtask, since what was drawn may be fitted into its row first
    if (isInside && !group.contains(focused()))
      queueMicrotask(() => current?.focus({ preventScroll: true }));
  };
  on(group, "focusin", ({ target }) => {
    current = target.closest("button") ?? current;
    update();
  });
  on(group, "keydown", (event) => {
    const reachable = buttons();
    const at = reachable.indexOf(/** @type {HTMLElement} */ (focused()));
    if (at < 0 || !(event.key in STEPS) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    reachable.at((at + STEPS[event.key]) % reachable.length)?.focus();
  });
  return { update, redraw };
}
