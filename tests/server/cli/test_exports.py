"""The export commands, and the import of an edited vault."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import anyio
import feedparser
import listparser
import pytest
from click.testing import CliRunner, Result
from tortoise.backends.base.executor import EXECUTOR_CACHE

from server.__main__ import main
from server.accounts.users import get_user
from server.archive.format import decode
from server.config import Config
from server.database.change_feed import newest_change
from server.database.connection import open_store
from server.exports.formats import FORMATS
from server.imports.formats.bibtex import parse_bibtex
from server.reading_list.entries import delete_entry, put_entry, read_entry
from server.reading_list.notes import put_note
from server.schema.reading_list import EntryEdit, NoteEdit
from server.schema.searches import SearchEdit
from server.search.saved import put_search
from tests.server.archive.test_archive import NOTE
from tests.server.imports.formats.test_annotations import memory, row
from tests.server.imports.test_files import texts_on
from tests.server.material import FERN, MOSS, NOW, edit, take_in_two
from tests.server.process import serve


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


def test_an_export_writes_a_file_and_prints_counts(db: Path, tmp_path: Path) -> None:
    done = run(db, "json", "--out", str(tmp_path / "mine.json"))
    assert (
        done.stderr
        == "2 papers, 2 entries, 1 tags, 1 notes, 0 corrections, 0 seen, 0 searches, 0 terms, "
        "0 citations, 0 preferences, 0 ranking: as many as in the store\n"
    )
    assert [note.text for note in decode((tmp_path / "mine.json").read_bytes()).notes] == ["moist"]


def test_an_export_goes_to_standard_output(db: Path) -> None:
    done = run(db, "json")
    assert (done.exit_code, len(decode(done.stdout_bytes).entries)) == (0, 2)


def test_a_file_that_cannot_be_written_is_a_one_line_error(db: Path, tmp_path: Path) -> None:
    done = run(db, "json", "--out", str(tmp_path / "nowhere" / "mine.json"))
    assert (done.exit_code, done.stderr.startswith("Error: cannot write")) == (1, True)


def test_a_query_selects_the_papers_of_a_vault(db: Path, tmp_path: Path) -> None:
    done = run(db, "markdown", "tag:rl", "--out", str(tmp_path / "vault"))
    assert (
        done.stdout == "1 created, 0 updated, 0 unchanged, 0 conflict, 0 kept, 0 failed, 0 gone\n"
    )
    assert [file.name for file in (tmp_path / "vault").iterdir()] == ["Mossy Pruning.md"]


def test_a_dry_run_writes_nothing(db: Path, tmp_path: Path) -> None:
    done = run(db, "markdown", "--out", str(tmp_path / "vault"), "--dry-run")
    assert done.stdout.startswith("--- /dev/null\n+++ Fern Attention.md\n@@ -1 +1,")
    assert "\n+# Mossy Pruning\n" in done.stdout
    assert done.stdout.endswith(
        "\nwould be: 2 created, 0 updated, 0 unchanged, 0 conflict, 0 kept, 0 failed, 0 gone\n"
    )
    assert not (tmp_path / "vault").exists()


def test_a_second_export_updates_a_vault(db: Path, tmp_path: Path) -> None:
    run(db, "markdown", "--out", str(tmp_path / "vault"))
    again = run(db, "markdown", "--out", str(tmp_path / "vault"))
    assert again.stdout.startswith("0 created, 0 updated, 2 unchanged")


def test_a_skipped_file_is_named_in_the_output(db: Path, tmp_path: Path) -> None:
    run(db, "markdown", "tag:rl", "--out", str(tmp_path / "vault"))
    note = tmp_path / "vault" / "Mossy Pruning.md"
    note.write_bytes(note.read_bytes().replace(b"prune", b"\xff"))
    done = run(db, "markdown", "tag:rl", "--out", str(tmp_path / "vault"))
    assert (done.exit_code, "not UTF-8" in done.stderr) == (0, True)


def test_an_invalid_query_is_reported(db: Path, tmp_path: Path) -> None:
    done = run(db, "markdown", "tag:", "--out", str(tmp_path / "vault"))
    assert done.exit_code == 1
    assert not (tmp_path / "vault").exists()


def test_each_format_goes_to_standard_output_with_a_count(db: Path) -> None:
    for name in FORMATS:
        done = run(db, name)
        assert (done.exit_code, done.stderr) == (0, "2 papers\n")
        # the paper with a note, which is all that some formats have
        assert "Fern Attention" in done.stdout.replace("{", "").replace("}", "")


def test_papers_get_keys_by_a_pattern_and_keep_them(db: Path) -> None:
    done = run(db, "bibtex", "--keys", "veryshorttitle + 'x'")
    assert (done.exit_code, "{mossyx," in done.stdout, "{fernx," in done.stdout) == (0, True, True)
    assert "{mossyx," in run(db, "biblatex", "--keys", "title").stdout
    assert "{MossyPruning," in run(db, "bibtex", "--keys", "title", "--renew-keys").stdout
    assert "ID  - MossyPruning" in run(db, "ris").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["bibtex", "--keys", "auth year"], 1, "a + is missing in the pattern before “year”"),
        (["bibtex", "--renew-keys"], 2, "name it with --keys"),
        (["ris", "--keys", "auth"], 2, "No such option"),
    ],
)
def test_a_wrong_use_of_keys_is_named(db: Path, arguments: list[str], code: int, told: str) -> None:
    done = run(db, *arguments)
    assert (done.exit_code, told in done.stderr) == (code, True)


def test_a_query_selects_the_papers_of_a_file(db: Path, tmp_path: Path) -> None:
    done = run(db, "bibtex", "tag:rl", "-o", str(tmp_path / "mine.bib"))
    assert (done.stdout, done.stderr) == ("", "1 papers\n")
    batch = parse_bibtex((tmp_path / "mine.bib").read_text(), observed=NOW)
    assert [(paper.title, paper.tags) for paper in batch.papers] == [("Mossy Pruning", ["rl"])]


def test_an_invalid_query_writes_no_file(db: Path, tmp_path: Path) -> None:
    done = run(db, "ris", "tag:", "-o", str(tmp_path / "mine.ris"))
    assert done.exit_code == 1
    assert list(tmp_path.glob("*mine*")) == []


def test_the_printed_template_can_be_changed_and_used(db: Path, tmp_path: Path) -> None:
    printed = run(db, "markdown", "--print-template", "--style", "plain")
    assert printed.exit_code == 0
    mine = tmp_path / "mine.jinja"
    mine.write_text(printed.stdout.replace("}}# Notes", "}}# My notes"))
    done = run(
        db,
        "markdown",
        "--out",
        str(tmp_path / "vault"),
        "--style",
        "plain",
        "--template",
        str(mine),
    )
    assert done.stdout.startswith("2 created")
    assert "\n## My notes\n" in (tmp_path / "vault" / "Fern Attention.md").read_text()


def test_an_invalid_template_is_a_one_line_error_before_any_write(db: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.jinja").write_text("\n{% for %}")
    done = run(
        db, "markdown", "--out", str(tmp_path / "vault"), "--template", str(tmp_path / "mine.jinja")
    )
    assert (done.exit_code, done.stderr) == (
        1,
        "Error: mine.jinja, line 2: Expected an expression, got 'end of statement block'\n",
    )
    assert not (tmp_path / "vault").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--per", "day", "--gone", "mark"], "--gone is only for one file per paper"),
        (["--watch", "--dry-run"], "cannot be combined"),
        (["--style", "word"], "'word' is not one of 'obsidian', 'logseq', 'plain'"),
    ],
)
def test_conflicting_options_are_refused(
    db: Path, tmp_path: Path, arguments: list[str], told: str
) -> None:
    done = run(db, "markdown", "--out", str(tmp_path / "vault"), *arguments)
    assert (done.exit_code, told in done.stderr) == (2, True)


def test_papers_of_a_day_share_a_file(db: Path, tmp_path: Path) -> None:
    run(db, "markdown", "--out", str(tmp_path / "vault"), "--per", "day", "--style", "logseq")
    assert [file.name for file in (tmp_path / "vault").iterdir()] == ["Papers of 2026-03-05.md"]


def test_only_papers_that_left_the_list_are_archived(db: Path, tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    run(db, "markdown", "--out", str(vault))
    write(db, lambda: delete_entry(edit(force=True), FERN))
    assert run(
        db, "markdown", "has:note", "--out", str(vault), "--gone", "archive"
    ).stdout.endswith("1 gone\n")
    assert sorted(str(file.relative_to(vault)) for file in vault.rglob("*.md")) == [
        "Archive/Fern Attention.md", "Mossy Pruning.md",
    ]  # fmt: skip


def write(db: Path, deed: Callable[[], Awaitable[object]]) -> None:
    async def work() -> None:
        async with open_store(Config(db=db)):
            await deed()

    anyio.run(work)


@pytest.mark.parametrize("served", [False, True])
def test_a_watched_vault_follows_the_store_until_it_is_stopped(
    db: Path, tmp_path: Path, served: bool
) -> None:
    vault = tmp_path / "vault"
    command = [
        sys.executable,
        "-m",
        "server",
        "export",
        "markdown",
        "status:inbox",
        "--out",
        str(vault),
        "--gone",
        "archive",
    ]
    with ExitStack() as stack:
        if served:
            stack.enter_context(serve(Config(db=db), tmp_path / "log"))
        watching = subprocess.Popen(
            [*command, "--watch", "--db", str(db)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        stack.callback(watching.kill)
        wait_until((vault / "Fern Attention.md").exists)
        write(
            db,
            lambda: put_note(edit(force=True), NOTE, NoteEdit(paper=FERN, text="moist and shady")),
        )
        wait_until(lambda: "moist and shady" in (vault / "Fern Attention.md").read_text())
        write(db, lambda: put_entry(edit(force=True), FERN, EntryEdit(status="read")))
        write(db, lambda: delete_entry(edit(force=True), MOSS))
        wait_until((vault / "Archive" / "Mossy Pruning.md").exists)
        # the query does not select the paper any more, but the list still has it
        assert (vault / "Fern Attention.md").exists()
        watching.send_signal(signal.SIGINT)
        told, errors = watching.communicate(timeout=30)
    assert (watching.returncode, errors) == (0, b"stopped\n")
    assert told.decode().splitlines()[0].startswith("2 created")


def test_a_watched_bibliography_follows_the_store(db: Path, tmp_path: Path) -> None:
    file = tmp_path / "refs.bib"
    command = [sys.executable, "-m", "server", "export", "bibtex", "-o", str(file), "--watch"]
    watching = subprocess.Popen([*command, "--db", str(db)], stderr=subprocess.PIPE)
    with ExitStack() as stack:
        stack.callback(watching.kill)
        wait_until(file.exists)
        write(db, lambda: put_entry(edit(force=True), MOSS, EntryEdit(tags=["thesis"])))
        wait_until(lambda: "keywords = {thesis}" in file.read_text())
        watching.send_signal(signal.SIGINT)
        _, errors = watching.communicate(timeout=30)
    assert (watching.returncode, errors.splitlines()[-1]) == (0, b"stopped")


def test_the_feed_of_the_list_is_a_file(db: Path, tmp_path: Path) -> None:
    done = run(db, "atom", "-o", str(tmp_path / "list.atom"))
    assert (done.exit_code, done.stderr) == (0, "2 papers\n")
    feed = feedparser.parse((tmp_path / "list.atom").read_bytes())
    assert (feed.bozo, feed.version, feed.feed.title) == (False, "atom10", "Reading list")
    assert [entry.title for entry in feed.entries] == ["Fern Attention", "Mossy Pruning"]
    assert len(feedparser.parse(run(db, "atom", "--limit", "1").stdout).entries) == 1


def test_the_feed_of_a_saved_search_is_a_file(db: Path) -> None:
    write(db, lambda: put_search(edit(0), "Tagged", SearchEdit(query="tag:rl")))
    for arguments, title in ((["Tagged"], "Tagged"), (["Tagged", "--new"], "New: Tagged")):
        feed = feedparser.parse(run(db, "atom", *arguments).stdout)
        assert (feed.feed.title, [entry.title for entry in feed.entries]) == (
            title,
            ["Mossy Pruning"],
        )
    assert run(db, "atom", "--new").exit_code == 2
    assert run(db, "atom", "Unknown").exit_code == 1


def test_the_addresses_of_all_feeds_are_opml(db: Path) -> None:
    write(db, lambda: put_search(edit(0), "Tagged", SearchEdit(query="tag:rl")))
    printed = CliRunner().invoke(main, ["feed-address", "--db", str(db)]).stdout.split()[0]
    done = run(db, "opml", printed)
    assert (done.exit_code, done.stderr) == (0, "4 feeds\n")
    feeds = listparser.parse(done.stdout).feeds
    assert [feed.title for feed in feeds] == ["Reading list", "For you", "Tagged", "New: Tagged"]
    assert feeds[0].url == printed
    assert run(db, "opml", "https://example.org/").exit_code == 1
    assert run(db, "opml", "https://example.org/feeds/wrong/").exit_code == 1


def test_only_a_file_can_be_kept_current(db: Path) -> None:
    done = run(db, "bibtex", "--watch")
    assert done.exit_code == 2 and "--out" in done.stderr


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def vault(db: Path, tmp_path: Path) -> Path:
    """An exported vault whose only note was edited."""
    run(db, "markdown", "--out", str(tmp_path / "vault"))
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


CHANGE = (
    f"Fern Attention.md: {FERN} “Fern Attention”: a note of 2026-03-05: “moist” → “moist [31m”\n"
)


def test_a_watched_vault_and_its_store_follow_each_other(db: Path, vault: Path) -> None:
    file = vault / "Fern Attention.md"
    with watching(db, "markdown", "--out", str(vault), "--two-way"):
        # what was edited before comes in, and doubles no block
        wait_until(lambda: notes(db) == ["moist \x1b[31m"])
        wait_until(lambda: is_settled(db, vault))
        file.write_text(file.read_text().replace("> moist", "> shady"))
        wait_until(lambda: notes(db) == ["shady \x1b[31m"])
        write(db, lambda: put_note(edit(force=True), NOTE, NoteEdit(paper=FERN, text="dry")))
        wait_until(lambda: "> dry" in file.read_text())
        (vault / "mine.md").write_text("# My own\n")
        file.write_text(file.read_text().replace("status: inbox", "status: read"))
        wait_until(lambda: anyio.run(status_of, db, FERN) == "read")
        wait_until(lambda: is_settled(db, vault))
        settled = anyio.run(count_changes, db)
        time.sleep(5)
        assert anyio.run(count_changes, db) == settled
    assert file.read_text().count("papermargin:begin") == 1
    assert (vault / "mine.md").read_text() == "# My own\n"
    assert len(list(vault.iterdir())) == 3


@contextmanager
def watching(db: Path, *command: str) -> Iterator[None]:
    """Run an export that watches, and stop it as a person does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "server", "export", *command, "--watch", "--db", str(db)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, errors.splitlines()[-1]) == (0, b"stopped")


