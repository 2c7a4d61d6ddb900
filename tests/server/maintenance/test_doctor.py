"""What the health report finds, and what it repairs."""

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import anyio
import pytest
from click.testing import CliRunner
from tortoise.backends.base.executor import EXECUTOR_CACHE

from server.__main__ import main
from server.accounts.users import get_user
from server.config import Config
from server.database.connection import execute, open_store
from server.database.transactions import writing
from server.errors import StoreError
from server.maintenance.checks import TABLES
from server.maintenance.doctor import Diagnosis, diagnose
from server.reading_list.entries import put_entry
from server.reading_list.notes import put_note
from server.schema.reading_list import EntryEdit, NoteEdit
from tests.server.material import MOSS, NOW, edit, second_user, take_in_two

pytestmark = pytest.mark.anyio


@pytest.fixture
async def filled(config: Config) -> AsyncIterator[Config]:
    """A closed store with one of everything."""
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
    """Change rows directly in the database."""
    async with open_store(config), writing() as connection:
        for statement in statements:
            await execute(connection, statement)


def wrong(diagnosis: Diagnosis) -> list[str]:
    assert diagnosis.sound == all(finding.holds for finding in diagnosis.findings)
    return [finding.claim for finding in diagnosis.findings if not finding.holds]


async def test_a_sound_store_passes_all_checks(filled: Config) -> None:
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
        (
            "INSERT INTO term (label, name, fold, papers) VALUES ('METHOD', 'a', 'a', 3)",
            "terms count their papers",
        ),
        ("INSERT INTO clock (id, writes) VALUES (2, 0)", "the clock has one row"),
        ("UPDATE paper_year SET papers = papers + 1", "years count their papers"),
        ("INSERT INTO paper_year VALUES (1999, 1, 1)", "years count their papers"),
        ("DELETE FROM paper_year", "years count their papers"),
        ("UPDATE list_count SET papers = papers + 1", "lists count their papers"),
        ("INSERT INTO list_count VALUES (1, 'tag', 99, 1)", "lists count their papers"),
        ("DELETE FROM list_count", "lists count their papers"),
    ],
)  # fmt: skip
async def test_derived_data_is_repaired(filled: Config, statement: str, claim: str) -> None:
    await spoil(filled, statement)
    assert wrong(await diagnose(filled)) == [claim]
    mended = await diagnose(filled, repair=True)
    assert (mended.repaired, wrong(mended)) == ([claim], [])


async def test_a_tag_of_another_user_is_detected(filled: Config) -> None:
    async with open_store(filled):
        ada = await second_user()
    await spoil(filled, f"UPDATE tag SET user_id = {ada}")
    assert wrong(await diagnose(filled, repair=True)) == ["an entry bears its reader's tags"]


async def test_a_key_of_two_papers_is_detected(filled: Config) -> None:
    await spoil(filled, f"INSERT INTO alias (key, paper_id) VALUES ('{MOSS}', 2)")
    assert wrong(await diagnose(filled)) == ["a key means one paper"]


async def test_orphans_are_detected(filled: Config) -> None:
    orphan = "INSERT INTO alias (key, paper_id) VALUES ('2601.00099', 99)"
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


async def test_a_damaged_file_is_detected(file: Path) -> None:
    overwrite(file)
    diagnosis = await diagnose(Config(db=file))
    assert not diagnosis.sound and diagnosis.findings[-1].advice


def overwrite(file: Path) -> None:
    """Overwrite a few pages of the file."""
    content = file.read_bytes()
    file.write_bytes(content[:8192] + bytes(8192) + content[16384:])


async def test_a_store_of_a_newer_version_is_reported(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(
            "UPDATE tortoise_migrations SET name = '9999_wings' WHERE name LIKE '0002%'"
        )
        connection.commit()
    [finding] = (await diagnose(Config(db=file))).findings
    assert "9999_wings" in finding.detail


def test_a_missing_store_is_not_created(tmp_path: Path) -> None:
    for repair in (False, True):
        with pytest.raises(StoreError, match="there is no"):
            anyio.run(
                lambda repair: diagnose(
                    Config(db=tmp_path / "none" / "none.sqlite"), repair=repair
                ),
                repair,
            )
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to a read-only folder")
async def test_a_read_only_store_is_sound(filled: Config) -> None:
    if filled.database_url:
        pytest.skip("a folder of SQLite")
    filled.db.parent.chmod(0o500)
    try:
        diagnosis = await diagnose(filled)
    finally:
        filled.db.parent.chmod(0o700)
    assert (diagnosis.sound, diagnosis.read_only) == (True, True)


def test_a_lock_of_another_program_is_told(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        told = CliRunner().invoke(main, ["doctor", "--db", str(file)])
    assert told.exit_code == 1
    assert told.output == "Error: another program keeps the store busy; try again in a moment\n"


def test_a_disk_that_is_nearly_full_is_told(small_disk: Path) -> None:
    told = CliRunner().invoke(main, ["doctor", "--db", str(small_disk)])
    assert told.output.splitlines()[-1] == "sound, the disk is nearly full"


def test_a_read_only_disk_is_told(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk.parent)], check=True)
    told = CliRunner().invoke(main, ["doctor", "--db", str(small_disk)])
    assert told.exit_code == 0
    assert told.output.splitlines()[-1].startswith("sound, read-only")
    tag = CliRunner().invoke(main, ["tag", MOSS, "+x", "--db", str(small_disk)])
    assert (tag.exit_code, tag.output.count("\n")) == (1, 1)
    assert "Read-only" in tag.output


def test_an_import_onto_a_full_disk_is_told_and_leaves_the_store_sound(
    small_disk: Path, tmp_path: Path
) -> None:
    room = shutil.disk_usage(small_disk.parent).free
    (small_disk.parent / "ballast").write_bytes(b"x" * (room - 600_000))
    entry = "@article{{p{n}, title={{Moss {n}}}, abstract={{{text}}}}}\n"
    entries = "".join(entry.format(n=n, text="wet " * 3000) for n in range(99))
    (tmp_path / "many.bib").write_text(entries)
    told = CliRunner().invoke(
        main, ["import", str(tmp_path / "many.bib"), "--no-extract", "--db", str(small_disk)]
    )
    assert told.exit_code == 1
    assert "the disk is full" in told.output
    assert "Traceback" not in told.output
    assert CliRunner().invoke(main, ["doctor", "--db", str(small_disk)]).exit_code == 0


def test_tables_are_listed_after_those_they_refer_to() -> None:
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
