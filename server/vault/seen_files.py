"""What was seen of a vault's files, so that an unchanged one need not be read or written again.

All of it is of use, and none of it is needed: what is forgotten is read again. Nothing is written
because of it either, only left alone; whatever is written is merged with the file as it is then.

What is remembered stays true when the store or the folder is restored or copied: content with this
digest holds these papers, and is what would be written for a paper with this fingerprint. Only that
a file still has the content is concluded, from its stamp: its size, times and inode. A stamp is
believed once the file was read again so long after the first look that a write in between, which a
file system with a coarse clock may not show, would have been read. Both looks are timed by the
clock here, as that of a network's file system may differ. A file of the future is always read.
"""

import hashlib
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from server.database.connection import execute, execute_many, fetch, fetch_changed
from server.database.transactions import working
from server.errors import StoreError
from server.vault.block import find_blocks
from server.vault.code_version import code_version
from server.vault.head import find_head

COARSEST_NS = 3_000_000_000  # longer than the ticks of any file system's clock: FAT's are 2 s
FORGOTTEN_AFTER = timedelta(days=365)


class Contents(Struct, frozen=True, array_like=True):
    """Which papers a file holds: the key in its head, the name of a shared file, its blocks' keys.

    Blocks are of no interest where the head has a key.
    """

    key: str | None = None
    shared: str | None = None
    blocks: list[str] = []


class SeenFile(Struct, frozen=True, array_like=True):
    """What was seen of a file: its stamp, first at the nanosecond `first`, and its content.

    `paper` is the fingerprint of the paper that the file is current with, if that is known.
    """

    stamp: str
    first: int
    is_settled: bool
    digest: bytes
    contents: Contents
    paper: bytes | None = None


def read_contents(text: str) -> Contents:
    """Find which papers a file holds."""
    head = find_head(text)
    if head and head.key:
        return Contents(head.key)
    blocks = [block.key for block in find_blocks(text) if block.key]
    return Contents(None, head.shared if head else None, blocks)


class SeenFiles:
    """What is known of a vault's files by their paths, from earlier looks and from this one."""

    def __init__(
        self,
        known: Mapping[bytes, SeenFile] | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self.known = known or {}
        self.seen: dict[bytes, SeenFile] = {}
        self._clock = clock

    def look(self, name: str, path: Path) -> Contents:
        """Return which papers a file holds; it is read if it may have changed. Raises OSError."""
        stat, now = path.stat(), self._clock()
        stamp = _stamp(stat)
        known = self.known.get(os.fsencode(name))
        is_same = known is not None and known.stamp == stamp and known.first <= now
        if known and is_same and known.is_settled and _is_past(stat, now):
            seen = known
        else:
            first = known.first if known and is_same and _is_past(stat, now) else now
            seen = _read(path, stamp, known)
            seen = replace(seen, first=first, is_settled=first + COARSEST_NS < now)
        self.seen[os.fsencode(name)] = seen
        return seen.contents

    def is_current(self, name: str, paper: bytes) -> bool:
        """Return whether a file is as it would be written for a paper with this fingerprint."""
        seen = self.seen.get(os.fsencode(name))
        return seen is not None and seen.paper == paper

    def note_current(self, name: str, path: Path, content: bytes, paper: bytes | None) -> None:
        """Note that this content was found or written for a paper with this fingerprint."""
        digest, seen = _digest(content), self.seen.get(os.fsencode(name))
        if seen is None or seen.digest != digest:
            # whatever was written after us shows at the next look, as the stamp is not settled
            contents = read_contents(content.decode(errors="replace"))
            seen = SeenFile(_stamp(path.stat()), self._clock(), False, digest, contents)
        self.seen[os.fsencode(name)] = replace(seen, paper=paper)


def _read(path: Path, stamp: str, known: SeenFile | None) -> SeenFile:
    """Read a file; what is known of the same content holds still."""
    content = path.read_bytes()
    digest = _digest(content)
    if known and known.digest == digest:
        return replace(known, stamp=stamp)
    return SeenFile(stamp, 0, False, digest, read_contents(content.decode(errors="replace")))


def _stamp(stat: os.stat_result) -> str:
    """Return what changes with a file's content.

    A program that keeps the time of a file that it writes or copies, keeps neither the time of the
    inode's change nor, mostly, the inode.
    """
    return f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_ino}"


def _is_past(stat: os.stat_result, now: int) -> bool:
    return max(stat.st_mtime_ns, stat.st_ctime_ns) + COARSEST_NS < now


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()


async def load_seen(user: int, folder: Path) -> SeenFiles:
    """Return what a store remembers of a user's vault in a folder."""
    rows = await fetch(
        "SELECT f.path, f.seen FROM vault v JOIN vault_file f ON f.vault_id = v.id "
        "WHERE v.user_id = $1 AND v.folder = $2 AND v.code = $3",
        user,
        _name(folder),
        code_version(),
    )
    decoder = msgspec.msgpack.Decoder(SeenFile)
    try:
        return SeenFiles({bytes(row["path"]): decoder.decode(row["seen"]) for row in rows})
    except msgspec.DecodeError:  # another version wrote it
        return SeenFiles()


async def save_seen(user: int, folder: Path, files: SeenFiles, now: datetime) -> None:
    """Remember what was seen of a user's vault in a folder, if the store can be written."""
    encode = msgspec.msgpack.Encoder().encode
    changed = [
        (path, encode(seen)) for path, seen in files.seen.items() if files.known.get(path) != seen
    ]
    gone = [path for path in files.known if path not in files.seen]
    if not changed and not gone:
        return
    try:
        await _save(user, _name(folder), changed, gone, now.astimezone(UTC))
    except StoreError:
        return  # the vault is written, and the next sync takes longer


async def _save(
    user: int, folder: bytes, changed: list[tuple[bytes, bytes]], gone: list[bytes], now: datetime
) -> None:
    async with working() as connection:
        await execute(
            connection,
            "DELETE FROM vault WHERE user_id = $1 AND folder = $2 AND code <> $3",
            user,
            folder,
            code_version(),
        )
        [vault] = await fetch_changed(
            connection,
            "INSERT INTO vault (user_id, folder, code, synced) VALUES ($1, $2, $3, $4) "
            "ON CONFLICT (user_id, folder) DO UPDATE SET synced = excluded.synced RETURNING id",
            user,
            folder,
            code_version(),
            now,
        )
        await execute_many(
            connection,
            "INSERT INTO vault_file (vault_id, path, seen) VALUES ($1, $2, $3) "
            "ON CONFLICT (vault_id, path) DO UPDATE SET seen = excluded.seen",
            [(vault["id"], *row) for row in changed],
        )
        await execute_many(
            connection,
            "DELETE FROM vault_file WHERE vault_id = $1 AND path = $2",
            [(vault["id"], path) for path in gone],
        )
        long_ago = now - FORGOTTEN_AFTER
        await execute(
            connection, "DELETE FROM vault WHERE user_id = $1 AND synced < $2", user, long_ago
        )


def _name(folder: Path) -> bytes:
    return os.fsencode(folder.resolve())
