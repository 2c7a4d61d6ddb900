"""Undo what an import did to papers: those it made, the fields it filled, and those it merged.

Papers are shared and other sources go on filling them: a step is undone only where everything is
still as the step left it.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, get_type_hints

from msgspec import convert, to_builtins
from msgspec.structs import asdict
from tortoise.backends.base.client import BaseDBAsyncClient

from server.database.models.changes import Change
from server.database.models.imports import Citation
from server.database.models.papers import Alias, Listing, ListingPaper, Paper
from server.database.models.reading_list import Entry, EntryTag, Note, Seen, Tag
from server.database.models.terms import Correction
from server.database.serializers import find_paper, load_entry
from server.papers.ingest import refresh
from server.papers.merge import MOVED_WHOLE, rename_changes, uncount_terms
from server.schema.imports import (
    QUIET_FIELDS,
    IdAdopted,
    MovedEntry,
    PaperCreated,
    PaperFields,
    PaperFilled,
    PapersMerged,
    PaperStep,
)
from server.schema.reading_list import EntryState
from server.terms.corrected_terms import recount

_TYPES = get_type_hints(PaperFields)
_HANGS_ON = (Entry, Note, Correction, Seen, Citation)
_MOVED: dict[str, Any] = {model.Meta.table: model for model in (*MOVED_WHOLE, Seen, Citation)}


async def undo_step(connection: BaseDBAsyncClient, step: PaperStep, now: datetime) -> str | None:
    """Undo a step in the caller's write; return why not, if it cannot be undone."""
    if isinstance(step, PaperFilled):
        return await _unfill(step, now)
    if isinstance(step, PaperCreated):
        return await _remove(connection, step, now)
    if isinstance(step, IdAdopted):
        return await _return_id(step, now)
    return await _separate(step, now)


async def _unfill(step: PaperFilled, now: datetime) -> str | None:
    paper = await find_paper(step.key)
    changed = []
    for name, after in step.after.items():
        if to_builtins(getattr(paper, name)) == after:
            setattr(paper, name, convert(step.before[name], _TYPES[name]))
            changed.append(name)
    if changed:
        await paper.save(update_fields=[*changed, *refresh(paper, changed)])
        await _record(paper.key, now)
    kept = [name for name in step.after if name not in changed and name not in QUIET_FIELDS]
    return f"{', '.join(kept)} changed since" if kept else None


async def _remove(connection: BaseDBAsyncClient, step: PaperCreated, now: datetime) -> str | None:
    paper = await find_paper(step.key)
    if (paper.richness, paper.observed) != (step.richness, step.observed):
        return "another source has it too by now"
    for model in _HANGS_ON:
        if await model.filter(paper_id=paper.id).exists():
            return "something was written on it"
    listings: Any = await ListingPaper.filter(paper_id=paper.id).values_list(
        "listing_id", flat=True
    )
    await uncount_terms(connection, paper)
    await paper.delete()
    await remove_empty_listings(listings)
    await _record(step.key, now, deleted=True)
    return None


async def remove_empty_listings(listings: Iterable[int]) -> None:
    """Remove those of some listings, by their row ids, in which no paper stands any more."""
    for listing in listings:
        if not await ListingPaper.filter(listing_id=listing).exists():
            await Listing.filter(id=listing).delete()


async def _return_id(step: IdAdopted, now: datetime) -> str | None:
    paper = await Paper.get_or_none(key=step.key)
    alias = await Alias.get_or_none(key=step.before)
    if paper is None or alias is None or alias.paper_id != paper.id:
        return "it is another paper by now"
    if (paper.richness, paper.observed) != (step.richness, step.observed):
        return "another source has its id too by now"
    await alias.delete()
    await rename_changes(step.key, step.before)
    paper.key = step.before
    await paper.save(update_fields=["key"])
    await _record(step.before, now)
    return None


async def _separate(step: PapersMerged, now: datetime) -> str | None:
    """Make two papers of one again, each with what hung on it, and give each user their entries."""
    survivor = await find_paper(step.key)
    alias = await Alias.get_or_none(key=step.gone_key)
    if alias is None or alias.paper_id != survivor.id:
        return "it was merged with another paper since"
    await alias.delete()
    gone = await _restore_paper(step)
    for table, rows in step.moved.items():
        await _MOVED[table].filter(id__in=rows, paper_id=survivor.id).update(paper_id=gone.id)
    for user in step.seen:
        await Seen.create(user_id=user, paper_id=gone.id, at=now)
    for user, data in step.citations:
        await Citation.create(user_id=user, paper_id=gone.id, data=data, updated=now)
    kept = [await _separate_entry(entry, survivor, gone, now) for entry in step.entries]
    await recount([survivor.id, gone.id])
    await _record(survivor.key, now)
    await _record(gone.key, now)
    return next(filter(None, kept), None)


async def _restore_paper(step: PapersMerged) -> Paper:
    """Create a merged paper anew; it is read again, as its terms went with it."""
    paper = Paper(key=step.gone_key, created=step.created, **asdict(step.gone))
    refresh(paper, ["title", "hugging_face"])
    await paper.save()
    return paper


async def _separate_entry(
    moved: MovedEntry, survivor: Paper, gone: Paper, now: datetime
) -> str | None:
    """Give a user the entry on the restored paper, and the survivor's as it was before."""
    entry, state = await load_entry(survivor, moved.user)
    kept = None
    if moved.survivor is None:
        if entry is not None and state is not None:
            # it moved as a whole, and goes back with what the user made of it since
            entry.paper_id, entry.version = gone.id, entry.version + 1
            await entry.save()
            await _record_entry(moved.user, gone.key, entry.version, now)
        return None
    if entry is not None and state is not None:
        if _is_merged(state, moved.survivor, moved.gone):
            await _write(entry, moved.survivor, now)
            await _record_entry(moved.user, survivor.key, entry.version, now)
        else:
            kept = "its entry changed since, and stays as it is on the other paper"
    other = Entry(user_id=moved.user, paper_id=gone.id, version=moved.gone.version)
    await _write(other, moved.gone, now)
    await _record_entry(moved.user, gone.key, other.version, now)
    return kept


def _is_merged(state: EntryState, first: EntryState, second: EntryState) -> bool:
    """Return whether an entry is still what a merge made of two."""
    tags = {*first.tags, *second.tags}
    return {*state.tags} == tags and state.version == max(first.version, second.version) + 1


async def _write(entry: Entry, state: EntryState, now: datetime) -> None:
    entry.status, entry.rating, entry.added = state.status, state.rating, state.added
    entry.deleted, entry.updated, entry.version = state.deleted, now, entry.version + 1
    entry.plan = state.plan
    await entry.save()
    tags = await Tag.filter(user_id=entry.user_id, name__in=state.tags, deleted=None)
    await EntryTag.filter(entry_id=entry.id).delete()
    await EntryTag.bulk_create([EntryTag(entry_id=entry.id, tag_id=tag.id) for tag in tags])


async def _record(key: str, now: datetime, *, deleted: bool = False) -> None:
    await Change.create(kind="paper", ref=key, paper_key=key, version=0, deleted=deleted, at=now)


async def _record_entry(user: int, key: str, version: int, now: datetime) -> None:
    await Change.create(user_id=user, kind="entry", ref=key, paper_key=key, version=version, at=now)
