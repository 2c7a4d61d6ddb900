"""Pictures of papers, fetched from Hugging Face when they are first shown and kept in a folder.

A page never asks another site: its pictures come from this server. The folder is a cache of bounded
size, so that it belongs to no backup and may be deleted at any time.
"""

import os
import tempfile
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import anyio
import anyio.to_thread
import structlog

from server.errors import SourceError, Unreachable
from server.imports.pictures import Picture, read_picture
from server.imports.sites.thumbnails import ThumbnailSite
from server.papers.hugging_face import is_numeric_id

MAX_FOLDER = 256_000_000  # bytes
AT_ONCE = 4  # requests to Hugging Face
# seconds: before a picture that there is none of is asked for again, and before the site is
MISSING, SILENT = 24 * 3600.0, 60.0
MAX_MISSING = 10_000  # ids that are remembered

log = structlog.get_logger()


class Thumbnails:
    """The pictures of papers by arXiv id, in a folder that is made when it is needed."""

    def __init__(
        self,
        folder: Path,
        base_url: str,
        *,
        enabled: bool = True,
        limit: int = MAX_FOLDER,
        clock: Callable[[], float] = anyio.current_time,
    ) -> None:
        self.enabled = enabled
        self._folder = folder
        self._base_url = base_url
        self._limit = limit
        self._clock = clock
        self._site: ThumbnailSite | None = None
        self._missing: dict[str, float] = {}  # until when there is none, the earliest first
        self._silent = 0.0
        self._turns: dict[str, anyio.Lock] = defaultdict(anyio.Lock)
        self._free = anyio.Semaphore(AT_ONCE)

    async def find(self, arxiv_id: str) -> Picture | None:
        """Return the picture of a paper, None if there is none or the site does not answer."""
        if not self.enabled or not is_numeric_id(arxiv_id):
            return None
        file = self._folder / arxiv_id
        if kept := await anyio.to_thread.run_sync(_load, file):
            return kept
        if self._is_hopeless(arxiv_id):
            return None
        async with self._turns[arxiv_id]:  # a page may show a paper twice
            try:
                # another request may have fetched it, or failed to, in the meantime
                if kept := await anyio.to_thread.run_sync(_load, file):
                    return kept
                return None if self._is_hopeless(arxiv_id) else await self._fetch(arxiv_id, file)
            finally:
                self._turns.pop(arxiv_id, None)

    async def close(self) -> None:
        """Close the connections to the site."""
        if self._site:
            await self._site.close()

    def _is_hopeless(self, arxiv_id: str) -> bool:
        return max(self._silent, self._missing.get(arxiv_id, 0.0)) > self._clock()

    async def _fetch(self, arxiv_id: str, file: Path) -> Picture | None:
        self._site = self._site or ThumbnailSite(self._base_url)
        try:
            async with self._free:
                if self._is_hopeless(arxiv_id):
                    return None  # the site fell silent while others were asked for
                picture = await self._site.fetch(arxiv_id)
        except Unreachable as error:
            self._silent = self._clock() + SILENT
            log.info("no thumbnails for a while", reason=str(error))
            return None
        except SourceError as error:
            self._forget(arxiv_id)
            log.info("no thumbnail", paper=arxiv_id, reason=str(error))
            return None
        await anyio.to_thread.run_sync(self._keep, file, picture.data)
        return picture

    def _forget(self, arxiv_id: str) -> None:
        self._missing.pop(arxiv_id, None)
        self._missing[arxiv_id] = self._clock() + MISSING
        while len(self._missing) > MAX_MISSING:
            del self._missing[next(iter(self._missing))]

    def _keep(self, file: Path, data: bytes) -> None:
        """Write a picture, whole or not at all, and make room for it."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as part:
                part.write(data)
            Path(part.name).replace(file)
            _shrink(self._folder, self._limit)
        except OSError as error:  # it is shown all the same
            log.warning("thumbnails cannot be kept", folder=str(self._folder), error=str(error))


def _load(file: Path) -> Picture | None:
    try:
        picture = read_picture(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, SourceError) as error:
        log.warning("a thumbnail cannot be read", file=str(file), error=str(error))
        return None
    with suppress(OSError):  # in a folder that is only read, it is shown all the same
        os.utime(file)  # what is looked at stays longest
    return picture


def _shrink(folder: Path, limit: int) -> None:
    """Delete the pictures that were not looked at for the longest time, until the rest fit."""
    with os.scandir(folder) as found:
        files = [(entry.stat(), entry.path) for entry in found if entry.is_file()]
    total = sum(stat.st_size for stat, _ in files)
    for stat, path in sorted(files, key=lambda each: each[0].st_mtime_ns):
        if total <= limit:
            return
        Path(path).unlink(missing_ok=True)
        total -= stat.st_size
