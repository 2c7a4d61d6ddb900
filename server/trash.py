"""The trash: one thing brought back, or all of it emptied for good."""

from typing import TypeVar
from uuid import UUID

from server.edits import Edit, is_applied, record
from server.errors import Invalid, NotFound
from server.models import Change, Correction, Entry, Note, SavedSearch, Tag
from server.searches import restore_search
from server.states import correction_state, entry_state, find_paper, load_entry, note_state
from server.store import writing
from server.tags import restore_tag
from server.verdicts import bears_on, recount
from server.wire import CorrectionState, EntryState, NoteState, Restore, SearchState, TagState

Row = TypeVar("Row", Note, Correction)
Restored = EntryState | NoteState | TagState | SearchState | CorrectionState


async def restore(edit: Edit, wish: Restore) -> Restored:
    """Bring something back as it was; what is not in the trash stays as it is. Raises `NotFound` and `Invalid`."""
    if wish.kind == "tag":
        return await restore_tag(edit, wish.ref)
    if wish.kind == "search":
        return await restore_search(edit, wish.ref)
    async with writing():
        if wish.kind == "entry":
            return await _restore_entry(edit, wish.ref)
        uuid = _parse_uuid(wish.ref)
        if wish.kind == "note":
            note = await _revive(edit, wish, await Note.filter(uuid=uuid, user_id=edit.user).first())
            return note_state(note, note.paper.key)
        found = await Correction.filter(uuid=uuid, user_id=edit.user).first()
        correction = await _revive(edit, wish, found)
        await recount(await bears_on(correction), user=edit.user)
        return correction_state(correction, correction.paper.key)


async def empty_trash(edit: Edit) -> int:
    """Delete for good all that lies in a user's trash, and give how many things that were."""
    count = 0
    async with writing():
        entries = await Entry.filter(user_id=edit.user, deleted__isnull=False).prefetch_related("paper")
        keys = [entry.paper.key for entry in entries]
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


async def _revive(edit: Edit, wish: Restore, row: Row | None) -> Row:
    if row is None:
        raise NotFound(f"no {wish.kind} {wish.ref}")
    await row.fetch_related("paper")
    if row.deleted is not None and not await is_applied(edit):
        row.deleted, row.updated, row.version = None, edit.at, row.version + 1
        await row.save()
        await record(edit, wish.kind, wish.ref, paper=row.paper.key, version=row.version)
    return row


def _parse_uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(f"{text!r} is no id") from None
