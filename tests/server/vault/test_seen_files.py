"""A file is read unless it is certain that it is as it was."""

import os
import shutil
from pathlib import Path

import pytest

from server.vault import seen_files
from server.vault.paper_file import render
from server.vault.seen_files import COARSEST_NS, Contents, SeenFiles
from server.vault.template import default_layout
from tests.server.exports.pages import make_page

NAME = "Candle.md"
PAPER = b"a paper's fingerprint"
SECOND = 1_000_000_000


class Looker:
    """Looks at a file again and again, at its own time; `reads` counts how often it was read."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path, self.reads, self.files = path, 0, SeenFiles()
        self.now = path.stat().st_ctime_ns
        read = Path.read_bytes

        def count(path: Path) -> bytes:
            self.reads += 1
            return read(path)

        monkeypatch.setattr(Path, "read_bytes", count)

    def look(self, *, seconds: float) -> Contents:
        """Look at the file some seconds after the last look."""
        self.now += int(seconds * SECOND)
        self.files = SeenFiles(self.files.seen, lambda: self.now)
        return self.files.look(NAME, self.path)

    def is_read(self, *, seconds: float) -> bool:
        before = self.reads
        self.look(seconds=seconds)
        return self.reads > before

    def settle(self) -> None:
        """Look until the file need not be read."""
        for _ in range(2):
            self.look(seconds=60)
        assert not self.is_read(seconds=60)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / NAME
    path.write_text(render(make_page(), default_layout()))
    return path


@pytest.fixture
def looker(path: Path, monkeypatch: pytest.MonkeyPatch) -> Looker:
    return Looker(path, monkeypatch)


def change_key(path: Path) -> None:
    """Change a file without changing its size."""
    path.write_text(path.read_text().replace("2501.10000", "2501.10001"))


def test_a_file_is_read_twice_and_then_no_more(looker: Looker) -> None:
    assert [looker.is_read(seconds=60) for _ in range(4)] == [True, True, False, False]
    assert looker.look(seconds=60) == Contents("2501.10000")


def test_two_looks_within_a_tick_of_the_clock_prove_nothing(looker: Looker) -> None:
    assert looker.is_read(seconds=60)
    assert [looker.is_read(seconds=0.5) for _ in range(4)] == [True] * 4
    assert looker.is_read(seconds=COARSEST_NS / SECOND)
    assert not looker.is_read(seconds=0.5)


def test_an_edit_that_a_coarse_clock_does_not_show_is_seen(
    looker: Looker, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen_files, "_stamp", lambda stat: f"{stat.st_size} at some second")
    assert looker.look(seconds=60).key == "2501.10000"
    change_key(path)
    assert looker.look(seconds=0.5).key == "2501.10001"


def test_what_was_written_for_a_paper_is_not_believed_at_once(
    looker: Looker, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen_files, "_stamp", lambda stat: f"{stat.st_size} at some second")
    looker.look(seconds=60)
    looker.files.note_current(NAME, path, path.read_bytes(), PAPER)
    change_key(path)
    looker.look(seconds=0.5)
    assert not looker.files.is_current(NAME, PAPER)


def test_a_file_that_was_edited_and_given_its_old_time_is_read(looker: Looker, path: Path) -> None:
    looker.settle()
    stat = path.stat()
    change_key(path)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert looker.look(seconds=60).key == "2501.10001"


def test_a_copy_with_the_times_of_its_original_is_read(
    looker: Looker, path: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copy2(path, tmp_path / "other"))
    change_key(other)
    shutil.copystat(path, other)
    looker.settle()
    other.replace(path)
    assert looker.look(seconds=60).key == "2501.10001"


def test_files_are_read_while_the_clock_is_set_back(looker: Looker) -> None:
    looker.settle()
    assert looker.is_read(seconds=-150)  # after the file's time, before the first look
    assert looker.is_read(seconds=-3600)
    assert looker.is_read(seconds=1)
    looker.look(seconds=7200)
    assert not looker.is_read(seconds=60)


def test_a_file_of_the_future_is_always_read(looker: Looker, path: Path) -> None:
    later = path.stat().st_mtime_ns + 3600 * SECOND
    os.utime(path, ns=(later, later))
    assert [looker.is_read(seconds=60) for _ in range(4)] == [True] * 4


def test_a_server_whose_clock_is_behind_makes_no_difference(looker: Looker, path: Path) -> None:
    earlier = path.stat().st_mtime_ns - 3600 * SECOND
    os.utime(path, ns=(earlier, earlier))
    assert looker.is_read(seconds=60)
    assert looker.is_read(seconds=0.5)


def test_an_edit_forgets_which_paper_was_written(looker: Looker, path: Path) -> None:
    looker.look(seconds=60)
    looker.files.note_current(NAME, path, path.read_bytes(), PAPER)
    looker.settle()
    assert looker.files.is_current(NAME, PAPER)
    assert not looker.files.is_current(NAME, b"another fingerprint")
    path.write_text(path.read_text() + "mine\n")
    looker.look(seconds=60)
    assert not looker.files.is_current(NAME, PAPER)


def test_an_edit_between_a_look_and_a_write_is_not_taken_for_it(looker: Looker, path: Path) -> None:
    content = path.read_bytes()
    change_key(path)
    looker.look(seconds=60)
    looker.files.note_current(NAME, path, content, PAPER)
    assert looker.look(seconds=60).key == "2501.10001"
    assert not looker.files.is_current(NAME, PAPER)
