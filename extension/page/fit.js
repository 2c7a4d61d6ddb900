/** Show as many chips as a row has room for, measured by the browser. */

/** The least width in pixels that says something of a name. */
const SHORTEST = 48;

/**
 * @typedef {{ chips: HTMLElement[], onFit: (hidden: number) => void }} Row
 * @type {WeakMap<Element, Row>}
 */
const rows = new WeakMap();
/** @type {Set<Element>} rows that were drawn in the task that runs now */
const drawn = new Set();

// rows that are resized, and those of cards that the browser begins to lay out
const observer = new ResizeObserver((entries) =>
  // the first entry of a row that has no box yet says 0
  fitRows(entries.filter(({ contentRect }) => contentRect.width).map(({ target }) => target)),
);

/**
 * Hide those of the chips that have no room in their parent, now and whenever it is resized.
 * @param {Element} parent contains the chips, and after them what names those that are hidden
 * @param {HTMLElement[]} chips in the order of their worth
 * @param {(hidden: number) => void} onFit called with the number of hidden chips
 */
export function fitChips(parent, chips, onFit) {
  rows.set(parent, { chips, onFit });
  onFit(0);
  // not shown before it is fitted, since a chip that moves is a layout shift
  parent.classList.remove("fitted");
  if (!drawn.size) queueMicrotask(fitDrawn);
  drawn.add(parent);
  observer.observe(parent);
}

function fitDrawn() {
  const visible = [...drawn].filter((parent) =>
    parent.checkVisibility({ contentVisibilityAuto: true }),
  );
  drawn.clear();
  fitRows(visible);
}

/**
 * Fit all rows at once, so that the page is laid out twice and not once for each.
 * @param {Element[]} parents
 */
function fitRows(parents) {
  for (const parent of parents) showAll(parent, 0);
  const full = parents.filter((parent) => parent.scrollWidth > parent.clientWidth);
  // measured beside the longest name that the hidden ones can have
  for (const parent of full) showAll(parent, rowOf(parent).chips.length);
  const counts = full.map(countFitting);
  for (const [place, parent] of full.entries()) hideFrom(parent, counts[place]);
}

/** @param {Element} parent */
function rowOf(parent) {
  return /** @type {Row} */ (rows.get(parent));
}

/** @param {Element} parent @param {number} hidden */
function showAll(parent, hidden) {
  const { chips, onFit } = rowOf(parent);
  parent.classList.remove("narrow");
  parent.classList.add("fitted");
  for (const chip of chips) chip.hidden = false;
  onFit(hidden);
}

/**
 * @param {Element} parent
 * @returns {number} how many chips have room, -1 if not even the beginning of the first has
 */
function countFitting(parent) {
  const boxes = rowOf(parent).chips.map((chip) => chip.getBoundingClientRect());
  const ends = boxes.map(({ right }) => right);
  const last = parent.lastElementChild?.getBoundingClientRect().right ?? 0;
  const room = parent.getBoundingClientRect().right - (last - (ends.at(-1) ?? last));
  const count = ends.findIndex((end) => end > room);
  if (count === 0 && room - boxes[0].left < SHORTEST) return -1;
  return count < 0 ? ends.length : count;
}

/** @param {Element} parent @param {number} count */
function hideFrom(parent, count) {
  const { chips, onFit } = rowOf(parent);
  // a single one is cut off rather than hidden
  parent.classList.toggle("narrow", count === 0);
  const shown = count === 0 ? 1 : Math.max(count, 0);
  for (const chip of chips.slice(shown)) chip.hidden = true;
  onFit(chips.length - shown);
}
