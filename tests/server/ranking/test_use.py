"""The API, the overlay and the feeds rank papers by the user's model."""

from typing import Any

import feedparser
import httpx
import pytest

from server.database.connection import fetch
from server.ranking import storage
from server.ranking.refresh import Refresher
from tests.server.material import source, take_in

pytestmark = pytest.mark.anyio

TEXTS = {
    1: "Moss pruning of sparse fern networks",
    2: "Sparse moss masks for fern networks",
    3: "Songs of birds in a corpus of audio",
    **{n: f"Harbour{n} and its lights{n} by night{n}" for n in range(4, 24)},
}


def key(number: int) -> str:
    return f"2601.{number:05}"


@pytest.fixture(autouse=True)
async def papers(app: object) -> None:
    await take_in(*(source(key(n), text, authors=["Ada Moss"]) for n, text in TEXTS.items()))


async def read_one(client: httpx.AsyncClient, number: int = 1) -> None:
    (
        await client.put(f"/api/v1/papers/{key(number)}/entry", json={"status": "read"})
    ).raise_for_status()
    await Refresher().refresh()


async def list_keys(client: httpx.AsyncClient, **params: str) -> list[str]:
    asked = {"all": "true", "sort": "for_you", **params}
    reply = (await client.get("/api/v1/papers", params=asked)).raise_for_status().json()
    return [paper["key"] for paper in reply["papers"]]


async def test_the_store_is_sorted_by_what_the_user_reads(client: httpx.AsyncClient) -> None:
    assert await list_keys(client) == [key(n) for n in sorted(TEXTS, reverse=True)], (
        "newest first, before anything was learnt"
    )
    await read_one(client)
    assert (await list_keys(client))[:2] == [key(1), key(2)]


async def test_the_order_goes_on_over_pages(client: httpx.AsyncClient) -> None:
    await read_one(client)
    whole, paged, cursor = await list_keys(client), [], None
    while cursor or not paged:
        params = {"all": "true", "sort": "for_you", "limit": "5"} | (
            {"cursor": cursor} if cursor else {}
        )
        reply = (await client.get("/api/v1/papers", params=params)).raise_for_status().json()
        paged += [paper["key"] for paper in reply["papers"]]
        cursor = reply["next"]
        assert reply["total"] == len(TEXTS)
    assert paged == whole


async def test_cards_of_the_overlay_have_a_score(client: httpx.AsyncClient) -> None:
    asked = {"papers": [{"id": key(2)}, {"id": key(3)}]}
    before = (await client.post("/api/v1/overlay", json=asked)).raise_for_status().json()
    assert [card["for_you"] for card in before["cards"]] == [None, None]
    await read_one(client)
    reply = (await client.post("/api/v1/overlay", json=asked)).raise_for_status().json()
    moss, bird = (card["for_you"]["score"] for card in reply["cards"])
    assert moss > 2 > bird


async def test_the_overlay_reads_each_paper_once(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await read_one(client)
    asked = {"papers": [{"id": key(2)}, {"id": key(3)}]}
    [moss, _] = (
        (await client.post("/api/v1/overlay", json=asked)).raise_for_status().json()["cards"]
    )
    assert moss["for_you"]["stands_out"] and moss["for_you"]["nearest"]
    statements: list[str] = []

    async def recorded(sql: str, *values: object, **options: Any) -> list[dict[str, Any]]:
        statements.append(sql)
        return await fetch(sql, *values, **options)

    monkeypatch.setattr(storage, "fetch", recorded)
    (await client.post("/api/v1/overlay", json=asked)).raise_for_status()
    for table in ("paper_vector", "ranking_model", "paper"):
        assert sum(f"FROM {table} " in sql for sql in statements) == 1, table


async def test_a_feed_holds_new_papers_close_to_the_list(client: httpx.AsyncClient) -> None:
    await read_one(client)
    address = (await client.post("/api/v1/feed-address")).raise_for_status().json()["for_you"]
    feed = feedparser.parse((await client.get(address)).raise_for_status().text)
    assert feed.feed.title == "For you"
    assert [entry.title for entry in feed.entries] == [TEXTS[2]], "not what is in the list"
    whole = feedparser.parse((await client.get(f"{address}?least=-10")).raise_for_status().text)
    assert len(whole.entries) == len(TEXTS) - 1
    assert (await client.get(f"{address}?least=x")).status_code == 400


async def find(client: httpx.AsyncClient, query: str) -> list[str]:
    reply = await client.get("/api/v1/papers", params={"all": "true", "q": query})
    return [paper["key"] for paper in reply.raise_for_status().json()["papers"]]


async def test_a_query_finds_papers_like_one(client: httpx.AsyncClient) -> None:
    await read_one(client)
    assert await find(client, f"like:{key(1)}") == [key(2)]
    assert await find(client, f"like:https://arxiv.org/abs/{key(1)} masks") == [key(2)]
    assert await find(client, f"like:{key(1)} status:read") == []
    assert key(2) not in await find(client, f"-like:{key(1)}")
    assert {key(2), key(3)} == {*await find(client, f"like:{key(1)} or birds")}
    assert await find(client, f"like:{key(4)}") == []


async def test_a_query_for_papers_like_no_paper_says_so(client: httpx.AsyncClient) -> None:
    for query in ("like:2607.99999", "like:moss"):
        reply = await client.get("/api/v1/papers", params={"q": query})
        assert (reply.status_code, reply.json()["position"]) == (422, 5)
