"""Related and close papers are found by their text, and terms as the user has them say why."""

from typing import Any
from uuid import uuid4

import pytest

from nlp.spans import Extraction, Mention
from server.database.models.papers import Paper
from server.database.models.terms import OwnTerm, Term
from server.errors import NotFound
from server.extraction.save import PaperExtraction, store_readings, unread
from server.papers.related import closest, related
from server.ranking.refresh import Refresher
from server.reading_list.corrections import put_correction
from server.reading_list.entries import delete_entry, put_entry
from server.schema.reading_list import EntryEdit
from server.schema.terms import CorrectionEdit
from tests.server.material import NOW, edit, second_user, source, take_in

pytestmark = pytest.mark.anyio

STORE = 80  # papers, so that a rare term has at most four, a twentieth
TERMS = {
    1: ["Mossformer", "PeatQA", "Accuracy"],
    2: ["Mossformer", "Accuracy"],
    3: ["Mossformer", "PeatQA"],
    4: ["Fernbench"],
    5: ["Fernbench", "Accuracy"],
    6: ["Four", "Five"],
    7: ["Four", "Five"],
    8: ["Four", "Five"],
    9: ["Four", "Five"],
    10: ["Five"],
}
TEXTS = {
    1: "Answering questions about peat with moss attention and peat retrieval",
    2: "Moss attention for streams of audio",
    3: "Moss attention answers questions about peat from peat retrieval",
    4: "A benchmark of fern growth and fern leaves",
    5: "Leaves of ferns: a benchmark of fern growth under drought",
}


def key(number: int) -> str:
    return f"2601.{number:05}"


async def own(*numbers: int, status: str = "inbox") -> None:
    for number in numbers:
        await put_entry(edit(force=True), key(number), EntryEdit(status=status))  # type: ignore[arg-type]
    await Refresher().refresh()


@pytest.fixture(autouse=True)
async def eighty_papers_with_terms(store: object) -> None:
    other = "The {0}th harbour: boats{0} near lights{0}"
    await take_in(
        *(
            source(key(n), TEXTS.get(n) or other.format(n), abstract=f"It is {n}.")
            for n in range(STORE)
        )
    )
    named = {key(number): TERMS.get(number, ["Accuracy"]) for number in range(STORE)}
    readings = [
        PaperExtraction(
            paper, Extraction([Mention(0, 1, "METHOD", name) for name in named[paper.key]], [])
        )
        for paper in await unread("1", limit=STORE)
    ]
    await store_readings(readings, "1", NOW)
    await Refresher().refresh()


async def test_the_most_similar_papers_of_the_store_come_first_with_their_shared_terms() -> None:
    await own(2)
    first, second = await related(key(1), 1, limit=2)
    assert (first.key, first.status) == (key(3), "none")
    assert [term.name for term in first.terms] == ["PeatQA", "Mossformer"]
    assert (second.key, second.status) == (key(2), "inbox")
    assert [(term.name, term.papers, term.own) for term in second.terms] == [("Mossformer", 3, 1)]
    assert (first.title, first.score > second.score) == (TEXTS[3], True)


async def test_a_limit_holds_and_a_paper_is_not_related_to_itself() -> None:
    assert [paper.key for paper in await related(key(1), 1, limit=1)] == [key(3)]
    assert key(1) not in [paper.key for paper in await related(key(1), 1, limit=100)]


async def test_a_deleted_entry_gives_a_related_paper_no_status() -> None:
    await own(3)
    await delete_entry(edit(force=True), key(3))
    assert [paper.status for paper in await related(key(1), 1, limit=1)] == ["none"]


async def test_a_paper_like_the_list_is_closer_than_an_ordinary_one() -> None:
    await own(2, 3)
    close = await closest([key(number) for number in range(10)], 1)
    assert len(close) == 10
    assert close[key(1)].score > 2 > abs(close[key(6)].score)
    assert [(term.name, term.own) for term in close[key(1)].terms] == [
        ("PeatQA", 1),
        ("Mossformer", 2),
    ]
    assert [(term.name, term.own) for term in close[key(2)].terms] == [("Mossformer", 1)], (
        "the paper itself does not count"
    )


async def test_a_term_is_rare_in_at_most_one_paper_of_twenty() -> None:
    await own(6)
    assert [term.name for term in (await closest([key(7)], 1))[key(7)].terms] == ["Four"]


async def test_in_a_small_store_a_rare_term_is_in_at_most_three_papers() -> None:
    await Paper.filter(key__gt=key(20)).delete()
    await own(2, 6)
    close = await closest([key(1), key(7)], 1)
    assert "Mossformer" in [term.name for term in close[key(1)].terms]
    assert close[key(7)].terms == []


async def test_skipped_papers_bring_nothing_close() -> None:
    await own(3, status="skipped")
    assert await closest([key(1)], 1) == {}
    await own(4)
    close = await closest([key(1), key(5)], 1)
    assert close[key(5)].score > 2 and close[key(1)].score < 0


async def test_another_user_s_list_counts_for_nothing() -> None:
    ada = await second_user()
    await own(2, 3)
    assert await closest([key(1)], ada) == {}
    assert {paper.status for paper in await related(key(1), ada)} == {"none"}


async def test_a_hidden_term_is_no_reason() -> None:
    await own(5)
    assert [term.name for term in (await closest([key(4)], 1))[key(4)].terms] == ["Fernbench"]
    await make_of("Fernbench", hidden=True)
    assert (await closest([key(4)], 1))[key(4)].terms == []
    assert (await related(key(4), 1))[0].terms == []


async def test_terms_put_into_another_are_one_with_it_under_its_name() -> None:
    await own(3)
    fern = await Term.get(name="Fernbench")
    await make_of("PeatQA", into_id=fern.id)
    await make_of("Fernbench", name="Green tests")
    [paper] = await related(key(1), 1, limit=1)
    assert [(term.name, term.papers) for term in paper.terms] == [
        ("Mossformer", 3),
        ("Green tests", 4),
    ]


async def test_a_mention_that_was_struck_out_or_added_counts_as_it_was_corrected() -> None:
    await own(4)
    wrong = CorrectionEdit(verdict="wrong", surface="A", label="METHOD")
    await put_correction(edit(0), key(4), uuid4(), wrong)
    assert (await closest([key(5)], 1))[key(5)].terms == []


async def test_nothing_is_close_to_nothing() -> None:
    assert await closest([], 1) == {} and await closest(["2699.99999"], 1) == {}
    with pytest.raises(NotFound):
        await related("2699.99999", 1)


async def test_a_merged_paper_disappears_from_the_related_ones() -> None:
    await related(key(1), 1)
    await Paper.filter(key=key(3)).delete()
    assert key(3) not in [paper.key for paper in await related(key(1), 1)]


async def make_of(term: str, **fields: Any) -> None:
    row = await Term.get(name=term)
    await OwnTerm.create(user_id=1, term_id=row.id, created=NOW, updated=NOW, **fields)
