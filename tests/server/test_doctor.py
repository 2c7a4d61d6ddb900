"""What the doctor sees, and what it puts right."""

import json
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import anyio
import pytest
from click.testing import CliRunner
from tortoise.backends.base.executor import EXECUTOR_CACHE

from server.__main__ import main
from server.config import Config
from server.errors import StoreError
from server.library import put_entry, put_note
from server.store import execute, open_store, writing
from server.tokens import get_user
from server.upkeep.doctor import Diagnosis, diagnose
from server.upkeep.soundness import TABLES
from server.wire import EntryEdit, NoteEdit
from tests.server.material import MOSS, NOW, edit, second_user, take_in_two

pytestmark = pytest.mark.anyio


@pytest.fixture
async def filled(config: Config) -> AsyncIterator[Config]:
    """A closed store with a bit of everything."""
    async with open_store(config):
        await get_user("me", NOW, create=True)
        await take_in_two()
        await put_entry(edit(force=True), MOSS, EntryEdit(tags=["rl"]))
        await put_note(edit(0), UUID(int=1), NoteEdit(paper=MOSS, text="moss"))
    yield config


@pytest.fixture
def file(migrated_file: Path, tmp_path: Path) -> Path:
    """An empty SQLite store."""
    return Path(shutil.copy(migrated_file, tmp_path / "papermargin.sqlite"))


async def spoil(config: Config, *statements: str) -> None:
    """Change rows behind the store's back."""
    async with open_store(config), writing() as connection:
        for statement in statements:
            await execute(connection, statement)


def wrong(diagnosis: Diagnosis) -> list[str]:
    assert diagnosis.sound == all(finding.holds for finding in diagnosis.findings)
    return [finding.claim for finding in diagnosis.findings if not finding.holds]


async def test_a_sound_store_is_called_sound(filled: Config) -> None:
    diagnosis = await diagnose(filled)
    assert wrong(diagnosis) == []
    assert (diagnosis.store, diagnosis.newest) == (filled.store_name, NOW)
    assert {name: diagnosis.rows[name] for name in ("papers", "entries", "tags", "notes")} == {
        "papers": 2, "entries": 1, "tags": 1, "notes": 1,
    }  # fmt: skip
    assert diagnosis.rows["papers_waiting_for_extraction"] == 2
    assert diagnosis.bytes > 10_000


@pytest.mark.parametrize(
    ("statement", "claim"),
    [
        ("INSERT INTO term (label, name, fold, papers) VALUES ('METHOD', 'a', 'a', 3)", "terms count their papers"),
        ("INSERT INTO clock (id, writes) VALUES (2, 0)", "the clock has one row"),
    ],
)  # fmt: skip
async def test_what_is_derived_is_repaired(filled: Config, statement: str, claim: str) -> None:
    await spoil(filled, statement)
    assert wrong(await diagnose(filled)) == [claim]
    mended = await diagnose(filled, repair=True)
    assert (mended.repaired, wrong(mended)) == ([claim], [])


async def test_a_tag_of_another_reader_is_seen(filled: Config) -> None:
    async with open_store(filled):
        ada = await second_user()
    await spoil(filled, f"UPDATE tag SET user_id = {ada}")
    assert wrong(await diagnose(filled, repair=True)) == ["an entry bears its reader's tags"]


async def test_a_key_of_two_papers_is_seen(filled: Config) -> None:
    await spoil(filled, f"INSERT INTO alias (key, paper_id) VALUES ('{MOSS}', 2)")
    assert wrong(await diagnose(filled)) == ["a key means one paper"]


async def test_orphans_are_seen(filled: Config) -> None:
    orphan = "INSERT INTO entry_tag (entry_id, tag_id) VALUES (1, 99)"
    if filled.database_url:
        await spoil(filled, "SET LOCAL session_replication_role = replica", orphan)
    else:
        with closing(sqlite3.connect(filled.db)) as connection:
            connection.execute(orphan)
            connection.commit()
    assert wrong(await diagnose(filled)) == ["no row refers to one that is not there"]


async def test_a_search_index_out_of_step_is_rebuilt(file: Path) -> None:
    config = Config(db=file)
    EXECUTOR_CACHE.clear()
    async with open_store(config):
        await take_in_two()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP TRIGGER paper_fts_update")
        connection.execute("UPDATE paper SET abstract = 'quite another one'")
        connection.commit()
    claim = "the search index agrees with each paper"
    assert wrong(await diagnose(config)) == [claim]
    mended = await diagnose(config, repair=True)
    assert (mended.repaired, wrong(mended)) == ([claim], [])


async def test_a_damaged_file_is_seen(file: Path) -> None:
    overwrite(file)
    diagnosis = await diagnose(Config(db=file))
    assert not diagnosis.sound and diagnosis.findings[-1].advice


def overwrite(file: Path) -> None:
    """Lose a page or two."""
    content = file.read_bytes()
    file.write_bytes(content[:8192] + bytes(8192) + content[16384:])


async def test_a_store_of_a_newer_version_is_told(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE tortoise_migrations SET name = '9999_wings' WHERE name LIKE '0002%'")
        connection.commit()
    [finding] = (await diagnose(Config(db=file))).findings
    assert "9999_wings" in finding.detail


def test_where_there_is_no_store_none_is_made(tmp_path: Path) -> None:
    for repair in (False, True):
        with pytest.raises(StoreError, match="there is no"):
            anyio.run(lambda repair: diagnose(Config(db=tmp_path / "none" / "none.sqlite"), repair=repair), repair)
    assert not list(tmp_path.iterdir())


def test_every_table_stands_after_those_that_it_refers_to() -> None:
    tables = list(TABLES)
    for table, model in TABLES.items():
        for name in model._meta.fk_fields:
            [parent] = [
                key
                for key, other in TABLES.items()
                if model._meta.fields_map[name].model_name.endswith(f".{other.__name__}")
            ]
            assert tables.index(parent) < tables.index(table)


def test_the_command_exits_1_for_what_is_wrong(file: Path) -> None:
    sound = CliRunner().invoke(main, ["doctor", "--db", str(file)])
    assert (sound.exit_code, sound.output.splitlines()[-1]) == (0, "sound")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DELETE FROM clock")
        connection.commit()
    unsound = CliRunner().invoke(main, ["doctor", "--db", str(file)])
    assert unsound.exit_code == 1
    assert "papermargin doctor --repair" in unsound.output
    told = CliRunner().invoke(main, ["doctor", "--json", "--db", str(file)])
    assert (told.exit_code, json.loads(told.output)["sound"]) == (1, False)


def test_backup_and_restore_say_what_they_did(file: Path, tmp_path: Path) -> None:
    saved = CliRunner().invoke(main, ["backup", str(tmp_path / "b.sqlite"), "--db", str(file)])
    assert (saved.exit_code, saved.output.count("checked")) == (0, 1)
    restored = CliRunner().invoke(main, ["restore", str(tmp_path / "b.sqlite"), "--db", str(file)])
    assert restored.exit_code == 0
    assert "before-restore" in restored.output.splitlines()[-1]
    again = CliRunner().invoke(main, ["backup", str(tmp_path / "b.sqlite"), "--db", str(file)])
    assert (again.exit_code, "exists already" in again.output) == (1, True)
