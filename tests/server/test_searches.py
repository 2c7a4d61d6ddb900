"""Saved searches: one under a name whatever its case, never overwritten unasked, and what each finds."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from server import searches
from server.changes import changes_since, newest_change
from server.errors import Conflict, Invalid, NotFound, PreconditionMissing, QueryError
from server.library import delete_entry, put_entry, set_seen
from server.margin import read_trash
from server.matches import list_searches, match_papers, read_search
from server.models import Paper, SavedSearch
from server.trash import empty_trash, restore
from server.wire import EntryEdit, Restore, SearchEdit, SeenEdit
from tests.server.material import FERN, MOSS, NOW, edit, second_user, source, take_in, take_in_two

pytestmark = pytest.mark.anyio

FERNS = SearchEdit(query="fern", sort="published")


async def names(reader: int = 1) -> list[str]:
    return [search.name for search in await list_searches(reader, NOW)]


class TestWriting:
    @pytest.fixture(autouse=True)
    async def a_saved_search(self, store: object) -> None:
        await searches.put_search(edit(0), "Ferns", FERNS)

    async def test_a_query_is_kept_under_a_name_whatever_its_case(self) -> None:
        state = await read_search(" FERNS ", 1, NOW)
        assert (state.name, state.query, state.sort, state.digest, state.version) == (
            "Ferns", "fern", "published", False, 1,
        )  # fmt: skip

    @pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x00b", "\x1f", "\ud800", "ﬃ" * 100])
    async def test_a_name_that_cannot_be_kept_is_refused(self, name: str) -> None:
        with pytest.raises(Invalid):
            await searches.put_search(edit(), name, FERNS)

    async def test_a_query_that_cannot_be_read_is_refused_with_its_place(self) -> None:
        with pytest.raises(QueryError) as refusal:
            await searches.put_search(edit(0), "broken", SearchEdit(query="moss (fern"))
        assert refusal.value.extra == {"query": "moss (fern", "position": 10}
        assert await names() == ["Ferns"]

    async def test_a_new_one_needs_a_query(self) -> None:
        with pytest.raises(Invalid, match="needs a query"):
            await searches.put_search(edit(0), "empty", SearchEdit(digest=True))

    async def test_a_change_names_the_version_it_started_from(self) -> None:
        changed = await searches.put_search(edit(1), "FERNS", SearchEdit(digest=True))
        assert (changed.name, changed.version) == ("Ferns", 2), "only a rename changes the spelling"
        for kind, base in ((Conflict, 1), (PreconditionMissing, None)):
            with pytest.raises(kind) as refusal:
                await searches.put_search(edit(base), "ferns", SearchEdit(query="moss"))
            assert refusal.value.current.query == "fern"
        same = await searches.put_search(edit(1), "ferns", SearchEdit(query="fern", digest=True))
        assert same.version == 2, "it asks for what already is"

    async def test_a_change_sent_twice_is_done_once(self) -> None:
        uuid = uuid4()
        for _ in range(2):
            assert (await searches.put_search(edit(1, uuid=uuid), "ferns", SearchEdit(query="moss"))).version == 2
        uuid = uuid4()
        for _ in range(2):
            assert (await searches.put_search(edit(2, uuid=uuid), "ferns", SearchEdit(name="Moss"))).version == 3

    async def test_a_rename_is_told_and_takes_no_other_s_name(self) -> None:
        before = await newest_change()
        await searches.put_search(edit(1), "ferns", SearchEdit(name="FERNS, all"))
        told = [(c.kind, c.ref, c.version, c.deleted) for c in (await changes_since(1, before, 9)).changes]
        assert told == [("search", "Ferns", 2, True), ("search", "FERNS, all", 2, False)]
        await searches.put_search(edit(0), "moss", SearchEdit(query="moss"))
        for base, name in ((1, "moss"), (0, "new")):
            with pytest.raises(Invalid, match="already"):
                await searches.put_search(edit(base), name, SearchEdit(name="ferns, ALL", query="moss"))

    async def test_another_case_of_its_own_name_is_a_rename(self) -> None:
        assert (await searches.put_search(edit(1), "ferns", SearchEdit(name="FERNS"))).name == "FERNS"

    async def test_a_deleted_one_lies_in_the_trash_and_comes_back(self) -> None:
        assert (await searches.delete_search(edit(1), "ferns")).deleted == NOW
        assert (await searches.delete_search(edit(1), "ferns")).version == 2, "twice is once"
        assert await names() == [] and [row.name for row in (await read_trash(1)).searches] == ["Ferns"]
        back: Any = await restore(edit(), Restore(kind="search", ref="FERNS"))
        assert (back.name, back.version, back.deleted) == ("Ferns", 3, None)
        assert await restore(edit(), Restore(kind="search", ref="ferns")) == back
        assert await names() == ["Ferns"]

    async def test_one_whose_name_was_taken_since_stays_in_the_trash(self) -> None:
        await searches.delete_search(edit(1), "ferns")
        await searches.put_search(edit(0), "FERNS", SearchEdit(query="pteridophyte"))
        with pytest.raises(Invalid, match="rename"):
            await searches.restore_search(edit(), "ferns")
        await searches.put_search(edit(1), "ferns", SearchEdit(name="Botany"))
        assert (await searches.restore_search(edit(), "ferns")).query == "fern"
        assert await names() == ["Botany", "Ferns"]

    async def test_an_emptied_trash_has_none(self) -> None:
        await searches.delete_search(edit(1), "ferns")
        await searches.put_search(edit(0), "moss", SearchEdit(query="moss"))
        assert await empty_trash(edit()) == 1
        with pytest.raises(NotFound):
            await searches.restore_search(edit(), "ferns")
        assert await names() == ["moss"]

    async def test_two_readers_searches_of_one_name_are_two(self) -> None:
        ada = await second_user()
        for call in (searches.delete_search(edit(1, user=ada), "ferns"), read_search("ferns", ada, NOW)):
            with pytest.raises(NotFound):
                await call
        await searches.put_search(edit(0, user=ada), "ferns", SearchEdit(query="moss"))
        assert (await read_search("ferns", 1, NOW)).query == "fern"


class TestFinding:
    @pytest.fixture(autouse=True)
    async def three_papers(self, store: object) -> None:
        await take_in_two()
        await take_in(source("2601.00003", "Old Ferns", abstract="Ferns of long ago."))
        await Paper.filter(key="2601.00003").update(created=NOW - timedelta(days=8))
        await Paper.exclude(key="2601.00003").update(created=NOW - timedelta(days=7))
        await searches.put_search(edit(0), "ferns", SearchEdit(query="fern or ferns"))

    async def counts(self) -> tuple[int | None, int | None]:
        [search] = await list_searches(1, NOW)
        return search.papers, search.new

    async def test_it_counts_papers_of_the_list_and_those_that_came_within_a_week(self) -> None:
        assert await self.counts() == (0, 2)
        await put_entry(edit(0), MOSS, EntryEdit(status="reading"))
        assert await self.counts() == (1, 1), "in the list is not new"

    async def test_what_was_looked_through_or_skipped_is_not_new(self) -> None:
        await set_seen(edit(), SeenEdit(papers=[MOSS]))
        assert await self.counts() == (0, 1)
        await put_entry(edit(0), FERN, EntryEdit(status="none"))
        assert await self.counts() == (0, 1), "known, though not in the list"
        await put_entry(edit(1), FERN, EntryEdit(status="skipped"))
        assert await self.counts() == (1, 0)
        await delete_entry(edit(2), FERN)
        assert await self.counts() == (0, 1), "thrown away is as it was before"

    @pytest.mark.parametrize(("query", "found"), [("fern", 2), ("", 2), ("-moss*", 1), ("listed:2026", 0)])
    async def test_every_kind_of_query_is_counted(self, query: str, found: int) -> None:
        await searches.put_search(edit(1), "ferns", SearchEdit(query=query))
        assert (await self.counts())[1] == found

    async def test_a_query_of_another_version_counts_nothing_and_stays(self) -> None:
        await SavedSearch.all().update(query="colour:green")
        assert await self.counts() == (None, None)

    async def test_it_says_which_of_some_papers_match(self) -> None:
        ids = {paper.key: paper.id for paper in await Paper.all()}
        assert await match_papers("fern*", 1, [*ids.values()]) == {ids[FERN], ids[MOSS], ids["2601.00003"]}
        assert await match_papers("fern* -old", 1, [ids[MOSS], ids["2601.00003"]]) == {ids[MOSS]}
        assert await match_papers("", 1, []) == set()


async def test_a_search_is_kept_read_changed_and_deleted_over_the_api(client: httpx.AsyncClient) -> None:
    path = "/api/v1/searches/Ferns & mosses/all"
    made = await client.put(path, json={"query": "fern", "digest": True}, headers={"If-Match": '"0"'})
    assert (made.status_code, made.headers["etag"], made.json()["name"]) == (200, '"1"', "Ferns & mosses/all")
    [listed] = (await client.get("/api/v1/searches")).json()
    assert (listed["digest"], listed["papers"], listed["new"]) == (True, 0, 0)
    assert (await client.get(path)).json() == listed
    wrong = await client.put(path, json={"query": "rating:9"}, headers={"If-Match": "*"})
    assert (wrong.status_code, wrong.json()["position"]) == (422, 7)
    stale = await client.put(path, json={"query": "moss"}, headers={"If-Match": '"7"'})
    assert (stale.status_code, stale.json()["current"]["query"]) == (412, "fern")
    assert (await client.delete(path, headers={"If-Match": '"1"'})).json()["deleted"]
    assert [search["name"] for search in (await client.get("/api/v1/trash")).json()["searches"]] == [listed["name"]]
    back = await client.post("/api/v1/trash/restore", json={"kind": "search", "ref": listed["name"]})
    assert (back.status_code, back.json()["version"]) == (200, 3)
    assert (await client.get("/api/v1/searches/none")).status_code == 404
