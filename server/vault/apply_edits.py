"""Apply a vault's edits to the store: planned first, so that they can be shown, then written.

A value or note that changed only in the file is taken from it. What changed in the store too since
the export stays as it is there; the file's text of a note is then kept as a second note.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal, get_args
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Struct, field

from server.database.serializers import find_paper_ids
from server.database.versioning import Edit
from server.days import day_of
from server.identifiers import parse_key
from server.papers.cards import cards
from server.reading_list.entries import put_entry
from server.reading_list.notes import delete_note, put_note
from server.reading_list.tags import fold_tag, list_tags
from server.schema.papers import Card
from server.schema.quote import Quote
from server.schema.reading_list import EntryEdit, NoteEdit, NoteState, Rating, Status
from server.schema.sources import fold
from server.vault.fields import Unreadable, Value
from server.vault.note_styles import plain_lines
from server.vault.read_edits import FileEdits, tag_forms

_STARS = re.compile("[★☆]+")
_OUT_OF_FIVE = re.compile(r"^([0-5])\s*/\s*5$")
DAYS: tuple[Literal["snoozed_until"], Literal["due"]] = ("snoozed_until", "due")
_SHOWN = 60  # characters of a note


class NoteChange(Struct, frozen=True):
    """A note to write; `base` is the version that was exported, 0 for a new note."""

    id: UUID
    base: int
    edit: NoteEdit


class VaultChanges(Struct):
    """What to write on one paper, a sentence per change, and one per change that cannot be made."""

    key: str
    base: int = 0
    entry: EntryEdit = field(default_factory=EntryEdit)
    notes: list[NoteChange] = field(default_factory=list)
    removed: list[NoteState] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


async def plan_vault_changes(files: list[FileEdits], user: int) -> list[VaultChanges]:
    """Compare files' values with the store, in a few queries. An unknown paper is in `kept`."""
    rows = await find_paper_ids(parse_key(found.key) or "" for found in files)
    stored = await cards(list(rows.values()), user)
    known = [tag.name for tag in await list_tags(user)] if _have_new_tags(files) else []
    plans = []
    for found in files:
        row = rows.get(parse_key(found.key) or "")
        if row is None:
            plans.append(VaultChanges(found.key, kept=[f"no paper {found.key!r} in the store"]))
        else:
            plans.append(compare(found, stored[row], known))
    return plans


def _have_new_tags(files: list[FileEdits]) -> bool:
    return any(found.is_new("tags") for found in files)


async def apply_vault_changes(plan: VaultChanges, user: int, now: datetime) -> None:
    """Write what was planned. Raises `Conflict` for anything changed in the meantime."""
    if plan.entry != EntryEdit():
        await put_entry(Edit(user=user, at=now, base=plan.base), plan.key, plan.entry)
    for note in plan.notes:
        # an edit of a note leaves open whose text it is; a new one was not written here
        edit = Edit(user=user, at=now, base=note.base, source=None if note.base else "vault")
        await put_note(edit, note.id, note.edit)
    for gone in plan.removed:
        await delete_note(Edit(user=user, at=now, base=gone.version), gone.id)


def compare(found: FileEdits, page: Card, known: list[str]) -> VaultChanges:
    """Return what changed in a file but not in the store; `known` are the user's tags."""
    plan = VaultChanges(page.key, base=page.entry.version if page.entry else 0)
    _compare_status(found, page, plan)
    _compare_rating(found, page, plan)
    for name in DAYS:
        _compare_day(name, found, page, plan)
    _compare_tags(found, page, known, plan)
    _compare_notes(found, page, plan)
    _compare_added(found, page, plan)
    _compare_removed(found, page, plan)
    _compare_highlights(found, page, plan)
    if found.is_edited_elsewhere:
        plan.kept.append(
            "only the texts of its notes can be changed in the block; the rest stays in the file"
        )
    title = f"{page.key} “{fold(page.title)[:_SHOWN]}”"
    plan.changes = [f"{title}: {change}" for change in plan.changes]
    plan.kept = [f"{title}: {reason}" for reason in plan.kept]
    return plan


