"""Notes on papers: write, delete, read and search them, with their earlier texts."""

import base64
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct
from tortoise.backends.base.client import BaseDBAsyncClient

from server.database.connection import fetch, is_postgres, moment, places
from server.database.models.reading_list import Note, Revision
from server.database.serializers import (
    find_paper,
    note_state,
)
from server.database.transactions import writing
from server.database.versioning import (
    Edit,
    check,
    check_new,
    check_owner,
    is_applied,
    record,
    save_under_id,
)
from server.errors import Invalid, NotFound, TooLarge
from server.identifiers import parse_key
from server.reading_list.entries import list_paper
from server.schema.reading_list import (
    MAX_NOTE_BYTES,
    NotedPaper,
    NotedPapers,
    NoteEdit,
    NoteList,
    NoteState,
    RevisionState,
)
from server.schema.sources import printable
from server.search.fulltext import expression, is_searchable, spelled
from server.search.parser import Text
from server.search.sql import match_notes
from server.words import spellings


class _Place(Struct, frozen=True):
    """The paper that a note is written on, and what may be there already: the note, an entry."""

    paper: int
    key: str
    is_noted: bool
    is_listed: bool


async def put_note(edit: Edit, uuid: UUID, data: NoteEdit) -> NoteState:
    """Write a note, keeping the text that it replaces as a revision.

    Raises `NotFound`, `Conflict`, `PreconditionMissing`, `TooLarge` and `Invalid`.
    """
    _check_note(data)
    async with writing(edit.user, is_short=True) as connection:
        place = await _find_place(connection, edit.user, uuid, data.paper)
        note = await Note.get_or_none(uuid=uuid) if place.is_noted else None
        if note is None:
            return await _create_note(edit, uuid, place, data)
        check_owner(note, edit, place.paper)
        current = note_state(note, place.key)
        if (
            note.deleted is None and (note.text, note.quote) == (data.text, data.quote)
        ) or await is_applied(edit):
            return current
        check(edit, note.version, current)
        # before the text is replaced, in the same transaction
        await Revision.create(
            note=note, version=note.version, text=note.text, quote=note.quote, written=note.updated
        )
        note.text, note.quote, note.deleted, note.updated = data.text, data.quote, None, edit.at
        # what another program wrote once may still be in the text when the user has edited it
        note.source = edit.source or note.source
        return await _save_note(edit, note, place.key)


async def delete_note(edit: Edit, uuid: UUID) -> NoteState:
    """Move a note to the trash. Raises `NotFound`, `Conflict` and `PreconditionMissing`."""
    async with writing(edit.user, is_short=True):
        note = await Note.get_or_none(uuid=uuid, user_id=edit.user).prefetch_related("paper")
        if note is None:
            raise NotFound(f"no note {uuid}")
        current = note_state(note, note.paper.key)
        if note.deleted or await is_applied(edit):
            return current
        check(edit, note.version, current)
        note.deleted = note.updated = edit.at
        return await _save_note(edit, note, note.paper.key)


async def _find_place(connection: BaseDBAsyncClient, user: int, uuid: UUID, key: str) -> _Place:
    """Return where a note is to be written. Raises `NotFound`.

    Everything is asked at once, and without the paper's text, as each statement of a write makes
    the next device wait.
    """
    rows = await fetch(
        "SELECT p.id, p.key, EXISTS (SELECT 1 FROM note n WHERE n.uuid = $3) AS noted, "
        "EXISTS (SELECT 1 FROM entry e WHERE e.user_id = $1 AND e.paper_id = p.id "
        "AND e.deleted IS NULL) AS listed FROM paper p WHERE p.key = $2",
        user,
        parse_key(key) or "",
        uuid,
        using=connection,
    )
    if rows:
        [row] = rows
        return _Place(row["id"], row["key"], is_noted=row["noted"], is_listed=row["listed"])
    paper = await find_paper(key)  # by an earlier key
    return _Place(paper.id, paper.key, is_noted=True, is_listed=False)


async def _create_note(edit: Edit, uuid: UUID, place: _Place, data: NoteEdit) -> NoteState:
    await check_new(edit)
    check(edit, 0, None)
    note = Note(
        uuid=uuid, user_id=edit.user, paper_id=place.paper, text=data.text, quote=data.quote,
        version=0, created=edit.at, updated=edit.at, source=edit.source,
    )  # fmt: skip
    state = await _save_note(edit, note, place.key)
    if not place.is_listed:
        await list_paper(edit, await find_paper(place.key))
    return state


async def _save_note(edit: Edit, note: Note, key: str) -> NoteState:
    note.version += 1
    note.spellings = spellings(note.text)
    await save_under_id(note)
    deleted = note.deleted is not None
    await record(edit, "note", str(note.uuid), paper=key, version=note.version, deleted=deleted)
    return note_state(note, key)


