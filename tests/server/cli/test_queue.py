"""The commands `queue` and `tasks`, as a person types them."""

import sqlite3
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from server.days import today
from tests.server.cli.test_papers import Run, as_json, papermargin  # noqa: F401 - a fixture

A, B, C = KEYS = [f"2601.0000{number}" for number in range(1, 4)]


@pytest.fixture
def queue(papermargin: Run, tmp_path: Path) -> Run:  # noqa: F811 - the fixture
    """A store of three papers, of which two are in the queue."""
    file = tmp_path / "refs.bib"
    file.write_text(
        "\n".join(
            f"@article{{k{n}, title={{Kettle {key}}}, eprint={{{key}}}, archiveprefix={{arXiv}}}}"
            for n, key in enumerate(KEYS)
        )
    )
    papermargin("import", str(file), "--offline", "--no-extract")
    papermargin("queue", "add", A, B)
    return papermargin


def order(run: Run) -> list[str]:
    return [paper["key"] for paper in as_json(run("queue", "--json"))]


def test_papers_are_put_into_the_queue_moved_and_taken_out(queue: Run) -> None:
    queue("queue", "add", C, "--top")
    assert order(queue) == [C, A, B]
    queue("queue", "move", C, "down")
    queue("queue", "move", B, "--before", A)
    assert order(queue) == [B, A, C]
    assert f"{B} inbox\n" in queue("queue", "remove", B).output
    assert order(queue) == [A, C]
    lines = queue("queue").output.splitlines()
    assert [line.split()[:2] for line in lines] == [["1", A], ["2", C]]


def test_papers_are_snoozed_and_given_a_due_date(queue: Run) -> None:
    tomorrow = today() + timedelta(days=1)
    assert f"snoozed until {tomorrow}" in queue("queue", "snooze", A, "--until", "tomorrow").output
    assert order(queue) == [B]
    queue("queue", "snooze", A, "--until", "none")
    assert (
        "in the queue, was due 2025-01-02" in queue("queue", "due", A, "--on", "2025-01-02").output
    )
    assert "was due 2025-01-02" in queue("queue").output
    assert as_json(queue("list", "is:overdue", "--json"))[0]["due"] == "2025-01-02"
    assert "due" not in queue("queue", "due", A, "--on", "none").output


def test_due_dates_are_told_by_the_clock_of_the_user(queue: Run, tmp_path: Path) -> None:
    zone = next(zone for zone in ("Etc/GMT-14", "Etc/GMT+12") if day_in(zone) != today())
    set_user_zone(tmp_path / "store.sqlite", zone)
    for day in (today(), day_in(zone)):
        word = "was due" if day < day_in(zone) else "due"
        assert f", {word} {day}" in queue("queue", "due", A, "--on", str(day)).output
        assert f" {word} {day} " in queue("queue").output


def day_in(zone: str) -> date:
    return datetime.now(ZoneInfo(zone)).date()


def set_user_zone(store: Path, zone: str) -> None:
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("UPDATE reader SET zone = ?", [zone])


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("snooze", A, "--until", "soon"), "'soon' is no day: write 2026-03-05"),
        (("snooze", A, "--until", "2025-01-01"), "2025-01-01 is not ahead"),
        (("due", A, "--on", "5.3."), "'5.3.' is no day"),
        (("move", A, "--after", C), f"{C} is not in the queue"),
        (("add", "2601.99999"), "no paper '2601.99999' in the store"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    queue: Run, arguments: tuple[str, ...], reason: str
) -> None:
    assert reason in queue("queue", *arguments, code=1).output


def test_a_move_names_one_place(queue: Run) -> None:
    assert "say one of top, bottom" in queue("queue", "move", A, code=2).output
    queue("queue", "move", A, "top", "--before", B, code=2)


def test_tasks_are_listed_found_and_ticked(queue: Run) -> None:
    queue("note", A, "--text", "- [ ] run it\n- [ ] cite")
    [run, cite] = as_json(queue("tasks", "--json"))
    assert [run["text"], cite["text"]] == ["run it", "cite"]
    ticked = f"{cite['note']}:{cite['line']}"
    assert ticked in queue("tasks", "--find", "cite kettle").output
    assert queue("tasks", "tick", ticked).output == "done: cite\n"
    assert [task["text"] for task in as_json(queue("tasks", "--done", "--json"))] == ["cite"]
    queue("tasks", "tick", ticked, "--open")
    assert len(as_json(queue("tasks", "--json"))) == 2
    assert "has no task on line 9" in queue("tasks", "tick", f"{run['note']}:9", code=1).output
    assert "is no task's id" in queue("tasks", "tick", "9", code=1).output
