"""Backups and restores, on both engines and across them."""

import asyncio
import shutil
import sqlite3
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from tortoise.backends.base.executor import EXECUTOR_CACHE

from server.accounts.tokens import issue
from server.accounts.users import get_user
from server.config import Config
from server.database.change_feed import newest_change
from server.database.connection import fetch, open_store
from server.database.store_file import serving_lock
from server.database.transactions import writing
from server.errors import StoreError
from server.maintenance.backup import back_up
from server.maintenance.checks import TABLES, examine
from server.maintenance.restore import Restored, restore
from server.reading_list.entries import put_entry
from server.reading_list.notes import delete_note, put_note
from server.schema.hugging_face import HuggingFaceFacts
from server.schema.reading_list import EntryEdit, NoteEdit
from tests.server.conftest import create_database
from tests.server.material import FERN, MOSS, NOW, edit, source, take_in, take_in_two
from tests.server.stores import elsewhere, forget_newer, make_older, rows_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file for the backup."""
    return tmp_path / "backups" / "margin.sqlite"


@pytest.fixture
def other(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Config:
    """An empty store on the other engine."""
    return elsewhere(engine, request, tmp_path)


def silent(done: int, total: int) -> None:
    """Check that the progress never exceeds its total."""
    assert 0 <= done <= total


async def fill(config: Config) -> None:
    """Write one of everything into an empty store, and close it."""
    EXECUTOR_CACHE.clear()
    async with open_store(config):
        await get_user("me", NOW, create=True)
        await take_in_two()
        facts = HuggingFaceFacts(summary="Ferns, pruned.", stars=8, observed=NOW)
        await take_in(source(MOSS, "Mossy Pruning", hugging_face=facts))
        await put_entry(
            edit(force=True), MOSS, EntryEdit(status="reading", rating=4, tags=["rl", "green/moss"])
        )
        plan = EntryEdit(queue=-1.5, snoozed_until=date(2026, 4, 1), due=date(2026, 5, 1))
        await put_entry(edit(force=True), MOSS, plan)
        await put_note(edit(0), UUID(int=7), NoteEdit(paper=FERN, text="of é and 🌿"))
        await put_note(edit(1), UUID(int=7), NoteEdit(paper=FERN, text="of è and 🌿"))
        await delete_note(edit(force=True), UUID(int=7))
        await issue(1, "device", NOW, name="a laptop")


async def scribble(config: Config, text: str) -> int:
    """Write another note; return the number of its change."""
    EXECUTOR_CACHE.clear()
    async with open_store(config):
        await put_note(edit(0), uuid4(), NoteEdit(paper=MOSS, text=text))
        return await newest_change(1)


async def save(config: Config, file: Path, *, force: bool = False) -> dict[str, int]:
    EXECUTOR_CACHE.clear()
    return await back_up(config, file, force=force, progress=silent)


async def bring_back(config: Config, file: Path, *, force: bool = False) -> Restored:
    EXECUTOR_CACHE.clear()
    return await restore(config, file, NOW, force=force, progress=silent)


async def test_a_backup_reports_what_it_holds(config: Config, file: Path) -> None:
    await fill(config)
    counts = await save(config, file)
    assert (counts["papers"], counts["entries"], counts["tags"], counts["in_the_trash"]) == (
        2,
        2,
        2,
        1,
    )


async def test_a_backup_is_one_file_readable_only_by_its_owner(config: Config, file: Path) -> None:
    await fill(config)
    await save(config, file)
    assert [(path.name, path.stat().st_mode & 0o777) for path in file.parent.iterdir()] == [
        (file.name, 0o600)
    ]


async def test_a_restored_store_equals_the_backup(config: Config, file: Path) -> None:
    await fill(config)
    before = await rows_of(config)
    await save(config, file)
    await scribble(config, "after the backup")
    await bring_back(config, file, force=True)
    assert await rows_of(config) == before


async def test_the_old_content_is_kept_after_a_restore(config: Config, file: Path) -> None:
    await fill(config)
    await save(config, file)
    await scribble(config, "after the backup")
    before = await rows_of(config)
    restored = await bring_back(config, file, force=True)
    assert restored.kept and "before-restore-20260305T120000Z" in restored.kept.name
    assert await rows_of(Config(db=restored.kept)) == before


async def test_a_store_moves_to_the_other_engine_and_back(
    config: Config, other: Config, file: Path
) -> None:
    await fill(config)
    before = await rows_of(config)
    await save(config, file)
    moved = await bring_back(other, file)
    assert await rows_of(other) == before and (moved.kept is None) == bool(other.database_url)
    await scribble(other, "written there")
    after = await rows_of(other)
    await save(other, file.with_name("back.sqlite"))
    await bring_back(config, file.with_name("back.sqlite"), force=True)
    assert await rows_of(config) == after


async def test_the_numbers_of_changes_never_go_back(config: Config, file: Path) -> None:
    await fill(config)
    await save(config, file)
    newest = await scribble(config, "after the backup")
    await bring_back(config, file, force=True)
    assert await scribble(config, "after the restore") > newest


@pytest.mark.postgres
async def test_a_database_that_is_not_empty_is_replaced_only_with_force(
    migrated_database: str, file: Path
) -> None:
    name = f"test_{uuid4().hex}"
    config = Config(
        database_url=await create_database(migrated_database.rpartition("/")[0], name, "migrated")
    )
    await fill(config)
    await save(config, file)
    before = await rows_of(config)
    with pytest.raises(StoreError, match="not empty; --force replaces all"):
        await bring_back(config, file)
    assert await rows_of(config) == before


async def test_a_second_restore_does_not_overwrite_the_file_kept_by_the_first(
    config: Config, file: Path
) -> None:
    await fill(config)
    await save(config, file)
    await bring_back(config, file, force=True)
    await scribble(config, "after the restore")
    before = await rows_of(config)
    with pytest.raises(StoreError, match="try again in a second"):
        await bring_back(config, file, force=True)
    assert await rows_of(config) == before


@pytest.mark.postgres
async def test_a_restore_that_fails_half_way_changes_nothing(
    migrated_database: str, file: Path
) -> None:
    name = f"test_{uuid4().hex}"
    config = Config(
        database_url=await create_database(migrated_database.rpartition("/")[0], name, "migrated")
    )
    await fill(config)
    await save(config, file)
    before = await rows_of(config)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE note SET text = 'no other engine holds a ' || char(0)")
        connection.commit()
    with pytest.raises(StoreError, match="0x00"):
        await bring_back(config, file, force=True)
    assert await rows_of(config) == before


async def test_a_killed_restore_leaves_the_old_or_the_new_store(
    sqlite_config: Config, file: Path
) -> None:
    await fill(sqlite_config)
    await save(sqlite_config, file)
    new = await rows_of(sqlite_config)
    await scribble(sqlite_config, "after the backup")
    old = await rows_of(sqlite_config)
    for tenths in range(4, 20, 2):
        command = ["-m", "server", "restore", str(file), "--db", str(sqlite_config.db)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, stdout=DEVNULL, stderr=DEVNULL
        )
        await asyncio.sleep(tenths / 10)
        if process.returncode is None:
            process.kill()
        await process.wait()
        assert await rows_of(sqlite_config) in (old, new)


async def test_an_existing_file_is_replaced_only_with_force(config: Config, file: Path) -> None:
    await fill(config)
    await save(config, file)
    await scribble(config, "after the backup")
    with pytest.raises(StoreError, match="exists already"):
        await save(config, file)
    assert contents(file)["note"] == 1
    assert (await save(config, file, force=True))["notes"] == 1
    assert contents(file)["note"] == 2


def contents(file: Path) -> dict[str, int]:
    with closing(sqlite3.connect(file)) as connection:
        return {
            table: connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
            for table in TABLES
        }


async def test_a_backup_under_write_load_is_complete(config: Config, file: Path) -> None:
    await fill(config)
    EXECUTOR_CACHE.clear()
    # another process writes, as a server would
    writer = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        WRITER,
        str(config.db),
        config.database_url or "",
        stdout=asyncio.subprocess.PIPE,
    )
    assert writer.stdout is not None
    try:
        await writer.stdout.readline()
        notes = []
        for _ in range(3):
            counts = await back_up(config, file, force=True, progress=silent)
            notes.append(counts["notes"])
            await writer.stdout.readline()
            await asyncio.sleep(0.2)
    finally:
        writer.terminate()
        await writer.communicate()  # a pipe that is not read to its end would keep it waiting
    assert 1 <= notes[0] < notes[1] < notes[2]


WRITER = """
import asyncio, sys
from pathlib import Path
from uuid import uuid4
from server.config import Config
from server.reading_list.notes import put_note
from server.database.connection import open_store
from server.schema.reading_list import NoteEdit
from tests.server.material import MOSS, edit

