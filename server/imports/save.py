"""Save the papers of an imported file, and the user's tags and notes that it carries."""

from collections.abc import Iterator
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec.structs import astuple, replace
from tortoise.backends.base.client import BaseDBAsyncClient

from server.database.models.imports import Citation
from server.database.models.json_columns import encode
from server.database.models.papers import Paper
from server.database.models.reading_list import Note, Revision
from server.database.serializers import find_paper, find_paper_ids, load_entry
from server.database.transactions import writing
from server.database.versioning import Edit
from server.exports.citation_keys import has_key
from server.imports.steps import ImportLog, compare_words, read_tags, read_words
from server.papers.citations import find_cited, find_free_key
from server.papers.ingest import ingest
from server.reading_list.entries import put_entry
from server.reading_list.notes import put_note
from server.reading_list.tags import is_tag
from server.schema.api import FileReport
from server.schema.citations import Citation as CitationData
from server.schema.imports import CitationSaved, Step
from server.schema.reading_list import MAX_NOTE_BYTES, EntryEdit, EntryState, NoteEdit, Plan
from server.schema.sources import Batch, SourceNote, SourcePaper

PART = 100  # papers a transaction: others who write wait for its end


async def save_batch(batch: Batch, report: FileReport, log: ImportLog, *, add: bool) -> list[Step]:
    """Save a batch, fill in the file's report, and return what was done.

    A paper comes into the reading list with `add`, or if the file has the user's words on it. A
    longer batch is saved in parts, each with its steps in one transaction.
    """
    for paper in batch.papers:
        batch.skipped += _drop_unusable(paper)
    report.papers, report.skipped = len(batch.papers), batch.skipped
    steps: list[Step] = []
    for part in _parts(batch):
        async with writing() as connection:
            done = await _save_part(part, report, log, connection, add=add)
            if done:
                report.import_id = await log.add(done, report.file)
        steps += done
    return steps


def _parts(batch: Batch) -> Iterator[Batch]:
    # a listing is saved whole or not at all
    size = max(len(batch.papers), 1) if batch.listing else PART
    for start in range(0, max(len(batch.papers), 1), size):
        yield replace(batch, papers=batch.papers[start : start + size])


async def _save_part(
    batch: Batch,
    report: FileReport,
    log: ImportLog,
    connection: BaseDBAsyncClient,
    *,
    add: bool,
) -> list[Step]:
    ingested = await ingest(batch, log.at)
    report.new, report.updated = report.new + ingested.new, report.updated + ingested.updated
    papers = list(zip(ingested.keys, batch.papers, strict=True))
    citations = await _save_citations(log, papers, connection)
    report.skipped += _describe_keys(papers, citations)
    steps: list[Step] = [*ingested.steps, *citations]
    tags = await read_tags(log.user)
    for key, source in papers:
        if add or _has_words(source):
            before = await read_words(key, log.user)
            report.notes += await _save_entry(Edit(user=log.user, at=log.at), key, source)
            steps += compare_words(before, await read_words(key, log.user), tags)
    return steps


async def _save_citations(
    log: ImportLog, papers: list[tuple[str, SourcePaper]], connection: BaseDBAsyncClient
) -> list[CitationSaved]:
    """Keep how a file cites its papers; a newer file with keys of its own replaces an older one."""
    cited = [(key, source.citation) for key, source in papers if source.citation]
    if not cited:
        return []
    ids = await find_paper_ids(key for key, _ in cited)
    rows = await _citations(log.user, list(ids.values()))
    keys = [cited_as.key for _, cited_as in cited if has_key(cited_as)]
    owners = {
        key.casefold(): paper.row
        for key, paper in (await find_cited(keys, log.user, connection)).items()
    }
    steps = []
    for key, cited_as in cited:
        row = rows.get(ids[key]) or Citation(user_id=log.user, paper_id=ids[key])
        before = row.data if row.id else None
        data = _with_key(cited_as, before)
        if owners.setdefault(data.key.casefold(), row.paper_id) != row.paper_id and data.key:
            free = await find_free_key(data.key, log.user, row.paper_id, connection)
            data = replace(data, key=free)
        if before is None or (data.key and data != before):
            row.data, row.updated = data, log.at
            await row.save()
            rows[ids[key]] = row
            steps.append(CitationSaved(key=key, before=before, after=data))
    return steps


def _with_key(cited_as: CitationData, before: CitationData | None) -> CitationData:
    """Return a file's citation with the key that it is to have.

    One that the user typed stays, and without a key of its own a file's gets the one of a pattern.
    """
    if before and (before.own or (before.generated and not cited_as.key)):
        return replace(cited_as, key=before.key, generated=before.generated, own=before.own)
    return cited_as


def _describe_keys(
    papers: list[tuple[str, SourcePaper]], steps: list[CitationSaved]
) -> Iterator[str]:
    """Yield a sentence for each citation key of a file that another paper has already."""
    wishes = {key: source.citation.key for key, source in papers if source.citation}
    for step in steps:
        wish, key = wishes[step.key], step.after.key
        if wish and key != wish and not step.after.own:
            yield f"{step.key}: another paper is cited as “{wish}”, so this one is as “{key}”"


