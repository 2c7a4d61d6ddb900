"""Vectors and models follow the papers and the lists of a store, on both engines."""

import pytest

from server.database.change_feed import newest_change
from server.database.connection import execute
from server.database.models.papers import Paper
from server.database.models.ranking import PaperVector, RankingModel
from server.database.transactions import writing
from server.ranking.learning import learn_model
from server.ranking.nearest import find_alike
from server.ranking.refresh import Refresher
from server.ranking.storage import (
    read_model,
    read_statistics,
    read_vectors,
    save_model,
    save_statistics,
)
from server.ranking.vectors import VERSION, Statistics, make_vector, pack
from server.reading_list.entries import delete_entry, put_entry
from server.schema.reading_list import EntryEdit
from tests.server.material import edit, second_user, source, take_in

pytestmark = pytest.mark.anyio

TEXTS = {
    1: ("Moss pruning", "We prune ferns with sparse moss masks."),
    2: ("Sparse fern pruning", "Moss masks for sparse networks of ferns."),
    3: ("Bird song retrieval", "We retrieve songs of birds from a corpus of audio."),
    4: ("Songs of birds", "Audio retrieval of bird songs."),
    **{n: (f"Topic{n} study", f"A study{n} of matter{n} and of thing{n}.") for n in range(5, 25)},
}


def key(number: int) -> str:
    return f"2601.{number:05}"


async def like(*numbers: int, user: int = 1, **fields: object) -> None:
    for number in numbers:
        wish = EntryEdit(**{"status": "read", **fields})  # type: ignore[arg-type]
        await put_entry(edit(user=user, force=True), key(number), wish)


@pytest.fixture(autouse=True)
async def papers(store: object) -> None:
    await take_in(
        *(source(key(n), title, abstract=abstract) for n, (title, abstract) in TEXTS.items())
    )


async def rank(user: int = 1) -> list[int]:
    """Return the papers' numbers in the order in which the user's model ranks them."""
    model = await read_model(user)
    assert model is not None
    rows = {row.id: int(row.key[5:]) for row in await Paper.all()}
    vectors = await read_vectors([*rows])
    scores = model.score(vectors, {})
    return [rows[id] for id in sorted(scores, key=lambda id: -scores[id])]


async def test_every_paper_gets_a_vector_once() -> None:
    refresher = Refresher()
    await refresher.refresh()
    before = await PaperVector.all().order_by("id").values_list("id", flat=True)
    await like(1)
    await refresher.refresh()
    await Refresher().refresh()
    assert len(before) == len(TEXTS)
    assert await PaperVector.all().order_by("id").values_list("id", flat=True) == before


async def test_a_changed_text_gets_a_new_vector_and_is_counted_once() -> None:
    await take_in(source("2602.00001", "Late abstract"))
    refresher = Refresher()
    await refresher.refresh()
    await take_in(source("2602.00001", "Late abstract", abstract="It came at last."))
    await refresher.refresh()
    paper = await Paper.get(key="2602.00001")
    found = (await read_vectors([paper.id]))[paper.id]
    assert await PaperVector.filter(paper_id=paper.id).count() == 1
    assert found.terms.tolist() == make_vector("Late abstract\nIt came at last.").terms.tolist()
    statistics = await read_statistics()
    assert statistics.papers == len(TEXTS) + 1
    assert statistics.frequencies[make_vector("late").terms].tolist() == [1]


async def test_vectors_that_were_made_another_way_are_replaced_with_what_was_learnt_of_them() -> (
    None
):
    await like(1)
    await Refresher().refresh()
    expected, order = await read_statistics(), await rank()
    first = await RankingModel.get(user_id=1)
    await as_if_made_another_way()
    await Refresher().refresh()
    found = await read_statistics()
    assert found.papers == expected.papers
    assert found.frequencies.tolist() == expected.frequencies.tolist()
    assert await PaperVector.filter(version=VERSION).count() == len(TEXTS)
    assert (await RankingModel.get(user_id=1)).revision != first.revision
    assert await rank() == order


