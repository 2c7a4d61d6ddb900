"""What an import does, step by step: kept so that it can be undone, described for its preview."""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import astuple

from server.database.models.imports import Import, ImportSteps
from server.database.models.reading_list import Note, Tag
from server.database.serializers import find_paper, load_entry, note_state
from server.database.transactions import writing
from server.reading_list.tags import fold_tag
from server.schema.imports import (
    QUIET_FIELDS,
    CitationSaved,
    EntrySaved,
    IdAdopted,
    ListStep,
    NoteSaved,
    PaperCreated,
    PaperFilled,
    PapersMerged,
    Step,
)
from server.schema.reading_list import EntryState, NoteState, Plan
from server.schema.sources import fold

KEPT = timedelta(days=30)  # how long an import can be undone
_SHOWN = 60  # characters of a value


class ImportLog(Struct):
    """The steps of files that a user imports at once; the first one creates the import's row."""

    user: int
    at: datetime
    row: Import | None = None

    async def add(self, steps: list[Step], file: str) -> int:
        """Keep steps in the caller's write, and return the import's number."""
        if self.row is None:
            await Import.filter(user_id=self.user, at__lt=self.at - KEPT).delete()
            self.row = await Import.create(user_id=self.user, at=self.at, files=[])
        if file not in self.row.files:
            self.row.files = [*self.row.files, file]
            await self.row.save(update_fields=["files"])
        await ImportSteps.create(parent_id=self.row.id, steps=steps)
        return self.row.id


class _RollBack(Exception):
    """Ends a transaction whose changes are not wanted."""


@asynccontextmanager
async def rolled_back() -> AsyncIterator[None]:
    """Run what writes to the store, and undo all of it at the end."""
    with suppress(_RollBack):
        async with writing():
            yield
            raise _RollBack


class Words(Struct):
    """A user's entry and notes on a paper."""

    key: str
    entry: EntryState | None
    notes: dict[UUID, NoteState]


async def read_words(key: str, user: int) -> Words:
    """Read what a user has written on a paper. Raises `NotFound`."""
    paper = await find_paper(key)
    _, entry = await load_entry(paper, user)
    notes = await Note.filter(user_id=user, paper_id=paper.id)
    return Words(paper.key, entry, {n.uuid: note_state(n, paper.key) for n in notes})


async def read_tags(user: int) -> set[str]:
    """Return the folded names of a user's tags."""
    folds: Any = await Tag.filter(user_id=user, deleted=None).values_list("fold", flat=True)
    return {*folds}


def compare_words(before: Words, after: Words, tags: set[str]) -> list[ListStep]:
    """Return the steps that lead from one state of a user's words to the other.

    `tags` are the folded names of the tags that there were before; those made are added.
    """
    steps: list[ListStep] = []
    if after.entry and after.entry != before.entry:
        made = [name for name in after.entry.tags if fold_tag(name) not in tags]
        tags.update(map(fold_tag, made))
        steps.append(EntrySaved(key=after.key, before=before.entry, after=after.entry, tags=made))
    for uuid, note in after.notes.items():
        if note != before.notes.get(uuid):
            steps.append(
                NoteSaved(id=uuid, key=after.key, before=before.notes.get(uuid), after=note)
            )
    return steps


def describe_identities(steps: Iterable[Step]) -> Iterator[str]:
    """Yield a sentence for each paper that got another key, or became one with another."""
    for step in steps:
        if isinstance(step, PapersMerged):
            yield (
                f"“{_show(step.gone.title)}” ({step.gone_key}) becomes one with {step.key} "
                f"“{_show(step.title)}”"
            )
        elif isinstance(step, IdAdopted):
            yield f"“{_show(step.title)}” gets the arXiv id {step.key}; it was known by its title"


def describe_changes(steps: Iterable[Step]) -> Iterator[str]:
    """Yield a sentence for each other value that was there before and changes, old and new."""
    steps = list(steps)
    new = {step.key for step in steps if isinstance(step, PaperCreated)}
    for step in steps:
        if isinstance(step, PaperFilled):
            yield from [] if step.key in new else _describe_fields(step)
        elif isinstance(step, EntrySaved):
            yield from _describe_entry(step, step.before) if step.before else []
        elif isinstance(step, NoteSaved | CitationSaved) and step.before:
            yield _describe_text(step)


def _describe_fields(step: PaperFilled) -> Iterator[str]:
    for name in step.after:
        if name not in QUIET_FIELDS:
            was, now = _show(step.before[name]), _show(step.after[name])
            yield f"{step.key} “{_show(step.title)}”: {name} “{was}” → “{now}”"


def _describe_text(step: NoteSaved | CitationSaved) -> str:
    if isinstance(step, NoteSaved):
        was = _show(step.before.text if step.before else "")
        return f"{step.key}: note “{was}” → “{_show(step.after.text)}”"
    was = step.before.key if step.before else ""
    return f"{step.key}: cited as “{was}” → “{step.after.key}”"


def _describe_entry(step: EntrySaved, before: EntryState) -> Iterator[str]:
    if step.after.status != before.status:
        yield f"{step.key}: status {before.status} → {step.after.status}"
    if step.after.rating != before.rating:
        yield f"{step.key}: rating {_rating(before)} → {_rating(step.after)}"
    yield from (
        f"{step.key}: {name.replace('_', ' ')} {_day(was)} → {_day(now)}"
        for name, was, now in zip(
            Plan.__struct_fields__, astuple(before.plan), astuple(step.after.plan), strict=True
        )
        if was != now
    )
    if added := [tag for tag in step.after.tags if tag not in before.tags]:
        yield f"{step.key}: tags {' '.join(f'+{tag}' for tag in added)}"


def _rating(entry: EntryState) -> str:
    return "none" if entry.rating is None else str(entry.rating)


def _day(value: object) -> str:
    return "none" if value is None else str(value)


def _show(value: object) -> str:
    words = map(str, value) if isinstance(value, list) else ["" if value is None else str(value)]
    text = fold(", ".join(words))
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
