"""Import files: find them by path, recognize them by content, and report what became of each."""

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from msgspec import Struct

from server.archive.format import Archive
from server.archive.read import ArchiveReport, Progress, import_archive, show_nothing
from server.database.transactions import writing
from server.errors import Conflict, Invalid, SourceError, TooLarge
from server.imports.parse_file import MAX_FILE, parse_file
from server.imports.recognize import is_of_vault
from server.imports.save import save_batch
from server.imports.steps import (
    ImportLog,
    compare_words,
    describe_changes,
    describe_identities,
    read_tags,
    read_words,
    rolled_back,
)
from server.schema.api import FileReport
from server.schema.imports import Step
from server.schema.sources import Batch
from server.vault.apply_edits import VaultChanges, apply_vault_changes, plan_vault_changes
from server.vault.read_edits import FileEdits

MAX_CHANGES = 500  # sentences of a preview
CHUNK = 100  # files whose edits are compared with the store at once

_FAILURES = (SourceError, Conflict, Invalid, TooLarge)
_GLOB = re.compile(r"[*?\[]")


def find_files(paths: Iterable[str]) -> Iterator[Path]:
    """Yield the files that paths, folders and globs name, each once.

    A path without a file is yielded too, so that it is reported. Of a folder that is one of our
    vaults, only the files with a marked block are yielded.
    """
    seen: set[Path] = set()
    for path in paths:
        for file in _expand(Path(path).expanduser()):
            if file not in seen:
                seen.add(file)
                yield file


def is_edited(file: Path) -> bool:
    """Return whether a file may hold a vault's edits: a file with a marked block, or a zip."""
    return file.suffix.lower() == ".zip" or _has_block(file)


def _has_block(file: Path) -> bool:
    with suppress(OSError):  # what cannot be read is reported when it is imported
        return file.suffix.lower() == ".md" and is_of_vault(
            file.read_bytes().decode(errors="replace")
        )
    return False


def _expand(path: Path) -> list[Path]:
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if _is_visible_file(file, path))
        return [file for file in files if _has_block(file)] or files
    if path.exists() or not _GLOB.search(path.name):
        return [path]
    return sorted(path.parent.glob(path.name)) or [path]


def _is_visible_file(path: Path, folder: Path) -> bool:
    names = path.relative_to(folder).parts
    return path.is_file() and not any(name.startswith(".") for name in names)


class _Reading(Struct, frozen=True, kw_only=True):
    """How files are read and what is made of them; see `import_files`."""

    year: int | None = None
    columns: Mapping[str, str] | None = None
    add: bool = False
    preview: bool = False
    progress: Progress = show_nothing


class _Found(Struct):
    """The edits of one paper in a vault, and the report of the file that they stand in."""

    edits: FileEdits
    report: FileReport


async def import_files(
    files: Iterable[Path],
    user: int,
    *,
    year: int | None = None,
    columns: Mapping[str, str] | None = None,
    add: bool = False,
    preview: bool = False,
    progress: Progress = show_nothing,
) -> AsyncIterator[FileReport]:
    """Import files and yield their reports in order; what is wrong with a file is in its `error`.

    `year` is the year of a copied page's dates without one, by default the file's own. `columns`
    maps names of a table's columns to those that they have. With `add`,
    papers are put in the reading list. With `preview`, nothing is written. `progress` is called
    with how many records of an archive are done, and how many it has.
    """
    rest, log = iter(files), ImportLog(user, datetime.now(UTC))
    reading = _Reading(year=year, columns=columns, add=add, preview=preview, progress=progress)
    while chunk := list(islice(rest, CHUNK)):
        found: list[_Found] = []
        reports = [await _import_file(file, log, found, reading) for file in chunk]
        await _import_vault(found, log, preview=preview)
        for report in reports:
            yield report


async def import_file(
    file: Path, user: int, *, year: int | None = None, add: bool = False, preview: bool = False
) -> FileReport:
    """Import one file, as `import_files` does."""
    [report] = [
        report async for report in import_files([file], user, year=year, add=add, preview=preview)
    ]
    return report


async def import_data(
    data: bytes,
    name: str,
    user: int,
    observed: datetime,
    *,
    columns: Mapping[str, str] | None = None,
    add: bool = False,
    preview: bool = False,
    log: ImportLog | None = None,
) -> FileReport:
    """Import a file's content: papers of any format, our own archive, or edits of a vault.

    `name` is the file's, `observed` when it was last changed. Files with the same `log` are one
    import. See `import_files` for the rest.
    """
    log = log or ImportLog(user, datetime.now(UTC))
    found: list[_Found] = []
    reading = _Reading(columns=columns, add=add, preview=preview)
    report = await _import_data(data, name, log, observed, found, reading)
    await _import_vault(found, log, preview=preview)
    return report


