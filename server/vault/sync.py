"""Sync a folder of Markdown files: find the file of each paper and write only what changed."""

import asyncio
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from difflib import unified_diff
from errno import EEXIST
from pathlib import Path
from typing import Literal
from uuid import uuid4

from msgspec import Struct, field
from msgspec.structs import replace

from server.days import day_of
from server.errors import Invalid
from server.schema.papers import PaperPage
from server.vault import many_papers_file, paper_file
from server.vault.filename import fold_name, take_name, title_names
from server.vault.head import mark_gone
from server.vault.paper_file import Outcome
from server.vault.read_edits import is_shared
from server.vault.seen_files import Contents, SeenFiles
from server.vault.template import Layout, default_layout

ARCHIVE = "Archive"

Per = Literal["paper", "day", "all"]
Gone = Literal["leave", "archive", "mark"]


class VaultReport(Struct):
    """Counts of papers by outcome, and a sentence for each file that was left unchanged.

    `conflict`: our block was edited; it is kept and the new one is placed below. `kept`: the file
    cannot be updated without changing the user's own text. `failed`: it cannot be read or written.
    `gone`: the paper left the list, and its file was archived or marked.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    conflict: int = 0
    kept: int = 0
    failed: int = 0
    gone: int = 0
    messages: list[str] = field(default_factory=list)

    def count(self, outcome: Outcome | Literal["gone"], message: str | None = None) -> None:
        """Count one more paper."""
        setattr(self, outcome, getattr(self, outcome) + 1)
        self.messages += [message] if message else []


class Plan(Struct, frozen=True, kw_only=True):
    """How to write a vault; `gone` says what to do with the files of papers that left the list.

    With `spare_edits`, a file whose block was edited is left as it is until the edit was taken in.
    With `dry_run` nothing is written; `show` is called with what would be, as unified diffs.
    """

    layout: Layout = field(default_factory=default_layout)
    per: Per = "paper"
    gone: Gone = "leave"
    spare_edits: bool = False
    dry_run: bool = False
    show: Callable[[str], None] = lambda _: None


async def write_vault(
    folder: Path,
    pages: AsyncIterable[PaperPage],
    plan: Plan | None = None,
    *,
    is_listed: Callable[[str], bool] = lambda _: False,
) -> VaultReport:
    """Write or update the file of each paper.

    `is_listed` returns whether a paper that is not among the pages is in the list nevertheless.
    Raises Invalid if `folder` cannot be made a folder, or if the template fails.
    """
    plan = plan or Plan()
    vault = await asyncio.to_thread(Vault, folder, plan, SeenFiles())
    if plan.per == "paper":
        async for page in pages:
            await asyncio.to_thread(vault.put, page)
        await asyncio.to_thread(vault.put_linked)
        await asyncio.to_thread(vault.handle_gone, is_listed)
    else:
        async for name, group in _grouped(pages, plan.per):
            await asyncio.to_thread(vault.put_many, name, group)
    return vault.report


class Vault:
    """A folder of papers' files, found by the paper keys in them wherever they were moved."""

    def __init__(self, folder: Path, plan: Plan, files: SeenFiles) -> None:
        try:
            if not plan.dry_run:
                folder.mkdir(parents=True, exist_ok=True)
            self._taken = {fold_name(path.name) for path in folder.iterdir()}
        except FileNotFoundError:  # a dry run makes no folder
            self._taken = set()
        except OSError as error:
            raise Invalid(f"{folder} cannot be a vault: {error.strerror}") from error
        self.report = VaultReport()
        self._folder = folder
        self._plan = plan
        self._put: set[str] = set()
        self._linked: list[tuple[Path, PaperPage]] = []
        self._papers: dict[str, Path] = {}
        self._files = files
        self._found: dict[Path, str] = {}
        self._stems: Counter[str] = Counter()
        self._layout = plan.layout
        self._many_files: dict[str, Path] = {}
        self._files_by_key: dict[str, Path] = {}
        self._find_files()

    def skip_current(self, keys: Sequence[str], paper: bytes) -> bool:
        """Count a paper as unchanged, if its file is as it would be written; tell whether it is.

        `keys` are all keys of the paper, and `paper` is the fingerprint to write it by.
        """
        key = next((key for key in keys if key in self._papers), None)
        if key is None or not self._files.is_current(self._found[self._papers[key]], paper):
            return False
        self._put.update(keys)
        self._papers[keys[0]] = self._papers.pop(key)
        self.report.count("unchanged")
        return True

    def put(self, page: PaperPage, paper: bytes | None = None) -> None:
        """Write or update a paper's file, and count the outcome.

        It is remembered by its fingerprint `paper`, if there is one. A paper with links in its
        notes is written by `put_linked`.
        """
        # a paper keeps its file when it adopts an id, or is merged with another
        keys = (page.key, *page.aliases)
        self._put.update(keys)
        path = next((self._papers.pop(key) for key in keys if key in self._papers), None)
        if path is None:
            path = self._folder / take_name(page, self._taken)
            self._stems[fold_name(path.stem)] += 1
        self._papers[page.key] = path
        if page.links:
            # the files that its notes link to may get their names later
            self._linked.append((path, page))
        else:
            self._put_file(path, page, paper)

    def put_linked(self) -> None:
        """Write the papers whose notes have links, now that all files have their names."""
        files = {key: self._link_name(path) for key, path in self._papers.items()}
        self._layout = replace(self._plan.layout, files=files)
        for path, page in self._linked:
            self._put_file(path, page)

    def _link_name(self, path: Path) -> str:
        """Return the name by which a link reaches a file: with its folder if others have it too."""
        if self._stems[fold_name(path.stem)] == 1:
            return path.stem
        return path.relative_to(self._folder).with_suffix("").as_posix()

    def _put_file(self, path: Path, page: PaperPage, paper: bytes | None = None) -> None:
        try:
            if path in self._found:
                self._update(path, page, paper)
            else:
                text = paper_file.render(page, self._layout)
                self._write(path, None, text)
                self._found[path] = path.name
                self._note_current(path, text, paper)
                self.report.count("created")
        except OSError as error:
            self.report.count("failed", f"{path}: {error.strerror or error}")

    def put_many(self, name: str, pages: Sequence[PaperPage]) -> None:
        """Write papers to the file of a day or of all, or to the file that has them already."""
        places: dict[Path | None, list[PaperPage]] = defaultdict(list)
        for page in pages:
            held = (
                self._files_by_key[key]
                for key in (page.key, *page.aliases)
                if key in self._files_by_key
            )
            places[next(held, self._many_files.get(name))].append(page)
        for path, group in places.items():
            try:
                if path:
                    self._update_many(path, group)
                else:
                    self._create_many(name, group)
            except OSError as error:
                for page in group:
                    self.report.count("failed", f"{path or page.key}: {error.strerror or error}")

    def handle_gone(self, is_listed: Callable[[str], bool]) -> None:
        """Archive or mark the files of papers that were not written and are not in the list."""
        if self._plan.gone == "leave":
            return
        for key, path in self._papers.items():
            if key not in self._put and not is_listed(key):
                try:
                    done = self._archive(path) if self._plan.gone == "archive" else self._mark(path)
                except OSError as error:
                    self.report.count("failed", f"{path}: {error.strerror or error}")
                else:
                    if done:
                        self.report.count("gone")

    def _find_files(self) -> None:
        """Find the file of each paper; among copies, the one nearest to the top with the shortest
        name.
        """
        without_head: dict[str, Path] = {}
        for path, name in _markdown_files(self._folder):
            self._found[path] = name
            self._stems[fold_name(path.stem)] += 1
            with suppress(OSError):  # what cannot be read is not ours to write
                contents = self._files.look(name, path)
                if contents.key:
                    self._papers[contents.key] = path
                else:
                    without_head |= self._find_blocks(path, contents)
        # a block that was copied into another file is not the paper's file if that exists
        self._papers = without_head | self._papers

    def _find_blocks(self, path: Path, contents: Contents) -> dict[str, Path]:
        """Note which papers have a block in a file without a key, and return the one of its own."""
        keys = dict.fromkeys(contents.blocks, path)
        if contents.shared:
            self._many_files[contents.shared] = path
        if is_shared(contents.shared, keys):
            self._files_by_key |= keys
            return {}
        return keys

    def _update(self, path: Path, page: PaperPage, paper: bytes | None) -> None:
        before = _decode(path)
        if before is None:
            self.report.count("kept", f"{path}: left as it is, for it is not UTF-8")
            return
        merged = paper_file.merge(before, page, self._layout)
        if self._plan.spare_edits and merged.outcome == "conflict":
            self.report.count("kept")
            return
        self._write(path, before, merged.text)
        is_current = merged.outcome in ("unchanged", "updated")
        self._note_current(path, merged.text, paper if is_current else None)
        self.report.count(
            merged.outcome, merged.reason and f"{path}: left as it is, for {merged.reason}"
        )

    def _update_many(self, path: Path, pages: Sequence[PaperPage]) -> None:
        before = _decode(path)
        if before is None:
            for _ in pages:
                self.report.count("kept", f"{path}: left as it is, for it is not UTF-8")
            return
        merged = many_papers_file.merge_many(before, pages, self._plan.layout)
        if self._plan.spare_edits and "conflict" in merged.papers:
            for _ in pages:
                self.report.count("kept")
            return
        self._write(path, before, merged.text)
        for outcome in merged.papers:
            self.report.count(outcome)

    def _create_many(self, name: str, pages: Sequence[PaperPage]) -> None:
        names = title_names(many_papers_file.file_title(name))
        path = self._many_files[name] = self._folder / next(
            n for n in names if fold_name(n) not in self._taken
        )
        self._taken.add(fold_name(path.name))
        self._write(path, None, many_papers_file.render_many(name, pages, self._plan.layout))
        for page in pages:
            self._files_by_key[page.key] = path
            self.report.count("created")

    def _archive(self, path: Path) -> bool:
        archive = self._folder / ARCHIVE
        if archive in path.parents:
            return False
        taken = (
            {fold_name(other.name) for other in archive.iterdir()} if archive.is_dir() else set()
        )
        name = next(name for name in title_names(path.stem) if fold_name(name) not in taken)
        self._plan.show(f"{path.relative_to(self._folder)} → {ARCHIVE}/{name}")
        if not self._plan.dry_run:
            archive.mkdir(exist_ok=True)
            (archive / name).touch(exist_ok=False)  # so that no file of another program is replaced
            path.replace(archive / name)
        return True

    def _mark(self, path: Path) -> bool:
        before = _decode(path)
        after = before and mark_gone(before)
        if before is None or after is None or after == before:
            return False
        self._write(path, before, after)
        return True

    def _note_current(self, path: Path, text: str, paper: bytes | None) -> None:
        if not self._plan.dry_run:
            self._files.note_current(self._found[path], path, text.encode(), paper)

    def _write(self, path: Path, before: str | None, after: str) -> None:
        if after == before:
            return
        if self._plan.dry_run:
            self._plan.show(_diff(str(path.relative_to(self._folder)), before, after))
        else:
            _replace(path, None if before is None else before.encode(), after.encode())


