"""How much a user likes each paper, which is what the ranking is learnt from."""

from uuid import uuid4

import pytest

from server.database.serializers import find_paper
from server.ranking.learning import read_weights
from server.reading_list.entries import delete_entry, put_entry, set_seen
from server.reading_list.notes import put_note
from server.schema.reading_list import EntryEdit, NoteEdit, SeenEdit
from tests.server.material import FERN, MOSS, edit, second_user, take_in_two

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def papers(store: object) -> None:
    await take_in_two()


async def weights(user: int = 1) -> dict[str, float]:
    found = await read_weights(user)
    rows = {key: (await find_paper(key)).id for key in (MOSS, FERN)}
    return {key: found[row] for key, row in rows.items() if row in found}


@pytest.mark.parametrize(
    ("entry", "weight"),
    [
        (EntryEdit(status="none"), None),
        (EntryEdit(status="inbox"), 0.6),
        (EntryEdit(status="read"), 1.0),
        (EntryEdit(status="skipped"), -1.0),
        (EntryEdit(status="skipped", rating=5), 2.0),
        (EntryEdit(status="read", rating=1), -1.0),
        (EntryEdit(status="read", rating=2, tags=["rl"]), -0.5),
        (EntryEdit(status="inbox", tags=["rl"]), 0.85),
    ],
)
async def test_a_rating_counts_before_the_status_and_a_tag_a_little_more(
    entry: EntryEdit, weight: float | None
) -> None:
    await put_entry(edit(), MOSS, entry)
    assert await weights() == ({} if weight is None else {MOSS: weight})


async def test_a_note_speaks_for_a_paper_that_is_not_disliked() -> None:
    for key, status in ((MOSS, "read"), (FERN, "skipped")):
        await put_entry(edit(), key, EntryEdit(status=status))
        await put_note(edit(), uuid4(), NoteEdit(paper=key, text="a thought"))
    assert await weights() == {MOSS: 1.5, FERN: -1.0}


async def test_what_was_seen_and_left_speaks_a_little_against_it_for_its_user_alone() -> None:
    ada = await second_user()
    await set_seen(edit(), SeenEdit(papers=[MOSS, FERN]))
    await set_seen(edit(user=ada), SeenEdit(papers=[FERN]))
    await put_entry(edit(), FERN, EntryEdit(status="read"))
    await put_entry(edit(user=ada), MOSS, EntryEdit(status="read"))
    assert await weights() == {MOSS: -0.1, FERN: 1.0}
    assert await weights(ada) == {MOSS: 1.0, FERN: -0.1}


async def test_an_entry_in_the_trash_says_nothing_of_its_own() -> None:
    await put_entry(edit(), MOSS, EntryEdit(status="read", rating=5))
    await delete_entry(edit(1), MOSS)
    assert await weights() == {}
