/** The bar above a list: counts by status, filters, order, and the margin's state. */

import { makeControls, makeValues } from "./bar_controls.js";
import { isActive, NO_FILTER } from "./filter.js";
import { openPopover } from "./layer.js";
import { count, t } from "../shared/i18n.js";
import { opener } from "../ui/chips.js";
import { h, makeHost } from "../ui/dom.js";
import { rove } from "../ui/roving.js";

/** @import { View } from "../shared/types.d.ts" */
/** @import { Facts } from "./bar_controls.js" */
/** @import { Filter } from "./filter.js" */

/**
 * What the bar says about a list. `drawn` counts the margins, `total` the papers that the page
 * lists, `shown` those that the filter lets through, and `waiting` the edits that were not sent at
 * once.
 * @typedef {object} State
 * @property {number} drawn
 * @property {number} total
 * @property {number} shown
 * @property {number} waiting
 * @property {View[]} views
 * @property {string} connection
 */

/**
 * Make the bar.
 * @param {object} act
 * @param {(filter: Filter) => void} act.onFilter
 * @param {() => void} act.onSeen
 * @param {() => void} act.onHelp
 * @param {() => void} act.onTriage
 */
export function makeBar(act) {
  const { host, body } = makeHost("papermargin-bar");
  /** @type {Facts} */
  let facts = { views: [], filter: NO_FILTER, unseen: 0, news: 0 };
  /** @type {ReturnType<typeof makeControls> | null} those in the menu, while it is open */
  let inMenu = null;
  const change = (/** @type {Partial<Filter>} */ wanted) =>
    act.onFilter({ ...facts.filter, ...wanted });
  const acts = { change, onSeen: act.onSeen, onTriage: act.onTriage };
  const controls = makeControls(acts);
  const pick = opener(
    "button.plain",
    "dialog",
    (button) => openPopover(button, t("filterMore"), makeValues(facts, change), { wide: true }),
    t("filterMore"),
  );
  const openMenu = (/** @type {HTMLElement} */ button) => {
    inMenu = makeControls(acts);
    inMenu.draw(facts);
    openPopover(button, t("barOverflow"), menuContent(inMenu, makeValues(facts, change)), {
      wide: true,
    });
  };
  const overflow = opener(
    "button.plain.overflow",
    "dialog",
    openMenu,
    {
      "aria-label": t("barOverflow"),
      title: t("barOverflow"),
    },
    "⋯",
  );
  const help = h(
    "button.plain.help",
    { "aria-label": `? ${t("help")}`, title: t("help"), onclick: act.onHelp },
    "?",
  );
  const state = h("span.state", { role: "status" });
  const { triage, statuses, onlyNew, input, chosen, sort, seen } = controls;
  const bar = h(
    "div.bar",
    { role: "toolbar", "aria-label": t("barLabel") },
    ...[triage, statuses, onlyNew, input, pick, chosen, sort, seen, state, overflow, help],
  );
  const empty = h("p.empty", { role: "status", hidden: true });
  const stop = rove(bar);
  body.append(bar, empty);

  // what goes into the menu first if there is no room
  const optional = [sort, seen, pick, chosen, statuses, onlyNew, input, triage];
  const fit = () => {
    fitBar(bar, optional, overflow);
    stop.update();
  };
  new ResizeObserver(fit).observe(bar);

  const draw = (/** @type {Facts} */ next, /** @type {State} */ facing) => {
    facts = next;
    stop.redraw(() => controls.draw(facts));
    if (inMenu?.input.isConnected) inMenu.draw(facts);
    drawState(bar, state, facing);
    drawEmpty(empty, facts.filter, facing, change);
    host.style.setProperty("--page", getComputedStyle(document.body).backgroundColor);
    fit();
  };
  const focusFilter = () => {
    if (input.offsetWidth) input.focus();
    else overflow.click();
  };
  const focusTriage = () => (triage.offsetWidth ? triage : overflow).focus();
  return { host, draw, focusFilter, focusTriage };
}

/**
 * Move controls into the menu until the rest fits. What a person must not miss stays: the state,
 * the menu and the help.
 * @param {HTMLElement} bar
 * @param {HTMLElement[]} optional in the order in which they go
 * @param {HTMLElement} overflow
 */
function fitBar(bar, optional, overflow) {
  // not shown before it is fitted, since a control that moves is a layout shift
  bar.classList.toggle("fitted", bar.clientWidth > 0);
  bar.classList.remove("quiet", "short", "tight");
  for (const control of optional) control.classList.remove("away");
  overflow.hidden = true;
  const isFull = () => bar.scrollWidth > bar.clientWidth;
  // first what only repeats: the count of cards, and the words beside the numbers
  for (const form of ["quiet", "short"]) if (isFull()) bar.classList.add(form);
  for (const control of optional) {
    if (!isFull()) return;
    overflow.hidden = false;
    control.classList.add("away");
  }
  if (isFull()) bar.classList.add("tight");
}

/**
 * @param {ReturnType<typeof makeControls>} controls
 * @param {HTMLElement[]} values
 */
function menuContent({ triage, statuses, onlyNew, input, chosen, sorts, seen }, values) {
  return [h("div.stack", triage, statuses, onlyNew, input, chosen, seen, sorts), ...values];
}

/**
 * @param {HTMLElement} bar
 * @param {HTMLElement} place
 * @param {State} state
 */
function drawState(bar, place, state) {
  const { warnings, info } = describeState(state);
  const words = [...warnings, info].filter(Boolean).join(" · ");
  bar.classList.toggle("warned", warnings.length > 0);
  // a status that is written again is read out again
  if (place.textContent !== words) place.textContent = words;
}

/**
 * @param {HTMLElement} place
 * @param {Filter} filter
 * @param {State} state
 * @param {(change: Partial<Filter>) => void} change
 */
function drawEmpty(place, filter, { shown, drawn }, change) {
  const isEmpty = drawn > 0 && !shown && isActive(filter);
  place.hidden = !isEmpty;
  if (!isEmpty) return place.replaceChildren();
  const isOnlyNew = !isActive({ ...filter, onlyNew: false });
  const clear = () => change({ ...NO_FILTER, sort: filter.sort });
  return place.replaceChildren(
    isOnlyNew ? t("nothingNew") : t("noMatch"),
    " ",
    h("button.plain", { onclick: clear }, t("clearFilter")),
  );
}

/**
 * Describe the state of a list: "6 of 6 cards", or what a person must not miss.
 * @param {State} state
 * @returns {{ warnings: string[], info: string }} `info` is "" if there are warnings
 */
function describeState({ drawn, total, shown, waiting, views, connection }) {
  const edits = views.flatMap((view) => view.edits);
  const conflicts = edits.filter((edit) => edit.state === "conflict").length;
  const warnings = [
    shown < drawn ? t("shownOf", shown, drawn) : "",
    conflicts ? count("conflicts", conflicts) : "",
    waiting ? count("waiting", waiting) : "",
    describeConnection(connection),
  ].filter(Boolean);
  return { warnings, info: warnings.length ? "" : count("cards", total, drawn) };
}

/**
 * Describe what is wrong with the connection, "" if nothing is.
 * @param {string} connection
 * @returns {string}
 */
export function describeConnection(connection) {
  if (["ok", "unknown"].includes(connection)) return "";
  const isNamed = ["revoked", "unpaired"].includes(connection);
  return t(`short_${isNamed ? connection : "offline"}`);
}