async def _grouped(
    pages: AsyncIterable[PaperPage], per: Literal["day", "all"]
) -> AsyncIterator[tuple[str, list[PaperPage]]]:
    """Yield papers by the day on which they were added, or all at once, the oldest first."""
    last, group = "", list[PaperPage]()
    async for page in pages:
        name = "all" if per == "all" else _day_of(page)
        if group and name != last:
            yield last, group[::-1]
            group = []
        last = name
        group.append(page)
    if group:
        yield last, group[::-1]


def _day_of(page: PaperPage) -> str:
    return str(day_of(page.entry.added)) if page.entry else "unlisted"


def _markdown_files(folder: Path) -> Iterable[tuple[Path, str]]:
    """Return the Markdown files of a vault, each with its path in it."""
    found: list[tuple[Path, str]] = []
    for parent, folders, names in os.walk(folder):
        # Obsidian and others keep settings and deleted files in such folders
        folders[:] = [name for name in folders if not name.startswith(".")]
        inner = os.path.relpath(parent, folder)
        found += [
            (Path(parent, name), name if inner == os.curdir else os.path.join(inner, name))  # noqa: PTH118
            for name in names
            if name.lower().endswith(".md")
        ]
    # reversed, because the last file found for a key is the one that counts
    return sorted(found, key=_nearness, reverse=True)


def _nearness(file: tuple[Path, str]) -> tuple[int, int, str]:
    path, name = file
    return name.count(os.sep), len(path.name), name


def _decode(path: Path) -> str | None:
    with suppress(UnicodeDecodeError):
        return path.read_bytes().decode()
    return None


def _diff(name: str, before: str | None, after: str) -> str:
    old = name if before is not None else "/dev/null"
    return "\n".join(
        unified_diff((before or "").split("\n"), after.split("\n"), old, name, lineterm="")
    )


def _replace(path: Path, before: bytes | None, after: bytes) -> None:
    """Replace a file's content atomically if it is still `before` (None: there is no file).

    Raises FileExistsError if another program wrote the file in the meantime.
    """
    target = path.resolve()
    fresh = target.with_name(f".papermargin-{uuid4().hex}.tmp")
    try:
        with fresh.open("xb") as file:
            file.write(after)
            if before is not None:
                # it contains the user's words: on the disk before it replaces the old file
                file.flush()
                os.fsync(file.fileno())
                shutil.copymode(target, fresh)
        if (target.read_bytes() if target.exists() else None) != before:
            raise FileExistsError(
                EEXIST, "another program wrote it in the meantime; export again", str(path)
            )
        fresh.replace(target)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
