"""The sync of a reading list with a Zotero library.

What both sides last agreed on is kept for each item, since the version numbers of a local library
are those of one installation only. Our side is written first, then Zotero's, then what was agreed
on: whenever the sync is interrupted, the next one finds the same things to do, or finds them done.
Nothing is deleted on one side because it is gone from the other one, unless that is asked for.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct, field
from msgspec.structs import replace

from server.database.connection import fetch, read_connection
from server.database.models.imports import ZoteroItem as AgreedRow
from server.database.transactions import writing
from server.database.versioning import Edit
from server.errors import Conflict, Invalid, NotFound, TooLarge
from server.papers.ingest import ingest
from server.papers.list import find_papers
from server.papers.page import read_pages
from server.reading_list.entries import delete_entry, put_entry
from server.reading_list.notes import delete_note, put_note
from server.schema.papers import PaperPage
from server.schema.reading_list import EntryEdit, NoteEdit
from server.schema.sources import Batch
from server.schema.zotero import Agreed
from server.zotero.collections import Collections, read_collections
from server.zotero.library import (
    PREFIX,
    Library,
    ZoteroItem,
    derive_key,
    new_item,
    read_library,
    write_tags,
)
from server.zotero.local_api import MOST, LocalApi, Written
from server.zotero.merge import (
    Merged,
    NoteStep,
    Opinion,
    OurNotes,
    Side,
    TagSets,
    merge_notes,
    merge_opinions,
)


class SyncReport(Struct):
    """What a sync did, or would do: sentences about each side, and what it left alone."""

    here: list[str] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    is_read_only: bool = False


class SyncOptions(Struct, frozen=True, kw_only=True):
    """What a sync may do.

    `add_items` puts papers of the list into Zotero; `collections` takes collections as tags.
    """

    dry_run: bool = False
    deletions: bool = False
    add_items: bool = True
    collections: bool = False


class _Work(Struct, kw_only=True):
    """One item and its paper, and what is to be done about them.

    `collections` are the tags that will be collections of the item's. `seen` is what a library that
    is only read has. `trash` is the side on which the item goes to the trash; then there is nothing
    else to be done.
    """

    item: str
    paper: int
    page: PaperPage
    merged: Merged = Merged(Opinion(), [])
    steps: list[NoteStep] = field(default_factory=list)
    objects: list[dict[str, Any]] = field(default_factory=list)
    collections: list[str] = field(default_factory=list)
    seen: Agreed | None = None
    trash: Side | None = None
    done: set[str] = field(default_factory=set)
    is_failed: bool = False

    @property
    def is_done(self) -> bool:
        """Whether Zotero has taken everything."""
        return not self.is_failed and {each["key"] for each in self.objects} <= self.done

    def agree(self) -> Agreed:
        """Return what both sides have after the sync, or what was seen of a library only read."""
        if self.seen:
            return self.seen
        opinion = self.merged.opinion
        return Agreed(
            tags=[*opinion.tags],
            collections=self.collections,
            status=opinion.status,
            rating=opinion.rating,
            notes=[step.link for step in self.steps if step.link],
        )


class _Ground(Struct, kw_only=True):
    """What a sync starts from: both sides, what they agreed on, and what it may do.

    `left` are papers that left the list, and `trashed` notes in the trash. `collections` is None if
    they are not to be taken as tags.
    """

    name: str
    user: int
    library: Library
    collections: Collections | None
    options: SyncOptions
    rows: dict[str, AgreedRow]
    pages: dict[int, PaperPage]
    left: set[int]
    trashed: set[UUID]
    report: SyncReport

    def our_notes(self, page: PaperPage) -> OurNotes:
        """Return the user's notes on a paper."""
        notes = {note.id: note for note in page.notes}
        return OurNotes(notes=notes, trashed=self.trashed, library=self.name, user=self.user)


async def sync_zotero(api: LocalApi, user: int, now: datetime, options: SyncOptions) -> SyncReport:
    """Sync a user's reading list with the library of the running Zotero.

    Raises `Unreachable` and `SourceError` as the API does, and `Refused` if Zotero's user denies
    the writes. What was synced before stays.
    """
    # a large library takes a second, in which a server has other requests to answer
    library = await asyncio.to_thread(read_library, await api.read_items(), observed=now)
    collections = read_collections(await api.read_collections()) if options.collections else None
    report = SyncReport(skipped=library.skipped, is_read_only=not api.library)
    papers = await _take_in(library, user, now, report, options)
    listed = await find_papers(user, "")
    rows = await _read_agreed(user, api.library)
    wanted = {*papers.values(), *listed, *(row.paper_id for row in rows.values())}
    ids = sorted(wanted)
    ground = _Ground(
        name=api.library,
        user=user,
        library=library,
        collections=collections,
        options=options,
        rows=rows,
        pages=dict(zip(ids, await read_pages(ids, user), strict=True)),
        left=await _read_left(user),
        trashed=await _read_trashed(user),
        report=report,
    )
    plan = _plan(ground, papers, listed)
    if options.dry_run:
        return report
    for work in plan:
        await _write_ours(work, user, now, report)
    await _write_theirs(api, plan, user, now, report)
    return report


