"""What a person writes on papers: entries, notes, corrections, and which papers they have seen."""

from collections.abc import Iterable
from uuid import UUID

from msgspec import UNSET

from server.edits import Edit, check, is_applied, record
from server.errors import Invalid, NotFound, TooLarge
from server.models import Correction, Entry, EntryTag, Note, Paper, Revision, Seen
from server.states import correction_state, entry_state, find_paper, load_entry, note_state, tags_of
from server.store import writing
from server.tags import claim_tags
from server.verdicts import bears_on, recount
from server.wire import (
    MAX_NOTE_BYTES,
    CorrectionEdit,
    CorrectionState,
    EntryEdit,
    EntryState,
    NoteEdit,
    NoteState,
    SeenEdit,
)


async def put_entry(edit: Edit, key: str, wish: EntryEdit) -> EntryState:
    """Make a user's entry on a paper what `wish` says, leaving alone what it does not name.

    An entry in the trash counts as none, and comes back as it was. An edit that names no status puts the paper in the
    list. Raises `NotFound`, `Conflict`, `PreconditionMissing` and `Invalid`.
    """
    async with writing():
        paper = await find_paper(key)
        entry, current = await load_entry(paper, edit.user)
        if current and await is_applied(edit):
            return current
        wanted = _wanted(wish, current)
        if entry and current and not entry.deleted and wanted == (current.status, current.rating, current.tags):
            return current
        if not (entry and entry.deleted and edit.base == 0):
            check(edit, entry.version if entry else 0, current)
        return await _write_entry(edit, paper, entry, current, wanted)


async def delete_entry(edit: Edit, key: str) -> EntryState:
    """Move a user's entry to the trash; its notes stay. Raises `NotFound`, `Conflict` and `PreconditionMissing`."""
    async with writing():
        paper = await find_paper(key)
        entry, current = await load_entry(paper, edit.user)
        if entry is None or current is None:
            raise NotFound(f"no entry on {key}")
        if entry.deleted or await is_applied(edit):
            return current
        check(edit, entry.version, current)
        entry.deleted = entry.updated = edit.at
        entry.version += 1
        await entry.save()
        await record(edit, "entry", paper.key, paper=paper.key, version=entry.version, deleted=True, before=current)
        return entry_state(entry, paper.key, current.tags)


async def put_note(edit: Edit, uuid: UUID, wish: NoteEdit) -> NoteState:
    """Write a note, keeping the text that it replaces as a revision.

    Raises `NotFound`, `Conflict`, `PreconditionMissing`, `TooLarge` and `Invalid`.
    """
    _check_note(wish)
    async with writing():
        paper = await find_paper(wish.paper)
        note = await Note.get_or_none(uuid=uuid)
        if note is None:
            return await _create_note(edit, uuid, paper, wish)
        _check_owner(note, edit, paper)
        current = note_state(note, paper.key)
        if (note.deleted is None and (note.text, note.quote) == (wish.text, wish.quote)) or await is_applied(edit):
            return current
        check(edit, note.version, current)
        await Revision.create(note=note, version=note.version, text=note.text, quote=note.quote, written=note.updated)
        note.text, note.quote, note.deleted, note.updated = wish.text, wish.quote, None, edit.at
        return await _save_note(edit, note, paper)


async def delete_note(edit: Edit, uuid: UUID) -> NoteState:
    """Move a note to the trash. Raises `NotFound`, `Conflict` and `PreconditionMissing`."""
    async with writing():
        note = await Note.get_or_none(uuid=uuid, user_id=edit.user).prefetch_related("paper")
        if note is None:
            raise NotFound(f"no note {uuid}")
        current = note_state(note, note.paper.key)
        if note.deleted or await is_applied(edit):
            return current
        check(edit, note.version, current)
        note.deleted = note.updated = edit.at
        return await _save_note(edit, note, note.paper)


async def put_correction(edit: Edit, key: str, uuid: UUID, wish: CorrectionEdit) -> CorrectionState:
    """Keep a verdict on a mention. Raises `NotFound`, `Conflict`, `PreconditionMissing` and `Invalid`."""
    _check_verdict(wish)
    async with writing():
        paper = await find_paper(key)
        correction, before = await Correction.get_or_none(uuid=uuid), set[int]()
        if correction is None:
            check(edit, 0, None)
            correction = Correction(uuid=uuid, user_id=edit.user, paper_id=paper.id, version=0, created=edit.at)
        else:
            _check_owner(correction, edit, paper)
            current = correction_state(correction, paper.key)
            if (_same_verdict(correction, wish) and not correction.deleted) or await is_applied(edit):
                return current
            check(edit, correction.version, current)
            before = await bears_on(correction)
        correction.update_from_dict({field: getattr(wish, field) for field in wish.__struct_fields__})
        correction.deleted, correction.updated = None, edit.at
        return await _save_correction(edit, correction, paper, before)


async def delete_correction(edit: Edit, uuid: UUID) -> CorrectionState:
    """Move a correction to the trash. Raises `NotFound`, `Conflict` and `PreconditionMissing`."""
    async with writing():
        correction = await Correction.get_or_none(uuid=uuid, user_id=edit.user).prefetch_related("paper")
        if correction is None:
            raise NotFound(f"no correction {uuid}")
        current = correction_state(correction, correction.paper.key)
        if correction.deleted or await is_applied(edit):
            return current
        check(edit, correction.version, current)
        correction.deleted = correction.updated = edit.at
        return await _save_correction(edit, correction, correction.paper)


