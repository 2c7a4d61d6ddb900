/**
 * The controls of the bar: counts by status, filters, and order. Used in the bar and in its menu.
 */

import { isActive, countStatuses, NO_FILTER, termId } from "./filter.js";
import { closePopover, openPopover } from "./layer.js";
import { colourOf } from "./tags.js";
import { LABELS } from "./terms.js";
import { count, t } from "../shared/i18n.js";
import { dot, menuItem, opener, statusName } from "../ui/chips.js";
import { h, on } from "../ui/dom.js";

/** @import { Status, View } from "../shared/types.d.ts" */
/** @import { Filter } from "./filter.js" */

/**
 * What the controls draw: the views of all papers of the page, the filter, the number of papers
 * that are shown and not seen, and of those that match the filter and are new.
 * @typedef {{ views: View[], filter: Filter, unseen: number, news: number }} Facts
 */

const MOST_VALUES = 14;
const MOST_FOUND = 60;
/** @type {Status[]} */
const STATUSES = ["none", "inbox", "reading", "read", "skipped"];
/** @type {Filter["sort"][]} */
const SORTS = ["page", "close", "results"];

/**
 * Make a set of controls, each drawn by `draw`.
 * @param {object} act
 * @param {(change: Partial<Filter>) => void} act.change
 * @param {() => void} act.onSeen
 * @param {() => void} act.onTriage
 */
export function makeControls({ change, onSeen, onTriage }) {
  const statuses = h("div.counts", { role: "group", "aria-label": t("filterStatus") });
  const input = h("input.field", {
    type: "search",
    placeholder: t("filterText"),
    "aria-label": t("filterText"),
  });
  const chosen = h("div.chosen");
  const onlyNew = h("button.plain.new", { title: t("onlyNewAbout") }, t("onlyNew"));
  const sorts = h("div.menu.sorts", { role: "menu", "aria-label": t("sortBy") });
  const order = h("span");
  const sort = opener("button.plain.sort", "menu", (button) => openSorts(button, sorts), order);
  const seen = h("button.plain.seen", { onclick: onSeen });
  const fresh = h("b");
  const triage = h("button.through", { title: t("triageAbout"), onclick: onTriage });
  triage.append(t("triage"), " ", fresh);
  on(input, "input", () => change({ text: input.value }));
  on(input, "keydown", (event) => {
    if (event.key === "Escape") leaveField(event, input, change);
  });
  on(onlyNew, "click", () => change({ onlyNew: onlyNew.getAttribute("aria-pressed") !== "true" }));

  const draw = (/** @type {Facts} */ { views, filter, unseen, news }) => {
    drawStatuses(statuses, views, filter, change);
    chosen.replaceChildren(...drawChosen(filter, change));
    if (input.value !== filter.text) input.value = filter.text;
    order.textContent = t(`sort_${filter.sort}`);
    sort.setAttribute("aria-label", `${t("sortBy")}: ${order.textContent}`);
    drawSorts(sorts, filter, change);
    onlyNew.setAttribute("aria-pressed", String(filter.onlyNew));
    seen.textContent = isActive(filter) ? count("markShown", unseen) : t("markSeen");
    seen.disabled = !unseen;
    // with nothing new it still leads through all, but asks for no attention
    fresh.textContent = news ? String(news) : "";
    triage.classList.toggle("primary", news > 0);
    triage.classList.toggle("plain", !news);
    triage.setAttribute(
      "aria-label",
      news ? `${t("triage")} ${count("newPapers", news)}` : t("triage"),
    );
  };
  return { triage, statuses, input, chosen, onlyNew, sort, sorts, seen, draw };
}

/** @param {HTMLElement} button @param {HTMLElement} sorts */
function openSorts(button, sorts) {
  openPopover(button, t("sortBy"), [sorts]);
}

/**
 * @param {HTMLElement} place
 * @param {Filter} filter
 * @param {(change: Partial<Filter>) => void} change
 */
function drawSorts(place, filter, change) {
  const pick = (/** @type {Filter["sort"]} */ sort) => () => {
    closePopover();
    change({ sort });
  };
  const item = (/** @type {Filter["sort"]} */ name) =>
    menuItem(t(`sort_${name}`), pick(name), { checked: name === filter.sort });
  place.replaceChildren(...SORTS.map(item));
}

/**
 * Empty a field on Escape, or leave it if it is empty. A browser that empties a search field itself
 * tells nobody, so the filter would stay.
 * @param {KeyboardEvent} event
 * @param {HTMLInputElement} input
 * @param {(change: Partial<Filter>) => void} change
 */
function leaveField(event, input, change) {
  if (!input.value) return input.blur();
  event.preventDefault();
  input.value = "";
  return change({ text: "" });
}

/**
 * @param {HTMLElement} place
 * @param {View[]} views
 * @param {Filter} filter
 * @param {(change: Partial<Filter>) => void} change
 */
