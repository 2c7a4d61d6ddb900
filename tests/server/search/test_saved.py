"""Saved searches: their names, changes, trash and counts."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from server.database.change_feed import changes_since, newest_change
from server.database.models.papers import Paper
from server.database.models.reading_list import SavedSearch
from server.errors import Conflict, Invalid, NotFound, PreconditionMissing, QueryError
from server.papers.saved_counts import list_searches, match_papers, read_search
from server.reading_list.entries import delete_entry, put_entry, set_seen
from server.reading_list.trash import empty_trash, read_trash, restore
from server.schema.reading_list import EntryEdit, SeenEdit
from server.schema.searches import SearchEdit
from server.schema.trash import Restore
from server.search.saved import delete_search, put_search, restore_search
from tests.server.material import FERN, MOSS, NOW, edit, second_user, source, take_in, take_in_two

pytestmark = pytest.mark.anyio

FERNS = SearchEdit(query="fern", sort="published")


async def names(user: int = 1) -> list[str]:
    return [search.name for search in await list_searches(user, NOW)]


class TestWriting:
    @pytest.fixture(autouse=True)
    async def a_saved_search(self, store: object) -> None:
        await put_search(edit(0), "Ferns", FERNS)

    async def test_names_are_case_insensitive(self) -> None:
        state = await read_search(" FERNS ", 1, NOW)
        assert (state.name, state.query, state.sort, state.digest, state.version) == (
            "Ferns", "fern", "published", False, 1,
        )  # fmt: skip

    @pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x00b", "\x1f", "\ud800", "ﬃ" * 100])
    async def test_an_invalid_name_is_refused(self, name: str) -> None:
        with pytest.raises(Invalid):
            await put_search(edit(), name, FERNS)

    async def test_an_invalid_query_is_refused_with_the_position(self) -> None:
        with pytest.raises(QueryError) as refusal:
            await put_search(edit(0), "broken", SearchEdit(query="moss (fern"))
        assert refusal.value.extra == {"query": "moss (fern", "position": 10}
        assert await names() == ["Ferns"]

    async def test_a_new_search_needs_a_query(self) -> None:
        with pytest.raises(Invalid, match="needs a query"):
            await put_search(edit(0), "empty", SearchEdit(digest=True))

    async def test_a_change_needs_the_current_version(self) -> None:
        changed = await put_search(edit(1), "FERNS", SearchEdit(digest=True))
        assert (changed.name, changed.version) == ("Ferns", 2), "only a rename changes the spelling"
        for kind, base in ((Conflict, 1), (PreconditionMissing, None)):
            with pytest.raises(kind) as refusal:
                await put_search(edit(base), "ferns", SearchEdit(query="moss"))
            assert refusal.value.current.query == "fern"
        same = await put_search(edit(1), "ferns", SearchEdit(query="fern", digest=True))
        assert same.version == 2, "it asks for what already is"

    async def test_a_repeated_change_is_applied_once(self) -> None:
        uuid = uuid4()
        for _ in range(2):
            assert (
                await put_search(edit(1, uuid=uuid), "ferns", SearchEdit(query="moss"))
            ).version == 2
        uuid = uuid4()
        for _ in range(2):
            assert (
                await put_search(edit(2, uuid=uuid), "ferns", SearchEdit(name="Moss"))
            ).version == 3

    async def test_a_rename_is_recorded_and_needs_a_free_name(self) -> None:
        before = await newest_change(1)
        await put_search(edit(1), "ferns", SearchEdit(name="FERNS, all"))
        told = [
            (c.kind, c.ref, c.version, c.deleted)
            for c in (await changes_since(1, before, 9)).changes
        ]
        assert told == [("search", "Ferns", 2, True), ("search", "FERNS, all", 2, False)]
        await put_search(edit(0), "moss", SearchEdit(query="moss"))
        for base, name in ((1, "moss"), (0, "new")):
            with pytest.raises(Invalid, match="already"):
                await put_search(edit(base), name, SearchEdit(name="ferns, ALL", query="moss"))

    async def test_a_name_can_change_its_case(self) -> None:
        assert (await put_search(edit(1), "ferns", SearchEdit(name="FERNS"))).name == "FERNS"

    async def test_a_deleted_search_can_be_restored_from_the_trash(self) -> None:
        assert (await delete_search(edit(1), "ferns")).deleted == NOW
        assert (await delete_search(edit(1), "ferns")).version == 2, "twice is once"
        assert await names() == [] and [row.name for row in (await read_trash(1)).searches] == [
            "Ferns"
        ]
        back: Any = await restore(edit(), Restore(kind="search", ref="FERNS"))
        assert (back.name, back.version, back.deleted) == ("Ferns", 3, None)
        assert await restore(edit(), Restore(kind="search", ref="ferns")) == back
        assert await names() == ["Ferns"]

    async def test_a_search_whose_name_is_taken_cannot_be_restored(self) -> None:
        await delete_search(edit(1), "ferns")
        await put_search(edit(0), "FERNS", SearchEdit(query="pteridophyte"))
        with pytest.raises(Invalid, match="rename"):
            await restore_search(edit(), "ferns")
        await put_search(edit(1), "ferns", SearchEdit(name="Botany"))
        assert (await restore_search(edit(), "ferns")).query == "fern"
        assert await names() == ["Botany", "Ferns"]

    async def test_emptying_the_trash_deletes_searches(self) -> None:
        await delete_search(edit(1), "ferns")
        await put_search(edit(0), "moss", SearchEdit(query="moss"))
        assert await empty_trash(edit()) == 1
        with pytest.raises(NotFound):
            await restore_search(edit(), "ferns")
        assert await names() == ["moss"]

    async def test_two_users_can_have_searches_of_the_same_name(self) -> None:
        ada = await second_user()
        for call in (delete_search(edit(1, user=ada), "ferns"), read_search("ferns", ada, NOW)):
            with pytest.raises(NotFound):
                await call
        await put_search(edit(0, user=ada), "ferns", SearchEdit(query="moss"))
        assert (await read_search("ferns", 1, NOW)).query == "fern"


class TestFinding:
    @pytest.fixture(autouse=True)
    async def three_papers(self, store: object) -> None:
        await take_in_two()
        await take_in(source("2601.00003", "Old Ferns", abstract="Ferns of long ago."))
        await Paper.filter(key="2601.00003").update(created=NOW - timedelta(days=8))
        await Paper.exclude(key="2601.00003").update(created=NOW - timedelta(days=7))
        await put_search(edit(0), "ferns", SearchEdit(query="fern or ferns"))

    async def counts(self) -> tuple[int | None, int | None]:
        [search] = await list_searches(1, NOW)
        return search.papers, search.new

    async def test_papers_of_the_list_and_new_papers_of_a_week_are_counted(self) -> None:
        assert await self.counts() == (0, 2)
        await put_entry(edit(0), MOSS, EntryEdit(status="reading"))
        assert await self.counts() == (1, 1), "in the list is not new"

    async def test_seen_or_skipped_papers_are_not_new(self) -> None:
        await set_seen(edit(), SeenEdit(papers=[MOSS]))
        assert await self.counts() == (0, 1)
        await put_entry(edit(0), FERN, EntryEdit(status="none"))
        assert await self.counts() == (0, 1), "known, though not in the list"
        await put_entry(edit(1), FERN, EntryEdit(status="skipped"))
        assert await self.counts() == (1, 0)
        await delete_entry(edit(2), FERN)
        assert await self.counts() == (0, 1), "thrown away is as it was before"

    @pytest.mark.parametrize(
        ("query", "found"), [("fern", 2), ("", 2), ("-moss*", 1), ("listed:2026", 0)]
    )
    async def test_every_kind_of_query_is_counted(self, query: str, found: int) -> None:
        await put_search(edit(1), "ferns", SearchEdit(query=query))
        assert (await self.counts())[1] == found

    async def test_a_stored_query_that_is_invalid_is_kept_without_counts(self) -> None:
        await SavedSearch.all().update(query="rating:green")
        assert await self.counts() == (None, None)

    async def test_matching_papers_are_selected_by_row_id(self) -> None:
        ids = {paper.key: paper.id for paper in await Paper.all()}
        assert await match_papers("fern*", 1, [*ids.values()]) == {
            ids[FERN],
            ids[MOSS],
            ids["2601.00003"],
        }
        assert await match_papers("fern* -old", 1, [ids[MOSS], ids["2601.00003"]]) == {ids[MOSS]}
        assert await match_papers("", 1, []) == set()


async def test_the_api_creates_reads_changes_deletes_and_restores_a_search(
    client: httpx.AsyncClient,
) -> None:
    path = "/api/v1/searches/Ferns & mosses/all"
    made = await client.put(
        path, json={"query": "fern", "digest": True}, headers={"If-Match": '"0"'}
    )
    assert (made.status_code, made.headers["etag"], made.json()["name"]) == (
        200,
        '"1"',
        "Ferns & mosses/all",
    )
    [listed] = (await client.get("/api/v1/searches")).json()
    assert (listed["digest"], listed["papers"], listed["new"]) == (True, 0, 0)
    assert (await client.get(path)).json() == listed
    wrong = await client.put(path, json={"query": "rating:9"}, headers={"If-Match": "*"})
    assert (wrong.status_code, wrong.json()["position"]) == (422, 7)
    stale = await client.put(path, json={"query": "moss"}, headers={"If-Match": '"7"'})
    assert (stale.status_code, stale.json()["current"]["query"]) == (412, "fern")
    assert (await client.delete(path, headers={"If-Match": '"1"'})).json()["deleted"]
    assert [
        search["name"] for search in (await client.get("/api/v1/trash")).json()["searches"]
    ] == [listed["name"]]
    back = await client.post(
        "/api/v1/trash/restore", json={"kind": "search", "ref": listed["name"]}
    )
    assert (back.status_code, back.json()["version"]) == (200, 3)
    assert (await client.get("/api/v1/searches/none")).status_code == 404