def _check_note(data: NoteEdit) -> None:
    if (size := len(data.text.encode())) > MAX_NOTE_BYTES:
        raise TooLarge(f"a note holds at most {MAX_NOTE_BYTES:,} bytes, this one has {size:,}")
    quote = data.quote
    if "\x00" in data.text or (quote and "\x00" in quote.exact + quote.prefix + quote.suffix):
        raise Invalid("a note cannot hold NUL characters")


_Row = Annotated[int, Meta(ge=0, lt=2**31)]


async def read_note(uuid: UUID, user: int) -> NoteState:
    """Return a note, also one in the trash. Raises `NotFound`."""
    note = await _get_note(uuid, user)
    return note_state(note, note.paper.key)


async def read_revisions(uuid: UUID, user: int) -> list[RevisionState]:
    """Return a note's earlier texts, the newest first. Raises `NotFound`."""
    note = await _get_note(uuid, user)
    return [
        RevisionState(version=row.version, text=row.text, quote=row.quote, written=row.written)
        for row in await Revision.filter(note_id=note.id).order_by("-version")
    ]


async def list_notes(user: int, words: str, cursor: str | None, limit: int) -> NoteList:
    """Return a user's notes, the last written first, of those that hold all `words`.

    Raises `Invalid`.
    """
    values: list[object] = [user]
    conditions = _of_notes(words, values)
    if cursor is not None:
        values += read_cursor(cursor)
        conditions.append(f"(n.updated, n.id) < (${len(values) - 1}, ${len(values)})")
    rows = await fetch(
        "SELECT n.*, p.key FROM note n JOIN paper p ON p.id = n.paper_id WHERE "
        f"{' AND '.join(conditions)} "
        f"ORDER BY n.updated DESC, n.id DESC LIMIT {limit + 1}",
        *values,
    )
    shown = rows[:limit]
    following = write_cursor(shown[-1]["updated"], shown[-1]["id"]) if len(rows) > limit else None
    return NoteList(notes=[note_state(row, row["key"]) for row in shown], next=following)


async def list_noted(user: int, words: str, cursor: str | None, limit: int) -> NotedPapers:
    """Return papers with notes that hold all `words`, the last written on first, and these notes.

    Raises `Invalid`.
    """
    values: list[object] = [user]
    conditions, after = " AND ".join(_of_notes(words, values)), ""
    matching = [*values]
    if cursor is not None:
        values += read_cursor(cursor)
        after = f"HAVING (MAX(n.updated), n.paper_id) < (${len(values) - 1}, ${len(values)})"
    papers = await fetch(
        f"SELECT n.paper_id, MAX(n.updated) AS newest FROM note n WHERE {conditions} "
        f"GROUP BY n.paper_id {after} ORDER BY newest DESC, n.paper_id DESC LIMIT {limit + 1}",
        *values,
    )
    ids = [row["paper_id"] for row in papers[:limit]]
    rows = await fetch(
        "SELECT n.*, p.key, p.title FROM note n JOIN paper p ON p.id = n.paper_id "
        f"WHERE {conditions} AND n.paper_id IN "
        f"({places(len(ids), after=len(matching)) or 'NULL'}) ORDER BY n.updated DESC, n.id DESC",
        *matching,
        *ids,
    )
    noted = {
        row["paper_id"]: NotedPaper(key=row["key"], title=row["title"], notes=[]) for row in rows
    }
    for row in rows:
        noted[row["paper_id"]].notes.append(note_state(row, row["key"]))
    last = papers[limit - 1] if len(papers) > limit else None
    following = write_cursor(last["newest"], last["paper_id"]) if last else None
    return NotedPapers(papers=[noted[paper] for paper in ids], next=following)


async def _get_note(uuid: UUID, user: int) -> Note:
    note = await Note.get_or_none(uuid=uuid, user_id=user).prefetch_related("paper")
    if note is None:
        raise NotFound(f"no note {uuid}")
    return note


def _of_notes(words: str, values: list[object]) -> list[str]:
    """Write the conditions of a user's notes that hold all `words`, whose values go to the end of
    `values`.
    """
    conditions = ["n.user_id = $1", "n.deleted IS NULL"]
    sought = [*filter(is_searchable, map(Text, printable(words).split()))]
    if sought:
        values.append(expression(spelled(sought), postgres=is_postgres()))
        conditions.append(match_notes(f"${len(values)}", postgres=is_postgres()))
    return conditions


def write_cursor(at: object, row: int) -> str:
    """Return the cursor behind a row, which is sorted by a moment."""
    return base64.urlsafe_b64encode(msgspec.json.encode((str(moment(at)), row))).decode()


def read_cursor(text: str) -> tuple[datetime, int]:
    """Return the moment and the row id of a cursor. Raises `Invalid`."""
    try:
        updated, row = msgspec.json.decode(
            base64.urlsafe_b64decode(text.encode()), type=tuple[datetime, _Row]
        )
        return updated.astimezone(UTC), row
    except (ValueError, OverflowError, msgspec.DecodeError):
        raise Invalid("this cursor is not valid") from None
