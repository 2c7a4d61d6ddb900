"""Import the JSON archive: what is unknown is added as it was, what is known stays.

What happens to a record that the store has already:
- a paper is filled from the richer of the two, as with any source;
- an entry gets what only the archive has, tags are united, and other differences stay as they are;
- a tag gets a missing colour;
- a saved search with another query is kept under a numbered name;
- a note with another text is kept as a second note;
- a muted or pinned word, term or author is added; settings of the ranking, if it has none yet;
- for anything else, and for what is in the trash on one side, the store's record stays.
So importing the same archive again changes nothing, and an interrupted import can be repeated.
"""

import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from server.archive.counts import Item, Tally, change_of, chunks, find_papers, made_step, row_ids
from server.archive.format import (
    Archive,
    ArchivedCitation,
    ArchivedCorrection,
    ArchivedNote,
    SeenPaper,
)
from server.archive.merge_entries import link_trashed, merge_entries, merge_tags
from server.archive.merge_papers import import_papers
from server.archive.merge_ranking import merge_preferences, merge_settings
from server.archive.merge_searches import merge_searches, merge_terms
from server.database.connection import execute_many, write_connection
from server.database.models.imports import Citation
from server.database.models.json_columns import encode
from server.database.models.papers import Paper
from server.database.models.reading_list import Note, Revision, Seen
from server.database.models.terms import Correction
from server.database.serializers import note_state
from server.database.transactions import writing
from server.database.versioning import Edit, NewChange, record_many
from server.errors import Invalid, SourceError
from server.ranking.preferences import fold_signal
from server.reading_list.tags import clean_tag
from server.schema.imports import CitationSaved, NoteSaved, PaperSeen, Step
from server.terms.corrected_terms import bears_on, recount
from server.words import spellings

Keep = Callable[[list[Step]], Awaitable[object]]
Progress = Callable[[int, int], None]
"""Takes how many records are done, and how many there are."""

Merge = Callable[[Edit, list[Item], Tally, list[Step]], Awaitable[None]]


class ArchiveReport(Struct):
    """The counts of an archive import, by kind of record."""

    papers: Tally = field(default_factory=Tally)
    entries: Tally = field(default_factory=Tally)
    tags: Tally = field(default_factory=Tally)
    notes: Tally = field(default_factory=Tally)
    corrections: Tally = field(default_factory=Tally)
    seen: Tally = field(default_factory=Tally)
    searches: Tally = field(default_factory=Tally)
    terms: Tally = field(default_factory=Tally)
    citations: Tally = field(default_factory=Tally)
    preferences: Tally = field(default_factory=Tally)
    ranking: Tally = field(default_factory=Tally)


async def _forget(steps: list[Step]) -> None:
    """Keep no steps: what is imported is not going to be undone."""


def show_nothing(done: int, total: int) -> None:
    """Show no progress."""


async def import_archive(
    archive: Archive,
    user: int,
    now: datetime,
    keep: Keep = _forget,
    progress: Progress = show_nothing,
) -> ArchiveReport:
    """Import an archive as a user's data.

    What each transaction does is given to `keep` in it, so that it can be undone, and after it
    `progress` is called. Raises `SourceError`, before anything is written, for an archive that
    cannot be stored.
    """
    _check(archive)
    # the millions of objects of a large archive are no garbage, and would be searched for some
    gc.freeze()
    try:
        return await _import(archive, Edit(user=user, at=now), keep, progress)
    finally:
        gc.unfreeze()


async def _import(archive: Archive, edit: Edit, keep: Keep, progress: Progress) -> ArchiveReport:
    report = ArchiveReport()
    cut = _Cut(progress, _count_records(archive))
    async with _part(keep) as steps:
        await merge_searches(edit, archive.searches, report.searches, steps)
        await merge_terms(edit, archive.terms, report.terms, steps)
        await merge_preferences(edit, archive.preferences, report.preferences, steps)
        await merge_settings(edit, archive.ranking, report.ranking, steps)
    for papers in cut.chunks(archive.papers):
        async with _part(keep) as steps:
            await import_papers(papers, edit.at, report.papers, steps)
    async with _part(keep) as steps:
        trashed = await merge_tags(edit, archive.tags, report.tags, steps)
    await _merge_chunks(edit, cut.chunks(archive.entries), merge_entries, report.entries, keep)
    for tag, keys in trashed:
        for chunk in chunks(keys):
            async with writing():
                await link_trashed(edit, tag, chunk)
    await _merge_chunks(edit, cut.chunks(archive.notes), _merge_notes, report.notes, keep)
    await _merge_chunks(
        edit, cut.chunks(archive.corrections), _merge_corrections, report.corrections, keep
    )
    await _merge_chunks(edit, cut.chunks(archive.seen), _merge_seen, report.seen, keep)
    await _merge_chunks(
        edit, cut.chunks(archive.citations), _merge_citations, report.citations, keep
    )
    return report


