"""Two papers that turn out to be one: the survivor keeps everything that was written on either."""

from datetime import datetime
from typing import Any

import msgspec
from tortoise.backends.base.client import BaseDBAsyncClient

from server.models import Alias, Change, Correction, Entry, EntryTag, ListingPaper, Note, Paper, Seen
from server.states import entry_state, tags_of
from server.store import execute
from server.verdicts import recount

_PROGRESS = ("none", "skipped", "inbox", "reading", "read")


async def adopt_id(paper: Paper, arxiv_id: str, now: datetime) -> None:
    """Give a paper that was known by its title alone its arXiv id; the old key stays as an alias."""
    await Alias.create(key=paper.key, paper_id=paper.id)
    await _rename_changes(paper.key, arxiv_id)
    paper.key = arxiv_id
    await paper.save(update_fields=["key"])
    await Change.create(kind="paper", ref=arxiv_id, paper_key=arxiv_id, version=0, at=now)


async def merge_papers(connection: BaseDBAsyncClient, survivor: Paper, gone: Paper, now: datetime) -> None:
    """Move all that hangs on `gone` to `survivor`, and leave its key as an alias. Runs in the caller's write."""
    for model in (Note, Correction, ListingPaper, Alias):
        await model.filter(paper_id=gone.id).update(paper_id=survivor.id)
    await execute(
        connection,
        "UPDATE seen SET paper_id = $1 WHERE paper_id = $2 AND user_id NOT IN "
        "(SELECT user_id FROM seen WHERE paper_id = $1)",
        survivor.id,
        gone.id,
    )
    await Seen.filter(paper_id=gone.id).delete()
    for entry in await Entry.filter(paper_id=gone.id):
        await _move_entry(entry, survivor, gone, now)
    await execute(
        connection,
        "UPDATE term SET papers = papers - 1 WHERE id IN (SELECT term_id FROM paper_term WHERE paper_id = $1)",
        gone.id,
    )
    key = gone.key
    await gone.delete()
    await recount([survivor.id])
    await Alias.create(key=key, paper_id=survivor.id)
    await _rename_changes(key, survivor.key)
    await Change.create(kind="paper", ref=survivor.key, paper_key=survivor.key, version=0, at=now)


async def _move_entry(entry: Entry, survivor: Paper, gone: Paper, now: datetime) -> None:
    other = await Entry.get_or_none(user_id=entry.user_id, paper_id=survivor.id)
    if other is None:
        await Entry.filter(id=entry.id).update(paper_id=survivor.id, version=entry.version + 1)
        await _record(entry, survivor.key, entry.version + 1, now, before=None)
        return
    tags = await tags_of([entry.id, other.id])
    before = [entry_state(entry, gone.key, tags[entry.id]), entry_state(other, survivor.key, tags[other.id])]
    _combine(other, entry)
    await other.save()
    links = {link.tag_id for link in await EntryTag.filter(entry_id=entry.id)}
    links -= {link.tag_id for link in await EntryTag.filter(entry_id=other.id)}
    await EntryTag.bulk_create([EntryTag(entry_id=other.id, tag_id=tag) for tag in sorted(links)])
    await entry.delete()
    await _record(other, survivor.key, other.version, now, before=before)


def _combine(kept: Entry, other: Entry) -> None:
    """Make one entry of two: one alive beats one in the trash, then the further status and the later rating hold."""
    if (kept.deleted is None) == (other.deleted is None):
        kept.status = max(kept.status, other.status, key=_PROGRESS.index)
        later = other if other.updated > kept.updated else kept
        kept.rating = later.rating if later.rating is not None else kept.rating or other.rating
    elif other.deleted is None:
        kept.status, kept.rating, kept.deleted = other.status, other.rating, None
    kept.added, kept.updated = min(kept.added, other.added), max(kept.updated, other.updated)
    kept.version = max(kept.version, other.version) + 1


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


async def _rename_changes(old: str, new: str) -> None:
    await Change.filter(paper_key=old, kind__in=["entry", "seen", "paper"]).update(ref=new, paper_key=new)
    await Change.filter(paper_key=old).update(paper_key=new)
