/** The slim bar over a list: counts, filters, order, and what the margin knows of itself. */

import { dot, opener, statusWord } from "./chips.js";
import { h, hear, makeHost } from "./dom.js";
import { countStatuses, isActive, NO_FILTER, termId } from "./filter.js";
import { closePopover, openPopover } from "./layer.js";
import { colourOf } from "./tags.js";
import { LABELS } from "./terms.js";
import { count, t } from "./text.js";

/** @typedef {import("./filter.js").Filter} Filter */
/** @typedef {import("./wire.js").View} View */
/** @typedef {import("./wire.js").Status} Status */

const MOST_VALUES = 14;
/** @type {Status[]} */
const STATUSES = ["none", "inbox", "reading", "read", "skipped"];
/** @type {Filter["sort"][]} */
const SORTS = ["page", "close", "results"];

/**
 * Make the bar.
 * @param {{ onFilter: (filter: Filter) => void, onSeen: () => void, onHelp: () => void }} act
 */
export function makeBar(act) {
  const { host, body } = makeHost("papermargin-bar");
  /** @type {Filter} */
  let filter = NO_FILTER;
  /** @type {View[]} */
  let views = [];
  const change = (/** @type {Partial<Filter>} */ wanted) => act.onFilter({ ...filter, ...wanted });
  const statuses = h("div.counts", { role: "group", "aria-label": t("filterStatus") });
  const input = h("input.field", { type: "search", placeholder: t("filterText"), "aria-label": t("filterText") });
  const chosen = h("div.chosen");
  const pick = opener("button.plain", "dialog", (button) => openPicker(button, views, filter, change), t("filterMore"));
  const sort = h(
    "select.field",
    { "aria-label": t("sortBy") },
    SORTS.map((name) => h("option", { value: name }, t(`sort_${name}`))),
  );
  const seen = h("button.plain", { onclick: act.onSeen }, t("markSeen"));
  const help = h("button.plain.help", { "aria-label": `? ${t("help")}`, title: t("help"), onclick: act.onHelp }, "?");
  const state = h("span.state", { role: "status" });
  hear(input, "input", () => change({ text: input.value }));
  hear(input, "keydown", (event) => event.key === "Escape" && input.blur());
  hear(sort, "change", () => change({ sort: sort.value }));
  body.append(
    h(
      "div.bar",
      { role: "toolbar", "aria-label": t("barLabel") },
      statuses,
      input,
      pick,
      chosen,
      sort,
      seen,
      state,
      help,
    ),
  );

  const draw = (/** @type {View[]} */ shown, /** @type {Filter} */ wanted, /** @type {string} */ words) => {
    [views, filter] = [shown, wanted];
    drawStatuses(statuses, views, filter, change);
    chosen.replaceChildren(...drawChosen(filter, change));
    if (input.value !== filter.text) input.value = filter.text;
    sort.value = filter.sort;
    if (state.textContent !== words) state.textContent = words;
    host.style.setProperty("--page", getComputedStyle(document.body).backgroundColor);
  };
  return { host, draw, input };
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
    const on = filter.statuses.includes(status);
    const next = on ? filter.statuses.filter((each) => each !== status) : [...filter.statuses, status];
    const label = status === "none" ? t("notInList") : statusWord(status);
    return h(
      "button.count",
      {
        "data-status": status,
        "aria-label": `${label} ${counts[status]}`,
        "aria-pressed": String(on),
        title: label,
        onclick: () => change({ statuses: next }),
      },
      h("i", { class: `mark ${status}`, "aria-hidden": "true" }),
      h("span.word", `${label} `),
      h("b", String(counts[status])),
    );
  });
  const focused = /** @type {ShadowRoot} */ (place.getRootNode()).activeElement?.getAttribute("data-status");
  place.replaceChildren(...toggles);
  toggles.find((toggle) => toggle.dataset.status === focused)?.focus();
}

/** @param {Filter} filter @param {(change: Partial<Filter>) => void} change */
function drawChosen(filter, change) {
  const chip = (/** @type {string} */ name, /** @type {string} */ kind, /** @type {() => void} */ onclick) =>
    h(
      "button",
      { class: `chip ${kind}`, "aria-label": t("dropFilter", name), onclick },
      h("span", name),
      h("span", { "aria-hidden": "true" }, " ×"),
    );
  return [
    ...filter.tags.map((tag) => chip(tag, "tag", () => change({ tags: filter.tags.filter((each) => each !== tag) }))),
    ...filter.terms.map((term) =>
      chip(nameOf(term), term.split(":")[0].toLowerCase(), () =>
        change({ terms: filter.terms.filter((each) => each !== term) }),
      ),
    ),
    ...(isActive(filter)
      ? [h("button.plain", { onclick: () => change({ ...NO_FILTER, sort: filter.sort }) }, t("clearFilter"))]
      : []),
  ];
}

/** @param {string} term */
function nameOf(term) {
  return term.slice(term.indexOf(":") + 1);
}

/**
 * @param {HTMLElement} anchor
 * @param {View[]} views
 * @param {Filter} filter
 * @param {(change: Partial<Filter>) => void} change
 */
function openPicker(anchor, views, filter, change) {
  const tags = tally(views.flatMap(({ card }) => card.entry?.tags ?? []));
  const terms = tally(views.flatMap(({ card }) => card.terms.map(termId)));
  const pick = (/** @type {Partial<Filter>} */ wanted) => () => {
    closePopover();
    change(wanted);
  };
  const value = (
    /** @type {string} */ name,
    /** @type {number} */ number,
    /** @type {string} */ kind,
    /** @type {Node | null} */ mark,
    /** @type {() => void} */ onclick,
  ) => h("button", { class: `chip ${kind}`, onclick }, mark, h("span", name), h("b", ` ${number}`));
  const group = (/** @type {string} */ heading, /** @type {Node[]} */ chips) =>
    chips.length ? h("section", h("h3", heading), h("div.chips", chips)) : null;
  openPopover(
    anchor,
    t("filterMore"),
    [
      h(
        "div.groups",
        group(
          t("tags"),
          tags.map(([name, number]) =>
            value(name, number, "tag", dot(colourOf(name)), pick({ tags: [...new Set([...filter.tags, name])] })),
          ),
        ),
        LABELS.map((label) =>
          group(
            t(`labels_${label}`),
            terms
              .filter(([term]) => term.startsWith(`${label}:`))
              .slice(0, MOST_VALUES)
              .map(([term, number]) =>
                value(
                  nameOf(term),
                  number,
                  label.toLowerCase(),
                  null,
                  pick({ terms: [...new Set([...filter.terms, term])] }),
                ),
              ),
          ),
        ),
        tags.length || terms.length ? null : h("p.about", t("nothingToFilter")),
      ),
    ],
    { wide: true },
  );
}

/**
 * @param {string[]} values
 * @returns {[string, number][]} each value with how often it stands there, most often first
 */
function tally(values) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a, x], [b, y]) => y - x || a.localeCompare(b));
}

/**
 * Say how the margin stands: "42 of 42 cards", and what waits.
 * @param {{ drawn: number, total: number, shown: number, waiting: number, connection: string }} facts
 * @returns {string}
 */
export function sayState({ drawn, total, shown, waiting, connection }) {
  const parts = [shown < drawn ? t("shownOf", shown, drawn) : count("cards", total, drawn)];
  if (waiting) parts.push(count("waiting", waiting));
  if (!["ok", "unknown"].includes(connection))
    parts.push(t(`short_${["revoked", "unpaired"].includes(connection) ? connection : "offline"}`));
  return parts.join(" · ");
}