class _Cut(Struct):
    """Cuts records into chunks, and shows after each how many of all records are done."""

    progress: Progress
    total: int
    done: int = 0

    def chunks(self, records: list[Item]) -> Iterator[list[Item]]:
        """Yield the chunks of some records."""
        for chunk in chunks(records):
            yield chunk
            self.done += len(chunk)
            self.progress(self.done, self.total)


def _count_records(archive: Archive) -> int:
    """Count the records that are written in chunks; the others are few."""
    mine = len(archive.entries) + len(archive.notes) + len(archive.corrections)
    return len(archive.papers) + mine + len(archive.seen) + len(archive.citations)


async def _merge_chunks(
    edit: Edit, some: Iterator[list[Item]], merge: Merge[Item], tally: Tally, keep: Keep
) -> None:
    for chunk in some:
        async with _part(keep) as steps:
            await merge(edit, chunk, tally, steps)


@asynccontextmanager
async def _part(keep: Keep) -> AsyncIterator[list[Step]]:
    """Write a part of an import; the steps that the caller adds are kept in the same write."""
    steps: list[Step] = []
    async with writing():
        yield steps
        if steps:
            await keep(steps)


def _check(archive: Archive) -> None:
    names = {tag.name for tag in archive.tags}
    names |= {name for entry in archive.entries for name in entry.tags}
    names |= {search.name for search in archive.searches}
    try:
        for name in names:
            clean_tag(name)
        for preference in archive.preferences:
            fold_signal(preference.kind, preference.name)
    except Invalid as error:
        raise SourceError(f"the export cannot be used: {error}") from error
    # PostgreSQL cannot store it
    if any("\x00" in text for text in _written_texts(archive)):
        raise SourceError("the export cannot be used: it contains NUL characters")


def _written_texts(archive: Archive) -> Iterator[str]:
    for note in archive.notes:
        yield from (note.text, *(revision.text for revision in note.revisions))
    for correction in archive.corrections:
        yield correction.surface
        if correction.mended:
            yield from correction.mended.surfaces
    yield from (search.query for search in archive.searches)
    for term in archive.terms:
        yield from (term.term, term.name or "", *(term.into or ()))


