/** The margin of a card: two rows whose height is reserved before they are filled. */

import { fitChips } from "./fit.js";
import { nextStatus, opener, stars, statusName, tagChip, termChip } from "../ui/chips.js";
import { h, makeHost } from "../ui/dom.js";
import {
  openRating,
  openReasons,
  openResults,
  openStatus,
  openTerm,
  openTerms,
  setStatus,
} from "./menu.js";
import { conflictOf, openNotes } from "./note.js";
import { colourOf, openTags } from "./tags.js";
import { reasonsOf } from "./reasons.js";
import { isComplete, leadingResult, resultLine } from "./results.js";
import { count, t } from "../shared/i18n.js";
import { rove } from "../ui/roving.js";

/** @import { NoteState, TermChip } from "../shared/api.d.ts" */
/** @import { PagePaper, Status, View } from "../shared/types.d.ts" */

const PREVIEW_CHARACTERS = 300;

/**
 * @typedef {object} Margin
 * @property {HTMLElement} host
 * @property {PagePaper} paper
 * @property {(view: View) => void} draw
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
  const controls = makeControls(paper, act.onTag, () => stop.update());
  const terms = h("div.row.terms");
  const margin = h(
    "div.margin",
    { role: "toolbar", hidden: true, "aria-label": t("marginOf", paper.title) },
    controls.row,
    terms,
  );
  const stop = rove(margin);
  body.append(margin);
  const draw = (/** @type {View} */ view) => {
    margin.hidden = false;
    stop.redraw(() => {
      controls.draw(view);
      terms.replaceChildren(...drawTerms(view, paper, { ...act, onFit: () => stop.update() }));
    });
  };
  return { host, paper, draw, controls };
}

/**
 * Make the row of controls: status, rating, notes, tags, and flags for waiting or conflicting
 * edits.
 * @param {PagePaper} paper
 * @param {(tag: string) => void} onTag
 * @param {() => void} [onFit] called when tags were hidden or shown for want of room
 */
export function makeControls(paper, onTag, onFit = () => {}) {
  /** @type {View} */
  let view;
  const word = h("span");
  const status = h(
    "button.status",
    {
      onclick: () => setStatus(paper, nextStatus(view.card.entry?.status ?? "none")),
    },
    h("i.mark", { "aria-hidden": "true" }),
    word,
  );
  const more = opener("button.more", "menu", (button) => openStatus(button, paper, view), {
    "aria-label": t("statusMenu"),
  });
  const rating = opener("button.quiet.rating", "menu", (button) => openRating(button, paper, view));
  const notes = opener("button.quiet.notes", "dialog", (button) => openNotes(button, paper, view));
  const tag = opener("button.quiet.tagger", "dialog", (button) =>
    openTags(button, paper, () => view),
  );
  const tags = h("span.tags.fit", tag);
  const flags = h("span.flags");
  const mark = h("span.flags");
  const draw = (/** @type {View} */ next) => {
    view = next;
    drawStatus(status, word, view.card.entry?.status ?? "none");
    drawRating(rating, view.card.entry?.rating ?? null);
    drawNotes(notes, view.card.notes);
    drawTags(tags, tag, view.card.entry?.tags ?? [], { onTag, onFit });
    flags.replaceChildren(...drawFlags(view, () => openNotes(notes, paper, view)));
    mark.replaceChildren(...drawMark(view));
  };
  return {
    row: h("div.row.controls", h("span.split", status, more), rating, notes, tags, mark, flags),
    draw,
    status,
    more,
    tag,
    notes,
    current: () => view,
  };
}

/**
 * @param {HTMLElement} button
 * @param {HTMLElement} word
 * @param {Status} status
 */
function drawStatus(button, word, status) {
  const isSaved = status !== "none";
  word.textContent = isSaved ? statusName(status) : t("save");
  button.dataset.status = status;
  const about = isSaved
    ? t("statusAbout", statusName(status), statusName(nextStatus(status)))
    : t("saveAbout");
  button.setAttribute("aria-label", about);
}

