"""The ways out on the command line."""

import shutil
from pathlib import Path

import anyio
import pytest
from click.testing import CliRunner, Result
from tortoise.backends.base.executor import EXECUTOR_CACHE

from server.__main__ import main
from server.config import Config
from server.export.archive import decode
from server.export.formats import FORMATS
from server.library import put_entry, put_note
from server.sources.bibtex import parse_bibtex
from server.store import open_store
from server.tokens import get_user
from server.wire import EntryEdit, NoteEdit
from tests.server.material import FERN, MOSS, NOW, edit, take_in_two
from tests.server.test_archive import NOTE


@pytest.fixture
def db(migrated_file: Path, tmp_path: Path) -> Path:
    """A store with an entry and a note."""
    file = Path(shutil.copy(migrated_file, tmp_path / "papermargin.sqlite"))
    EXECUTOR_CACHE.clear()
    anyio.run(_fill, Config(db=file))
    return file


async def _fill(config: Config) -> None:
    async with open_store(config):
        await get_user("me", NOW, create=True)
        await take_in_two()
        await put_entry(edit(0), MOSS, EntryEdit(tags=["rl"]))
        await put_note(edit(0), NOTE, NoteEdit(paper=FERN, text="moist"))


def run(db: Path, *arguments: str) -> Result:
    EXECUTOR_CACHE.clear()
    return CliRunner().invoke(main, ["export", *arguments, "--db", str(db)])


def test_an_export_is_a_file_and_a_count(db: Path, tmp_path: Path) -> None:
    done = run(db, "json", str(tmp_path / "mine.json"))
    assert (
        done.stderr
        == "2 papers, 2 entries, 1 tags, 1 notes, 0 corrections, 0 seen, 0 searches, 0 terms: as many as in the store\n"
    )
    assert [note.text for note in decode((tmp_path / "mine.json").read_bytes()).notes] == ["moist"]


def test_an_export_goes_to_standard_output(db: Path) -> None:
    done = run(db, "json", "-")
    assert (done.exit_code, len(decode(done.stdout_bytes).entries)) == (0, 2)


def test_an_export_that_cannot_be_written_is_told_in_one_line(db: Path, tmp_path: Path) -> None:
    done = run(db, "json", str(tmp_path / "nowhere" / "mine.json"))
    assert (done.exit_code, done.stderr.startswith("Error: cannot write")) == (1, True)


def test_a_query_chooses_the_papers_of_a_vault(db: Path, tmp_path: Path) -> None:
    done = run(db, "markdown", str(tmp_path / "vault"), "tag:rl")
    assert done.stdout == "1 created, 0 updated, 0 unchanged, 0 conflict, 0 kept, 0 failed\n"
    assert [file.name for file in (tmp_path / "vault").iterdir()] == ["Mossy Pruning.md"]


def test_a_dry_run_writes_nothing(db: Path, tmp_path: Path) -> None:
    done = run(db, "markdown", str(tmp_path / "vault"), "--dry-run")
    assert done.stdout.startswith("would be: 2 created")
    assert not (tmp_path / "vault").exists()


def test_a_vault_is_brought_up_to_date(db: Path, tmp_path: Path) -> None:
    run(db, "markdown", str(tmp_path / "vault"))
    again = run(db, "markdown", str(tmp_path / "vault"))
    assert again.stdout.startswith("0 created, 0 updated, 2 unchanged")


def test_a_file_that_is_left_as_it_is_is_named(db: Path, tmp_path: Path) -> None:
    run(db, "markdown", str(tmp_path / "vault"), "tag:rl")
    note = tmp_path / "vault" / "Mossy Pruning.md"
    note.write_bytes(note.read_bytes().replace(b"prune", b"\xff"))
    done = run(db, "markdown", str(tmp_path / "vault"), "tag:rl")
    assert (done.exit_code, "not UTF-8" in done.stderr) == (0, True)


def test_a_query_that_cannot_be_read_is_told(db: Path, tmp_path: Path) -> None:
    done = run(db, "markdown", str(tmp_path / "vault"), "tag:")
    assert done.exit_code == 1
    assert not (tmp_path / "vault").exists()


def test_each_format_goes_to_standard_output_with_a_count(db: Path) -> None:
    for name in FORMATS:
        done = run(db, name)
        assert (done.exit_code, done.stderr) == (0, "2 papers\n")
        assert "Mossy Pruning" in done.stdout.replace("{", "").replace("}", "")


def test_a_query_chooses_the_papers_of_a_file(db: Path, tmp_path: Path) -> None:
    done = run(db, "bibtex", "tag:rl", "-o", str(tmp_path / "mine.bib"))
    assert (done.stdout, done.stderr) == ("", "1 papers\n")
    batch = parse_bibtex((tmp_path / "mine.bib").read_text(), observed=NOW)
    assert [(paper.title, paper.tags) for paper in batch.papers] == [("Mossy Pruning", ["rl"])]


def test_a_query_that_cannot_be_read_leaves_no_file(db: Path, tmp_path: Path) -> None:
    done = run(db, "ris", "tag:", "-o", str(tmp_path / "mine.ris"))
    assert done.exit_code == 1
    assert list(tmp_path.glob("*mine*")) == []
