"""A reader's tags: one whatever the case, and never lost by a rename, a merge or a delete."""

from typing import Any
from uuid import uuid4

import pytest

from server.database.change_feed import changes_since, newest_change
from server.errors import Conflict, Invalid, NotFound, PreconditionMissing
from server.reading_list import tags
from server.reading_list.entries import delete_entry, put_entry, read_entry
from server.reading_list.tags import list_tags, read_tag
from server.reading_list.trash import read_trash, restore
from server.schema.reading_list import EntryEdit, TagEdit, TagMerge
from server.schema.trash import Restore
from tests.server.material import FERN, MOSS, edit, second_user, take_in_two

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def two_tagged_papers(store: object) -> None:
    await take_in_two()
    await put_entry(edit(), MOSS, EntryEdit(tags=["Bog", "rl/grpo"]))
    await put_entry(edit(), FERN, EntryEdit(tags=["bog"]))


async def tagged() -> dict[str, list[str]]:
    return {key: (await read_entry(key, 1)).tags for key in (MOSS, FERN)}


async def names() -> dict[str, int]:
    return {tag.name: tag.papers for tag in await list_tags(1)}


async def test_a_tag_is_one_whatever_its_case_and_keeps_its_first_spelling() -> None:
    assert await names() == {"Bog": 2, "rl/grpo": 1}
    assert (await read_tag("BOG", 1)).name == "Bog"


@pytest.mark.parametrize("spelling", [" a  b ", "A\u00a0B", "a\tb"])
async def test_white_space_in_a_tag_is_folded(spelling: str) -> None:
    assert (await tags.put_tag(edit(), spelling, TagEdit())).name.lower() == "a b"


@pytest.mark.parametrize(
    ("one", "other"), [("é", "e\u0301"), ("STRASSE", "straße"), ("İ", "i\u0307")]
)
async def test_two_ways_to_write_a_letter_are_one_tag(one: str, other: str) -> None:
    await tags.put_tag(edit(), one, TagEdit())
    await tags.put_tag(edit(force=True), other, TagEdit())
    assert len(await list_tags(1)) == 3


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "ΐ" * 100, "a\x00b", "\x1f", "\ud800"])
async def test_a_name_that_cannot_be_kept_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        await tags.put_tag(edit(), name, TagEdit())


async def test_a_renamed_tag_stays_on_its_entries_and_their_holders_are_told() -> None:
    before = await newest_change(1)
    state = await tags.put_tag(edit(1), "bog", TagEdit(name="Peat"))
    assert (state.name, state.papers, state.version) == ("Peat", 2, 2)
    assert await tagged() == {MOSS: ["Peat", "rl/grpo"], FERN: ["Peat"]}
    told = {(c.kind, c.ref, c.deleted) for c in (await changes_since(1, before, 99)).changes}
    assert told == {
        ("tag", "Bog", True),
        ("tag", "Peat", False),
        ("entry", MOSS, False),
        ("entry", FERN, False),
    }
    with pytest.raises(Conflict):
        await put_entry(edit(1), MOSS, EntryEdit(tags=["Bog"]))


async def test_a_tag_is_renamed_to_another_case_of_itself() -> None:
    assert (await tags.put_tag(edit(1), "bog", TagEdit(name="BOG"))).name == "BOG"
    assert await names() == {"BOG": 2, "rl/grpo": 1}


async def test_a_tag_is_not_renamed_onto_another() -> None:
    with pytest.raises(Invalid, match="merge"):
        await tags.put_tag(edit(1), "bog", TagEdit(name="RL/GRPO"))
    assert await names() == {"Bog": 2, "rl/grpo": 1}


async def test_a_rename_sent_twice_is_done_once() -> None:
    uuid = uuid4()
    for _ in range(2):
        assert (await tags.put_tag(edit(1, uuid=uuid), "bog", TagEdit(name="Peat"))).version == 2


async def test_a_colour_comes_and_goes() -> None:
    assert (await tags.put_tag(edit(1), "bog", TagEdit(colour="#112233"))).colour == "#112233"
    assert (await tags.put_tag(edit(2), "bog", TagEdit(colour=None))).colour is None
    for kind, base in ((Conflict, 1), (PreconditionMissing, None)):
        with pytest.raises(kind):
            await tags.put_tag(edit(base), "bog", TagEdit(colour="#000000"))


async def test_merged_tags_leave_their_entries_with_the_one_and_go_to_the_trash() -> None:
    state = await tags.merge_tags(edit(), TagMerge(names=["bog", "rl/grpo", "BOG"], into="wet"))
    assert (state.name, state.papers) == ("wet", 2)
    assert await tagged() == {MOSS: ["wet"], FERN: ["wet"]}
    assert sorted(tag.name for tag in (await read_trash(1)).tags) == ["Bog", "rl/grpo"]


