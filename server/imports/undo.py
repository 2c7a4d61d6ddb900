"""List a user's imports, and undo one as a whole: what it made, filled and merged.

What the user wrote since stays, and so does a value that another source has changed.
"""

from datetime import datetime

from msgspec.structs import astuple
from tortoise.backends.base.client import BaseDBAsyncClient

from server.archive.undo import undo_archive_step
from server.database.models.imports import Citation, Import, ImportSteps
from server.database.models.papers import Paper
from server.database.models.reading_list import Entry, EntryTag, Note, Tag
from server.database.models.terms import Correction
from server.database.serializers import find_paper, load_entry
from server.database.transactions import writing
from server.database.versioning import Edit, record
from server.days import day_of
from server.errors import Invalid, NotFound
from server.imports.steps import KEPT
from server.papers.undo import undo_step
from server.reading_list.entries import delete_entry, put_entry
from server.reading_list.notes import put_note
from server.reading_list.tags import fold_tag
from server.schema.imports import (
    CitationSaved,
    EntrySaved,
    IdAdopted,
    ImportState,
    ImportUndone,
    NoteSaved,
    PaperCreated,
    PaperFilled,
    PapersMerged,
    PaperStep,
    RecordStep,
    Step,
)
from server.schema.reading_list import EntryEdit, EntryState, NoteEdit, Plan


async def list_imports(user: int, now: datetime) -> list[ImportState]:
    """Return a user's imports of the last 30 days, the newest first."""
    rows = await Import.filter(user_id=user, at__gte=now - KEPT).order_by("-id")
    return [await _state(row) for row in rows]


async def undo_import(user: int, number: int, now: datetime) -> ImportUndone:
    """Undo an import of the last 30 days.

    Each part of it is undone in one transaction, the last first, so that an undo that was
    interrupted can be continued. Raises `NotFound`, and `Invalid` if it was undone or is too old.
    """
    row = await Import.get_or_none(id=number, user_id=user)
    if row is None:
        raise NotFound(f"no import {number}")
    if row.undone:
        raise Invalid(f"import {number} was undone on {day_of(row.undone)}")
    if row.at < now - KEPT:
        raise Invalid(f"import {number} is older than {KEPT.days} days")
    done, kept = 0, list[str]()
    for part in await ImportSteps.filter(parent_id=row.id).order_by("-id"):
        async with writing() as connection:
            for step in reversed(part.steps):
                reason = await _undo(connection, Edit(user=user, at=now), step)
                done += reason is None
                kept += [f"{step.key}: {reason}"] if reason else []
            await part.delete()
    async with writing():
        row.undone = now
        await row.save(update_fields=["undone"])
    return ImportUndone(undone=done, kept=kept)


async def _state(row: Import) -> ImportState:
    parts = await ImportSteps.filter(parent_id=row.id)
    kinds = [type(step) for part in parts for step in part.steps]
    return ImportState(
        id=row.id,
        at=row.at,
        files=row.files,
        new=kinds.count(PaperCreated),
        updated=kinds.count(PaperFilled),
        merged=kinds.count(PapersMerged) + kinds.count(IdAdopted),
        entries=kinds.count(EntrySaved),
        notes=kinds.count(NoteSaved),
        others=sum(issubclass(kind, RecordStep) for kind in kinds),
        undone=row.undone,
    )


async def _undo(connection: BaseDBAsyncClient, edit: Edit, step: Step) -> str | None:
    """Undo a step, and return why not if it cannot be undone."""
    try:
        if isinstance(step, NoteSaved):
            return await _undo_note(edit, step)
        if isinstance(step, EntrySaved):
            return await _undo_entry(edit, step)
        if isinstance(step, CitationSaved):
            return await _undo_citation(edit, step)
        if isinstance(step, PaperStep):
            return await undo_step(connection, step, edit.at)
        return await undo_archive_step(edit, step)
    except NotFound:
        return None  # it is gone already


