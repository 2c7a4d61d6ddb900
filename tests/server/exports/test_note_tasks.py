"""Tasks in notes: which lists have them, and that marking one changes nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.exports.html import render_note
from server.exports.note_tasks import Task, find_tasks, mark_task

NOTE = "# Plan\r\n\r\n- [ ] run *it*\r\n- [x] read\r\n  more\r\n\r\n1. [X] cite\r\n"


def test_items_of_lists_that_begin_with_a_mark_are_tasks() -> None:
    assert find_tasks(NOTE) == [
        Task(2, "run *it*", False),
        Task(3, "read more", True),
        Task(6, "cite", True),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[ ] no list",
        "- [ ]",
        "- [ ]\n",
        "- [y] other",
        "- [](link)",
        "- words [ ] within",
        "```\n- [ ] code\n```",
        "    - [ ] code",
        "- a\n\n  [ ] a second paragraph",
    ],
)
def test_what_is_no_task(text: str) -> None:
    assert find_tasks(text) == []
    assert "<input" not in render_note(text, boxes=True)


@pytest.mark.parametrize("text", ["> - [ ] quoted", "- outer\n  - [ ] inner", "* [ ] star"])
def test_tasks_within_other_blocks(text: str) -> None:
    [task] = find_tasks(text)
    assert find_tasks(mark_task(text, task, is_done=True))[0].is_done


def test_a_mark_changes_one_character() -> None:
    done = mark_task(NOTE, find_tasks(NOTE)[0], is_done=True)
    assert done == NOTE.replace("[ ]", "[x]")
    assert mark_task(done, find_tasks(done)[0], is_done=False) == NOTE


def test_other_programs_get_the_marks_as_text() -> None:
    html = render_note("- [x] read\n- [ ] run")
    assert html == "<ul>\n<li>[x] read</li>\n<li>[ ] run</li>\n</ul>\n"


LINES = st.sampled_from(
    [
        "- [ ] a",
        "- [x] b",
        "  - [ ] c",
        "text",
        "",
        "> - [ ] d",
        "```",
        "1. [ ] e",
        "\t- [X] f",
        "# g",
    ]
)


@given(st.lists(LINES, max_size=12), st.sampled_from(["\n", "\r\n", "\r"]))
def test_any_task_can_be_marked_and_the_page_shows_as_many(lines: list[str], end: str) -> None:
    text = end.join(lines)
    tasks = find_tasks(text)
    assert render_note(text, boxes=True).count("<input") == len(tasks)
    for place, task in enumerate(tasks):
        marked = mark_task(text, task, is_done=not task.is_done)
        assert len(marked) == len(text)
        after = find_tasks(marked)
        assert after[place] == Task(task.line, task.text, not task.is_done)
        assert [*after[:place], *after[place + 1 :]] == [*tasks[:place], *tasks[place + 1 :]]


def test_a_page_shows_a_box_with_what_marks_it() -> None:
    shown = render_note('- [x] read "it" & <b>\n- [ ] **run**', boxes=True)
    assert '<input type="checkbox" disabled="" checked="" value="0"' in shown
    assert 'aria-label="read &quot;it&quot; &amp; &lt;b&gt;"' in shown
    assert "<strong>run</strong>" in shown and "[ ]" not in shown


def test_a_note_cannot_bring_boxes_of_its_own() -> None:
    assert "<input" not in render_note('<input type="checkbox" value="9">', boxes=True)
