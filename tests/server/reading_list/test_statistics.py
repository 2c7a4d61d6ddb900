"""What a list tells of its reader."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from nlp.spans import Extraction, Label, Mention
from server.extraction.save import PaperExtraction, store_readings, unread
from server.reading_list.entries import put_entry
from server.reading_list.notes import put_note
from server.reading_list.statistics import count_ages, count_topics, count_weeks
from server.schema.reading_list import EntryEdit, NoteEdit
from server.schema.terms import TermEdit
from server.terms.overrides import put_term
from tests.server.material import FERN, MOSS, NOW, edit, source, take_in

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("store")]
DAY = 24 * 60  # minutes
TODAY = NOW.date()  # a Thursday


async def test_a_paper_was_read_in_the_week_in_which_it_became_so() -> None:
    await take_in(source(MOSS), source(FERN))
    await put_entry(edit(0, minutes=-15 * DAY), MOSS, EntryEdit())
    await put_entry(edit(1, minutes=-7 * DAY), MOSS, EntryEdit(status="read"))
    await put_entry(edit(2), MOSS, EntryEdit(rating=5))  # which does not read it again
    await put_entry(edit(0, minutes=-7 * DAY), FERN, EntryEdit(tags=['"status":"read"']))
    await put_entry(edit(1), FERN, EntryEdit(status="read"))
    weeks = {week.monday: (week.added, week.read) for week in await count_weeks(1, TODAY)}
    assert weeks[date(2026, 2, 16)] == (1, 0)
    assert weeks[date(2026, 2, 23)] == (1, 1)
    assert weeks[date(2026, 3, 2)] == (0, 1)
    assert len(weeks) == 26 and sum(map(sum, weeks.values())) == 4


async def test_the_inbox_is_grouped_by_age() -> None:
    ages = [0, 7, 8, 100, 500]
    papers = [f"2601.{n:05}" for n in range(10, 10 + len(ages))]
    await take_in(*map(source, papers), source(MOSS))
    for paper, days in zip(papers, ages, strict=True):
        await put_entry(edit(0, minutes=-days * DAY), paper, EntryEdit())
    await put_entry(edit(0), MOSS, EntryEdit(status="read"))
    assert await count_ages(1, NOW) == [2, 1, 0, 0, 1, 1]


async def test_topics_are_counted_by_the_month_in_which_papers_joined() -> None:
    terms: dict[str, list[tuple[Label, str]]] = {
        MOSS: [("METHOD", "GRPO"), ("METHOD", "LoRA"), ("TASK", "pruning")],
        FERN: [("METHOD", "GRPO"), ("METHOD", "Group Relative")],
    }
    await take_in(*map(source, terms))
    readings = [
        PaperExtraction(
            paper, Extraction([Mention(0, 1, label, name) for label, name in terms[paper.key]], [])
        )
        for paper in await unread("1", limit=9)
    ]
    await store_readings(readings, "1", NOW)
    await put_note(edit(0, minutes=-40 * DAY), UUID(int=3), NoteEdit(paper=MOSS, text="x"))
    await put_entry(edit(0), FERN, EntryEdit(status="reading"))
    await put_term(edit(0), "METHOD", "Group Relative", TermEdit(into="GRPO"))
    found = await count_topics(1, "METHOD", TODAY)
    assert found.months[-3:] == ["2026-01", "2026-02", "2026-03"] and len(found.months) == 12
    assert [(topic.name, topic.papers, topic.months[-3:]) for topic in found.topics] == [
        ("GRPO", 2, [1, 0, 1]),
        ("LoRA", 1, [1, 0, 0]),
    ]
    assert [topic.name for topic in (await count_topics(1, "TASK", TODAY)).topics] == ["pruning"]
    assert (await count_topics(1, "TASK", TODAY + timedelta(days=800))).topics == []
