"""The backups that a server makes by itself: when, which are kept, and their restoration."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.config import Config, read_config
from server.database.connection import open_store
from server.errors import Invalid, StoreError
from server.maintenance.doctor import diagnose
from server.maintenance.kept_backups import (
    NAME,
    choose_kept,
    is_due,
    list_backups,
    make_backup,
)
from server.maintenance.restore import restore
from tests.server.maintenance.test_backup import age, fill, scribble, silent
from tests.server.stores import rows_of

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def kept(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The settings of a store whose backups go to a temporary folder, on each engine in turn."""
    monkeypatch.setattr("platformdirs.user_data_dir", lambda name: str(tmp_path / name))
    return config


def put_aside(config: Config, *made: datetime) -> None:
    """Pretend that backups were made at these times."""
    config.backup_folder.mkdir(parents=True, exist_ok=True)
    for moment in made:
        (config.backup_folder / moment.strftime(NAME)).write_bytes(b"")


def test_the_newest_of_each_day_week_and_month_are_kept() -> None:
    made = [NOON - timedelta(hours=12 * n) for n in range(2 * 400)]
    kept = sorted(choose_kept(made, (7, 4, 12)), reverse=True)
    assert kept[:7] == [NOON - timedelta(days=n) for n in range(7)]
    sundays = [NOON.replace(day=22), NOON.replace(day=15)]  # those of two weeks are among the days
    assert kept[7:9] == sundays
    assert [moment.date().isoformat() for moment in kept[9:12]] == [
        "2026-10-31",
        "2026-09-30",
        "2026-08-31",
    ]
    assert len(kept) == 7 + 2 + 11
    assert choose_kept(made, (1, 0, 0)) == {NOON}


def test_days_without_a_backup_do_not_count() -> None:
    made = [NOON, NOON - timedelta(days=90), NOON - timedelta(days=500)]
    assert choose_kept(made, (7, 0, 0)) == {*made}


@pytest.mark.parametrize(
    ("hours", "due"),
    [(0, False), (12, False), (23.4, False), (23.6, True), (300, True), (-5, True)],
)
def test_a_backup_is_due_after_a_day_whatever_the_clock_did(
    tmp_path: Path, hours: float, due: bool
) -> None:
    config = Config(db=tmp_path / "papermargin.sqlite")
    assert is_due(config, NOON)
    put_aside(config, NOON)
    assert is_due(config, NOON + timedelta(hours=hours)) is due


async def test_a_backup_is_made_listed_and_restored(kept: Config) -> None:
    await fill(kept)
    before = await rows_of(kept)
    file = await make_backup(kept, NOON)
    assert [(found.file, found.made) for found in list_backups(kept)] == [(file, NOON)]
    assert file.stat().st_mode & 0o77 == 0
    await scribble(kept, "later")
    await restore(kept, file, NOON, force=True, progress=silent)
    assert await rows_of(kept) == before
    assert (await diagnose(kept)).newest_backup == NOON


async def test_old_backups_are_deleted_after_a_new_one_is_made(kept: Config) -> None:
    await fill(kept)
    old = [NOON - timedelta(days=n, hours=1) for n in range(1, 40)]
    put_aside(kept, *old)
    other = kept.backup_folder / "my own copy.sqlite"
    other.write_bytes(b"")
    await make_backup(kept, NOON)
    left = {found.made for found in list_backups(kept)}
    assert left == choose_kept([NOON, *old], (7, 4, 12))
    assert other.exists()


async def test_a_failed_backup_deletes_none(tmp_path: Path) -> None:
    config = Config(db=tmp_path / "papermargin.sqlite")
    old = [NOON - timedelta(days=n) for n in range(1, 40)]
    put_aside(config, *old)
    with pytest.raises(StoreError, match="there is no file"):
        await make_backup(config, NOON)
    assert len(list_backups(config)) == len(old)


async def test_a_copy_is_kept_before_a_migration(migrated_file: Path, tmp_path: Path) -> None:
    config = Config(db=tmp_path / "papermargin.sqlite")
    await asyncio.to_thread(shutil.copy, migrated_file, config.db)
    await fill(config)
    assert not config.backup_folder.exists(), "a store of this version is not migrated"
    with closing(sqlite3.connect(config.db)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    await age(config.db)
    async with open_store(config):
        pass
    before = await rows_of(config)
    [copy] = config.backup_folder.iterdir()
    assert copy.name == "before-0002_search.sqlite"
    await scribble(config, "later")
    await restore(config, copy, NOON, progress=silent)
    assert await rows_of(config) == before


def test_the_setting_is_three_numbers() -> None:
    config = read_config({"PAPERMARGIN_KEEP_BACKUPS": "1, 0, 24"}, {})
    assert config.keep_backups == (1, 0, 24)
    for wrong in ("7", "1,2,x", "-1,0,0", "1,2,3,4"):
        with pytest.raises(Invalid, match="PAPERMARGIN_KEEP_BACKUPS"):
            read_config({"PAPERMARGIN_KEEP_BACKUPS": wrong}, {})