async def _merge_notes(
    edit: Edit, notes: list[ArchivedNote], tally: Tally, steps: list[Step]
) -> None:
    papers = await find_papers(note.key for note in notes)
    candidates = [
        uuid
        for note in notes
        for own in _own_ids(note.id, edit)
        for uuid in (own, _beside_id(own, note))
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
        # the text came in before, or the store has it as the note's own or an earlier text
        elif beside in rows or _texts(archived) <= texts[row.id]:
            tally.same += 1
        else:
            fresh.append(replace(archived, id=beside))
            tally.beside += 1
    steps += await _create_notes(edit, fresh, papers)


async def _texts_of(notes: Iterable[Note]) -> dict[int, set[Any]]:
    texts = {note.id: {(note.text, note.quote)} for note in notes}
    for revision in await Revision.filter(note_id__in=list(texts)):
        texts[revision.note_id].add((revision.text, revision.quote))
    return texts


def _texts(note: ArchivedNote) -> set[Any]:
    return {
        (note.text, note.quote),
        *((revision.text, revision.quote) for revision in note.revisions),
    }


async def _create_notes(
    edit: Edit, notes: list[ArchivedNote], papers: dict[str, Paper]
) -> list[NoteSaved]:
    rows = [
        Note(
            uuid=note.id,
            user_id=edit.user,
            paper_id=papers[note.key].id,
            text=note.text,
            spellings=spellings(note.text),
            quote=note.quote,
            version=note.version,
            created=note.created,
            updated=note.updated,
            deleted=note.deleted,
            source="import",  # the file may be anybody's, whatever it says
        )
        for note in notes
    ]
    await Note.bulk_create(rows)
    ids = dict(await Note.filter(uuid__in=[note.id for note in notes]).values_list("uuid", "id"))
    await Revision.bulk_create(
        [
            Revision(
                note_id=ids[note.id],
                version=r.version,
                text=r.text,
                quote=r.quote,
                written=r.written,
            )
            for note in notes
            for r in note.revisions
        ]
    )
    changes = [
        change_of("note", str(note.id), papers[note.key], row)
        for note, row in zip(notes, rows, strict=True)
    ]
    await record_many(edit, changes)
    return [
        NoteSaved(id=note.id, key=key, before=None, after=note_state(row, key))
        for note, row in zip(notes, rows, strict=True)
        for key in [papers[note.key].key]
    ]


async def _merge_corrections(
    edit: Edit, corrections: list[ArchivedCorrection], tally: Tally, steps: list[Step]
) -> None:
    papers = await find_papers(correction.key for correction in corrections)
    candidates = _candidate_ids(corrections, edit)
    rows = {row.uuid: row for row in await Correction.filter(uuid__in=candidates)}
    fresh, changes, keys = [], [], {}
    for archived in corrections:
        uuid, paper = _own_id(archived.id, edit, rows), papers[archived.key]
        fields = asdict(archived)
        del fields["id"], fields["key"]
        if row := rows.get(uuid):
            tally.count(equal=all(getattr(row, name) == value for name, value in fields.items()))
            continue
        fresh.append(Correction(uuid=uuid, user_id=edit.user, paper_id=paper.id, **fields))
        changes.append(change_of("correction", str(uuid), paper, fresh[-1]))
        keys[uuid] = paper.key
        tally.created += 1
    await Correction.bulk_create(fresh)
    await recount({paper for row in fresh for paper in await bears_on(row)}, user=edit.user)
    await record_many(edit, changes)
    for made in await Correction.filter(uuid__in=list(keys)):
        steps.append(made_step("correction", made, str(made.uuid), paper=keys[made.uuid]))


async def _merge_seen(edit: Edit, seen: list[SeenPaper], tally: Tally, steps: list[Step]) -> None:
    papers = await find_papers(paper.key for paper in seen)
    known = {
        row.paper_id for row in await Seen.filter(user_id=edit.user, paper_id__in=row_ids(papers))
    }
    fresh = {papers[s.key].id: s for s in seen if papers[s.key].id not in known}
    await execute_many(
        write_connection(),
        "INSERT INTO seen (user_id, paper_id, at) VALUES ($1, $2, $3)",
        [(edit.user, id, s.at) for id, s in fresh.items()],
    )
    made = [PaperSeen(key=papers[s.key].key, at=s.at) for s in fresh.values()]
    await record_many(edit, [NewChange("seen", step.key, step.key) for step in made])
    steps += made
    tally.created += len(fresh)
    tally.same += len(seen) - len(fresh)


async def _merge_citations(
    edit: Edit, citations: list[ArchivedCitation], tally: Tally, steps: list[Step]
) -> None:
    """Add citations; where the store has one of a paper, that one stays."""
    papers = await find_papers(citation.key for citation in citations)
    stored = await Citation.filter(user_id=edit.user, paper_id__in=row_ids(papers))
    known = {row.paper_id: row.data for row in stored}
    fresh = []
    for archived in citations:
        paper = papers[archived.key]
        if paper.id in known:
            tally.count(equal=known[paper.id] == archived.data)
            continue
        known[paper.id] = archived.data
        fresh.append(
            Citation(
                user_id=edit.user,
                paper_id=paper.id,
                data=archived.data,
                updated=archived.updated,
            )
        )
        steps.append(CitationSaved(key=paper.key, before=None, after=archived.data))
        tally.created += 1
    await Citation.bulk_create(fresh)


def _candidate_ids(corrections: list[ArchivedCorrection], edit: Edit) -> list[UUID]:
    return [uuid for correction in corrections for uuid in _own_ids(correction.id, edit)]


def _own_ids(uuid: UUID, edit: Edit) -> tuple[UUID, UUID]:
    # derived and not random, so that importing twice finds the same id again
    return uuid, uuid5(uuid, f"reader {edit.user}")


def _own_id(uuid: UUID, edit: Edit, rows: dict[UUID, Any]) -> UUID:
    """Return `uuid`, or another id derived from it where another user of the store has it."""
    own, other = _own_ids(uuid, edit)
    return own if own not in rows or rows[own].user_id == edit.user else other


def _beside_id(uuid: UUID, note: ArchivedNote) -> UUID:
    # derived from the text, so that a second import finds the note that the first one made
    return uuid5(uuid, encode((note.text, note.quote)))
