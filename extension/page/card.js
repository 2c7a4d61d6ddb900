/** The margin of a card: two rows whose height is reserved before they are filled. */

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
import { sortResults, takeFitting, resultLine } from "./terms.js";
import { count, t } from "../shared/i18n.js";

/** @import { NoteState, TermChip } from "../shared/api.d.ts" */
/** @import { PagePaper, Status, View } from "../shared/types.d.ts" */

const MOST_TAGS = 3;
const PREVIEW_CHARACTERS = 300;
/** About how many characters wide status, rating and notes are. */
const CONTROLS_ROOM = 35;

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
  const terms = h("div.row.terms");
  const margin = h(
    "div.margin",
    { role: "group", hidden: true, "aria-label": t("marginOf", paper.title) },
    controls.row,
    terms,
  );
  body.append(margin);
  const draw = (/** @type {View} */ view, /** @type {number} */ room) => {
    margin.hidden = false;
    controls.draw(view, room);
    terms.replaceChildren(...drawTerms(view, paper, room, act));
  };
  return { host, paper, draw, controls };
}

/**
 * Make the row of controls: status, rating, notes, tags, and flags for waiting or conflicting
 * edits.
 * @param {PagePaper} paper
 * @param {(tag: string) => void} onTag
 */
export function makeControls(paper, onTag) {
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
  const tags = h("span.tags");
  const tag = opener(
    "button.quiet.tagger",
    "dialog",
    (button) => openTags(button, paper, () => view),
    {
      "aria-label": t("addTag"),
      title: t("tagsMenu"),
    },
  );
  const flags = h("span.flags");
  const mark = h("span.flags");
  const draw = (/** @type {View} */ next, room = Infinity) => {
    view = next;
    drawStatus(status, word, view.card.entry?.status ?? "none");
    drawRating(rating, view.card.entry?.rating ?? null);
    drawNotes(notes, view.card.notes);
    drawTags(tags, view.card.entry?.tags ?? [], room - CONTROLS_ROOM, onTag);
    tag.textContent = view.card.entry?.tags.length ? "+" : t("addTag");
    flags.replaceChildren(...drawFlags(view, () => openNotes(notes, paper, view)));
    mark.replaceChildren(...drawMark(view));
  };
  return {
    row: h(
      "div.row.controls",
      h("span.split", status, more),
      rating,
      notes,
      tags,
      tag,
      mark,
      flags,
    ),
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
 * @param {HTMLElement} place
 * @param {string[]} tags
 * @param {number} room
 * @param {(tag: string) => void} onTag
 */
function drawTags(place, tags, room, onTag) {
  const shown = takeFitting(
    tags.map((name) => ({ name })),
    room,
  ).slice(0, MOST_TAGS);
  const hidden = tags.slice(shown.length);
  place.replaceChildren(
    ...shown.map(({ name }) => tagChip(name, colourOf(name), () => onTag(name))),
    hidden.length ? h("span.about", { title: hidden.join(", ") }, `+${hidden.length}`) : "",
  );
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
 * @param {View} view
 * @param {PagePaper} paper
 * @param {number} room
 * @param {{ onTerm: (term: TermChip) => void }} act
 */
function drawTerms(view, paper, room, act) {
  const { terms, results, extraction } = view.card;
  const [result] = sortResults(results);
  const line = result ? resultLine(result) : "";
  const telling = terms.filter((term) => !term.folded);
  const shown = takeFitting(telling, room - Math.min(line.length, 30));
  const open = (/** @type {HTMLElement} */ anchor, /** @type {TermChip} */ term) =>
    openTerm(anchor, paper, term, act.onTerm);
  const rest = terms.length - shown.length;
  const said = opener(
    "button.result",
    "dialog",
    (button) => openResults(button, view),
    { title: line },
    h("span", line),
    results.length > 1 ? ` +${results.length - 1}` : "",
  );
  const all = opener(
    "button.quiet.all",
    "dialog",
    (button) => openTerms(button, view, open),
    { "aria-label": `+${rest}, ${t("allTerms")}` },
    `+${rest}`,
  );
  const isEmpty = !terms.length && !results.length && view.known;
  const chips = shown.map((term) => termChip(term, (button) => open(button, term)));
  return [
    ...(line ? [said] : []),
    ...chips,
    ...(rest ? [all] : []),
    ...(isEmpty ? [h("span.about", t(`extraction_${extraction}`))] : []),
  ];
}