async def _citations(user: int, papers: list[int]) -> dict[int, Citation]:
    rows = await Citation.filter(user_id=user, paper_id__in=papers)
    return {row.paper_id: row for row in rows}


def _drop_unusable(paper: SourcePaper) -> list[str]:
    """Remove from a paper the tags and notes that cannot be stored, and describe each."""
    name = f"“{(paper.title or paper.arxiv_id or '')[:80]}”"
    tags = [tag for tag in paper.tags if is_tag(tag)]
    notes = [note for note in paper.notes if len(note.text.encode()) <= MAX_NOTE_BYTES]
    dropped = [f"{name}: “{tag[:40]}” cannot be a tag" for tag in paper.tags if tag not in tags]
    too_long = f"{name}: a note of more than {MAX_NOTE_BYTES:,} bytes"
    dropped += [too_long] * (len(paper.notes) - len(notes))
    paper.tags, paper.notes = tags, notes
    return dropped


def _has_words(source: SourcePaper) -> bool:
    """Return whether a file has the user's own words on a paper, or says when they added it."""
    words = (source.tags, source.notes, source.added, source.status, source.rating)
    return any(word is not None and word != [] for word in words)


async def _save_entry(edit: Edit, key: str, source: SourcePaper) -> int:
    """Add a file's words to the store, and return how many notes were new.

    What the store has stays: a status and a rating are taken only where there was none.
    """
    paper = await find_paper(key)
    entry, current = await load_entry(paper, edit.user)
    data = _plan_entry(current, source)
    if current is None or data != EntryEdit():
        at = edit.at if current else min(source.added or edit.at, edit.at)
        await put_entry(replace(edit, at=at, base=entry.version if entry else 0), key, data)
    return sum([await _save_note(edit, paper, note) for note in source.notes])


def _plan_entry(current: EntryState | None, source: SourcePaper) -> EntryEdit:
    data, tags = EntryEdit(), current.tags if current else []
    if current is None or {*source.tags} - {*tags}:
        data.tags = [*tags, *source.tags]
    if source.status and (current is None or current.status == "none"):
        data.status = source.status
    if source.rating is not None and (current is None or current.rating is None):
        data.rating = source.rating
    if current is None or not (current.deleted or current.status in ("read", "skipped")):
        _fill_plan(data, current.plan if current else Plan(), source.plan or Plan())
    return data


def _fill_plan(data: EntryEdit, ours: Plan, theirs: Plan) -> None:
    if (plan := ours.fill(theirs)) != ours:
        data.queue, data.snoozed_until, data.due = astuple(plan)


async def _save_note(edit: Edit, paper: Paper, source: SourceNote) -> bool:
    """Write a note unless the store has it, and return whether it was written.

    A note that was edited at its source is updated, or kept as a second note if it was edited here
    too. One that was deleted here stays deleted.
    """
    uuid = source.id or await _derive_id(edit, paper, source)
    row = await Note.get_or_none(uuid=uuid)
    if row and row.user_id != edit.user:
        uuid = uuid5(uuid, f"reader {edit.user}")
        row = await Note.get_or_none(uuid=uuid)
    if row is None:
        await _write_note(edit, uuid, 0, paper.key, source)
        return True
    if source.id is None or row.deleted or await _had_already(row, source):
        return False
    if _is_outdated(row, paper, source):
        await _write_note(edit, uuid, row.version, paper.key, source)
        return True
    seconds = [uuid5(uuid, encode((text, source.quote))) for text in _readings(source)]
    if await Note.exists(uuid__in=seconds):
        return False
    await _write_note(edit, seconds[0], 0, paper.key, source)
    return True


async def _derive_id(edit: Edit, paper: Paper, source: SourceNote) -> UUID:
    """Return the id of a note that has none at its source, the same for the same file again.

    It stays when the note is edited or deleted here, and so does that of an earlier reading.
    """
    texts = _readings(source)
    uuids = [uuid5(NAMESPACE_URL, f"{edit.user}\n{paper.key}\n{text}") for text in texts]
    for uuid in uuids:
        if await Note.exists(uuid=uuid):
            return uuid
    return uuids[0]


def _readings(source: SourceNote) -> list[str]:
    """Return the text of a note, and the one as which earlier versions may have brought it in."""
    return [source.text] if source.former is None else [source.text, source.former]


def _is_outdated(row: Note, paper: Paper, source: SourceNote) -> bool:
    """Return whether a note was edited at its source and not here."""
    is_unedited = row.version == 1 and row.paper_id == paper.id
    return is_unedited and source.written is not None and source.written > row.updated


async def _had_already(row: Note, source: SourceNote) -> bool:
    """Return whether a note has, or once had, the text and quote of its source."""
    revisions = await Revision.filter(note_id=row.id)
    known = [(row.text, row.quote), *((earlier.text, earlier.quote) for earlier in revisions)]
    return any((text, source.quote) in known for text in _readings(source))


async def _write_note(edit: Edit, uuid: UUID, base: int, key: str, source: SourceNote) -> None:
    at = min(source.written or edit.at, edit.at)
    wanted = NoteEdit(paper=key, text=source.text, quote=source.quote)
    await put_note(replace(edit, at=at, base=base, source="import"), uuid, wanted)
