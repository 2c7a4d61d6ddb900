/** The margin of one card: two slim rows whose height is settled before they are filled. */

import { nextStatus, stars, statusWord, tagChip, termChip } from "./chips.js";
import { h, makeHost } from "./dom.js";
import { openRating, openResults, openStatus, openTerm, openTerms, setStatus } from "./menu.js";
import { conflictOf, openNotes } from "./note.js";
import { colourOf, openTags } from "./tags.js";
import { byTelling, byWorth, fitting, resultLine } from "./terms.js";
import { count, t } from "./text.js";

/** @typedef {import("./wire.js").View} View */
/** @typedef {import("./wire.js").PagePaper} PagePaper */
/** @typedef {import("./wire.js").TermChip} TermChip */

const MOST_TAGS = 3;

/**
 * @typedef {object} Margin
 * @property {HTMLElement} host
 * @property {PagePaper} paper
 * @property {(view: View, room: number) => void} draw
 * @property {Controls} controls
 *
 * @typedef {ReturnType<typeof makeControls>} Controls
 */

/**
 * Make the margin of a card.
 * @param {PagePaper} paper
 * @param {{ onTerm: (term: TermChip) => void, onTag: (tag: string) => void }} act
 * @returns {Margin}
 */
export function makeMargin(paper, act) {
  const { host, body } = makeHost("papermargin-card");
  const controls = makeControls(paper, act.onTag);
  const terms = h("div", { class: "row terms" });
  const margin = h("div", { class: "margin", role: "group", hidden: true, "aria-label": t("marginOf", paper.title) }, controls.row, terms);
  body.append(margin);
  const draw = (/** @type {View} */ view, /** @type {number} */ room) => {
    margin.hidden = false;
    controls.draw(view);
    terms.replaceChildren(...drawTerms(view, paper, room, act));
  };
  return { host, paper, draw, controls };
}

/**
 * Make the row of what a person says of a paper: status, rating, notes, tags, and what there is to know of them.
 * @param {PagePaper} paper
 * @param {(tag: string) => void} onTag
 */
export function makeControls(paper, onTag) {
  /** @type {View} */
  let view;
  const word = h("span");
  const status = h("button", { class: "status", type: "button", onclick: () => setStatus(paper, nextStatus(view.card.entry?.status ?? "none")) }, h("i", { class: "mark", "aria-hidden": "true" }), word);
  const more = h("button", { class: "more", type: "button", "aria-label": t("statusMenu"), "aria-haspopup": "menu", "aria-expanded": "false", onclick: () => openStatus(more, paper, view) });
  const rating = h("button", { class: "quiet rating", type: "button", "aria-haspopup": "menu", "aria-expanded": "false", onclick: () => openRating(rating, paper, view) });
  const notes = h("button", { class: "quiet notes", type: "button", "aria-haspopup": "dialog", "aria-expanded": "false", onclick: () => openNotes(notes, paper, view) });
  const tags = h("span", { class: "tags" });
  const tag = h("button", { class: "quiet tagger", type: "button", "aria-label": t("addTag"), title: t("tagsMenu"), "aria-haspopup": "dialog", "aria-expanded": "false", onclick: () => openTags(tag, paper, () => view) });
  const flags = h("span", { class: "flags" });
  const draw = (/** @type {View} */ next) => {
    view = next;
    const { entry, notes: written } = view.card;
    const now = entry?.status ?? "none";
    word.textContent = now === "none" ? t("save") : statusWord(now);
    status.dataset.status = now;
    status.setAttribute("aria-label", now === "none" ? t("saveAbout") : t("statusAbout", statusWord(now), statusWord(nextStatus(now))));
    rating.textContent = stars(entry?.rating ?? null);
    rating.setAttribute("aria-label", `${rating.textContent} ${entry?.rating == null ? t("ratingMenu") : t("ratingOf", entry.rating)}`);
    notes.textContent = written.length ? count("notes", written.length) : t("addNote");
    notes.title = written.map((note) => note.text).join("\n\n").slice(0, 300);
    drawTags(tags, entry?.tags ?? [], onTag);
    tag.textContent = entry?.tags.length ? "+" : t("addTag");
    flags.replaceChildren(...drawFlags(view, () => openNotes(notes, paper, view)));
  };
  return { row: h("div", { class: "row controls" }, h("span", { class: "split" }, status, more), rating, notes, tags, tag, flags), draw, status, more, tag, notes, current: () => view };
}

/** @param {HTMLElement} place @param {string[]} tags @param {(tag: string) => void} onTag */
function drawTags(place, tags, onTag) {
  const shown = tags.slice(0, MOST_TAGS).map((name) => tagChip(name, colourOf(name), () => onTag(name)));
  const rest = tags.length > MOST_TAGS ? h("span", { class: "about", title: tags.slice(MOST_TAGS).join(", ") }, `+${tags.length - MOST_TAGS}`) : "";
  place.replaceChildren(...shown, rest);
}

/** @param {View} view @param {() => void} onConflict */
function drawFlags(view, onConflict) {
  const flag = (/** @type {string} */ name) => h("span", { class: `flag ${name}` }, t(`flag_${name}`));
  if (conflictOf(view)) return [h("button", { type: "button", class: "flag conflict", onclick: onConflict }, t("flag_conflict"))];
  if (view.edits.some((edit) => edit.state === "refused")) return [flag("refused")];
  if (view.edits.length) return [flag("waiting")];
  if (view.drafts.length) return [flag("draft")];
  return view.card.seen ? [flag("seen")] : [];
}

/** @param {View} view @param {PagePaper} paper @param {number} room @param {{ onTerm: (term: TermChip) => void }} act */
function drawTerms(view, paper, room, act) {
  const { terms, results, extraction } = view.card;
  const [result] = byWorth(results);
  const line = result ? resultLine(result) : "";
  const shown = fitting(byTelling(terms), room - Math.min(line.length, 30));
  const open = (/** @type {HTMLElement} */ anchor, /** @type {TermChip} */ term) => openTerm(anchor, paper, term, act.onTerm);
  const chips = shown.map((term) => termChip(term, (event) => open(/** @type {HTMLElement} */ (event.currentTarget), term)));
  const rest = terms.length - shown.length;
  const all = rest > 0 && h("button", { class: "quiet all", type: "button", "aria-haspopup": "dialog", "aria-expanded": "false", "aria-label": `+${rest}, ${t("allTerms")}`, onclick: (/** @type {any} */ event) => openTerms(event.currentTarget, view, open) }, `+${rest}`);
  const said = line && h("button", { class: "result", type: "button", title: line, "aria-haspopup": "dialog", "aria-expanded": "false", onclick: (/** @type {any} */ event) => openResults(event.currentTarget, view) }, h("span", {}, line), results.length > 1 ? ` +${results.length - 1}` : "");
  const waiting = !terms.length && !results.length && view.known && h("span", { class: "about" }, t(`extraction_${extraction}`));
  return [said, ...chips, all, waiting].filter((part) => part);
}