async def write():
    async with open_store(Config(db=Path(sys.argv[1]), database_url=sys.argv[2] or None)):
        while True:
            await put_note(edit(0), uuid4(), NoteEdit(paper=MOSS, text="and another"))
            print("written", flush=True)
            await asyncio.sleep(0.002)  # thousands of notes are enough

asyncio.run(write())
"""


def damage(file: Path, kind: str) -> None:
    """Damage a backup."""
    content = file.read_bytes()
    spoiled = {
        "cut": content[: len(content) // 2],
        "empty": b"",
        "text": b"these are not the pages you look for" * 100,
        "overwritten": content[:8192] + bytes(8192) + content[16384:],
        "foreign": foreign(file.with_name("foreign")),
    }
    file.write_bytes(spoiled[kind])


def foreign(file: Path) -> bytes:
    """A valid SQLite file of another program."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE bird (id INTEGER)")
    return file.read_bytes()


@pytest.mark.parametrize("kind", ["cut", "empty", "text", "overwritten", "foreign"])
async def test_a_damaged_backup_is_refused_and_changes_nothing(
    config: Config, file: Path, kind: str
) -> None:
    await fill(config)
    before = await rows_of(config)
    await save(config, file)
    damage(file, kind)
    with pytest.raises(StoreError, match=file.name):
        await bring_back(config, file, force=True)
    assert await rows_of(config) == before


