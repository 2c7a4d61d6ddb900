"""Files into the store: found by path, recognized by content, each whole or with the reason why not."""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from msgspec.structs import replace

from server.archive.unpacking import import_archive
from server.edits import Edit
from server.errors import SourceError
from server.export.archive import decode
from server.ingest import ingest
from server.library import put_entry, put_note
from server.models import Note
from server.source import Batch, SourcePaper
from server.sources.recognize import parse, recognize
from server.states import find_paper, load_entry
from server.wire import EntryEdit, FileReport, NoteEdit


def find_files(paths: Iterable[str]) -> Iterator[Path]:
    """Give the files that paths, folders and globs name, each once; a path without a file comes too, to be refused."""
    seen: set[Path] = set()
    for path in paths:
        for file in _expand(Path(path).expanduser()):
            if file not in seen:
                seen.add(file)
                yield file


def _expand(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
    if path.exists() or not any(character in path.name for character in "*?["):
        return [path]
    return sorted(path.parent.glob(path.name)) or [path]


async def import_file(file: Path, user: int, *, year: int | None = None, add: bool = False) -> FileReport:
    """Take a file in; what is wrong with it is in the report's `error`.

    `year` is that of a capture's dates without one, the file's own by default; `add` puts its papers in the list.
    """
    try:
        data, changed = await asyncio.to_thread(_read, file)
    except OSError as error:
        return FileReport(file=str(file), kind="", error=error.strerror or str(error))
    report = await import_data(data, file.name, user, changed, year=year, add=add)
    report.file = str(file)
    return report


async def import_data(
    data: bytes, name: str, user: int, observed: datetime, *, year: int | None = None, add: bool = False
) -> FileReport:
    """Take in what a file holds: papers of any source, or our own export."""
    report = FileReport(file=name, kind="")
    try:
        found = await asyncio.to_thread(recognize, data)
        report.kind = found.kind
        if found.kind == "papermargin export":
            await _import_archive(data, user, report)
        else:
            batch = await asyncio.to_thread(parse, found, name=name, observed=observed, year=year or observed.year)
            await _import_batch(batch, user, report, add=add)
    except SourceError as error:
        report.error = str(error)
    return report


async def _import_archive(data: bytes, user: int, report: FileReport) -> None:
    done = await import_archive(await asyncio.to_thread(decode, data), user, datetime.now(UTC))
    papers = done.papers
    report.papers, report.new, report.updated = (
        papers.created + papers.same + papers.merged,
        papers.created,
        papers.merged,
    )
    report.skipped = [
        f"{tally.beside + tally.kept} {kind} differ from the store's, which stay as they are"
        + (" (the export's notes are kept beside them)" if tally.beside else "")
        for kind, tally in ((kind, getattr(done, kind)) for kind in done.__struct_fields__)
        if tally.beside + tally.kept
    ]


async def _import_batch(batch: Batch, user: int, report: FileReport, *, add: bool) -> None:
    now = datetime.now(UTC)
    done = await ingest(batch, now)
    report.papers, report.new, report.updated = len(batch.papers), done.new, done.updated
    report.skipped = batch.skipped
    for key, source in zip(done.keys, batch.papers, strict=True):
        if add or source.tags or source.notes:
            await _import_margin(Edit(user=user, at=now), key, source)


async def _import_margin(edit: Edit, key: str, source: SourcePaper) -> None:
    """Keep what a bibliography says in its owner's words; what is already there stays as it is."""
    paper = await find_paper(key)
    entry, current = await load_entry(paper, edit.user)
    tags = current.tags if current else []
    if current is None or {*source.tags} - {*tags}:
        base = entry.version if entry else 0
        await put_entry(replace(edit, base=base), key, EntryEdit(tags=[*tags, *source.tags]))
    for text in source.notes:
        # the same file again gives the same ids, also when the note was edited or thrown away since
        uuid = uuid5(NAMESPACE_URL, f"{edit.user}\n{key}\n{text}")
        if not await Note.exists(uuid=uuid):
            await put_note(replace(edit, base=0), uuid, NoteEdit(paper=key, text=text))


def _read(file: Path) -> tuple[bytes, datetime]:
    return file.read_bytes(), datetime.fromtimestamp(file.stat().st_mtime, UTC)
