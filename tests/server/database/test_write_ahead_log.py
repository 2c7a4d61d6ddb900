"""A write-ahead log of SQLite that a crash tore, or that is lost: the store opens, and is sound."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import aiosqlite
import pytest

from server.accounts.users import get_user
from server.config import Config
from server.database.connection import fetch, open_store
from server.maintenance.doctor import diagnose
from server.reading_list.notes import put_note
from server.schema.reading_list import NoteEdit
from tests.server.material import MOSS, NOW, edit, take_in_two

pytestmark = pytest.mark.anyio

NOTES = 20


@pytest.fixture
def engine() -> str:
    return "sqlite"


def cut(part: float) -> Callable[[bytes], bytes]:
    """Return a damage that leaves a part of the log."""
    return lambda log: log[: int(len(log) * part)]


def blot(log: bytes) -> bytes:
    """Overwrite a sector in the middle."""
    middle = len(log) // 2
    return log[:middle] + b"\xff" * 512 + log[middle + 512 :]


@pytest.fixture
async def crashed(config: Config, tmp_path: Path) -> Config:
    """The files of a store as a crash leaves them, with notes that are only in the log."""
    copy = Config(db=tmp_path / "crashed" / config.db.name)
    async with open_store(config):
        await get_user("me", NOW, create=True)
        await take_in_two()
        await fetch("PRAGMA wal_checkpoint(TRUNCATE)")
        for n in range(NOTES):
            await put_note(edit(0), uuid4(), NoteEdit(paper=MOSS, text=str(n)))
        await asyncio.to_thread(copy_files, config.db, copy.db)
    return copy


def copy_files(store: Path, copy: Path) -> None:
    copy.parent.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(f"{store}{suffix}", f"{copy}{suffix}")


def harm(store: Path, damage: Callable[[bytes], bytes] | None) -> None:
    """Damage the log beside a store, or remove it."""
    log = Path(f"{store}-wal")
    content = log.read_bytes()
    log.unlink()
    if damage:
        log.write_bytes(damage(content))


@pytest.mark.parametrize(
    ("damage", "least", "most"),
    [
        (cut(1), NOTES, NOTES),
        (lambda log: log + bytes(100), NOTES, NOTES),
        (cut(0.999), NOTES - 1, NOTES - 1),
        (cut(0.5), 1, NOTES - 1),
        (blot, 1, NOTES - 1),
        (cut(0), 0, 0),
        (None, 0, 0),
    ],
)
async def test_all_writes_before_the_damage_are_there_and_none_in_part(
    crashed: Config, damage: Callable[[bytes], bytes] | None, least: int, most: int
) -> None:
    await asyncio.to_thread(harm, crashed.db, damage)
    await check(crashed, least, most)


async def check(crashed: Config, least: int, most: int) -> None:
    """Check that a store is sound, holds the first notes, and can be written to."""
    async with open_store(crashed):
        texts = [row["text"] for row in await fetch("SELECT text FROM note ORDER BY id")]
        changes = await fetch("SELECT ref FROM change WHERE kind = 'note'")
        await put_note(edit(0), uuid4(), NoteEdit(paper=MOSS, text="after"))
    assert texts == [str(n) for n in range(len(texts))]
    assert least <= len(texts) <= most
    assert len(changes) == len(texts)
    assert (await diagnose(crashed)).sound


async def test_a_closed_store_is_one_file_without_a_log(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    # closed at the same time, no connection would be the last, and the log would stay now and then
    closed_at_once: list[int] = []
    closing: list[aiosqlite.Connection] = []
    close = aiosqlite.Connection.close

    async def close_counted(connection: aiosqlite.Connection) -> None:
        closing.append(connection)
        closed_at_once.append(len(closing))
        await close(connection)
        closing.remove(connection)

    monkeypatch.setattr(aiosqlite.Connection, "close", close_counted)
    async with open_store(config):
        await get_user("me", NOW, create=True)
        await take_in_two()
    assert closed_at_once == [1, 1]
    left = await asyncio.to_thread(lambda: [file.name for file in config.db.parent.iterdir()])
    assert config.db.name in left
    assert f"{config.db.name}-wal" not in left
