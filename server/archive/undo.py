"""Undo what the import of an archive did beyond other imports.

A record that was changed since stays, and so does a tag that was put on other papers.
"""

from typing import Any

from server.database.models.papers import Alias, ListingPaper
from server.database.models.ranking import RankingPreference, RankingSettings
from server.database.models.reading_list import EntryTag, SavedSearch, Seen, Tag
from server.database.models.terms import Correction, OwnTerm
from server.database.serializers import find_paper
from server.database.versioning import Edit, record
from server.papers.ingest import READ, refresh
from server.papers.undo import remove_empty_listings
from server.schema.imports import (
    ArchiveStep,
    KeyAdded,
    OwnTable,
    PaperRead,
    PaperSeen,
    PlacesAdded,
    RecordMade,
    TagColoured,
)
from server.terms.corrected_terms import bears_on, recount

_CHANGED = "it was changed since, and stays"

_MODELS: dict[OwnTable, Any] = {
    "tag": Tag,
    "saved_search": SavedSearch,
    "own_term": OwnTerm,
    "correction": Correction,
    "ranking_preference": RankingPreference,
    "ranking_settings": RankingSettings,
}
_KINDS: dict[OwnTable, str] = {
    "tag": "tag",
    "saved_search": "search",
    "own_term": "term",
    "correction": "correction",
    "ranking_preference": "ranking",
    "ranking_settings": "ranking",
}


async def undo_archive_step(edit: Edit, step: ArchiveStep) -> str | None:
    """Undo a step in the caller's write; return why not, if it cannot be undone.

    Raises `NotFound` if its paper is gone.
    """
    match step:
        case RecordMade():
            return await _remove(edit, step)
        case TagColoured():
            return await _remove_colour(edit, step)
        case PaperSeen():
            return await _mark_unseen(edit, step)
        case KeyAdded():
            return await _remove_key(step)
        case PlacesAdded():
            return await _remove_places(step)
        case PaperRead():
            return await _forget_reading(step)


async def _remove(edit: Edit, step: RecordMade) -> str | None:
    row = await _MODELS[step.table].get_or_none(id=step.row, user_id=edit.user)
    if row is None:
        return None
    if (row.version, row.updated) != (step.version, step.updated):
        return None if getattr(row, "deleted", None) else _CHANGED
    if step.table == "tag" and await EntryTag.exists(tag_id=row.id, tag__deleted=None):
        return "the tag is on papers, and stays"
    papers = await bears_on(row) if step.table == "correction" else set()
    await row.delete()
    await recount(papers, user=edit.user)
    await record(
        edit,
        _KINDS[step.table],
        step.ref,
        paper=step.paper,
        version=step.version + 1,
        deleted=True,
    )
    return None


async def _remove_colour(edit: Edit, step: TagColoured) -> str | None:
    tag = await Tag.get_or_none(id=step.row, user_id=edit.user, deleted=None)
    if tag is None:
        return None
    if tag.colour != step.colour:
        return "the tag has another colour by now"
    tag.colour, tag.version, tag.updated = None, tag.version + 1, edit.at
    await tag.save()
    await record(edit, "tag", tag.name, paper=None, version=tag.version)
    return None


async def _mark_unseen(edit: Edit, step: PaperSeen) -> str | None:
    paper = await find_paper(step.key)
    if await Seen.filter(user_id=edit.user, paper_id=paper.id, at=step.at).delete():
        await record(edit, "seen", paper.key, paper=paper.key, version=1, deleted=True)
    return None


async def _remove_key(step: KeyAdded) -> str | None:
    paper = await find_paper(step.key)
    await Alias.filter(key=step.alias, paper_id=paper.id).delete()
    return None


async def _remove_places(step: PlacesAdded) -> str | None:
    rows = await ListingPaper.filter(id__in=step.places)
    await ListingPaper.filter(id__in=step.places).delete()
    await remove_empty_listings({row.listing_id for row in rows})
    return None if len(rows) == len(step.places) else "its listing was seen again since"


async def _forget_reading(step: PaperRead) -> str | None:
    """Let a paper be read again, unless another model has done that."""
    paper = await find_paper(step.key)
    if paper.extraction_version == step.version:
        await paper.save(update_fields=refresh(paper, [*READ]))
    return None
