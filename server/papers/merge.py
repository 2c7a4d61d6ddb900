"""Two papers that turn out to be one: the survivor keeps everything that was written on either."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import convert
from msgspec.structs import astuple
from tortoise.backends.base.client import BaseDBAsyncClient

from server.database.connection import execute
from server.database.models.changes import Change
from server.database.models.imports import Citation, ZoteroItem
from server.database.models.papers import Alias, ListingPaper, Paper
from server.database.models.reading_list import Entry, EntryTag, Note, Seen
from server.database.models.terms import Correction
from server.database.serializers import entry_state, tags_of
from server.papers.versions import move_texts
from server.schema.imports import IdAdopted, MovedEntry, PaperFields, PapersMerged
from server.schema.reading_list import Plan
from server.terms.corrected_terms import recount

# all rows of these go along with a paper; of others, a user has one on a paper
MOVED_WHOLE: tuple[Any, ...] = (Note, Correction, ListingPaper, Alias, ZoteroItem)

_PROGRESS = ("none", "skipped", "inbox", "reading", "read")


async def adopt_id(paper: Paper, arxiv_id: str, now: datetime) -> IdAdopted:
    """Key a paper by its arXiv id instead of by its title, which stays as an alias."""
    step = IdAdopted(
        key=arxiv_id,
        title=paper.title,
        before=paper.key,
        richness=paper.richness,
        observed=paper.observed,
    )
    await Alias.create(key=paper.key, paper_id=paper.id)
    await rename_changes(paper.key, arxiv_id)
    paper.key = arxiv_id
    await paper.save(update_fields=["key"])
    await Change.create(kind="paper", ref=arxiv_id, paper_key=arxiv_id, version=0, at=now)
    return step


async def merge_papers(
    connection: BaseDBAsyncClient, survivor: Paper, gone: Paper, now: datetime
) -> PapersMerged:
    """Move all that hangs on `gone` to `survivor`, and leave its key as an alias.

    Runs in the caller's write.
    """
    step = await _describe_merge(survivor, gone)
    for model in MOVED_WHOLE:
        await model.filter(paper_id=gone.id).update(paper_id=survivor.id)
    await execute(
        connection,
        "UPDATE seen SET paper_id = $1 WHERE paper_id = $2 AND user_id NOT IN "
        "(SELECT user_id FROM seen WHERE paper_id = $1)",
        survivor.id,
        gone.id,
    )
    await Seen.filter(paper_id=gone.id).delete()
    # the user's bibliography cites a paper once, so of two citations the survivor's stays
    await execute(
        connection,
        "UPDATE citation SET paper_id = $1 WHERE paper_id = $2 AND user_id NOT IN "
        "(SELECT user_id FROM citation WHERE paper_id = $1)",
        survivor.id,
        gone.id,
    )
    for entry in await Entry.filter(paper_id=gone.id):
        await _move_entry(entry, survivor, gone, now)
    await uncount_terms(connection, gone)
    await move_texts(survivor, gone, now)
    key = gone.key
    await gone.delete()
    await recount([survivor.id])
    await Alias.create(key=key, paper_id=survivor.id)
    await rename_changes(key, survivor.key)
    await Change.create(kind="paper", ref=survivor.key, paper_key=survivor.key, version=0, at=now)
    return step


async def _describe_merge(survivor: Paper, gone: Paper) -> PapersMerged:
    """Return all that a merge is going to move or drop."""
    rows: dict[str, list[int]] = {
        model.Meta.table: await model.filter(paper_id=gone.id).values_list("id", flat=True)
        for model in MOVED_WHOLE
    }
    rows["seen"], seen = await _sort_out(Seen, survivor, gone)
    rows["citation"], citations = await _sort_out(Citation, survivor, gone)
    return PapersMerged(
        key=survivor.key,
        title=survivor.title,
        gone_key=gone.key,
        gone=convert(gone, PaperFields, from_attributes=True),
        created=gone.created,
        moved={table: ids for table, ids in rows.items() if ids},
        entries=await _describe_entries(survivor, gone),
        seen=[row.user_id for row in seen],
        citations=[(row.user_id, row.data) for row in citations],
    )


async def _sort_out(model: Any, survivor: Paper, gone: Paper) -> tuple[list[int], list[Any]]:
    """Return the ids of the rows that a merge moves, and the rows of users who have both."""
    users = {row.user_id for row in await model.filter(paper_id=survivor.id)}
    rows = await model.filter(paper_id=gone.id)
    moved = [row.id for row in rows if row.user_id not in users]
    return moved, [row for row in rows if row.user_id in users]


async def _describe_entries(survivor: Paper, gone: Paper) -> list[MovedEntry]:
    entries = await Entry.filter(paper_id__in=[survivor.id, gone.id])
    tags = await tags_of([entry.id for entry in entries])
    others = {
        entry.user_id: entry_state(entry, survivor.key, tags[entry.id])
        for entry in entries
        if entry.paper_id == survivor.id
    }
    return [
        MovedEntry(
            user=entry.user_id,
            gone=entry_state(entry, gone.key, tags[entry.id]),
            survivor=others.get(entry.user_id),
        )
        for entry in entries
        if entry.paper_id == gone.id
    ]


async def _move_entry(entry: Entry, survivor: Paper, gone: Paper, now: datetime) -> None:
    other = await Entry.get_or_none(user_id=entry.user_id, paper_id=survivor.id)
    if other is None:
        await Entry.filter(id=entry.id).update(paper_id=survivor.id, version=entry.version + 1)
        await _record(entry, survivor.key, entry.version + 1, now, before=None)
        return
    tags = await tags_of([entry.id, other.id])
    before = [
        entry_state(entry, gone.key, tags[entry.id]),
        entry_state(other, survivor.key, tags[other.id]),
    ]
    _combine(other, entry)
    await other.save()
    links = {link.tag_id for link in await EntryTag.filter(entry_id=entry.id)}
    links -= {link.tag_id for link in await EntryTag.filter(entry_id=other.id)}
    await EntryTag.bulk_create([EntryTag(entry_id=other.id, tag_id=tag) for tag in sorted(links)])
    await entry.delete()
    await _record(other, survivor.key, other.version, now, before=before)


def _combine(kept: Entry, other: Entry) -> None:
    """Make one entry of two.

    One in the list beats one in the trash, then the further status and the later rating hold, and
    the earlier place in the queue, day of return and due date.
    """
    if (kept.deleted is None) == (other.deleted is None):
        status = max(kept.status, other.status, key=_PROGRESS.index)
        kept.plan = _combine_plans([kept, other], status)
        kept.status = status
        first, last = sorted((kept, other), key=lambda entry: entry.updated)
        kept.rating = last.rating if last.rating is not None else first.rating
    elif other.deleted is None:
        kept.status, kept.rating, kept.deleted = other.status, other.rating, None
        kept.plan = other.plan
    kept.added, kept.updated = min(kept.added, other.added), max(kept.updated, other.updated)
    # whoever holds a version of either entry has to see the merged one before writing
    kept.version = max(kept.version, other.version) + 1


def _combine_plans(entries: list[Any], status: Any) -> Plan:
    """Return what is left of the plans of entries when the one of them all gets a status."""
    plans = [each.plan.carry_over(before=each.status, after=status) for each in entries]
    values: Any = zip(*map(astuple, plans), strict=True)
    return Plan(
        *(min((each for each in pair if each is not None), default=None) for pair in values)
    )


async def _record(entry: Entry, key: str, version: int, now: datetime, *, before: Any) -> None:
    await Change.create(
        user_id=entry.user_id,
        kind="entry",
        ref=key,
        paper_key=key,
        version=version,
        before=msgspec.json.encode(before).decode() if before else None,
        at=now,
    )


async def uncount_terms(connection: BaseDBAsyncClient, paper: Paper) -> None:
    """Take a paper out of the counts of its terms, before it is deleted and they go with it."""
    await execute(
        connection,
        "UPDATE term SET papers = papers - 1 WHERE id IN (SELECT term_id FROM paper_term WHERE "
        "paper_id = $1)",
        paper.id,
    )


async def rename_changes(old: str, new: str) -> None:
    """Let the change records of a paper name it by a new key."""
    # the `ref` of these kinds is the paper's key; that of notes and corrections is their own id
    await Change.filter(paper_key=old, kind__in=["entry", "seen", "paper"]).update(
        ref=new, paper_key=new
    )
    await Change.filter(paper_key=old).update(paper_key=new)
