"""Papers that might belong to a tag are found, and nothing is tagged by itself."""

import pytest

from server.errors import NotFound
from server.ranking.refresh import fill_vectors
from server.ranking.tags import suggest_for_tag
from server.reading_list.entries import put_entry
from server.reading_list.tags import list_tags
from server.schema.reading_list import EntryEdit
from tests.server.material import edit, second_user, source, take_in

pytestmark = pytest.mark.anyio

FERNS = {n: f"Pruning ferns with moss masks, {word}" for n, word in enumerate("abcdefgh", 1)}
OTHERS = {n: f"Harbour{n} and its lights{n} by night{n}" for n in range(9, 40)}


def key(number: int) -> str:
    return f"2601.{number:05}"


async def put_tags(*numbers: int, tags: list[str], user: int = 1) -> None:
    for number in numbers:
        await put_entry(edit(user=user, force=True), key(number), EntryEdit(tags=tags))


async def suggested(name: str, user: int = 1) -> list[tuple[str, bool]]:
    found = await suggest_for_tag(user, name)
    return [(paper.key, paper.listed) for paper in found.suggested]


@pytest.fixture(autouse=True)
async def papers(store: object) -> None:
    await take_in(*(source(key(n), text) for n, text in (FERNS | OTHERS).items()))
    await fill_vectors()


async def test_papers_like_those_of_a_tag_are_suggested_from_list_and_store() -> None:
    await put_tags(1, 2, 3, 4, tags=["Ferns"])
    await put_tags(5, tags=["Ferns/rare"])
    await put_tags(6, 9, 10, tags=[])
    assert {*await suggested("ferns")} == {(key(6), True), (key(7), False), (key(8), False)}
    assert {tag.name: tag.papers for tag in await list_tags(1)} == {"Ferns": 4, "Ferns/rare": 1}
    await put_tags(6, tags=["Ferns"])
    assert key(6) not in {name for name, _ in await suggested("ferns")}


async def test_a_tag_of_few_papers_suggests_nothing() -> None:
    await put_tags(1, 2, 3, 4, tags=["Ferns"])
    found = await suggest_for_tag(1, "Ferns")
    assert (found.papers, found.needed, found.suggested) == (4, 5, [])


async def test_tags_of_other_users_are_unknown() -> None:
    ada = await second_user()
    await put_tags(1, 2, 3, 4, 5, tags=["Ferns"], user=ada)
    assert await suggested("Ferns", ada)
    with pytest.raises(NotFound):
        await suggest_for_tag(1, "Ferns")
