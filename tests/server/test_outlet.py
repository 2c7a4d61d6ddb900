"""The ways out on the command line, and the way of a vault back in."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path

import anyio
import pytest
from click.testing import CliRunner, Result
from tortoise.backends.base.executor import EXECUTOR_CACHE

from server.__main__ import main
from server.config import Config
from server.export.archive import decode
from server.export.formats import FORMATS
from server.library import delete_entry, put_entry, put_note
from server.sources.bibtex import parse_bibtex
from server.store import open_store
from server.tokens import get_user
from server.wire import EntryEdit, NoteEdit
from tests.server.material import FERN, MOSS, NOW, edit, take_in_two
from tests.server.process import serve
from tests.server.sources.test_annotations import memory, row
from tests.server.test_archive import NOTE
from tests.server.test_intake import texts_on


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
    assert done.stdout == "1 created, 0 updated, 0 unchanged, 0 conflict, 0 kept, 0 failed, 0 gone\n"
    assert [file.name for file in (tmp_path / "vault").iterdir()] == ["Mossy Pruning.md"]


def test_a_dry_run_writes_nothing(db: Path, tmp_path: Path) -> None:
    done = run(db, "markdown", str(tmp_path / "vault"), "--dry-run")
    assert done.stdout.startswith("--- /dev/null\n+++ Fern Attention.md\n@@ -1 +1,")
    assert "\n+# Mossy Pruning\n" in done.stdout
    assert done.stdout.endswith("\nwould be: 2 created, 0 updated, 0 unchanged, 0 conflict, 0 kept, 0 failed, 0 gone\n")
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


def test_a_template_is_printed_changed_and_used(db: Path, tmp_path: Path) -> None:
    printed = run(db, "markdown", "--print-template", "--style", "plain")
    assert printed.exit_code == 0
    mine = tmp_path / "mine.jinja"
    mine.write_text(printed.stdout.replace("}}# Notes", "}}# My notes"))
    done = run(db, "markdown", str(tmp_path / "vault"), "--style", "plain", "--template", str(mine))
    assert done.stdout.startswith("2 created")
    assert "\n## My notes\n" in (tmp_path / "vault" / "Fern Attention.md").read_text()


def test_a_template_that_is_none_is_told_in_one_line_before_anything_is_written(db: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.jinja").write_text("\n{% for %}")
    done = run(db, "markdown", str(tmp_path / "vault"), "--template", str(tmp_path / "mine.jinja"))
    assert (done.exit_code, done.stderr) == (
        1,
        "Error: mine.jinja, line 2: Expected an expression, got 'end of statement block'\n",
    )
    assert not (tmp_path / "vault").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--per", "day", "--gone", "mark"], "--gone is for files of one paper each"),
        (["--watch", "--dry-run"], "give one of them"),
        (["--style", "word"], "'word' is not one of 'obsidian', 'logseq', 'plain'"),
    ],
)
def test_options_that_do_not_go_together_are_refused(db: Path, tmp_path: Path, arguments: list[str], told: str) -> None:
    done = run(db, "markdown", str(tmp_path / "vault"), *arguments)
    assert (done.exit_code, told in done.stderr) == (2, True)


def test_papers_of_a_day_share_a_file(db: Path, tmp_path: Path) -> None:
    run(db, "markdown", str(tmp_path / "vault"), "--per", "day", "--style", "logseq")
    assert [file.name for file in (tmp_path / "vault").iterdir()] == ["Papers of 2026-03-05.md"]


def test_a_paper_that_left_the_list_is_archived_and_one_that_a_query_leaves_out_is_not(
    db: Path, tmp_path: Path
) -> None:
    vault = tmp_path / "vault"
    run(db, "markdown", str(vault))
    write(db, lambda: delete_entry(edit(force=True), FERN))
    assert run(db, "markdown", str(vault), "has:note", "--gone", "archive").stdout.endswith("1 gone\n")
    assert sorted(str(file.relative_to(vault)) for file in vault.rglob("*.md")) == [
        "Archive/Fern Attention.md", "Mossy Pruning.md",
    ]  # fmt: skip


def write(db: Path, deed: Callable[[], Awaitable[object]]) -> None:
    async def work() -> None:
        async with open_store(Config(db=db)):
            await deed()

    anyio.run(work)


@pytest.mark.parametrize("served", [False, True])
def test_a_watched_vault_follows_the_store_until_it_is_stopped(db: Path, tmp_path: Path, served: bool) -> None:
    vault = tmp_path / "vault"
    command = [sys.executable, "-m", "server", "export", "markdown", str(vault), "status:inbox", "--gone", "archive"]
    with ExitStack() as stack:
        if served:
            stack.enter_context(serve(Config(db=db), tmp_path / "log"))
        watching = subprocess.Popen(
            [*command, "--watch", "--db", str(db)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        stack.callback(watching.kill)
        wait_until((vault / "Fern Attention.md").exists)
        write(db, lambda: put_note(edit(force=True), NOTE, NoteEdit(paper=FERN, text="moist and shady")))
        wait_until(lambda: "moist and shady" in (vault / "Fern Attention.md").read_text())
        write(db, lambda: put_entry(edit(force=True), FERN, EntryEdit(status="read")))
        write(db, lambda: delete_entry(edit(force=True), MOSS))
        wait_until((vault / "Archive" / "Mossy Pruning.md").exists)
        assert (vault / "Fern Attention.md").exists()  # the query leaves it out, and it is in the list all the same
        watching.send_signal(signal.SIGINT)
        told, errors = watching.communicate(timeout=30)
    assert (watching.returncode, errors) == (0, b"stopped\n")
    assert told.decode().splitlines()[0].startswith("2 created")


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def vault(db: Path, tmp_path: Path) -> Path:
    """A vault in which the one note was edited."""
    run(db, "markdown", str(tmp_path / "vault"))
    file = tmp_path / "vault" / "Fern Attention.md"
    file.write_text(file.read_text().replace("> moist", "> moist \x1b[31m"))
    return tmp_path / "vault"


def take(db: Path, *arguments: str, answer: str = "") -> Result:
    command = ["import", *arguments, "--no-extract", "--offline", "--db", str(db)]
    return CliRunner().invoke(main, command, input=answer)


def notes(db: Path) -> list[str]:
    async def read() -> list[str]:
        async with open_store(Config(db=db)):
            return await texts_on(FERN)

    return anyio.run(read)


CHANGE = f"Fern Attention.md: {FERN} “Fern Attention”: a note of 2026-03-05: “moist” → “moist [31m”\n"


def test_a_preview_shows_what_would_change_and_does_nothing(db: Path, vault: Path) -> None:
    done = take(db, str(vault), "--preview")
    assert (done.exit_code, done.stderr) == (0, CHANGE)
    assert notes(db) == ["moist"]


@pytest.mark.parametrize(("answer", "after"), [("y\n", "moist \x1b[31m"), ("n\n", "moist"), ("", "moist")])
def test_a_vault_comes_in_when_the_reader_says_so(db: Path, vault: Path, answer: str, after: str) -> None:
    done = take(db, str(vault), answer=answer)
    assert done.stderr.startswith(f"{CHANGE}Take in 1 changes? [y/N]: ")
    assert notes(db) == [after]


def test_a_vault_comes_in_without_a_question_where_none_is_wanted_or_nothing_changed(
    db: Path,
    vault: Path,
) -> None:
    assert (take(db, str(vault), "--yes").stderr, notes(db)) == (CHANGE, ["moist \x1b[31m"])
    again = take(db, str(vault))
    assert (again.stderr, [line.split()[0] for line in again.stdout.splitlines()]) == ("", ["file", "2"])


def test_files_of_all_kinds_are_told_apart(db: Path, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "h.json").write_text(json.dumps({"rows": [row()]}))
    (folder / "p.json").write_text(json.dumps({"__dataVersion": 1, "a": memory()}))
    (folder / "bad.json").write_text("{")
    done = take(db, str(folder), "--json")
    reports = {Path(report["file"]).name: report for report in json.loads(done.stdout)}
    assert {name: (report["kind"], report["notes"]) for name, report in reports.items()} == {
        "h.json": ("Hypothesis", 1), "p.json": ("PaperMemory", 1), "bad.json": ("", 0),
    }  # fmt: skip
    assert (done.exit_code, "cut off" in reports["bad.json"]["error"]) == (1, True)
