"""Sync a vault with a user's papers: those whose files are current are not read from the store."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from server.database.change_feed import newest_change
from server.days import zone_name
from server.papers.fingerprints import Fingerprint, read_fingerprints
from server.papers.list import PAGES
from server.papers.page import read_pages
from server.schema.papers import PaperPage
from server.vault.code_version import code_version
from server.vault.seen_files import load_seen, save_seen
from server.vault.sync import Plan, Vault, VaultReport, write_vault
from server.vault.template import Layout, default_template


async def sync_list(
    folder: Path,
    papers: Sequence[int],
    user: int,
    plan: Plan,
    *,
    is_listed: Callable[[str], bool] = lambda _: False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> VaultReport:
    """Write or update the files of papers, given by their row ids.

    `is_listed` returns whether another paper is in the list nevertheless. `progress` is called with
    how many of all papers are done. Raises Invalid as `write_vault` does.
    """
    if plan.per != "paper":
        return await write_vault(folder, _read_all(papers, user, progress), plan)
    files = await load_seen(user, folder)
    vault = await asyncio.to_thread(Vault, folder, plan, files)
    layout, done = _digest_layout(plan.layout), 0
    before = await newest_change(user)
    async for some in read_fingerprints(papers, user):
        marks = {each.keys[0]: _mark(each, layout) for each in some}
        left = await asyncio.to_thread(_skip_current, vault, some, marks)
        done += len(some) - len(left)
        progress(done, len(papers))
        for ids in _chunks(left):
            pages = await read_pages(ids, user)
            # a page that was changed since its paper's fingerprint is not what that stands for
            is_same = await newest_change(user) == before
            await asyncio.to_thread(_put, vault, pages, marks if is_same else {})
            done += len(ids)
            progress(done, len(papers))
        before = await newest_change(user)
    await asyncio.to_thread(vault.put_linked)
    await asyncio.to_thread(vault.handle_gone, is_listed)
    if not plan.dry_run:
        await save_seen(user, folder, files, datetime.now(UTC))
    return vault.report


async def _read_all(
    papers: Sequence[int], user: int, progress: Callable[[int, int], None]
) -> AsyncIterator[PaperPage]:
    done = 0
    for ids in _chunks(papers):
        for page in await read_pages(ids, user):
            yield page
        done += len(ids)
        progress(done, len(papers))


def _chunks(papers: Sequence[int]) -> Iterator[list[int]]:
    for start in range(0, len(papers), PAGES):
        yield list(papers[start : start + PAGES])


def _skip_current(
    vault: Vault, papers: list[Fingerprint], marks: dict[str, bytes | None]
) -> list[int]:
    """Return the papers whose files have to be looked at."""
    return [
        each.id
        for each in papers
        if (mark := marks[each.keys[0]]) is None or not vault.skip_current(each.keys, mark)
    ]


def _put(vault: Vault, pages: list[PaperPage], marks: dict[str, bytes | None]) -> None:
    for page in pages:
        vault.put(page, marks.get(page.key))


def _digest_layout(layout: Layout) -> bytes | None:
    """Return a digest of what makes files of papers; None for a template of the user's own.

    That may show what changes without the paper, such as how many papers have a term.
    """
    if layout.is_own:
        return None
    parts = (code_version(), layout.style, default_template(layout.style), zone_name())
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).digest()


def _mark(paper: Fingerprint, layout: bytes | None) -> bytes | None:
    """Return what tells whether a paper's file would be written as it was, if anything does."""
    if paper.digest is None or layout is None:
        return None
    return hashlib.blake2b(paper.digest + layout, digest_size=16).digest()