async def _take_in(
    library: Library, user: int, now: datetime, report: SyncReport, options: SyncOptions
) -> dict[str, int]:
    """Return the row ids of the papers that Zotero's items are, by the items' keys.

    Unknown papers are added to the store, but for a dry run.
    """
    known = await _find_known(library.items.values())
    unknown = [item for item in library.items.values() if item.key not in known]
    report.here += [f"new paper: “{item.paper.title or item.key}”" for item in unknown]
    if unknown and not options.dry_run:
        done = await ingest(Batch(kind="Zotero", papers=[item.paper for item in unknown]), now)
        known |= {item.key: row for item, row in zip(unknown, done.rows, strict=True)}
    return _drop_twice(known, library, report)


def _drop_twice(known: dict[str, int], library: Library, report: SyncReport) -> dict[str, int]:
    """Leave out all but the first item of a paper."""
    items = {row: key for key, row in reversed(known.items())}
    twice = [library.items[key] for key, row in known.items() if items[row] != key]
    report.skipped += [f"“{item.paper.title}” is twice in Zotero" for item in twice]
    return {key: row for row, key in items.items()}


async def _find_known(items: Iterable[ZoteroItem]) -> dict[str, int]:
    rows = await fetch(
        "SELECT key, id, LOWER(doi) AS doi FROM paper "
        "UNION ALL SELECT a.key, a.paper_id, NULL FROM alias a"
    )
    keys = {row["key"]: row["id"] for row in rows}
    by_doi = {row["doi"]: row["id"] for row in rows if row["doi"]}
    found = {
        item.key: keys.get(item.paper.arxiv_id or "") or by_doi.get((item.paper.doi or "").lower())
        for item in items
    }
    return {key: row for key, row in found.items() if row}


async def _read_agreed(user: int, library: str) -> dict[str, AgreedRow]:
    rows = AgreedRow.filter(user_id=user, library=library).using_db(read_connection())
    return {row.item: row for row in await rows}


async def _read_left(user: int) -> set[int]:
    """Return the papers that a user took off the list, or whose entries lie in the trash."""
    rows = await fetch(
        "SELECT paper_id FROM entry WHERE user_id = $1 "
        "AND (deleted IS NOT NULL OR status = 'none')",
        user,
    )
    return {row["paper_id"] for row in rows}


async def _read_trashed(user: int) -> set[UUID]:
    rows = await fetch("SELECT uuid FROM note WHERE user_id = $1 AND deleted IS NOT NULL", user)
    return {UUID(str(row["uuid"])) for row in rows}


def _plan(ground: _Ground, papers: dict[str, int], listed: list[int]) -> list[_Work]:
    """Plan the sync: of the items that are there, of those that are gone, and of new ones."""
    items = ground.library.items
    gone = [row for row in ground.rows.values() if row.item not in items]
    plan = [_plan_item(ground, items[key], paper) for key, paper in papers.items()]
    plan += [_plan_gone(ground, row) for row in gone]
    if ground.name and ground.options.add_items:
        synced = {*papers.values(), *(row.paper_id for row in gone)}
        plan += [_plan_new(ground, paper) for paper in listed if paper not in synced]
    return [*filter(None, plan)]


def _plan_item(ground: _Ground, item: ZoteroItem, paper: int) -> _Work | None:
    """Plan the sync of an item that is in Zotero."""
    page, row = ground.pages[paper], ground.rows.get(item.key)
    if paper in ground.left:
        return _plan_unlisted(ground, item, paper)
    agreed = row.agreed if row else None
    theirs = Opinion(tags=tuple(item.tags), status=item.status, rating=item.rating)
    merged = merge_opinions(agreed, _our_opinion(page), theirs, _collected(ground, item, agreed))
    if merged.opinion.status is None:  # a paper that comes into the list comes into the inbox
        merged = replace(merged, opinion=replace(merged.opinion, status="inbox"))
    steps = merge_notes(
        agreed,
        ground.our_notes(page),
        item.key,
        item.notes,
        deletions=ground.options.deletions,
    )
    work = _Work(item=item.key, paper=paper, page=page, merged=merged, steps=steps)
    work.objects = [*_item_objects(ground, item, merged.opinion), *_note_objects(steps, item.key)]
    work.collections = agreed.collections if agreed else []
    if ground.collections:
        work.collections = ground.collections.among(merged.opinion.tags)
    if not ground.name:
        work.objects, work.seen = [], _see(ground, item, agreed or Agreed(), steps)
    _describe(work, ground.report)
    return work