async def as_if_made_another_way() -> None:
    """Give all papers, and the count of terms, what an earlier version would have stored."""
    statistics = Statistics()
    async with writing() as connection:
        for id in await Paper.all().values_list("id", flat=True):
            vector = make_vector(f"earlier {id}")
            terms, meaning = pack(vector)
            statistics.add([vector])
            await execute(
                connection,
                "UPDATE paper_vector SET version = $1, terms = $2, meaning = $3 "
                "WHERE paper_id = $4",
                VERSION - 1,
                terms,
                meaning,
                id,
            )
        await save_statistics(statistics)


async def test_a_model_follows_the_list() -> None:
    refresher = Refresher()
    await refresher.refresh()
    assert await read_model(1) is None
    await like(1)
    await refresher.refresh()
    assert (await rank())[:2] == [1, 2]
    await delete_entry(edit(force=True), key(1))
    await like(3)
    await refresher.refresh()
    assert (await rank())[:2] == [3, 4]


async def test_a_low_rating_counts_against_a_paper_that_was_read() -> None:
    await like(1)
    await like(3, rating=1)
    await Refresher().refresh()
    assert (await rank())[0] == 1 and (await rank())[-1] == 3


async def test_a_model_is_learnt_again_only_after_a_change() -> None:
    await like(1)
    refresher = Refresher()
    await refresher.refresh()
    first = await RankingModel.get(user_id=1)
    await refresher.refresh()
    await Refresher().refresh()
    assert (await RankingModel.get(user_id=1)).revision == first.revision


async def test_a_model_is_not_replaced_by_one_of_fewer_changes() -> None:
    await like(1)
    earlier = await newest_change(1)
    await like(3)
    await Refresher().refresh()
    newest = await RankingModel.get(user_id=1)
    await save_model(1, None, change=earlier, papers=1)
    assert (await RankingModel.get(user_id=1)).revision == newest.revision


async def test_a_model_of_changes_that_a_restore_took_back_is_replaced() -> None:
    await like(1)
    newest = await newest_change(1)
    await save_model(1, None, change=newest + 100, papers=1)
    await Refresher().refresh()
    assert (await RankingModel.get(user_id=1)).change == newest


async def test_a_stored_model_scores_like_the_learnt_one() -> None:
    await like(1, 3)
    await Refresher().refresh()
    learnt, stored = await learn_model(1), await read_model(1)
    assert learnt is not None and stored is not None
    vectors = [make_vector("\n".join(text)) for text in TEXTS.values()]
    assert stored.text.score(vectors) == pytest.approx(learnt.text.score(vectors), abs=1e-5)


async def test_users_have_models_of_their_own() -> None:
    ada = await second_user()
    await like(1)
    await like(3, user=ada)
    await Refresher().refresh()
    assert (await rank(1))[:2] == [1, 2] and (await rank(ada))[:2] == [3, 4]


async def test_a_store_without_papers_or_abstracts_works() -> None:
    await Paper.all().delete()
    await Refresher().refresh()
    await take_in(*(source(f"2603.{n:05}", "The of") for n in range(3)))
    await put_entry(edit(force=True), "2603.00001", EntryEdit(status="read"))
    await Refresher().refresh()
    [first, *_] = await Paper.all()
    assert await find_alike(first.id, limit=5) == []
    assert await read_model(1) is not None


async def test_related_papers_come_from_the_whole_store() -> None:
    rows = {row.key: row.id for row in await Paper.all()}
    assert await find_alike(rows[key(1)], limit=1) == [], "no vectors yet"
    await Refresher().refresh()
    [found] = await find_alike(rows[key(1)], limit=1)
    assert found.paper == rows[key(2)]
    every = await find_alike(rows[key(1)], limit=len(rows))
    assert {one.paper for one in every} == {*rows.values()} - {rows[key(1)]}
    await take_in(source("2602.00002", "Moss pruning of ferns", abstract=TEXTS[1][1]))
    await Refresher().refresh()
    newest = await Paper.get(key="2602.00002")
    [found] = await find_alike(rows[key(1)], limit=1)
    assert found.paper == newest.id


async def test_nothing_is_like_an_unknown_paper() -> None:
    assert await find_alike(987_654, limit=3) == []