/** @param {HTMLElement} button @param {number | null} rating */
function drawRating(button, rating) {
  button.textContent = stars(rating);
  const about = rating === null ? t("ratingMenu") : t("ratingOf", rating);
  button.setAttribute("aria-label", `${button.textContent} ${about}`);
}

/** @param {HTMLElement} button @param {NoteState[]} notes */
function drawNotes(button, notes) {
  const texts = notes.map((note) => note.text);
  button.textContent = notes.length ? count("notes", notes.length) : t("addNote");
  button.title = texts.join("\n\n").slice(0, PREVIEW_CHARACTERS);
}

/**
 * Draw the tags that have room; the button after them counts the others, and opens them all.
 * @param {HTMLElement} place
 * @param {HTMLElement} button
 * @param {string[]} tags
 * @param {{ onTag: (tag: string) => void, onFit: () => void }} act
 */
function drawTags(place, button, tags, { onTag, onFit }) {
  const chips = tags.map((name) => tagChip(name, colourOf(name), () => onTag(name)));
  for (const chip of place.querySelectorAll(".chip")) chip.remove();
  place.prepend(...chips);
  fitChips(place, chips, (hidden) => {
    button.textContent = hidden ? `+${hidden}` : chips.length ? "+" : t("addTag");
    button.title = tags.slice(tags.length - hidden).join(", ") || t("tagsMenu");
    button.setAttribute("aria-label", hidden ? `+${hidden}, ${t("tagsMenu")}` : t("addTag"));
    onFit();
  });
}

/** @param {View} view @param {() => void} onConflict */
function drawFlags(view, onConflict) {
  const flag = (/** @type {string} */ name) =>
    h("span", { class: `flag ${name}` }, t(`flag_${name}`));
  if (conflictOf(view))
    return [h("button.flag.conflict", { onclick: onConflict }, t("flag_conflict"))];
  if (view.edits.some((edit) => edit.state === "refused")) return [flag("refused")];
  if (view.edits.length) return [flag("waiting")];
  if (view.drafts.length) return [flag("draft")];
  return view.card.seen ? [flag("seen")] : [];
}

/**
 * Mark a paper that stands out for the user, with the reasons as its description.
 * @param {View} view
 */
function drawMark({ card }) {
  if (!card.for_you?.stands_out) return [];
  const reasons = reasonsOf(card.for_you).join("\n");
  return [
    opener(
      "button.foryou",
      "dialog",
      (button) => openReasons(button, card),
      { title: reasons, "aria-label": `${t("forYou")}: ${reasons}` },
      t("forYou"),
    ),
  ];
}

/**
 * Draw a row with the result that stands for a paper and those of its terms that have room.
 * @param {View} view
 * @param {PagePaper} paper
 * @param {{ onTerm: ((term: TermChip) => void) | null, onFit: () => void }} act
 */
export function drawTerms(view, paper, act) {
  const { terms, results, extraction } = view.card;
  const result = leadingResult(results);
  // a bare number says nothing by itself, so only their count is shown
  const words = result ? resultLine(result) : count("results", results.length);
  const open = (/** @type {HTMLElement} */ anchor, /** @type {TermChip} */ term) =>
    openTerm(anchor, paper, term, act.onTerm);
  const said = opener(
    result && isComplete(result) ? "button.result.complete" : "button.result",
    "dialog",
    (button) => openResults(button, view),
    { title: words },
    h("span", words),
    result && results.length > 1 ? ` +${results.length - 1}` : "",
  );
  const all = opener("button.quiet.all", "dialog", (button) => openTerms(button, view, open));
  const isEmpty = !terms.length && !results.length && view.known;
  const telling = terms.filter((term) => !term.folded);
  const chips = telling.map((term) => termChip(term, (button) => open(button, term)));
  const line = h("span.fit", chips, all);
  fitChips(line, chips, (hidden) => {
    const rest = terms.length - telling.length + hidden;
    all.hidden = !rest;
    all.textContent = `+${rest}`;
    all.setAttribute("aria-label", `+${rest}, ${t("allTerms")}`);
    act.onFit();
  });
  return [
    ...(results.length ? [said] : []),
    isEmpty ? h("span.about", t(`extraction_${extraction}`)) : line,
  ];
}
