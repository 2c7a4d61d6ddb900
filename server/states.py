"""Rows as the outside knows them: papers found by key or alias, and the state of an entry, note, tag, …"""

from typing import cast

from server.errors import NotFound
from server.identity import parse_key
from server.models import Alias, Correction, Entry, EntryTag, Note, Paper, SavedSearch, Tag
from server.wire import CorrectionState, EntryState, NoteState, SearchState, Sort, Status, TagState, Verdict


async def find_paper(key: str) -> Paper:
    """Give the paper of a key, an old key, an arXiv id or an address. Raises `NotFound`."""
    parsed = parse_key(key)
    paper = await Paper.get_or_none(key=parsed) if parsed else None
    if paper is None and parsed and (alias := await Alias.get_or_none(key=parsed).prefetch_related("paper")):
        paper = alias.paper
    if paper is None:
        raise NotFound(f"no paper {key!r} in the store")
    return paper


async def tags_of(entries: list[int]) -> dict[int, list[str]]:
    """Give the names of each entry's tags, in alphabetical order."""
    links = await EntryTag.filter(entry_id__in=entries, tag__deleted=None).values_list("entry_id", "tag__name")
    tags: dict[int, list[str]] = {entry: [] for entry in entries}
    for entry, name in links:
        tags[entry].append(name)
    return {entry: sorted(names, key=str.casefold) for entry, names in tags.items()}


def entry_state(entry: Entry, key: str, tags: list[str]) -> EntryState:
    """Give an entry as it goes over the wire."""
    return EntryState(
        key=key,
        status=cast(Status, entry.status),
        rating=entry.rating,
        tags=tags,
        version=entry.version,
        added=entry.added,
        updated=entry.updated,
        deleted=entry.deleted,
    )


async def load_entry(paper: Paper, user: int) -> tuple[Entry | None, EntryState | None]:
    """Give a user's entry on a paper, as a row and as a state; None and None where there is none."""
    entry = await Entry.get_or_none(user_id=user, paper_id=paper.id)
    if entry is None:
        return None, None
    return entry, entry_state(entry, paper.key, (await tags_of([entry.id]))[entry.id])


def note_state(note: Note, key: str) -> NoteState:
    """Give a note as it goes over the wire."""
    return NoteState(
        id=note.uuid,
        key=key,
        text=note.text,
        quote=note.quote,
        version=note.version,
        created=note.created,
        updated=note.updated,
        deleted=note.deleted,
    )


async def tag_state(tag: Tag) -> TagState:
    """Give a tag as it goes over the wire."""
    papers = await EntryTag.filter(tag_id=tag.id, entry__deleted=None).count()
    return TagState(name=tag.name, colour=tag.colour, papers=papers, version=tag.version, deleted=tag.deleted)


def search_state(search: SavedSearch) -> SearchState:
    """Give a saved search as it goes over the wire."""
    return SearchState(
        name=search.name,
        query=search.query,
        sort=cast(Sort | None, search.sort),
        digest=search.digest,
        version=search.version,
        updated=search.updated,
        deleted=search.deleted,
    )


def correction_state(correction: Correction, key: str) -> CorrectionState:
    """Give a correction as it goes over the wire."""
    return CorrectionState(
        id=correction.uuid,
        key=key,
        verdict=cast(Verdict, correction.verdict),
        surface=correction.surface,
        label=correction.label,  # type: ignore[arg-type]
        to_label=correction.to_label,  # type: ignore[arg-type]
        start=correction.start,
        end=correction.end,
        everywhere=correction.everywhere,
        version=correction.version,
        created=correction.created,
        updated=correction.updated,
        deleted=correction.deleted,
    )
