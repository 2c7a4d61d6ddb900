"""How close papers are to what one reads: by rare terms, weighed as told, and as one has the terms."""

import math
from typing import Any
from uuid import uuid4

import pytest

from nlp.spans import Extraction, Mention
from server.closeness import closest, related
from server.errors import NotFound
from server.library import delete_entry, put_correction, put_entry
from server.mentions import Reading, store_readings, unread
from server.models import OwnTerm, Term
from server.wire import CorrectionEdit, EntryEdit
from tests.server.material import NOW, edit, second_user, source, take_in

pytestmark = pytest.mark.anyio

STORE = 80  # papers, so that a rare term has at most four
TERMS = {
    1: ["Mossformer", "PeatQA", "Accuracy"],
    2: ["Mossformer", "Accuracy"],
    3: ["Mossformer", "PeatQA"],
    4: ["Fernbench"],
    5: ["Fernbench", "Accuracy"],
}


def key(number: int) -> str:
    return f"2601.{number:05}"


async def own(*numbers: int, status: str = "inbox") -> None:
    for number in numbers:
        await put_entry(edit(force=True), key(number), EntryEdit(status=status))  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
async def eighty_papers_with_terms(store: object) -> None:
    await take_in(*(source(key(number)) for number in range(STORE)))
    named = {key(number): TERMS.get(number, ["Accuracy"]) for number in range(STORE)}
    readings = [
        Reading(paper, Extraction([Mention(0, 1, "METHOD", name) for name in named[paper.key]], []))
        for paper in await unread("1", limit=STORE)
    ]
    await store_readings(readings, "1", NOW)


async def test_the_paper_that_shares_the_rarest_terms_comes_first_and_says_which() -> None:
    await own(2, 3, 4, 5)
    first, second = await related(key(1), 1)
    assert (first.key, [term.name for term in first.terms]) == (key(3), ["PeatQA", "Mossformer"])
    assert (second.key, [(term.name, term.papers, term.own) for term in second.terms]) == (
        key(2),
        [("Mossformer", 3, 2)],
    )
    assert first.score == pytest.approx(math.log(STORE / 2) + math.log(STORE / 3), abs=1e-3)
    assert (first.title, first.status) == (f"On {key(3)}", "inbox")


async def test_at_most_so_many_are_given_as_were_asked_for() -> None:
    await own(2, 3)
    assert [paper.key for paper in await related(key(1), 1, limit=1)] == [key(3)]


async def test_a_paper_is_not_related_to_itself_nor_to_what_was_skipped_or_thrown_away() -> None:
    await own(1)
    await own(2, status="skipped")
    await own(3)
    await delete_entry(edit(force=True), key(3))
    assert await related(key(1), 1) == []
    assert await closest([key(1)], 1) == {}


async def test_what_another_reader_has_counts_for_nothing() -> None:
    ada = await second_user()
    await own(2, 3)
    assert await related(key(1), ada) == [] and await closest([key(1)], ada) == {}


async def test_papers_are_weighed_by_how_rare_a_term_is_and_how_much_one_reads_about_it() -> None:
    await own(2, 3, 5)
    close = await closest([key(number) for number in range(10)], 1)
    assert set(close) == {key(1), key(2), key(3), key(4)}, "Accuracy stands in every other paper"
    mossformer, peat = math.log(STORE / 3), math.log(STORE / 2)
    assert close[key(1)].score == pytest.approx(mossformer * math.log(3) + peat * math.log(2), abs=2e-3)
    assert close[key(2)].score == pytest.approx(mossformer * math.log(2), abs=2e-3), "without itself"
    assert [(term.name, term.own) for term in close[key(1)].terms] == [("PeatQA", 1), ("Mossformer", 2)]


async def test_a_hidden_term_brings_nothing_close() -> None:
    await own(5)
    assert await closest([key(4)], 1)
    await make_of("Fernbench", hidden=True)
    assert await closest([key(4)], 1) == {} and await related(key(4), 1) == []


async def test_terms_put_into_another_are_one_with_it_under_its_name() -> None:
    await own(4)
    fern = await Term.get(name="Fernbench")
    await make_of("PeatQA", into_id=fern.id)
    await make_of("Fernbench", name="Green tests")
    [paper] = await related(key(1), 1)
    assert (paper.key, [(term.name, term.papers) for term in paper.terms]) == (key(4), [("Green tests", 4)])


async def test_a_mention_that_was_struck_out_or_added_counts_as_it_was_corrected() -> None:
    await own(4)
    verdict = CorrectionEdit(verdict="missing", surface="Fernbench", label="METHOD", start=0, end=9)
    await take_in(source(key(90), "Fernbench on Moss"))
    await put_correction(edit(0), key(90), uuid4(), verdict)
    assert [paper.key for paper in await related(key(90), 1)] == [key(4)]
    wrong = CorrectionEdit(verdict="wrong", surface="O", label="METHOD")
    await put_correction(edit(0), key(4), uuid4(), wrong)
    assert await related(key(90), 1) == [] and key(5) not in await closest([key(5)], 1)


async def test_of_nothing_nothing_is_close() -> None:
    assert await closest([], 1) == {} and await closest(["2699.99999"], 1) == {}
    with pytest.raises(NotFound):
        await related("2699.99999", 1)


async def make_of(term: str, **fields: Any) -> None:
    row = await Term.get(name=term)
    await OwnTerm.create(user_id=1, term_id=row.id, created=NOW, updated=NOW, **fields)