def _see(ground: _Ground, item: ZoteroItem, before: Agreed, steps: list[NoteStep]) -> Agreed:
    """Return what an item in a library that is only read has, so that the next sync sees changes.

    A note that would be written there stays as it was agreed on, if it was.
    """
    links = {link.note: link for link in before.notes}
    links |= {step.note: step.link for step in steps if step.link and step.html is None}
    return Agreed(
        tags=item.tags,
        collections=ground.collections.names(item.collections) if ground.collections else [],
        status=item.status,
        rating=item.rating,
        notes=[*links.values()],
    )


def _collected(ground: _Ground, item: ZoteroItem, agreed: Agreed | None) -> TagSets | None:
    """Return what an item's collections say about its tags.

    A collection that was deleted as a whole takes no tag with it.
    """
    if ground.collections is None:
        return None
    before = ground.collections.among(agreed.collections) if agreed else []
    return TagSets(before, ground.collections.names(item.collections))


def _item_objects(ground: _Ground, item: ZoteroItem, opinion: Opinion) -> list[dict[str, Any]]:
    """Return what is to be written of an item itself: its tags and its collections."""
    changes: dict[str, Any] = {}
    tags = write_tags([*opinion.tags], opinion.status, opinion.rating, item.raw_tags)
    if _names(tags) != _names(item.raw_tags):
        changes["tags"] = tags
    if ground.collections:
        collections = ground.collections.move(item.collections, opinion.tags)
        if {*collections} != {*item.collections}:
            changes["collections"] = collections
    return [{"key": item.key, "version": item.version} | changes] if changes else []


def _plan_unlisted(ground: _Ground, item: ZoteroItem, paper: int) -> _Work | None:
    """Plan what becomes of an item whose paper the user took off the list here."""
    page = ground.pages[paper]
    if not (ground.options.deletions and ground.name and item.key in ground.rows):
        ground.report.skipped.append(f"“{page.title}” left the list here and stays in Zotero")
        return None
    ground.report.there.append(f"to the trash: “{page.title}”")
    trashed = {"key": item.key, "version": item.version, "deleted": 1}
    return _Work(item=item.key, paper=paper, page=page, objects=[trashed], trash="theirs")


def _plan_gone(ground: _Ground, row: AgreedRow) -> _Work | None:
    """Plan what becomes of a paper whose item is gone from Zotero."""
    page = ground.pages[row.paper_id]
    if page.entry is None or not page.entry.is_listed:
        return None
    # a library that is only read has no name: this may be another one than before
    if not (ground.options.deletions and ground.name):
        ground.report.skipped.append(f"“{page.title}” is gone from Zotero and stays here")
        return None
    ground.report.here.append(f"to the trash: “{page.title}”")
    return _Work(item=row.item, paper=row.paper_id, page=page, trash="ours")


def _plan_new(ground: _Ground, paper: int) -> _Work:
    """Plan an item for a paper that Zotero does not have."""
    page = ground.pages[paper]
    key, opinion = derive_key("item", ground.name, page.key), _our_opinion(page)
    tags = write_tags([*opinion.tags], opinion.status, opinion.rating, [])
    steps = merge_notes(None, ground.our_notes(page), key, [])
    shelves = ground.collections or Collections({})
    item = new_item(key, page, tags, shelves.move([], opinion.tags))
    ground.report.there.append(f"new item: “{page.title}”")
    return _Work(
        item=key,
        paper=paper,
        page=page,
        merged=Merged(opinion, []),
        steps=steps,
        objects=[item, *_note_objects(steps, key)],
        collections=shelves.among(opinion.tags),
    )


def _describe(work: _Work, report: SyncReport) -> None:
    """Add to a report what is to be done about an item."""
    title = f"“{work.page.title}”"
    both = "a note was changed on both sides, both texts are kept"
    conflicts = [*work.merged.conflicts, *(both for step in work.steps if step.conflict)]
    report.conflicts += [f"{title}: {conflict}" for conflict in conflicts]
    if _entry_edit(work.page, work.merged.opinion):
        report.here.append(f"{title}: status, rating or tags")
    for step in work.steps:
        if step.text is not None or step.trash == "ours":
            report.here.append(f"{title}: a note")
    for each in work.objects:
        report.there.append(f"{title}: {'tags' if each['key'] == work.item else 'a note'}")


