// @ts-check
/** The reading queue: papers are dragged to their place, or moved by keys. */

const form = document.querySelector("form#move");

/** @type {Element | null} the item that is being dragged */
let dragged = null;
/** @type {{ key: string, move: string, place: number } | null} what has the focus while the list is read anew */
let focused = null;

/**
 * Return the item of the queue that something is in.
 * @param {EventTarget | null} part
 * @returns {HTMLElement | null}
 */
function itemOf(part) {
  return part instanceof Element ? part.closest(".places > li") : null;
}

/**
 * Return the items of the queue.
 * @returns {HTMLElement[]}
 */
function items() {
  return [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".places > li"))];
}

/**
 * Move a paper. Several moves are sent one after the other, in their order.
 * @param {string} move the place and the key of the paper
 * @param {string} [beside] the key of the paper that the place is beside
 */
function send(move, beside = "") {
  const { htmx } = /** @type {any} */ (window);
  const values = { move, beside };
  if (form) void htmx.ajax("POST", form.getAttribute("action"), { source: form, values });
}

/**
 * Move the paper that has the focus.
 * @param {string} to
 */
function move(to) {
  const key = itemOf(document.activeElement)?.dataset.key;
  if (key) send(`${to} ${key}`);
}

/**
 * Return the keys that move the focused paper, where there is a queue.
 * @returns {Record<string, () => void>}
 */
export function queueKeys() {
  if (!form) return {};
  return {
    K: () => move("up"),
    J: () => move("down"),
    T: () => move("top"),
    B: () => move("bottom"),
  };
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest(".moves button");
  if (!(button instanceof HTMLButtonElement)) return;
  event.preventDefault();
  send(button.value);
});

// only the handle drags, so that text can be selected
document.addEventListener("pointerdown", ({ target }) => {
  const item = itemOf(target);
  if (item) item.draggable = target instanceof Element && target.matches(".handle");
});
document.addEventListener("dragstart", (event) => {
  dragged = itemOf(event.target);
  if (!dragged || !event.dataTransfer) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", "");
  dragged.classList.add("dragged");
});
document.addEventListener("dragover", (event) => {
  const over = itemOf(event.target);
  if (!dragged) return;
  event.preventDefault();
  if (!over || over === dragged) return;
  const { top, height } = over.getBoundingClientRect();
  over[event.clientY < top + height / 2 ? "before" : "after"](dragged);
});
document.addEventListener("drop", (event) => {
  if (dragged) event.preventDefault();
});
document.addEventListener("dragend", ({ dataTransfer }) => {
  const item = itemOf(dragged);
  dragged?.classList.remove("dragged");
  dragged = null;
  if (!item) return;
  const [before, after] = [item.previousElementSibling, item.nextElementSibling].map(
    (other) => itemOf(other)?.dataset.key,
  );
  // a drag that was given up leaves the paper where it was
  const isCancelled = dataTransfer?.dropEffect === "none";
  if (isCancelled) document.body.dispatchEvent(new Event("entries-changed"));
  else if (before) send(`after ${item.dataset.key}`, before);
  else if (after) send(`before ${item.dataset.key}`, after);
});

// the list is read anew after each change: the focus stays at the paper, or at its button
document.addEventListener("htmx:beforeSwap", () => {
  const item = itemOf(document.activeElement);
  if (!item) return;
  const button = document.activeElement?.getAttribute("value") ?? "";
  focused = { key: item.dataset.key ?? "", move: button, place: items().indexOf(item) };
});
document.addEventListener("htmx:afterSettle", () => {
  if (!focused || itemOf(document.activeElement)) return;
  const { key, move: button, place } = focused;
  focused = null;
  // one that left the queue leaves the focus to the next
  const item = items().find((each) => each.dataset.key === key) ?? items().at(place);
  const pressed = item?.querySelector(`.moves [value="${CSS.escape(button)}"]`);
  /** @type {HTMLElement | null | undefined} */ (pressed ?? item?.querySelector("h3 a"))?.focus({
    preventScroll: true,
  });
  item?.scrollIntoView({ block: "nearest" });
});