def _compare_status(found: FileEdits, page: Card, plan: VaultChanges) -> None:
    ours = page.entry.status if page.entry and not page.entry.deleted else "none"
    statuses = {status: status for status in get_args(Status)}
    _compare_choice("status", found, ours, statuses, ", ".join(statuses), plan)


def _compare_rating(found: FileEdits, page: Card, plan: VaultChanges) -> None:
    entry = page.entry
    ours = str(entry.rating) if entry and not entry.deleted and entry.rating is not None else None
    ratings: dict[str | None, Rating | None] = {None: None, **{str(n): n for n in range(6)}}
    _compare_choice("rating", found, ours, ratings, "0 to 5", plan)


def _compare_choice(
    name: Literal["status", "rating"],
    found: FileEdits,
    ours: str | None,
    choices: Mapping[Any, object],
    choices_text: str,
    plan: VaultChanges,
) -> None:
    """Take the file's value if the store's is still the exported one."""
    theirs = _read_choice(found.values.get(name))
    if not found.is_new(name) or theirs == ours:
        return
    if isinstance(theirs, list) or theirs not in choices:
        plan.kept.append(f"the {name} {_show(theirs)} is none of {choices_text}")
    else:
        _take(name, found, (ours, theirs), choices[theirs], plan)


def _compare_day(
    name: Literal["snoozed_until", "due"], found: FileEdits, page: Card, plan: VaultChanges
) -> None:
    entry = page.entry if page.entry and not page.entry.deleted else None
    day = getattr(entry, name) if entry else None
    theirs = found.values.get(name)
    if not found.is_new(name):
        return
    try:
        # Obsidian writes a date with a time for a property of that type
        value = date.fromisoformat(theirs[:10]) if theirs and isinstance(theirs, str) else None
        if value is None and theirs:
            raise ValueError
    except ValueError:
        plan.kept.append(f"{_words(name)} {_show(theirs)} is no day: write 2026-03-05")
        return
    if value != day:
        texts = (str(day) if day else None, str(value) if value else None)
        _take(name, found, texts, value, plan)


def _take(
    name: str,
    found: FileEdits,
    texts: tuple[str | None, str | None],
    value: object,
    plan: VaultChanges,
) -> None:
    """Take a value of the file unless the store's, the first of the texts, has changed too."""
    ours, theirs = (text or "none" for text in texts)
    if found.was_exported(name, texts[0]):
        setattr(plan.entry, name, value)
        plan.changes.append(f"{_words(name)} {ours} → {theirs}")
    else:
        plan.kept.append(
            f"the {_words(name)} stays {ours}, as it was changed to here since; "
            f"the file has {theirs}"
        )


def _words(name: str) -> str:
    return name.replace("_", " ")


def _read_choice(value: Value) -> Value:
    """Return a status or rating as people write it: "Read", "[[read]]", "★★★", "3/5"."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str) or isinstance(value, Unreadable):
        return value
    word = fold(value).strip("[]\"'").casefold()
    if _STARS.fullmatch(word):
        return str(word.count("★"))
    return _OUT_OF_FIVE.sub(r"\1", word)


def _compare_tags(found: FileEdits, page: Card, known: list[str], plan: VaultChanges) -> None:
    if not found.is_new("tags"):
        return
    value = found.values["tags"]
    if isinstance(value, Unreadable):
        plan.kept.append(f"the tags {_show(value)} are no list of names, so they stay as they are")
        return
    ours = _tags_of(page)
    added, gone = _added_tags(found, ours, known), _removed_tags(found, ours)
    if added or gone:
        plan.entry.tags = [tag for tag in ours if tag not in gone] + added
        changes = [*(f"+{tag}" for tag in added), *(f"−{tag}" for tag in gone)]
        plan.changes.append("tags " + " ".join(changes))


def _tags_of(page: Card) -> list[str]:
    return page.entry.tags if page.entry and not page.entry.deleted else []


def _added_tags(found: FileEdits, ours: list[str], known: list[str]) -> list[str]:
    """Return the tags that a file adds, under the names that the user's tags have."""
    tags = [*known, *ours]
    names = {_fold(form): tag for tag in tags for form in sorted(tag_forms(tag), reverse=True)}
    names |= {_fold(tag): tag for tag in tags}
    wanted = [names.get(_fold(tag), tag) for tag in found.tags() if not found.had_tag(tag)]
    return [tag for tag in dict.fromkeys(wanted) if tag not in ours]


