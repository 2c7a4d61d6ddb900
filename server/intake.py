"""Files into the store: found by path, recognized by content, each whole or with the reason why not."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid5
from zipfile import BadZipFile, ZipFile

from msgspec.structs import replace

from server.archive.unpacking import import_archive
from server.edits import Edit
from server.errors import Conflict, Invalid, SourceError, TooLarge
from server.export.archive import decode
from server.export.reading import FileEdits, read_edits
from server.homing import bring_home, plan_homecoming
from server.ingest import ingest
from server.library import put_entry, put_note
from server.models import Note, Paper, Revision, encode
from server.source import Batch, SourceNote, SourcePaper
from server.sources.decoding import decode_text
from server.sources.recognize import is_of_vault, parse, recognize
from server.states import find_paper, load_entry
from server.tags import clean_tag
from server.wire import MAX_NOTE_BYTES, EntryEdit, FileReport, NoteEdit

MAX_UNZIPPED = 1 << 30  # bytes

_ZIP = b"PK\x03\x04"


def find_files(paths: Iterable[str]) -> Iterator[Path]:
    """Give the files that paths, folders and globs name, each once; a path without a file comes too, to be refused.

    Of a folder that is a vault of ours, only the files with a marked block.
    """
    seen: set[Path] = set()
    for path in paths:
        for file in _expand(Path(path).expanduser()):
            if file not in seen:
                seen.add(file)
                yield file


def is_edited(file: Path) -> bool:
    """Tell whether a file may hold what was changed in a vault: it is one of its files, or a zip."""
    return file.suffix.lower() == ".zip" or _has_block(file)


def _has_block(file: Path) -> bool:
    with suppress(OSError):  # what cannot be read is told of when it is imported
        return file.suffix.lower() == ".md" and is_of_vault(file.read_bytes().decode(errors="replace"))
    return False


def _expand(path: Path) -> list[Path]:
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file() and not _is_hidden(file.relative_to(path)))
        return [file for file in files if _has_block(file)] or files
    if path.exists() or not any(character in path.name for character in "*?["):
        return [path]
    return sorted(path.parent.glob(path.name)) or [path]


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


async def import_file(
    file: Path, user: int, *, year: int | None = None, add: bool = False, preview: bool = False
) -> FileReport:
    """Take a file in; what is wrong with it is in the report's `error`.

    `year` is that of a capture's dates without one, the file's own by default; `add` puts its papers in the list;
    `preview` only tells what would come in.
    """
    try:
        data, changed = await asyncio.to_thread(_read, file)
    except OSError as error:
        return FileReport(file=str(file), kind="", error=error.strerror or str(error))
    report = await import_data(data, file.name, user, changed, year=year, add=add, preview=preview)
    report.file = str(file)
    return report


async def import_data(
    data: bytes,
    name: str,
    user: int,
    observed: datetime,
    *,
    year: int | None = None,
    add: bool = False,
    preview: bool = False,
) -> FileReport:
    """Take in what a file holds: papers of any source, our own export, or what was changed in a vault of ours."""
    report = FileReport(file=name, kind="")
    try:
        if data.startswith(_ZIP):
            report.kind = "vault zip"
            await _import_vault(await asyncio.to_thread(_unzip, data), user, report, preview=preview)
            return report
        found = await asyncio.to_thread(recognize, data)
        report.kind = found.kind
        if found.kind == "vault file":
            await _import_vault([found.content], user, report, preview=preview)
        elif found.kind == "papermargin export":
            await _import_archive(data, user, report, preview=preview)
        else:
            batch = await asyncio.to_thread(parse, found, name=name, observed=observed, year=year or observed.year)
            await _import_batch(batch, user, report, add=add, preview=preview)
    except (SourceError, Conflict, Invalid, TooLarge) as error:
        report.error = str(error)
    return report


def _unzip(data: bytes) -> list[str]:
    """Give the texts of a zipped vault's files. Raises SourceError for a zip that is broken, huge, or no vault."""
    try:
        with ZipFile(BytesIO(data)) as archive:
            members = [info for info in archive.infolist() if info.filename.lower().endswith(".md")]
            if sum(info.file_size for info in members) > MAX_UNZIPPED:
                raise SourceError(f"the zip holds more than {MAX_UNZIPPED:,} bytes")
            texts = [decode_text(archive.read(info)) for info in members]
    except (BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:  # damaged, or with a password
        raise SourceError(f"the zip cannot be read: {error}") from error
    found = [text for text in texts if is_of_vault(text)]
    if not found:
        raise SourceError("the zip holds no file of a vault that Papermargin wrote")
    return found


async def _import_vault(texts: list[str], user: int, report: FileReport, *, preview: bool) -> None:
    found = [edits for text in texts for edits in await asyncio.to_thread(read_edits, text)]
    for edits in found:
        await _bring_home(edits, user, report, preview=preview)


async def _bring_home(edits: FileEdits, user: int, report: FileReport, *, preview: bool) -> None:
    report.papers += 1
    if not edits.changed:
        return
    plan = await plan_homecoming(edits, user)
    report.skipped += plan.kept
    if plan.changes and not preview:
        await bring_home(plan, user, datetime.now(UTC))
    report.changes += plan.changes
    report.updated += bool(plan.changes)
    report.notes += len(plan.notes)


async def _import_archive(data: bytes, user: int, report: FileReport, *, preview: bool) -> None:
    archive = await asyncio.to_thread(decode, data)
    if preview:
        report.papers, report.notes = len(archive.papers), len(archive.notes)
        return
    done = await import_archive(archive, user, datetime.now(UTC))
    papers = done.papers
    report.papers, report.new, report.updated = (
        papers.created + papers.same + papers.merged,
        papers.created,
        papers.merged,
    )
    report.notes = done.notes.created + done.notes.beside
    report.skipped = [
        f"{tally.beside + tally.kept} {kind} differ from the store's, which stay as they are"
        + (f" (the export's {kind} are kept beside them)" if tally.beside else "")
        for kind, tally in ((kind, getattr(done, kind)) for kind in done.__struct_fields__)
        if tally.beside + tally.kept
    ]


async def _import_batch(batch: Batch, user: int, report: FileReport, *, add: bool, preview: bool) -> None:
    for paper in batch.papers:
        batch.skipped += _drop_unusable(paper)
    report.papers, report.skipped = len(batch.papers), batch.skipped
    if preview:
        report.notes = sum(len(paper.notes) for paper in batch.papers)
        return
    now = datetime.now(UTC)
    done = await ingest(batch, now)
    report.new, report.updated = done.new, done.updated
    for key, source in zip(done.keys, batch.papers, strict=True):
        if add or source.tags or source.notes or source.added:
            report.notes += await _import_margin(Edit(user=user, at=now), key, source)


def _drop_unusable(paper: SourcePaper) -> list[str]:
    """Take off a paper the tags and notes that no store can hold, and say which."""
    name = f"“{(paper.title or paper.arxiv_id or '')[:80]}”"
    tags = [tag for tag in paper.tags if _is_tag(tag)]
    notes = [note for note in paper.notes if len(note.text.encode()) <= MAX_NOTE_BYTES]
    faults = [f"{name}: “{tag[:40]}” cannot be a tag" for tag in paper.tags if tag not in tags]
    faults += [f"{name}: a note of more than {MAX_NOTE_BYTES:,} bytes"] * (len(paper.notes) - len(notes))
    paper.tags, paper.notes = tags, notes
    return faults


def _is_tag(name: str) -> bool:
    try:
        return bool(clean_tag(name))
    except Invalid:
        return False


async def _import_margin(edit: Edit, key: str, source: SourcePaper) -> int:
    """Keep what a file says in its owner's words, and give how many notes came in; what is there stays as it is."""
    paper = await find_paper(key)
    entry, current = await load_entry(paper, edit.user)
    tags = current.tags if current else []
    if current is None or {*source.tags} - {*tags}:
        at = edit.at if current else min(source.added or edit.at, edit.at)
        base = entry.version if entry else 0
        await put_entry(replace(edit, at=at, base=base), key, EntryEdit(tags=[*tags, *source.tags]))
    return sum([await _import_note(edit, paper, note) for note in source.notes])


async def _import_note(edit: Edit, paper: Paper, source: SourceNote) -> bool:
    """Write a note that is not there yet, and tell whether it was to be written.

    Where it was changed at its source, it is brought up to date, or kept beside where it was changed here as well.
    """
    # the same file again gives the same ids, also when the note was edited or thrown away since
    uuid = source.id or uuid5(NAMESPACE_URL, f"{edit.user}\n{paper.key}\n{source.text}")
    row = await Note.get_or_none(uuid=uuid)
    if row and row.user_id != edit.user:
        uuid = uuid5(uuid, f"reader {edit.user}")
        row = await Note.get_or_none(uuid=uuid)
    if row and (source.id is None or row.deleted or await _had(row, source)):
        return False
    untouched = row and row.version == 1 and row.paper_id == paper.id
    if row and not (untouched and source.written and source.written > row.updated):
        row, uuid = None, uuid5(uuid, encode((source.text, source.quote)))
        if await Note.exists(uuid=uuid):
            return False
    await _write_note(edit, uuid, row.version if row else 0, paper.key, source)
    return True


async def _had(row: Note, source: SourceNote) -> bool:
    """Tell whether a note has or had the text that its source tells."""
    told = (source.text, source.quote)
    texts = [(row.text, row.quote), *((r.text, r.quote) for r in await Revision.filter(note_id=row.id))]
    return told in texts


async def _write_note(edit: Edit, uuid: UUID, base: int, key: str, source: SourceNote) -> None:
    at = min(source.written or edit.at, edit.at)
    await put_note(replace(edit, at=at, base=base), uuid, NoteEdit(paper=key, text=source.text, quote=source.quote))


def _read(file: Path) -> tuple[bytes, datetime]:
    return file.read_bytes(), datetime.fromtimestamp(file.stat().st_mtime, UTC)