async def _undo_note(edit: Edit, step: NoteSaved) -> str | None:
    note = await Note.get_or_none(uuid=step.id, user_id=edit.user).prefetch_related("paper")
    if note is None:
        return None
    if note.version != step.after.version:
        return None if note.deleted else "a note was edited since, and stays"
    key = note.paper.key
    if step.before is None:
        await note.delete()
        version = note.version + 1
        await record(edit, "note", str(step.id), paper=key, version=version, deleted=True)
        return None
    base = Edit(user=edit.user, at=edit.at, base=note.version)
    before = NoteEdit(paper=key, text=step.before.text, quote=step.before.quote)
    await put_note(base, step.id, before)
    return None


async def _undo_entry(edit: Edit, step: EntrySaved) -> str | None:
    paper = await find_paper(step.key)
    entry, state = await load_entry(paper, edit.user)
    if entry is None or state is None:
        return None
    base = Edit(user=edit.user, at=edit.at, base=entry.version)
    if state.version == step.after.version and await _was_unlisted(edit.user, paper, step.before):
        if step.before is None:
            await _remove_entry(edit, entry, paper)
        else:
            await delete_entry(base, paper.key)
    elif not state.deleted:
        await put_entry(base, paper.key, _plan(step.before, state, step.after))
    await _remove_tags(edit, step.tags)
    is_kept = step.before is None and await Entry.exists(id=entry.id)
    return "it stays in the list, for you wrote on it" if is_kept else None


async def _was_unlisted(user: int, paper: Paper, before: EntryState | None) -> bool:
    """Return whether an entry was in the trash, or there was none and nothing was written since."""
    if before is not None:
        return before.deleted is not None
    return not await _has_words(user, paper)


def _plan(before: EntryState | None, now: EntryState, after: EntryState) -> EntryEdit:
    """Return the edit that takes back what an import changed and the user has not changed since."""
    known = before.tags if before else []
    plan = EntryEdit(tags=[tag for tag in now.tags if tag in known or tag not in after.tags])
    plan.status, plan.rating = now.status, now.rating
    if before and now.status == after.status:
        plan.status = before.status
    if before and now.rating == after.rating:
        plan.rating = before.rating
    plan.queue, plan.snoozed_until, plan.due = (
        earlier if current == imported else current
        for earlier, current, imported in zip(
            astuple(before.plan if before else Plan()),
            astuple(now.plan),
            astuple(after.plan),
            strict=True,
        )
    )
    return plan


async def _has_words(user: int, paper: Paper) -> bool:
    """Return whether a user has notes or corrections on a paper."""
    notes = Note.filter(user_id=user, paper_id=paper.id, deleted=None)
    corrections = Correction.filter(user_id=user, paper_id=paper.id, deleted=None)
    return await notes.exists() or await corrections.exists()


async def _remove_entry(edit: Edit, entry: Entry, paper: Paper) -> None:
    await entry.delete()
    version = entry.version + 1
    await record(edit, "entry", paper.key, paper=paper.key, version=version, deleted=True)


async def _remove_tags(edit: Edit, names: list[str]) -> None:
    """Delete the tags that an import made, if nothing bears them and they were not edited."""
    folds = [fold_tag(name) for name in names]
    for tag in await Tag.filter(user_id=edit.user, fold__in=folds, version=1, colour=None):
        if not await EntryTag.filter(tag_id=tag.id).exists():
            await tag.delete()
            await record(edit, "tag", tag.name, paper=None, version=2, deleted=True)


async def _undo_citation(edit: Edit, step: CitationSaved) -> str | None:
    paper = await find_paper(step.key)
    row = await Citation.get_or_none(user_id=edit.user, paper_id=paper.id)
    if row is None or row.data != step.after:
        return None
    if step.before is None:
        await row.delete()
    else:
        row.data, row.updated = step.before, edit.at
        await row.save()
    return None