def is_settled(db: Path, vault: Path) -> bool:
    """Return whether an export would change nothing."""
    return " 2 unchanged" in run(db, "markdown", "--out", str(vault), "--dry-run").stdout


async def count_changes(db: Path) -> int:
    async with open_store(Config(db=db)):
        return await newest_change(1)


async def status_of(db: Path, key: str) -> str:
    async with open_store(Config(db=db)):
        return (await read_entry(key, 1)).status


def test_edits_are_taken_in_unasked_only_by_a_watch(db: Path, vault: Path) -> None:
    done = run(db, "markdown", "--out", str(vault), "--two-way")
    assert (done.exit_code, "--two-way needs --watch" in done.stderr) == (2, True)


def test_a_preview_shows_what_would_change_and_does_nothing(db: Path, vault: Path) -> None:
    done = take(db, str(vault), "--preview")
    assert (done.exit_code, done.stderr) == (0, CHANGE)
    assert notes(db) == ["moist"]


@pytest.mark.parametrize(
    ("answer", "after"), [("y\n", "moist \x1b[31m"), ("n\n", "moist"), ("", "moist")]
)
def test_a_vault_is_imported_after_confirmation(
    db: Path, vault: Path, answer: str, after: str
) -> None:
    done = take(db, str(vault), answer=answer)
    assert done.stderr.startswith(f"{CHANGE}Take in 1 changes? [y/N]: ")
    assert notes(db) == [after]


def test_no_confirmation_is_asked_with_the_option_or_without_changes(
    db: Path,
    vault: Path,
) -> None:
    taken = take(db, str(vault), "--yes").stderr
    assert taken == f"{CHANGE}to undo this import: papermargin import --undo 1\n"
    assert notes(db) == ["moist \x1b[31m"]
    again = take(db, str(vault))
    assert (again.stderr, [line.split()[0] for line in again.stdout.splitlines()]) == (
        "",
        ["file", "2"],
    )


def test_all_kinds_of_files_are_recognized(db: Path, tmp_path: Path) -> None:
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
