"""The trash: one thing brought back, or all of it emptied for good."""

from typing import TypeVar
from uuid import UUID

from server.database.models.changes import Change
from server.database.models.reading_list import Entry, Note, SavedSearch, Tag
from server.database.models.terms import Correction
from server.database.serializers import (
    correction_state,
    entry_state,
    find_paper,
    load_entry,
    note_state,
    search_state,
    tag_state,
    tags_of,
)
from server.database.transactions import writing
from server.database.versioning import Edit, is_applied, record
from server.errors import Invalid, NotFound
from server.reading_list.tags import restore_tag
from server.schema.reading_list import EntryState, NoteState, TagState
from server.schema.searches import SearchState
from server.schema.terms import CorrectionState
from server.schema.trash import Restore, Trash
from server.search.saved import restore_search
from server.terms.corrected_terms import bears_on, recount

Row = TypeVar("Row", Note, Correction)
Restored = EntryState | NoteState | TagState | SearchState | CorrectionState


async def restore(edit: Edit, data: Restore) -> Restored:
    """Bring something back as it was; what is not in the trash stays as it is.

    Raises `NotFound` and `Invalid`.
    """
    if data.kind == "tag":
        return await restore_tag(edit, data.ref)
    if data.kind == "search":
        return await restore_search(edit, data.ref)
    async with writing(edit.user):
        if data.kind == "entry":
            return await _restore_entry(edit, data.ref)
        uuid = _parse_uuid(data.ref)
        if data.kind == "note":
            note = await _revive(
                edit, data, await Note.filter(uuid=uuid, user_id=edit.user).first()
            )
            return note_state(note, note.paper.key)
        found = await Correction.filter(uuid=uuid, user_id=edit.user).first()
        correction = await _revive(edit, data, found)
        await recount(await bears_on(correction), user=edit.user)
        return correction_state(correction, correction.paper.key)


async def empty_trash(edit: Edit) -> int:
    """Delete for good all that lies in a user's trash, and give how many things that were."""
    count = 0
    async with writing(edit.user):
        entries = await Entry.filter(user_id=edit.user, deleted__isnull=False).prefetch_related(
            "paper"
        )
        keys = [entry.paper.key for entry in entries]
        # the earlier states in change records would keep what is deleted for good
        await Change.filter(user_id=edit.user, kind="entry", ref__in=keys).update(before=None)
        for model in (Entry, Note, Tag, SavedSearch, Correction):
            gone = model.filter(user_id=edit.user, deleted__isnull=False)
            count += await gone.count()  # what SQLite calls deleted has what hung on it too
            await gone.delete()
    return count


async def _restore_entry(edit: Edit, key: str) -> EntryState:
    paper = await find_paper(key)
    entry, current = await load_entry(paper, edit.user)
    if entry is None or current is None:
        raise NotFound(f"no entry on {key}")
    if entry.deleted is None or await is_applied(edit):
        return current
    entry.deleted, entry.updated, entry.version = None, edit.at, entry.version + 1
    await entry.save()
    await record(edit, "entry", paper.key, paper=paper.key, version=entry.version, before=current)
    return entry_state(entry, paper.key, current.tags)


async def _revive(edit: Edit, data: Restore, row: Row | None) -> Row:
    if row is None:
        raise NotFound(f"no {data.kind} {data.ref}")
    await row.fetch_related("paper")
    if row.deleted is not None and not await is_applied(edit):
        row.deleted, row.updated, row.version = None, edit.at, row.version + 1
        await row.save()
        await record(edit, data.kind, data.ref, paper=row.paper.key, version=row.version)
    return row


def _parse_uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(f"{text!r} is no id") from None


async def read_trash(user: int) -> Trash:
    """Return all that a user threw away and can have back, the last first."""
    gone = {"user_id": user, "deleted__isnull": False}
    entries = await Entry.filter(**gone).order_by("-deleted").prefetch_related("paper")
    tags = await tags_of([entry.id for entry in entries])
    notes = await Note.filter(**gone).order_by("-deleted").prefetch_related("paper")
    corrections = await Correction.filter(**gone).order_by("-deleted").prefetch_related("paper")
    return Trash(
        entries=[entry_state(entry, entry.paper.key, tags[entry.id]) for entry in entries],
        notes=[note_state(note, note.paper.key) for note in notes],
        tags=[await tag_state(tag) for tag in await Tag.filter(**gone).order_by("-deleted")],
        searches=[
            search_state(row) for row in await SavedSearch.filter(**gone).order_by("-deleted")
        ],
        corrections=[correction_state(row, row.paper.key) for row in corrections],
    )