async def _import_file(
    file: Path, log: ImportLog, found: list[_Found], reading: _Reading
) -> FileReport:
    try:
        data, changed = _read(file)
    except (OSError, TooLarge) as error:
        return FileReport(
            file=str(file), kind="", error=getattr(error, "strerror", None) or str(error)
        )
    report = await _import_data(data, file.name, log, changed, found, reading)
    report.file = str(file)
    return report


async def _import_data(
    data: bytes,
    name: str,
    log: ImportLog,
    observed: datetime,
    found: list[_Found],
    reading: _Reading,
) -> FileReport:
    """Import a file, but only collect a vault's edits in `found`, to be compared with others."""
    year = reading.year or observed.year
    parsed = await parse_file(
        data, name=name, observed=observed, year=year, columns=reading.columns
    )
    report = FileReport(file=name, kind=parsed.kind, error=parsed.error, papers=len(parsed.edits))
    found += [_Found(edits, report) for edits in parsed.edits if edits.changed]
    try:
        if parsed.archive is not None:
            await _import_archive(parsed.archive, report, log, reading)
        elif parsed.batch is not None:
            await _import_papers(parsed.batch, report, log, reading)
    except _FAILURES as error:
        report.error = str(error)
    return report


async def _import_papers(
    batch: Batch, report: FileReport, log: ImportLog, reading: _Reading
) -> None:
    async with _writing(log, report, preview=reading.preview) as into:
        steps = await save_batch(batch, report, into, add=reading.add)
    _describe(steps, report, preview=reading.preview)


async def _import_archive(
    archive: Archive, report: FileReport, log: ImportLog, reading: _Reading
) -> None:
    steps: list[Step] = []
    async with _writing(log, report, preview=reading.preview) as into:

        async def keep(part: list[Step]) -> None:
            report.import_id = await into.add(part, report.file)
            steps.extend(part)

        done = await import_archive(archive, log.user, log.at, keep, reading.progress)
    _count(done, report)
    _describe(steps, report, preview=reading.preview)


@asynccontextmanager
async def _writing(
    log: ImportLog, report: FileReport, *, preview: bool
) -> AsyncIterator[ImportLog]:
    """Hand out the log of an import; for a preview one that is undone again with all else."""
    if not preview:
        yield log
        return
    async with rolled_back():
        yield ImportLog(log.user, log.at)
    report.import_id = None


def _describe(steps: list[Step], report: FileReport, *, preview: bool) -> None:
    """Report what became of identities, and for a preview every value that would change."""
    report.changes += describe_identities(steps)
    changes = list(describe_changes(steps)) if preview else []
    report.changes += changes[:MAX_CHANGES]
    if len(changes) > MAX_CHANGES:
        report.changes.append(f"and {len(changes) - MAX_CHANGES:,} more changes")


async def _import_vault(found: list[_Found], log: ImportLog, *, preview: bool) -> None:
    """Compare a vault's edits with the store, and unless this is a preview apply them."""
    plans = await plan_vault_changes([each.edits for each in found], log.user)
    for each, plan in zip(found, plans, strict=True):
        report = each.report
        report.skipped += plan.kept
        try:
            if plan.changes and not preview:
                report.import_id = await _apply(plan, report, log)
        except _FAILURES as error:
            report.error = str(error)
            continue
        report.changes += plan.changes
        report.updated += bool(plan.changes)
        report.notes += len(plan.notes)


async def _apply(plan: VaultChanges, report: FileReport, log: ImportLog) -> int:
    """Write what was edited in a vault, with its steps, and return the import's number."""
    async with writing():
        before, tags = await read_words(plan.key, log.user), await read_tags(log.user)
        await apply_vault_changes(plan, log.user, log.at)
        steps = compare_words(before, await read_words(plan.key, log.user), tags)
        return await log.add([*steps], report.file)


def _count(done: ArchiveReport, report: FileReport) -> None:
    papers = done.papers
    report.papers = papers.created + papers.same + papers.merged
    report.new, report.updated = papers.created, papers.merged
    report.notes = done.notes.created + done.notes.beside
    for kind in done.__struct_fields__:
        tally = getattr(done, kind)
        if different := tally.beside + tally.kept:
            beside = f" (the export's {kind} are kept beside them)" if tally.beside else ""
            report.skipped.append(
                f"{different} {kind} differ from the store's, which stay as they are{beside}"
            )


def _read(file: Path) -> tuple[bytes, datetime]:
    if file.stat().st_size > MAX_FILE:
        raise TooLarge(f"it is larger than {MAX_FILE:,} bytes, which is the limit")
    return file.read_bytes(), datetime.fromtimestamp(file.stat().st_mtime, UTC)