async def set_seen(edit: Edit, wish: SeenEdit) -> int:
    """Mark papers as looked through, or as not; give how many that changed. Raises `NotFound` for an unknown key."""
    async with writing():
        papers = {paper.id: paper.key for paper in [await find_paper(key) for key in dict.fromkeys(wish.papers)]}
        known = {seen.paper_id for seen in await Seen.filter(user_id=edit.user, paper_id__in=list(papers))}
        changed = [paper for paper in papers if (paper in known) != wish.seen]
        if wish.seen:
            await Seen.bulk_create([Seen(user_id=edit.user, paper_id=paper, at=edit.at) for paper in changed])
        else:
            await Seen.filter(user_id=edit.user, paper_id__in=changed).delete()
        for paper in changed:
            await record(edit, "seen", papers[paper], paper=papers[paper], version=1, deleted=not wish.seen)
        return len(changed)


def _wanted(wish: EntryEdit, current: EntryState | None) -> tuple[str, int | None, list[str]]:
    listed = current.status if current and not current.deleted and current.status != "none" else "inbox"
    status = listed if wish.status is UNSET else wish.status
    rating = wish.rating if wish.rating is not UNSET else current.rating if current else None
    tags = wish.tags if wish.tags is not UNSET else current.tags if current else []
    return status, rating, sorted(tags, key=str.casefold)


async def _write_entry(
    edit: Edit, paper: Paper, entry: Entry | None, current: EntryState | None, wanted: tuple[str, int | None, list[str]]
) -> EntryState:
    status, rating, names = wanted
    if entry is None:
        entry = Entry(user_id=edit.user, paper_id=paper.id, version=0, added=edit.at)
    elif entry.deleted or entry.status == "none":
        entry.added = edit.at
    entry.status, entry.rating, entry.deleted, entry.updated = status, rating, None, edit.at
    entry.version += 1
    await entry.save()
    tags = await claim_tags(edit, names)
    await EntryTag.filter(entry_id=entry.id).exclude(tag_id__in=[tag.id for tag in tags]).delete()
    linked = {link.tag_id for link in await EntryTag.filter(entry_id=entry.id)}
    await EntryTag.bulk_create([EntryTag(entry_id=entry.id, tag_id=tag.id) for tag in tags if tag.id not in linked])
    await record(edit, "entry", paper.key, paper=paper.key, version=entry.version, before=current)
    return entry_state(entry, paper.key, (await tags_of([entry.id]))[entry.id])


async def _create_note(edit: Edit, uuid: UUID, paper: Paper, wish: NoteEdit) -> NoteState:
    check(edit, 0, None)
    note = Note(
        uuid=uuid, user_id=edit.user, paper_id=paper.id, text=wish.text, quote=wish.quote,
        version=0, created=edit.at, updated=edit.at,
    )  # fmt: skip
    state = await _save_note(edit, note, paper)
    await _list_paper(edit, paper)
    return state


async def _save_note(edit: Edit, note: Note, paper: Paper) -> NoteState:
    note.version += 1
    await note.save()
    deleted = note.deleted is not None
    await record(edit, "note", str(note.uuid), paper=paper.key, version=note.version, deleted=deleted)
    return note_state(note, paper.key)


async def _save_correction(
    edit: Edit, correction: Correction, paper: Paper, before: Iterable[int] = ()
) -> CorrectionState:
    """Save a correction and what it makes of the papers that it bears on, or bore on `before`."""
    correction.version += 1
    await correction.save()
    await recount({*before, *await bears_on(correction)}, user=edit.user)
    deleted = correction.deleted is not None
    await record(edit, "correction", str(correction.uuid), paper=paper.key, version=correction.version, deleted=deleted)
    return correction_state(correction, paper.key)


async def _list_paper(edit: Edit, paper: Paper) -> None:
    # whoever writes on a paper wants to find it again: it joins the list, unless an entry says otherwise
    entry, current = await load_entry(paper, edit.user)
    if entry is not None and entry.deleted is None:
        return
    consequence = Edit(user=edit.user, at=edit.at, force=True)
    await _write_entry(consequence, paper, entry, current, _wanted(EntryEdit(), current))


def _check_note(wish: NoteEdit) -> None:
    if (size := len(wish.text.encode())) > MAX_NOTE_BYTES:
        raise TooLarge(f"a note holds at most {MAX_NOTE_BYTES:,} bytes, this one has {size:,}")
    quote = wish.quote
    if "\x00" in wish.text or (quote and "\x00" in quote.exact + quote.prefix + quote.suffix):
        raise Invalid("a note cannot hold NUL characters")


def _check_owner(row: Note | Correction, edit: Edit, paper: Paper) -> None:
    if row.user_id != edit.user:
        raise Invalid("this id is taken")
    if row.paper_id != paper.id:
        raise Invalid("this id belongs to something on another paper, where it stays")


def _check_verdict(wish: CorrectionEdit) -> None:
    if (wish.verdict == "relabelled") != (wish.to_label is not None):
        raise Invalid("`to_label` goes with the verdict `relabelled`, and with no other")
    if (wish.start is None) != (wish.end is None) or (wish.start or 0) > (wish.end or 0):
        raise Invalid("`start` and `end` go together, start first")
    if "\x00" in wish.surface:
        raise Invalid("a surface cannot hold NUL characters")


def _same_verdict(correction: Correction, wish: CorrectionEdit) -> bool:
    return all(getattr(correction, field) == getattr(wish, field) for field in wish.__struct_fields__)