async def _write_ours(work: _Work, user: int, now: datetime, report: SyncReport) -> None:
    """Write what is new in Zotero; what cannot be written is left for the next sync."""
    page, version = work.page, work.page.entry.version if work.page.entry else 0
    edit = Edit(user=user, at=now, source="zotero", base=version)
    try:
        if work.trash == "ours":
            await delete_entry(edit, page.key)
        elif work.trash is None:
            if data := _entry_edit(page, work.merged.opinion):
                await put_entry(edit, page.key, data)
            for step in work.steps:
                await _write_our_note(replace(edit, base=step.base), step, page)
    except (Conflict, Invalid, NotFound, TooLarge) as error:
        work.is_failed = True
        report.failed.append(f"“{page.title}”: {error}")


async def _write_our_note(edit: Edit, step: NoteStep, page: PaperPage) -> None:
    if step.text is not None:
        quote = next((note.quote for note in page.notes if note.id == step.note), None)
        await put_note(edit, step.note, NoteEdit(paper=page.key, text=step.text, quote=quote))
    elif step.trash == "ours":
        await delete_note(edit, step.note)


async def _write_theirs(
    api: LocalApi, plan: list[_Work], user: int, now: datetime, report: SyncReport
) -> None:
    """Write what is new here, in batches, and keep what was agreed on after each of them."""
    await _keep_agreed([work for work in plan if not work.objects], api.library, user, now)
    queue = [(work, each) for work in plan if not work.is_failed for each in work.objects]
    for start in range(0, len(queue), MOST):
        batch = queue[start : start + MOST]
        written = await api.write([each for _, each in batch])
        for work, each in batch:
            _note_outcome(work, each["key"], written, report)
        touched = {work.item: work for work, _ in batch}
        await _keep_agreed(touched.values(), api.library, user, now)


def _note_outcome(work: _Work, key: str, written: Written, report: SyncReport) -> None:
    if key in written.done:
        work.done.add(key)
    elif key in written.failed:
        report.failed.append(f"“{work.page.title}” in Zotero: {written.failed[key]}")


async def _keep_agreed(plan: Iterable[_Work], library: str, user: int, now: datetime) -> None:
    """Keep what both sides agreed on about the items that are done with."""
    async with writing(user):
        for work in plan:
            if not work.is_done:
                continue
            row = await AgreedRow.get_or_none(user_id=user, library=library, item=work.item)
            if work.trash:
                if row:
                    await row.delete()
                continue
            agreed = work.agree()
            if row and (row.agreed, row.paper_id) == (agreed, work.paper):
                continue
            row = row or AgreedRow(user_id=user, library=library, item=work.item)
            row.paper_id, row.agreed, row.updated = work.paper, agreed, now
            await row.save()


def _our_opinion(page: PaperPage) -> Opinion:
    """Return what our side says: nothing about a paper that was never in the list."""
    if page.entry is None:
        return Opinion()
    return Opinion(tags=tuple(page.entry.tags), status=page.entry.status, rating=page.entry.rating)


def _entry_edit(page: PaperPage, opinion: Opinion) -> EntryEdit | None:
    """Return the edit that makes an entry what was merged, None if it is so already."""
    ours = _our_opinion(page)
    merged = ({*opinion.tags}, opinion.status, opinion.rating)
    if page.entry and merged == ({*ours.tags}, ours.status, ours.rating):
        return None
    return EntryEdit(status=opinion.status or "inbox", rating=opinion.rating, tags=[*opinion.tags])


def _note_objects(steps: list[NoteStep], item: str) -> list[dict[str, Any]]:
    """Return what is to be written of an item's notes to Zotero."""
    objects: list[dict[str, Any]] = []
    for step in steps:
        known = {"key": step.child, "version": step.version}
        if step.trash == "theirs":
            objects.append(known | {"deleted": 1})
        elif step.html is not None:
            tags = [{"tag": f"{PREFIX}note/{step.note}"}]
            new = {"itemType": "note", "parentItem": item, "tags": tags}
            objects.append(known | {"note": step.html} | ({} if step.version else new))
    return objects


def _names(tags: list[dict[str, Any]]) -> set[str]:
    return {str(tag.get("tag")) for tag in tags}
