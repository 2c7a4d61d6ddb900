"""What a reader wrote, read: notes, tags, the trash, one entry."""

import base64
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from server.cards import note_of, places
from server.errors import Invalid, NotFound
from server.models import Correction, Entry, Note, Revision, SavedSearch, Tag
from server.query import Text
from server.search import is_searchable, match, tsquery
from server.source import printable
from server.states import (
    correction_state,
    entry_state,
    find_paper,
    load_entry,
    note_state,
    search_state,
    tag_state,
    tags_of,
)
from server.store import fetch, is_postgres, moment
from server.tags import fold_tag
from server.wire import EntryState, NotedPaper, NotedPapers, NoteList, NoteState, RevisionState, TagState, Trash

_Row = Annotated[int, Meta(ge=0, lt=2**31)]


async def read_entry(key: str, reader: int) -> EntryState:
    """Give a reader's entry on a paper, also one in the trash. Raises `NotFound`."""
    paper = await find_paper(key)
    _, state = await load_entry(paper, reader)
    if state is None:
        raise NotFound(f"no entry on {key}")
    return state


async def read_note(uuid: UUID, reader: int) -> NoteState:
    """Give a note, also one in the trash. Raises `NotFound`."""
    note = await _get_note(uuid, reader)
    return note_state(note, note.paper.key)


async def read_revisions(uuid: UUID, reader: int) -> list[RevisionState]:
    """Give a note's earlier texts, the newest first. Raises `NotFound`."""
    note = await _get_note(uuid, reader)
    return [
        RevisionState(version=row.version, text=row.text, quote=row.quote, written=row.written)
        for row in await Revision.filter(note_id=note.id).order_by("-version")
    ]


async def list_notes(reader: int, words: str, cursor: str | None, limit: int) -> NoteList:
    """Give a reader's notes, the last written first, of those that hold all `words`. Raises `Invalid`."""
    values: list[object] = [reader]
    conditions = _of_notes(words, values)
    if cursor is not None:
        values += _read_cursor(cursor)
        conditions.append(f"(n.updated, n.id) < (${len(values) - 1}, ${len(values)})")
    rows = await fetch(
        f"SELECT n.*, p.key FROM note n JOIN paper p ON p.id = n.paper_id WHERE {' AND '.join(conditions)} "
        f"ORDER BY n.updated DESC, n.id DESC LIMIT {limit + 1}",
        *values,
    )
    shown = rows[:limit]
    following = _write_cursor(shown[-1]["updated"], shown[-1]["id"]) if len(rows) > limit else None
    return NoteList(notes=[note_of(row, row["key"]) for row in shown], next=following)


async def list_noted(reader: int, words: str, cursor: str | None, limit: int) -> NotedPapers:
    """Give papers with notes that hold all `words`, the last written on first, and these notes. Raises `Invalid`."""
    values: list[object] = [reader]
    conditions, after = " AND ".join(_of_notes(words, values)), ""
    matching = [*values]
    if cursor is not None:
        values += _read_cursor(cursor)
        after = f"HAVING (MAX(n.updated), n.paper_id) < (${len(values) - 1}, ${len(values)})"
    papers = await fetch(
        f"SELECT n.paper_id, MAX(n.updated) AS newest FROM note n WHERE {conditions} GROUP BY n.paper_id {after} "
        f"ORDER BY newest DESC, n.paper_id DESC LIMIT {limit + 1}",
        *values,
    )
    ids = [row["paper_id"] for row in papers[:limit]]
    rows = await fetch(
        f"SELECT n.*, p.key, p.title FROM note n JOIN paper p ON p.id = n.paper_id WHERE {conditions} "
        f"AND n.paper_id IN ({places(len(ids), after=len(matching)) or 'NULL'}) ORDER BY n.updated DESC, n.id DESC",
        *matching,
        *ids,
    )
    noted = {row["paper_id"]: NotedPaper(key=row["key"], title=row["title"], notes=[]) for row in rows}
    for row in rows:
        noted[row["paper_id"]].notes.append(note_of(row, row["key"]))
    last = papers[limit - 1] if len(papers) > limit else None
    following = _write_cursor(last["newest"], last["paper_id"]) if last else None
    return NotedPapers(papers=[noted[paper] for paper in ids], next=following)


