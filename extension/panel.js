/** The side panel of a paper's own page: everything that the margin has on it. */

import { makeControls } from "./card.js";
import { termChip } from "./chips.js";
import { h, makeHost } from "./dom.js";
import { openTerm, resultTable } from "./menu.js";
import { ask } from "./messages.js";
import { drawNote, makeEditor, newNoteButton } from "./note.js";
import { byTelling, LABELS, rarestShared } from "./terms.js";
import { count, t } from "./text.js";

/** @typedef {import("./wire.js").View} View */
/** @typedef {import("./wire.js").PagePaper} PagePaper */
/** @typedef {import("./wire.js").Label} Label */
/** @typedef {import("./wire.js").Settings} Settings */

const MOST_RELATED = 5;
const MOST_SHARED = 2;

/**
 * @typedef {object} PanelActs
 * @property {(labels: Settings["labels"]) => void} onLabels
 * @property {(open: boolean) => void} onFold
 * @property {(quote: import("./wire.js").Quote) => boolean} isOrphaned
 */

/**
 * Make the panel.
 * @param {PagePaper} paper
 * @param {PanelActs} act
 */
export function makePanel(paper, act) {
  const { host, body } = makeHost("papermargin-panel");
  /** @type {View | undefined} */
  let view;
  let editing = false;
  const controls = makeControls(paper, () => {});
  const legend = h("div.legend");
  const results = h("section", { hidden: true });
  const notes = h("section.notes");
  const related = h("section", { hidden: true });
  const corrections = h("section", { hidden: true });
  const state = h("p.state", { role: "status" });
  const fold = h(
    "button.fold",
    { "aria-expanded": "true", onclick: () => act.onFold(fold.getAttribute("aria-expanded") !== "true") },
    h("span", t("name")),
  );
  const content = h("div.content", controls.row, legend, results, notes, related, corrections, state);
  body.append(h("aside.panel", { "aria-label": t("panelLabel") }, fold, content));

  const drawNotes = () => {
    if (view && !editing) notes.replaceChildren(...noteList(view, paper, act, (note) => write({ note })));
  };
  const write = (/** @type {any} */ { note = null, quote = null }) => {
    editing = true;
    const editor = makeEditor(paper, /** @type {View} */ (view), {
      note,
      quote,
      onDone: () => {
        editing = false;
        drawNotes();
      },
    });
    notes.replaceChildren(h("h2", note ? t("edit") : t("newNote")), editor);
    editor.querySelector("textarea")?.focus();
  };
  const draw = (/** @type {View} */ next, /** @type {Settings["labels"]} */ labels, /** @type {string} */ words) => {
    view = next;
    controls.draw(view);
    legend.replaceChildren(...drawLegend(view, paper, labels, act.onLabels));
    results.hidden = !view.card.results.length;
    results.replaceChildren(h("h2", t("results")), resultTable(view.card.results));
    state.textContent = words;
    drawNotes();
  };
  const setOpen = (/** @type {boolean} */ open) => {
    fold.setAttribute("aria-expanded", String(open));
    content.hidden = !open;
    host.toggleAttribute("data-folded", !open);
  };
  return { host, draw, write, setOpen, controls, related, corrections };
}

/**
 * @param {View} view
 * @param {PagePaper} paper
 * @param {PanelActs} act
 * @param {(note: import("./wire.js").NoteState | null) => void} onEdit
 */
function noteList({ card }, paper, { isOrphaned }, onEdit) {
  const drawn = card.notes.map((note) =>
    drawNote(note, { paper, onEdit: () => onEdit(note), orphaned: Boolean(note.quote && isOrphaned(note.quote)) }),
  );
  return [h("h2", count("notes", card.notes.length)), ...drawn, newNoteButton(() => onEdit(null))];
}

/**
 * The legend: each label switches its colour in the abstract on and off, and lists its terms.
 * @param {View} view
 * @param {PagePaper} paper
 * @param {Settings["labels"]} labels
 * @param {(labels: Settings["labels"]) => void} onLabels
 */
function drawLegend(view, paper, labels, onLabels) {
  const ordered = byTelling(view.card.terms);
  return LABELS.filter((label) => ordered.some((term) => term.label === label)).map((label) =>
    h(
      "section",
      h(
        "h2",
        h(
          "button",
          {
            class: `toggle ${label.toLowerCase()}`,
            "aria-pressed": String(labels[label]),
            onclick: () => onLabels({ ...labels, [label]: !labels[label] }),
          },
          t(`labels_${label}`),
        ),
      ),
      h(
        "div.chips",
        ordered
          .filter((term) => term.label === label)
          .map((term) => termChip(term, (button) => openTerm(button, paper, term, null))),
      ),
    ),
  );
}

/**
 * Fill in which papers of the person's own list share the paper's rarest terms.
 * @param {HTMLElement} place
 * @param {View} view
 */
export async function drawRelated(place, view) {
  const shared = rarestShared(view.card.terms, MOST_SHARED);
  const found = (await sharing(shared, view.card.key)) ?? (await sharing(shared.slice(0, 1), view.card.key));
  place.hidden = !found;
  if (!found) return;
  const names = found.terms.map((term) => term.name);
  place.replaceChildren(
    h(
      "h2",
      count(
        "related",
        found.papers.length,
        new Intl.ListFormat(navigator.language, { type: "conjunction" }).format(names),
      ),
    ),
    h(
      "ul",
      found.papers
        .slice(0, MOST_RELATED)
        .map((/** @type {{ key: string, title: string }} */ paper) =>
          h("li", h("a", { href: addressOf(paper.key) }, paper.title)),
        ),
    ),
  );
}

/** @param {import("./wire.js").TermChip[]} terms @param {string} key */
async function sharing(terms, key) {
  if (!terms.length) return null;
  const query = terms.map((term) => `${term.label.toLowerCase()}:"${term.name.replaceAll('"', "")}"`).join(" ");
  const list = await ask("list", { query }).catch(() => null);
  const papers = (list?.papers ?? []).filter((/** @type {{ key: string }} */ paper) => paper.key !== key);
  return papers.length ? { terms, papers } : null;
}

/** @param {string} key */
function addressOf(key) {
  return key.includes("/") ? `https://arxiv.org/abs/${key}` : `https://huggingface.co/papers/${key}`;
}

/**
 * List the person's corrections, each to be taken back.
 * @param {HTMLElement} place
 * @param {import("./wire.js").CorrectionState[]} corrections
 * @param {(correction: import("./wire.js").CorrectionState) => void} onUndo
 */
export function drawCorrections(place, corrections, onUndo) {
  place.hidden = !corrections.length;
  const words = (/** @type {import("./wire.js").CorrectionState} */ each) =>
    t(`verdict_${each.verdict}`, each.surface, t(`label_${each.to_label ?? each.label}`));
  place.replaceChildren(
    h("h2", t("corrections")),
    h(
      "ul",
      corrections.map((each) =>
        h("li", words(each), " ", h("button.plain", { onclick: () => onUndo(each) }, t("undo"))),
      ),
    ),
  );
}
