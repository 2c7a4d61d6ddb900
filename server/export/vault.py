"""A folder or a zip of Markdown files, one a paper: finds them again, and writes no more than what changed."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import suppress
from errno import EEXIST
from io import RawIOBase
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from msgspec import Struct, field

from server.errors import Invalid
from server.export import markdown
from server.export.filename import fold_name, propose_names
from server.wire import PaperPage

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)

Outcome = Literal["created", "updated", "unchanged", "conflict", "kept", "failed"]


class VaultReport(Struct):
    """What became of the papers, each counted once, and a sentence for each file that was left as it is.

    `conflict`: our block was edited; it is kept, and ours stands beneath. `kept`: the file could not be brought up to
    date without touching what is the person's. `failed`: it could not be read or written.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    conflict: int = 0
    kept: int = 0
    failed: int = 0
    messages: list[str] = field(default_factory=list)

    def count(self, outcome: Outcome, message: str | None = None) -> None:
        """Count one more paper."""
        setattr(self, outcome, getattr(self, outcome) + 1)
        self.messages += [message] if message else []


async def write_vault(folder: Path, pages: AsyncIterable[PaperPage], *, dry_run: bool = False) -> VaultReport:
    """Write a file for each paper, or bring the one it has up to date; `dry_run` only says what would be done.

    Raises Invalid if `folder` is no folder and cannot become one.
    """
    vault = await asyncio.to_thread(Vault, folder, dry_run=dry_run)
    async for page in pages:
        await asyncio.to_thread(vault.put, page)
    return vault.report


async def render_zip(pages: AsyncIterable[PaperPage]) -> AsyncIterator[bytes]:
    """Give the files of a new vault as a zip, in pieces; the same papers in the same order give the same bytes."""
    sink = _Sink()
    taken: set[str] = set()
    with ZipFile(sink, "w") as archive:
        async for page in pages:
            info = ZipInfo(_take_name(page, taken), ZIP_EPOCH)
            info.compress_type, info.create_system, info.external_attr = ZIP_DEFLATED, 3, 0o100644 << 16
            archive.writestr(info, markdown.render(page))
            yield sink.take()
    yield sink.take()


class Vault:
    """A folder of papers' files, known by the paper keys in their front matter, wherever in it they were moved."""

    def __init__(self, folder: Path, *, dry_run: bool = False) -> None:
        try:
            if not dry_run:
                folder.mkdir(parents=True, exist_ok=True)
            self._taken = {fold_name(path.name) for path in folder.iterdir()}
        except FileNotFoundError:  # a dry run makes no folder
            self._taken = set()
        except OSError as error:
            raise Invalid(f"{folder} cannot be a vault: {error.strerror}") from error
        self.report = VaultReport()
        self._folder = folder
        self._dry_run = dry_run
        self._paths = _find_papers(folder)

    def put(self, page: PaperPage) -> None:
        """Write a paper's file if there is anything new to write, and count what was done."""
        # a paper keeps its file when it adopts an id, or is merged with another
        known = [key for key in (page.key, *page.aliases) if key in self._paths]
        path = self._paths.pop(known[0]) if known else None
        try:
            if path:
                self._paths[page.key] = path
                self._update(path, page)
            else:
                self._create(page)
        except OSError as error:
            self.report.count("failed", f"{path or page.key}: {error.strerror or error}")

    def _create(self, page: PaperPage) -> None:
        path = self._folder / _take_name(page, self._taken)
        if not self._dry_run:
            _replace(path, None, markdown.render(page).encode())
            self._paths[page.key] = path
        self.report.count("created")

    def _update(self, path: Path, page: PaperPage) -> None:
        before = path.read_bytes()
        try:
            merged = markdown.merge(before.decode(), page)
        except UnicodeDecodeError:
            self.report.count("kept", f"{path}: left as it is, for it is not UTF-8")
            return
        after = merged.text.encode()
        if after != before and not self._dry_run:
            _replace(path, before, after)
        self.report.count(merged.outcome, merged.reason and f"{path}: left as it is, for {merged.reason}")


class _Sink(RawIOBase):
    """Where a zip is written to, and taken from piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: Any, /) -> int:
        self._pieces.append(bytes(piece))
        return len(self._pieces[-1])

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


def _take_name(page: PaperPage, taken: set[str]) -> str:
    name = next(name for name in propose_names(page) if fold_name(name) not in taken)
    taken.add(fold_name(name))
    return name


def _find_papers(folder: Path) -> dict[str, Path]:
    """Find the file of each paper; of a file and its copies, the one nearest to the top with the shortest name."""
    found: list[Path] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent, name) for name in names if name.lower().endswith(".md")]
    found.sort(key=lambda path: (len(path.parts), len(path.name), path), reverse=True)
    return {key: path for path in found if (key := _read_key(path))}


def _read_key(path: Path) -> str | None:
    with suppress(OSError):  # what cannot be read is not ours to write
        return markdown.read_key(path.read_bytes().decode(errors="replace"))
    return None


def _replace(path: Path, before: bytes | None, after: bytes) -> None:
    """Put a file where `before` was read (None: where there was none), whole or not at all.

    Raises FileExistsError if another program wrote there in the meantime.
    """
    target = path.resolve()
    fresh = target.with_name(f".papermargin-{uuid4().hex}.tmp")
    try:
        with fresh.open("xb") as file:
            file.write(after)
            if before is not None:  # holds a person's words: on the disk before it takes the other's place
                file.flush()
                os.fsync(file.fileno())
                shutil.copymode(target, fresh)
        if (target.read_bytes() if target.exists() else None) != before:
            raise FileExistsError(EEXIST, "another program wrote it in the meantime; export again", str(path))
        fresh.replace(target)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