async def read_titles(keys: list[str]) -> dict[str, str]:
    """Give the titles of papers by their keys."""
    rows = await fetch(f"SELECT key, title FROM paper WHERE key IN ({places(len(keys))})", *keys) if keys else []
    return {row["key"]: row["title"] for row in rows}


async def list_tags(reader: int) -> list[TagState]:
    """Give a reader's tags in alphabetical order."""
    rows = await fetch(
        "SELECT t.name, t.colour, t.version, COUNT(e.id) AS papers FROM tag t "
        "LEFT JOIN entry_tag et ON et.tag_id = t.id LEFT JOIN entry e ON e.id = et.entry_id AND e.deleted IS NULL "
        "WHERE t.user_id = $1 AND t.deleted IS NULL GROUP BY t.id, t.name, t.colour, t.version, t.fold ORDER BY t.fold",
        reader,
    )
    return [TagState(name=r["name"], colour=r["colour"], papers=r["papers"], version=r["version"]) for r in rows]


async def tag_colours(reader: int) -> dict[str, str]:
    """Give the colour of each of a reader's tags that has one, by the tag's name."""
    rows = await fetch(
        "SELECT name, colour FROM tag WHERE user_id = $1 AND deleted IS NULL AND colour IS NOT NULL", reader
    )
    return {row["name"]: row["colour"] for row in rows}


async def read_tag(name: str, reader: int) -> TagState:
    """Give a tag. Raises `NotFound`."""
    tag = await Tag.get_or_none(user_id=reader, fold=fold_tag(name), deleted=None)
    if tag is None:
        raise NotFound(f"no tag {name!r}")
    return await tag_state(tag)


async def read_trash(reader: int) -> Trash:
    """Give all that a reader threw away and can have back, the last first."""
    gone = {"user_id": reader, "deleted__isnull": False}
    entries = await Entry.filter(**gone).order_by("-deleted").prefetch_related("paper")
    tags = await tags_of([entry.id for entry in entries])
    notes = await Note.filter(**gone).order_by("-deleted").prefetch_related("paper")
    corrections = await Correction.filter(**gone).order_by("-deleted").prefetch_related("paper")
    return Trash(
        entries=[entry_state(entry, entry.paper.key, tags[entry.id]) for entry in entries],
        notes=[note_state(note, note.paper.key) for note in notes],
        tags=[await tag_state(tag) for tag in await Tag.filter(**gone).order_by("-deleted")],
        searches=[search_state(row) for row in await SavedSearch.filter(**gone).order_by("-deleted")],
        corrections=[correction_state(row, row.paper.key) for row in corrections],
    )


async def _get_note(uuid: UUID, reader: int) -> Note:
    note = await Note.get_or_none(uuid=uuid, user_id=reader).prefetch_related("paper")
    if note is None:
        raise NotFound(f"no note {uuid}")
    return note


def _of_notes(words: str, values: list[object]) -> list[str]:
    """Write the conditions of a reader's notes that hold all `words`, whose values go to the end of `values`."""
    conditions = ["n.user_id = $1", "n.deleted IS NULL"]
    for word in filter(is_searchable, map(Text, printable(words).split())):
        values.append(word.text if is_postgres() else match([word]))
        place = f"${len(values)}"
        conditions.append(
            f"n.search @@ {tsquery(word, place + '::text')}"
            if is_postgres()
            else f"n.id IN (SELECT rowid FROM note_fts WHERE note_fts MATCH {place})"
        )
    return conditions


def _write_cursor(at: object, row: int) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode((str(moment(at)), row))).decode()


def _read_cursor(text: str) -> tuple[datetime, int]:
    try:
        updated, row = msgspec.json.decode(base64.urlsafe_b64decode(text.encode()), type=tuple[datetime, _Row])
        return updated.astimezone(UTC), row
    except (ValueError, OverflowError, msgspec.DecodeError):
        raise Invalid("this cursor is not one of ours") from None