function drawStatuses(place, views, filter, change) {
  const counts = countStatuses(views);
  const toggles = STATUSES.map((status) => {
    const isPressed = filter.statuses.includes(status);
    const next = isPressed
      ? filter.statuses.filter((each) => each !== status)
      : [...filter.statuses, status];
    const label = status === "none" ? t("notInList") : statusName(status);
    return h(
      "button.count",
      {
        "data-status": status,
        "aria-label": `${label} ${counts[status]}`,
        "aria-pressed": String(isPressed),
        title: label,
        onclick: () => change({ statuses: next }),
      },
      h("i", { class: `mark ${status}`, "aria-hidden": "true" }),
      h("span.word", `${label} `),
      h("b", String(counts[status])),
    );
  });
  const focused = /** @type {ShadowRoot} */ (place.getRootNode()).activeElement?.getAttribute(
    "data-status",
  );
  place.replaceChildren(...toggles);
  toggles.find((toggle) => toggle.dataset.status === focused)?.focus();
}

/** @param {Filter} filter @param {(change: Partial<Filter>) => void} change */
function drawChosen(filter, change) {
  const chip = (
    /** @type {string} */ name,
    /** @type {string} */ kind,
    /** @type {() => void} */ onclick,
  ) =>
    h(
      "button",
      { class: `chip ${kind}`, "aria-label": t("dropFilter", name), onclick },
      h("span", name),
      h("span", { "aria-hidden": "true" }, " ×"),
    );
  return [
    ...filter.tags.map((tag) =>
      chip(tag, "tag", () => change({ tags: filter.tags.filter((each) => each !== tag) })),
    ),
    ...filter.terms.map((term) =>
      chip(nameOf(term), term.split(":")[0].toLowerCase(), () =>
        change({ terms: filter.terms.filter((each) => each !== term) }),
      ),
    ),
    ...(isActive(filter)
      ? [
          h(
            "button.plain",
            { onclick: () => change({ ...NO_FILTER, sort: filter.sort }) },
            t("clearFilter"),
          ),
        ]
      : []),
  ];
}

/** @param {string} term */
function nameOf(term) {
  return term.slice(term.indexOf(":") + 1);
}

/**
 * Make the chips of the page's tags and terms, each of which adds a filter: the most frequent of
 * each kind, or all that contain what is typed into the field above them.
 * @param {Facts} facts
 * @param {(change: Partial<Filter>) => void} change
 * @returns {HTMLElement[]}
 */
export function makeValues({ views, filter }, change) {
  const tags = tally(views.flatMap(({ card }) => card.entry?.tags ?? []));
  const terms = tally(views.flatMap(({ card }) => card.terms.map(termId)));
  const pick = (/** @type {Partial<Filter>} */ wanted) => () => {
    closePopover();
    change(wanted);
  };
  const tagChip = (/** @type {[string, number]} */ [name, number]) =>
    valueChip(
      { name, number, kind: "tag", mark: dot(colourOf(name)) },
      pick({ tags: [...new Set([...filter.tags, name])] }),
    );
  const termChip = (/** @type {[string, number]} */ [term, number]) =>
    valueChip(
      { name: nameOf(term), number, kind: term.split(":")[0].toLowerCase(), mark: null },
      pick({ terms: [...new Set([...filter.terms, term])] }),
    );
  const field = h("input.field", {
    type: "search",
    placeholder: t("findTerm"),
    "aria-label": t("findTerm"),
  });
  const groups = h("div.groups", { "aria-live": "polite" });
  const draw = () => {
    const typed = field.value.trim().toLowerCase();
    const most = typed ? MOST_FOUND : MOST_VALUES;
    const ownTags = tags.filter(([name]) => name.toLowerCase().includes(typed));
    const found = terms.filter(([term]) => nameOf(term).toLowerCase().includes(typed));
    const ofLabel = (/** @type {string} */ label) =>
      found.filter(([term]) => term.startsWith(`${label}:`)).slice(0, most);
    const sections = [
      group(t("tags"), ownTags.slice(0, most).map(tagChip)),
      ...LABELS.map((label) => group(t(`labels_${label}`), ofLabel(label).map(termChip))),
    ].filter((section) => section !== null);
    const none = tags.length || terms.length ? t("noTermFound") : t("nothingToFilter");
    groups.replaceChildren(...(sections.length ? sections : [h("p.about", none)]));
  };
  on(field, "input", draw);
  draw();
  return [field, groups];
}

/**
 * @param {{ name: string, number: number, kind: string, mark: Node | null }} value
 * @param {() => void} onclick
 */
function valueChip({ name, number, kind, mark }, onclick) {
  const label = [mark, h("span", name), h("b", ` ${number}`)];
  return h("button", { class: `chip ${kind}`, onclick }, ...label);
}

/** @param {string} heading @param {Node[]} chips */
function group(heading, chips) {
  return chips.length ? h("section", h("h3", heading), h("div.chips", chips)) : null;
}

/**
 * @param {string[]} values
 * @returns {[string, number][]} each value with its count, most frequent first
 */
function tally(values) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a, x], [b, y]) => y - x || a.localeCompare(b));
}