async def test_a_missing_backup_is_refused(config: Config, file: Path) -> None:
    with pytest.raises(StoreError, match=file.name):
        await bring_back(config, file)


async def test_a_backup_of_a_newer_version_is_refused(config: Config, file: Path) -> None:
    await fill(config)
    await save(config, file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(
            "INSERT INTO tortoise_migrations (app, name, applied_at) "
            "VALUES ('papermargin', '9999_wings', '2031-01-01')"
        )
        connection.commit()
    with pytest.raises(StoreError, match="newer Papermargin, with 9999_wings"):
        await bring_back(config, file, force=True)


async def age(file: Path) -> None:
    """Move the content of a backup into the schema of the first version."""
    older = file.with_name("older.sqlite")
    await make_older(Config(db=file), Config(db=older))
    older.replace(file)


async def test_a_backup_of_an_older_schema_is_migrated(config: Config, file: Path) -> None:
    await fill(config)
    async with open_store(config):
        await forget_newer()
    before = await rows_of(config)
    await save(config, file)
    await age(file)
    await bring_back(config, file, force=True)
    assert await rows_of(config) == before


HOSTILE = "CREATE TRIGGER helper AFTER INSERT ON change BEGIN UPDATE note SET text = 'gone'; END"


async def test_triggers_and_views_of_a_backup_stay_behind(config: Config, file: Path) -> None:
    await fill(config)
    before = await rows_of(config)
    await save(config, file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(HOSTILE)
        connection.execute("CREATE VIEW newest AS SELECT * FROM note")
        connection.execute("CREATE TABLE extra (x)")
    await bring_back(config, file, force=True)
    assert await rows_of(config) == before
    await scribble(config, "another")
    assert "gone" not in str(await rows_of(config))
    if not config.database_url:
        with closing(sqlite3.connect(config.db)) as connection:
            names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        assert not names & {"helper", "newest", "extra"}


@pytest.mark.parametrize(
    "statements",
    [
        ["ALTER TABLE tag RENAME TO t", "CREATE VIEW tag AS SELECT * FROM t"],
        ["ALTER TABLE note RENAME COLUMN text TO words"],
        ["DROP TABLE seen"],
        ["DELETE FROM tortoise_migrations WHERE name = '0002_search'"],
    ],
)
async def test_a_backup_with_another_schema_is_refused(
    config: Config, file: Path, statements: list[str]
) -> None:
    await fill(config)
    await save(config, file)
    before = await rows_of(config)
    with closing(sqlite3.connect(file)) as connection:
        for (trigger,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    with pytest.raises(StoreError, match="damaged"):
        await bring_back(config, file, force=True)
    assert await rows_of(config) == before


@pytest.fixture
def sqlite_config(migrated_file: Path, tmp_path: Path) -> Iterator[Config]:
    """The settings of an empty SQLite store."""
    yield Config(db=Path(shutil.copy(migrated_file, tmp_path / "papermargin.sqlite")))


async def test_a_served_store_is_not_replaced(sqlite_config: Config, file: Path) -> None:
    await fill(sqlite_config)
    await save(sqlite_config, file)
    async with serving_lock(sqlite_config):
        with pytest.raises(StoreError, match="serving"):
            await bring_back(sqlite_config, file)


async def test_a_store_that_another_program_has_open_is_not_replaced(
    sqlite_config: Config, file: Path
) -> None:
    await fill(sqlite_config)
    await save(sqlite_config, file)
    with closing(sqlite3.connect(sqlite_config.db)) as user:
        user.execute("SELECT * FROM note").fetchall()
        with pytest.raises(StoreError, match="another program has"):
            await bring_back(sqlite_config, file)
    assert not list(sqlite_config.db.parent.glob("*before-restore*"))


async def test_a_damaged_store_is_replaced_and_kept_with_its_log(
    sqlite_config: Config, file: Path
) -> None:
    await fill(sqlite_config)
    before = await rows_of(sqlite_config)
    await save(sqlite_config, file)
    log = sqlite_config.db.with_name(sqlite_config.db.name + "-wal")
    sqlite_config.db.write_bytes(b"spilt coffee" * 1000)
    log.write_bytes(b"what was written last")
    restored = await bring_back(sqlite_config, file)
    assert restored.kept and restored.kept.read_bytes().startswith(b"spilt coffee")
    assert (
        restored.kept.with_name(restored.kept.name + "-wal").read_bytes()
        == b"what was written last"
    )
    assert await rows_of(sqlite_config) == before


async def test_a_restore_works_without_an_existing_store(
    sqlite_config: Config, file: Path, tmp_path: Path
) -> None:
    await fill(sqlite_config)
    await save(sqlite_config, file)
    elsewhere = Config(db=tmp_path / "new" / "papermargin.sqlite")
    assert (await bring_back(elsewhere, file)).kept is None
    assert await rows_of(elsewhere) == await rows_of(sqlite_config)


async def test_an_unsound_store_gives_no_backup(sqlite_config: Config, file: Path) -> None:
    await fill(sqlite_config)
    with closing(sqlite3.connect(sqlite_config.db)) as connection:
        connection.execute("DELETE FROM paper WHERE key = ?", [MOSS])
        connection.commit()
    with pytest.raises(StoreError, match="no row refers to one that is not there"):
        await save(sqlite_config, file)
    assert list(file.parent.iterdir()) == []


async def test_a_missing_store_gives_no_backup(tmp_path: Path, file: Path) -> None:
    with pytest.raises(StoreError, match=r"no file .*nowhere"):
        await back_up(Config(db=tmp_path / "nowhere.sqlite"), file, progress=silent)
    assert not (tmp_path / "nowhere.sqlite").exists()


async def test_a_restored_store_is_sound(config: Config, file: Path) -> None:
    await fill(config)
    await save(config, file)
    await bring_back(config, file, force=True)
    EXECUTOR_CACHE.clear()
    async with open_store(config), writing() as connection:
        findings = await examine(partial(fetch, using=connection), sqlite=not config.database_url)
    assert [finding for finding in findings if not finding.holds] == []