async def test_a_merge_sent_twice_is_done_once() -> None:
    uuid = uuid4()
    merge = TagMerge(names=["bog"], into="rl/grpo")
    first = await tags.merge_tags(edit(uuid=uuid), merge)
    assert await tags.merge_tags(edit(uuid=uuid), merge) == first


@pytest.mark.parametrize(
    ("merge", "error"),
    [
        (TagMerge(names=["bog"], into="BOG"), Invalid),
        (TagMerge(names=["bog", "fen"], into="rl/grpo"), NotFound),
    ],
)
async def test_a_merge_that_cannot_be_changes_nothing(merge: TagMerge, error: Any) -> None:
    with pytest.raises(error):
        await tags.merge_tags(edit(), merge)
    assert await tagged() == {MOSS: ["Bog", "rl/grpo"], FERN: ["Bog"]}


async def test_a_deleted_tag_is_restored_on_the_entries_that_bore_it() -> None:
    await tags.delete_tag(edit(1), "bog")
    assert await tagged() == {MOSS: ["rl/grpo"], FERN: []}
    assert (await tags.delete_tag(edit(1), "bog")).deleted is not None, "twice is once"
    assert (await restore(edit(), Restore(kind="tag", ref="bog"))).version == 3
    assert await tagged() == {MOSS: ["Bog", "rl/grpo"], FERN: ["Bog"]}


async def test_entries_of_a_restored_tag_are_told() -> None:
    await tags.delete_tag(edit(1), "bog")
    before = (await newest_change(1), (await read_entry(FERN, 1)).version)
    await restore(edit(), Restore(kind="tag", ref="bog"))
    told = {change.ref for change in (await changes_since(1, before[0], 99)).changes}
    assert {MOSS, FERN} <= told
    assert (await read_entry(FERN, 1)).version == before[1] + 1


async def test_a_colour_that_a_tag_has_already_is_no_change() -> None:
    first = await tags.put_tag(edit(1), "bog", TagEdit(colour="#112233"))
    assert await tags.put_tag(edit(1), "bog", TagEdit(colour="#112233")) == first
    assert (await tags.put_tag(edit(2), "bog", TagEdit(colour="#445566"))).version == 3


async def test_a_tag_made_anew_is_another_and_takes_the_restored_one_in() -> None:
    await tags.delete_tag(edit(1), "bog")
    await put_entry(edit(force=True), FERN, EntryEdit(tags=["BOG"]))
    assert await tagged() == {MOSS: ["rl/grpo"], FERN: ["BOG"]}
    await restore(edit(), Restore(kind="tag", ref="Bog"))
    assert await tagged() == {MOSS: ["BOG", "rl/grpo"], FERN: ["BOG"]}


async def test_of_tags_deleted_under_one_name_the_last_is_restored_first() -> None:
    await tags.put_tag(edit(1), "bog", TagEdit(colour="#111111"))
    await tags.delete_tag(edit(2), "bog")
    await tags.put_tag(edit(), "bog", TagEdit(colour="#222222"))
    await tags.delete_tag(edit(force=True, minutes=1), "bog")
    assert (await tags.restore_tag(edit(), "bog")).colour == "#222222"


async def test_an_entry_in_the_trash_is_told_of_a_rename_and_comes_back_with_it() -> None:
    await delete_entry(edit(1), FERN)
    await tags.put_tag(edit(1), "bog", TagEdit(name="peat"))
    assert (await restore(edit(), Restore(kind="entry", ref=FERN))).tags == ["peat"]


async def test_two_readers_tags_of_one_name_are_two() -> None:
    ada = await second_user()
    await put_entry(edit(user=ada), MOSS, EntryEdit(tags=["bog"]))
    await tags.delete_tag(edit(1), "bog")
    assert (await read_entry(MOSS, ada)).tags == ["bog"]
    assert {tag.name: tag.papers for tag in await list_tags(ada)} == {"bog": 1}
    await tags.put_tag(edit(force=True, user=ada), "bog", TagEdit(colour="#112233"))
    assert (await tags.tag_colours(1), await tags.tag_colours(ada)) == ({}, {"bog": "#112233"})


async def test_a_tag_that_is_not_there_is_not_found() -> None:
    for call in (
        tags.delete_tag(edit(), "fen"),
        tags.restore_tag(edit(), "fen"),
        read_tag("fen", 1),
    ):
        with pytest.raises(NotFound):
            await call


async def test_a_name_with_signs_of_patterns_finds_only_itself() -> None:
    for name in ("a%", "a_", "ab"):
        await tags.put_tag(edit(), name, TagEdit())
        await tags.delete_tag(edit(force=True), name)
    assert (await tags.restore_tag(edit(), "a%")).name == "a%"
    assert (await tags.restore_tag(edit(), "a_")).name == "a_"
