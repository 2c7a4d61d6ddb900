"""What a person changed in a vault comes back into the store: planned first, so that it can be shown, then written.

A value or note that only the file changed becomes the file's. What the store changed as well since the export stays as
it is there; a note's text from the file is then kept beside it, as a note of its own.
"""

from datetime import datetime
from typing import get_args
from uuid import UUID, uuid5

from msgspec import Struct, field

from server.edits import Edit
from server.errors import NotFound
from server.export.reading import FileEdits, tag_forms
from server.export.styles import plain_lines
from server.library import put_entry, put_note
from server.margin import list_tags
from server.papers import read_paper
from server.source import fold
from server.wire import EntryEdit, NoteEdit, NoteState, PaperPage, Rating, Status

_SHOWN = 60  # characters of a note


class NoteWish(Struct, frozen=True):
    """A note that is to be written; `base` is the version from which its file came, 0 for a new one."""

    id: UUID
    base: int
    edit: NoteEdit


class Homecoming(Struct):
    """What is to be written on a paper, a sentence for each change, and one for each that cannot be made."""

    key: str
    base: int = 0
    entry: EntryEdit = field(default_factory=EntryEdit)
    notes: list[NoteWish] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


async def plan_homecoming(found: FileEdits, user: int) -> Homecoming:
    """Hold what a file says of a paper against the store. A paper that is not there is told of as kept."""
    try:
        page = await read_paper(found.key, user)
    except NotFound as error:
        return Homecoming(found.key, kept=[str(error)])
    known = [tag.name for tag in await list_tags(user)] if found.is_new("tags") else []
    return compare(found, page, known)


async def bring_home(plan: Homecoming, user: int, now: datetime) -> None:
    """Write what was planned. Raises `Conflict` for what was changed in the meantime."""
    if plan.entry != EntryEdit():
        await put_entry(Edit(user=user, at=now, base=plan.base), plan.key, plan.entry)
    for note in plan.notes:
        await put_note(Edit(user=user, at=now, base=note.base), note.id, note.edit)


def compare(found: FileEdits, page: PaperPage, known: list[str]) -> Homecoming:
    """Tell what a file changed and the store did not; `known` are the tags that its reader has."""
    plan = Homecoming(page.key, base=page.entry.version if page.entry else 0)
    _compare_status(found, page, plan)
    _compare_rating(found, page, plan)
    _compare_tags(found, page, known, plan)
    _compare_notes(found, page, plan)
    title = f"{page.key} “{fold(page.title)[:_SHOWN]}”"
    plan.changes = [f"{title}: {change}" for change in plan.changes]
    plan.kept = [f"{title}: {reason}" for reason in plan.kept]
    return plan


def _compare_status(found: FileEdits, page: PaperPage, plan: Homecoming) -> None:
    theirs, entry = found.values.get("status"), page.entry
    ours = entry.status if entry and not entry.deleted else "none"
    if not found.is_new("status") or theirs == ours:
        return
    statuses = {status: status for status in get_args(Status)}
    if not isinstance(theirs, str) or theirs not in statuses:
        plan.kept.append(f"the status {_show(theirs)} is none of {', '.join(statuses)}")
    elif found.was_exported("status", ours):
        plan.entry.status = statuses[theirs]
        plan.changes.append(f"status {ours} → {theirs}")
    else:
        plan.kept.append(f"the status stays {ours}, as it was changed to here since; the file has {theirs}")


def _compare_rating(found: FileEdits, page: PaperPage, plan: Homecoming) -> None:
    theirs, entry = found.values.get("rating"), page.entry
    ours = str(entry.rating) if entry and not entry.deleted and entry.rating is not None else None
    if not found.is_new("rating") or theirs == ours:
        return
    ratings: dict[str | None, Rating | None] = {None: None, **{str(n): n for n in range(6)}}
    if isinstance(theirs, list) or theirs not in ratings:
        plan.kept.append(f"the rating {_show(theirs)} is none of 0 to 5")
    elif found.was_exported("rating", ours):
        plan.entry.rating = ratings[theirs]
        plan.changes.append(f"rating {ours or 'none'} → {theirs or 'none'}")
    else:
        plan.kept.append(f"the rating stays {ours or 'none'}, as it was changed to here since; the file has {theirs}")


def _compare_tags(found: FileEdits, page: PaperPage, known: list[str], plan: Homecoming) -> None:
    if not found.is_new("tags"):
        return
    borne = page.entry.tags if page.entry and not page.entry.deleted else []
    theirs = found.tags()
    names = {form: name for name in [*known, *borne] for form in sorted(tag_forms(name), reverse=True)}
    names |= {name: name for name in [*known, *borne]}
    wanted = [names.get(tag, tag) for tag in theirs if not found.had_tag(tag)]
    added = [tag for tag in dict.fromkeys(wanted) if tag not in borne]
    gone = [tag for tag in borne if found.had_tag(tag) and tag_forms(tag).isdisjoint(theirs)]
    if added or gone:
        plan.entry.tags = [tag for tag in borne if tag not in gone] + added
        plan.changes.append("tags " + " ".join([*(f"+{tag}" for tag in added), *(f"−{tag}" for tag in gone)]))


def _compare_notes(found: FileEdits, page: PaperPage, plan: Homecoming) -> None:
    notes = {note.id: note for note in page.notes if not note.deleted}
    texts = {plain_lines(note.text) for note in notes.values()}
    for edited in found.notes:
        note = notes.get(edited.id)
        if edited.text in texts:
            continue
        if note and edited.was(note.text):
            plan.notes.append(NoteWish(note.id, note.version, _edit_of(page, edited.text, note)))
            plan.changes.append(f"a note of {note.created:%Y-%m-%d}: {_show(note.text)} → {_show(edited.text)}")
        else:
            beside = uuid5(edited.id, edited.text)
            plan.notes.append(NoteWish(beside, 0, _edit_of(page, edited.text, note)))
            why = "was changed" if note else "was thrown away"
            plan.changes.append(f"a note {why} here since; the file's is kept beside it: {_show(edited.text)}")
        texts.add(edited.text)


def _edit_of(page: PaperPage, text: str, note: NoteState | None) -> NoteEdit:
    return NoteEdit(paper=page.key, text=text, quote=note.quote if note else None)


def _show(value: object) -> str:
    text = fold(str(value))
    return f"“{text}”" if len(text) <= _SHOWN else f"“{text[: _SHOWN - 1]}…”"
