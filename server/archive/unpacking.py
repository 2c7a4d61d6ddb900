"""Our own JSON export into the store: what is unknown comes in as it was, what is there stays, and nothing is lost.

The cases, for something that is there already:
- a paper: filled from the richer of the two, as from any source;
- an entry: what only the archive says is filled in, tags are united, and where the two differ the store's stays;
- a tag: a missing colour is filled in;
- a saved search of another query: the store's stays, and the archive's is kept beside it under a name with a number;
- a note of another text: the store's stays, and the archive's is kept beside it as a note of its own;
- anything else, and whatever lies in the trash on one side: the store's stays.
So the same archive a second time changes nothing, and one that was cut short by a failure can be taken in again.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from msgspec import Struct, field
from msgspec.structs import replace

from server.archive.choices import take_searches, take_terms
from server.archive.rejoining import link_trashed, take_entries, take_tags
from server.archive.shelving import shelve_papers
from server.archive.tally import Tally, change_of, chunks, find_papers, row_ids
from server.edits import Edit
from server.errors import Invalid, SourceError
from server.export.archive import Archive, ArchivedCorrection, ArchivedNote, SeenPaper
from server.models import Change, Correction, Note, Paper, Revision, Seen, encode
from server.store import writing
from server.tags import clean_tag
from server.verdicts import bears_on, recount


class ArchiveReport(Struct):
    """What became of an archive, by kind."""

    papers: Tally = field(default_factory=Tally)
    entries: Tally = field(default_factory=Tally)
    tags: Tally = field(default_factory=Tally)
    notes: Tally = field(default_factory=Tally)
    corrections: Tally = field(default_factory=Tally)
    seen: Tally = field(default_factory=Tally)
    searches: Tally = field(default_factory=Tally)
    terms: Tally = field(default_factory=Tally)


async def import_archive(archive: Archive, user: int, now: datetime) -> ArchiveReport:
    """Take an archive in as a user's own. Raises `SourceError` for one that no store can hold, before it writes."""
    _check(archive)
    report = ArchiveReport()
    edit = Edit(user=user, at=now)
    await take_searches(edit, archive.searches, report.searches)
    await take_terms(edit, archive.terms, report.terms)
    shelved = await shelve_papers(archive.papers, now)
    report.papers = Tally(created=shelved.new, merged=shelved.updated)
    report.papers.same = len(archive.papers) - shelved.new - shelved.updated
    trashed = await take_tags(edit, archive.tags, report.tags)
    for entries in chunks(archive.entries):
        await take_entries(edit, entries, report.entries)
    for tag, keys in trashed:
        await link_trashed(edit, tag, keys)
    for notes in chunks(archive.notes):
        await _take_notes(edit, notes, report.notes)
    for corrections in chunks(archive.corrections):
        await _take_corrections(edit, corrections, report.corrections)
    for seen in chunks(archive.seen):
        await _take_seen(edit, seen, report.seen)
    return report


def _check(archive: Archive) -> None:
    try:
        for name in {tag.name for tag in archive.tags} | {name for entry in archive.entries for name in entry.tags}:
            clean_tag(name)
        for search in archive.searches:
            clean_tag(search.name)
    except Invalid as error:
        raise SourceError(f"the export cannot be used: {error}") from error
    texts = [text for note in archive.notes for text in (note.text, *(revision.text for revision in note.revisions))]
    texts += [correction.surface for correction in archive.corrections]
    texts += [search.query for search in archive.searches]
    texts += [text for term in archive.terms for text in (term.term, term.name or "", *(term.into or ()))]
    if any("\x00" in text for text in texts):
        raise SourceError("the export cannot be used: it holds NUL characters")


async def _take_notes(edit: Edit, notes: list[ArchivedNote], tally: Tally) -> None:
    async with writing():
        papers = await find_papers(note.key for note in notes)
        candidates = [
            uuid for note in notes for own in _own_ids(note.id, edit) for uuid in (own, _beside_id(own, note))
        ]
        rows = {row.uuid: row for row in await Note.filter(uuid__in=candidates)}
        texts = await _texts_of(rows.values())
        fresh = []
        for archived in notes:
            uuid = _own_id(archived.id, edit, rows)
            beside = _beside_id(uuid, archived)
            row = rows.get(uuid)
            if row is None:
                fresh.append(replace(archived, id=uuid))
                tally.created += 1
            elif beside in rows or _texts(archived) <= texts[row.id]:
                tally.same += 1
            else:
                fresh.append(replace(archived, id=beside))
                tally.beside += 1
        await _create_notes(edit, fresh, papers)


