"""Tags below others, merged tags that come apart again, and names that look alike."""

import pytest

from server.database.change_feed import changes_since
from server.errors import Invalid
from server.reading_list import tags
from server.reading_list.entries import put_entry, read_entry
from server.reading_list.tags import list_tags
from server.schema.reading_list import EntryEdit, TagEdit, TagMerge
from tests.server.material import FERN, MOSS, edit, take_in_two

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def two_papers(store: object) -> None:
    await take_in_two()


async def names() -> list[str]:
    return [tag.name for tag in await list_tags(1)]


async def test_the_tags_below_a_renamed_one_are_renamed_with_it() -> None:
    await put_entry(edit(), MOSS, EntryEdit(tags=["par", "Par/child", "par/child/deep", "parody"]))
    await tags.put_tag(edit(base=1), "par", TagEdit(name="papa"))
    assert await names() == ["papa", "papa/child", "papa/child/deep", "parody"]
    assert (await read_entry(MOSS, 1)).tags == ["papa", "papa/child", "papa/child/deep", "parody"]
    told = [(change.ref, change.deleted) for change in (await changes_since(1, 0, 99)).changes]
    assert ("Par/child", True) in told and ("papa/child", False) in told


async def test_a_tag_is_renamed_into_its_own_place() -> None:
    await put_entry(edit(), MOSS, EntryEdit(tags=["a", "a/b", "a/b/b"]))
    await tags.put_tag(edit(base=1), "a", TagEdit(name="a/b"))
    assert await names() == ["a/b", "a/b/b", "a/b/b/b"]


async def test_a_rename_that_would_make_two_tags_one_changes_nothing() -> None:
    await put_entry(edit(), MOSS, EntryEdit(tags=["a", "a/x", "b/x"]))
    with pytest.raises(Invalid, match="'b/x'"):
        await tags.put_tag(edit(base=1), "a", TagEdit(name="b"))
    assert await names() == ["a", "a/x", "b/x"]


async def test_a_merge_is_undone_by_restoring_what_was_merged() -> None:
    await put_entry(edit(), MOSS, EntryEdit(tags=["wet"]))
    await put_entry(edit(), FERN, EntryEdit(tags=["wet", "damp"]))
    await tags.merge_tags(edit(), TagMerge(names=["wet"], into="damp"))
    assert (await read_entry(MOSS, 1)).tags == ["damp"]
    await tags.restore_tag(edit(), "wet")
    assert (await read_entry(MOSS, 1)).tags == ["wet"]
    assert (await read_entry(FERN, 1)).tags == ["damp", "wet"]


async def test_tags_that_differ_by_an_invisible_character_are_one() -> None:
    await put_entry(edit(), MOSS, EntryEdit(tags=["mo\u200bss"]))
    await put_entry(edit(), FERN, EntryEdit(tags=["moss"]))
    assert await names() == ["mo\u200bss"]
    with pytest.raises(Invalid, match="invisible"):
        await tags.put_tag(edit(), "\u200b", TagEdit())
