// @ts-check
/**
 * Keep the place in a list for whoever comes back to it: by back and forward, or by a reload.
 *
 * The address says how many papers the page has, so that the server shows as many again; the
 * history's entry says which one was at the top, as their heights are known only when they are
 * drawn.
 */

const PAUSE_MS = 150;

/** @typedef {{ key: string, top: number, focused: string | null }} Place */

/** Return to the place where the list was left, and keep it from now on. */
export function keepPlace() {
  history.scrollRestoration = "manual";
  const place = /** @type {Place | undefined} */ (history.state?.place);
  if (place && isReturn()) restore(place);
  let timer = 0;
  addEventListener("scroll", () => {
    clearTimeout(timer);
    timer = window.setTimeout(save, PAUSE_MS);
  });
  // what is clicked may lead away
  addEventListener("click", save, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter") save();
  });
  const first = papers().length;
  document.querySelector("#papers")?.addEventListener("htmx:afterSwap", () => {
    // a paper's own part was swapped, unless there are more papers than at first
    if (papers().length > first) keepNumber();
  });
}

/** Return whether the page was open before: it was gone back to, or is loaded again. */
function isReturn() {
  const [navigation] = performance.getEntriesByType("navigation");
  const type = /** @type {PerformanceNavigationTiming} */ (navigation)?.type;
  return type === "back_forward" || type === "reload";
}

/**
 * Find the papers of the list.
 * @returns {HTMLElement[]}
 */
function papers() {
  return [...document.querySelectorAll("#papers .paper")].map(
    (paper) => /** @type {HTMLElement} */ (paper),
  );
}

/** Write into the history which paper is the first in view, and which one has the focus. */
function save() {
  const first = papers().find((paper) => paper.getBoundingClientRect().bottom > 0);
  if (!first) return;
  const focused = document.activeElement?.closest("#papers .paper");
  /** @type {Place} */
  const place = {
    key: first.dataset.key ?? "",
    top: first.getBoundingClientRect().top,
    focused: (focused instanceof HTMLElement && focused.dataset.key) || null,
  };
  history.replaceState({ ...history.state, place }, "");
}

/**
 * Scroll to a place, and focus the paper that had the focus.
 * @param {Place} place
 */
function restore(place) {
  const first = papers().find((paper) => paper.dataset.key === place.key);
  if (!first) return;
  const scroll = () => scrollBy(0, first.getBoundingClientRect().top - place.top);
  scroll();
  // papers get their heights when they come into view
  requestAnimationFrame(() => requestAnimationFrame(scroll));
  const focused = papers().find((paper) => paper.dataset.key === place.focused);
  const link = focused?.querySelector("h3 a");
  if (link instanceof HTMLElement) link.focus({ preventScroll: true });
}

/** Write into the address how many papers the page has. */
function keepNumber() {
  const most = /** @type {HTMLElement} */ (document.querySelector("#papers")).dataset.most;
  if (!most) return;
  const address = new URL(location.href);
  address.searchParams.set("shown", String(Math.min(papers().length, Number(most))));
  history.replaceState(history.state, "", address);
}
