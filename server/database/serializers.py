"""Serializers: rows of the store as the structs of the API, and papers found by key or alias.

A row is a model that the ORM read, or the columns of one as a plain query gives them.
"""

from collections.abc import Iterable, Mapping
from typing import Any, cast
from uuid import UUID

from tortoise.models import Model

from server.database.connection import day, moment
from server.database.models.papers import Alias, Paper
from server.database.models.reading_list import (
    Entry,
    EntryTag,
    Note,
    SavedSearch,
    Tag,
    decode_quote,
)
from server.database.models.terms import Correction, decode_mended
from server.errors import NotFound
from server.identifiers import parse_key
from server.schema.reading_list import EntryState, NoteState, TagState
from server.schema.searches import SearchState, Sort
from server.schema.terms import CorrectionState

Row = Mapping[str, Any]


async def find_paper(key: str) -> Paper:
    """Return the paper of a key, an old key, an arXiv id or an address. Raises `NotFound`."""
    parsed = parse_key(key)
    paper = await Paper.get_or_none(key=parsed) if parsed else None
    if (
        paper is None
        and parsed
        and (alias := await Alias.get_or_none(key=parsed).prefetch_related("paper"))
    ):
        paper = alias.paper
    if paper is None:
        raise NotFound(f"no paper {key!r} in the store")
    return paper


async def find_paper_ids(keys: Iterable[str]) -> dict[str, int]:
    """Return papers' row ids by key, current or former; unknown keys are left out."""
    wanted = list(set(keys))
    ids = dict(await Alias.filter(key__in=wanted).values_list("key", "paper_id"))
    return ids | dict(await Paper.filter(key__in=wanted).values_list("key", "id"))


async def tags_of(entries: list[int]) -> dict[int, list[str]]:
    """Return the names of each entry's tags, in alphabetical order."""
    links = await EntryTag.filter(entry_id__in=entries, tag__deleted=None).values_list(
        "entry_id", "tag__name"
    )
    tags: dict[int, list[str]] = {entry: [] for entry in entries}
    for entry, name in links:
        tags[entry].append(name)
    return {entry: sorted(names, key=str.casefold) for entry, names in tags.items()}


def entry_state(row: Entry | Row, key: str, tags: list[str]) -> EntryState:
    """Serialize an entry on the paper of a key."""
    entry = _columns(row)
    return EntryState(
        key=key,
        status=entry["status"],
        rating=entry["rating"],
        tags=tags,
        version=entry["version"],
        added=moment(entry["added"]),
        updated=moment(entry["updated"]),
        deleted=moment(entry["deleted"]),
        queue=entry["queue"],
        snoozed_until=day(entry["snoozed_until"]),
        due=day(entry["due"]),
    )


async def load_entry(paper: Paper, user: int) -> tuple[Entry | None, EntryState | None]:
    """Return a user's entry on a paper as a row and as a state, or two times None."""
    entry = await Entry.get_or_none(user_id=user, paper_id=paper.id)
    if entry is None:
        return None, None
    return entry, entry_state(entry, paper.key, (await tags_of([entry.id]))[entry.id])


def note_state(row: Note | Row, key: str) -> NoteState:
    """Serialize a note on the paper of a key."""
    note = _columns(row)
    quote = note["quote"]
    return NoteState(
        id=UUID(str(note["uuid"])),
        key=key,
        text=note["text"],
        quote=decode_quote(quote) if isinstance(quote, str | bytes) else quote,
        version=note["version"],
        created=moment(note["created"]),
        updated=moment(note["updated"]),
        deleted=moment(note["deleted"]),
        source=note["source"],
    )


async def tag_state(tag: Tag) -> TagState:
    """Serialize a tag."""
    papers = await EntryTag.filter(tag_id=tag.id, entry__deleted=None).count()
    return TagState(
        name=tag.name, colour=tag.colour, papers=papers, version=tag.version, deleted=tag.deleted
    )


def search_state(search: SavedSearch) -> SearchState:
    """Serialize a saved search."""
    return SearchState(
        name=search.name,
        query=search.query,
        sort=cast(Sort | None, search.sort),
        digest=search.digest,
        version=search.version,
        updated=search.updated,
        deleted=search.deleted,
    )


def correction_state(row: Correction | Row, key: str) -> CorrectionState:
    """Serialize a correction on the paper of a key."""
    correction = _columns(row)
    mended = correction["mended"]
    return CorrectionState(
        id=UUID(str(correction["uuid"])),
        key=key,
        verdict=correction["verdict"],
        surface=correction["surface"],
        label=correction["label"],
        to_label=correction["to_label"],
        start=correction["start"],
        end=correction["end"],
        everywhere=bool(correction["everywhere"]),
        mended=decode_mended(mended) if isinstance(mended, str | bytes) else mended,
        version=correction["version"],
        created=moment(correction["created"]),
        updated=moment(correction["updated"]),
        deleted=moment(correction["deleted"]),
    )


def _columns(row: Model | Row) -> Row:
    """Return the columns of a row, whether the ORM or a plain query read it."""
    return dict(cast(Any, row)) if isinstance(row, Model) else row
