/** Tags: their colours, and the popover that edits a paper's tags. */

import { dot, menuItem, tagChip } from "../ui/chips.js";
import { h, on } from "../ui/dom.js";
import { makeEdit } from "./edits.js";
import { openPopover } from "./layer.js";
import { paperRef } from "./new_edit.js";
import { t } from "../shared/i18n.js";

/** @import { TagState } from "../shared/api.d.ts" */
/** @import { EntryChange, PaperRef, View } from "../shared/types.d.ts" */

const MOST_SUGGESTIONS = 7;
const COLOURS = [
  "#5b7db1",
  "#4d8a78",
  "#a9792f",
  "#8b5e96",
  "#b2584e",
  "#6f7f3f",
  "#3f8593",
  "#7a746b",
];

/** @type {Map<string, TagState>} */
let tags = new Map();

/** @param {TagState[]} loaded */
export function setTags(loaded) {
  const kept = loaded.filter((tag) => !tag.deleted);
  tags = new Map(kept.map((tag) => [tag.name.toLowerCase(), tag]));
}

/** @param {string} name @returns {string | null} */
export function colourOf(name) {
  return tags.get(name.toLowerCase())?.colour ?? null;
}

/**
 * Open the tags of a paper: chips to remove them, a field with completion to add one, and colours.
 * @param {HTMLElement} anchor
 * @param {PaperRef} paper
 * @param {() => View} viewNow
 */
export function openTags(anchor, paper, viewNow) {
  let view = viewNow();
  const input = h("input.field", {
    type: "text",
    placeholder: t("tagPlaceholder"),
    "aria-label": t("tagPlaceholder"),
    maxlength: 100,
    autocomplete: "off",
    autofocus: true,
  });
  const chosen = h("div.chips");
  const list = h("div.menu", {
    role: "menu",
    "aria-label": t("tagSuggestions"),
  });
  const draw = () => {
    const own = view.card.entry?.tags ?? [];
    chosen.replaceChildren(
      ...own.map((name) => tagChip(name, colourOf(name), () => change({ remove: [name] }))),
    );
    list.replaceChildren(
      ...suggestions(input.value.trim(), own).map((item) =>
        menuItem(item.words, () => item.name && change({ add: [item.name] }), {
          mark: dot(colourOf(item.name)),
        }),
      ),
    );
    palette.replaceChildren(...paletteFor(input.value.trim() || own.at(-1) || ""));
  };
  const change = async (/** @type {EntryChange} */ wanted) => {
    const made = await makeEdit(
      { kind: "entry", ref: paper.id, paper: paperRef(paper), change: wanted },
      wanted.add ? t("saidTagged", wanted.add[0]) : t("saidUntagged", wanted.remove?.[0] ?? ""),
    );
    if (made) [view, input.value] = [made, ""];
    draw();
    input.focus();
  };
  const palette = h("div.palette", {
    role: "group",
    "aria-label": t("tagColour"),
  });
  const paletteFor = (/** @type {string} */ name) =>
    name ? COLOURS.map((colour) => swatch(name, colour, draw)) : [];
  on(input, "input", draw);
  on(input, "keydown", (event) => {
    if (event.key === "Enter" && input.value.trim()) void change({ add: [input.value.trim()] });
  });
  openPopover(anchor, t("tagsMenu"), [chosen, input, list, palette]);
  draw();
}

/**
 * @param {string} typed
 * @param {string[]} own
 * @returns {{ name: string, words: string }[]}
 */
function suggestions(typed, own) {
  const taken = new Set(own.map((name) => name.toLowerCase()));
  const like = typed.toLowerCase();
  const known = [...tags.values()].filter(
    ({ name }) => name.toLowerCase().includes(like) && !taken.has(name.toLowerCase()),
  );
  // names that begin with what was typed come first, then those that are used most
  known.sort(
    (a, b) =>
      Number(b.name.toLowerCase().startsWith(like)) -
        Number(a.name.toLowerCase().startsWith(like)) || b.papers - a.papers,
  );
  const found = known.slice(0, MOST_SUGGESTIONS).map(({ name }) => ({ name, words: name }));
  // offered last, so that Enter on a typo does not hide the tag that was meant
  const isNew = like && !tags.has(like) && !taken.has(like);
  return isNew ? [...found, { name: typed, words: t("createTag", typed) }] : found;
}

/**
 * @param {string} name
 * @param {string} colour
 * @param {() => void} onDone
 */
function swatch(name, colour, onDone) {
  const button = h("button.swatch", {
    "aria-label": t("colourFor", name, colour),
    "aria-pressed": String(colourOf(name) === colour),
    onclick: async () => {
      const was = tags.get(name.toLowerCase());
      const state = was ?? { name, colour: null, papers: 0, version: 0 };
      // drawn at once; the server's answer comes with the next load of tags
      tags.set(name.toLowerCase(), { ...state, colour });
      await makeEdit({
        kind: "tag",
        ref: was?.name ?? name,
        paper: { id: "", title: "" },
        change: { colour },
        base: was ?? null,
      });
      onDone();
    },
  });
  button.style.backgroundColor = colour;
  return button;
}