def _removed_tags(found: FileEdits, ours: list[str]) -> list[str]:
    theirs = set(map(_fold, found.tags()))
    return [
        tag for tag in ours if found.had_tag(tag) and theirs.isdisjoint(map(_fold, tag_forms(tag)))
    ]


def _fold(tag: str) -> str:
    """Return what two spellings of a tag share: its letters in any case and any Unicode form."""
    return fold_tag(unicodedata.normalize("NFC", tag))


def _compare_notes(found: FileEdits, page: Card, plan: VaultChanges) -> None:
    notes = {note.id: note for note in page.notes if not note.deleted}
    texts = {plain_lines(note.text) for note in notes.values()}
    for edited in found.notes:
        note = notes.get(edited.id)
        if edited.text in texts:
            continue
        if note and edited.was(note.text):
            plan.notes.append(NoteChange(note.id, note.version, _edit_of(page, edited.text, note)))
            plan.changes.append(
                f"a note of {day_of(note.created)}: {_show(note.text)} → {_show(edited.text)}"
            )
        else:
            beside = uuid5(edited.id, edited.text)
            plan.notes.append(NoteChange(beside, 0, _edit_of(page, edited.text, note)))
            why = "was changed" if note else "was thrown away"
            plan.changes.append(
                f"a note {why} here since; the file's is kept beside it: {_show(edited.text)}"
            )
        texts.add(edited.text)


def _compare_added(found: FileEdits, page: Card, plan: VaultChanges) -> None:
    """Take notes that the user wrote into the block."""
    texts = {plain_lines(note.text) for note in page.notes if not note.deleted}
    for text in dict.fromkeys(found.added):
        if text not in texts:
            uuid = uuid5(NAMESPACE_URL, f"{page.key}\nnote\n{text}")
            plan.notes.append(NoteChange(uuid, 0, NoteEdit(paper=page.key, text=text)))
            plan.changes.append(f"a new note: {_show(text)}")


def _compare_removed(found: FileEdits, page: Card, plan: VaultChanges) -> None:
    """Move notes to the trash that the user took out of the block."""
    live = [note for note in page.notes if not note.deleted]
    plan.removed = found.block.removed_notes(live) if found.block else []
    plan.changes += [
        f"a note of {day_of(note.created)} goes to the trash: {_show(note.text)}"
        for note in plan.removed
    ]


def _compare_highlights(found: FileEdits, page: Card, plan: VaultChanges) -> None:
    known = {fold(note.quote.exact) for note in page.notes if note.quote and not note.deleted}
    for text in dict.fromkeys(found.highlights):
        if text not in known:
            edit = NoteEdit(paper=page.key, text="", quote=Quote(exact=text))
            plan.notes.append(NoteChange(uuid5(NAMESPACE_URL, f"{page.key}\n{text}"), 0, edit))
            plan.changes.append(f"a new note quotes the highlight {_show(text)}")


def _edit_of(page: Card, text: str, note: NoteState | None) -> NoteEdit:
    return NoteEdit(paper=page.key, text=text, quote=note.quote if note else None)


def _show(value: object) -> str:
    text = fold(str(value))
    return f"“{text}”" if len(text) <= _SHOWN else f"“{text[: _SHOWN - 1]}…”"