async def _texts_of(notes: Iterable[Note]) -> dict[int, set[Any]]:
    texts = {note.id: {(note.text, note.quote)} for note in notes}
    for revision in await Revision.filter(note_id__in=list(texts)):
        texts[revision.note_id].add((revision.text, revision.quote))
    return texts


def _texts(note: ArchivedNote) -> set[Any]:
    return {(note.text, note.quote), *((revision.text, revision.quote) for revision in note.revisions)}


async def _create_notes(edit: Edit, notes: list[ArchivedNote], papers: dict[str, Paper]) -> None:
    rows = [
        Note(
            uuid=note.id,
            user_id=edit.user,
            paper_id=papers[note.key].id,
            text=note.text,
            quote=note.quote,
            version=note.version,
            created=note.created,
            updated=note.updated,
            deleted=note.deleted,
        )
        for note in notes
    ]
    await Note.bulk_create(rows)
    ids = dict(await Note.filter(uuid__in=[note.id for note in notes]).values_list("uuid", "id"))
    await Revision.bulk_create(
        [
            Revision(note_id=ids[note.id], version=r.version, text=r.text, quote=r.quote, written=r.written)
            for note in notes
            for r in note.revisions
        ]
    )
    await Change.bulk_create(
        [change_of(edit, "note", str(n.id), papers[n.key], row) for n, row in zip(notes, rows, strict=True)]
    )


async def _take_corrections(edit: Edit, corrections: list[ArchivedCorrection], tally: Tally) -> None:
    async with writing():
        papers = await find_papers(correction.key for correction in corrections)
        candidates = [uuid for correction in corrections for uuid in _own_ids(correction.id, edit)]
        rows = {row.uuid: row for row in await Correction.filter(uuid__in=candidates)}
        fresh, changes = [], []
        for archived in corrections:
            uuid, paper = _own_id(archived.id, edit, rows), papers[archived.key]
            fields = {name: getattr(archived, name) for name in archived.__struct_fields__ if name not in ("id", "key")}
            if row := rows.get(uuid):
                tally.count(equal=all(getattr(row, name) == value for name, value in fields.items()))
                continue
            fresh.append(Correction(uuid=uuid, user_id=edit.user, paper_id=paper.id, **fields))
            changes.append(change_of(edit, "correction", str(uuid), paper, fresh[-1]))
            tally.created += 1
        await Correction.bulk_create(fresh)
        await recount({paper for row in fresh for paper in await bears_on(row)}, user=edit.user)
        await Change.bulk_create(changes)


async def _take_seen(edit: Edit, seen: list[SeenPaper], tally: Tally) -> None:
    async with writing():
        papers = await find_papers(paper.key for paper in seen)
        known = {row.paper_id for row in await Seen.filter(user_id=edit.user, paper_id__in=row_ids(papers))}
        fresh = {papers[s.key].id: s for s in seen if papers[s.key].id not in known}
        await Seen.bulk_create([Seen(user_id=edit.user, paper_id=id, at=s.at) for id, s in fresh.items()])
        await Change.bulk_create(
            [
                Change(user_id=edit.user, kind="seen", ref=key, paper_key=key, version=1, at=edit.at)
                for key in (papers[s.key].key for s in fresh.values())
            ]
        )
        tally.created += len(fresh)
        tally.same += len(seen) - len(fresh)


def _own_ids(uuid: UUID, edit: Edit) -> tuple[UUID, UUID]:
    return uuid, uuid5(uuid, f"reader {edit.user}")


def _own_id(uuid: UUID, edit: Edit, rows: dict[UUID, Any]) -> UUID:
    """Give an id, or another that follows from it where it is taken by another reader of the same store."""
    own, other = _own_ids(uuid, edit)
    return own if own not in rows or rows[own].user_id == edit.user else other


def _beside_id(uuid: UUID, note: ArchivedNote) -> UUID:
    return uuid5(uuid, encode((note.text, note.quote)))
