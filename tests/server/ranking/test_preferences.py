"""A user sees what the ranking learnt, mutes and pins it, and switches it off."""

from typing import Any

import httpx
import pytest

from server.ranking.refresh import Refresher
from tests.server.material import source, take_in

pytestmark = pytest.mark.anyio

TEXTS = {
    1: ("Moss pruning", "We prune sparse ferns with moss masks."),
    2: ("Moss masks for ferns", "Sparse moss masks for ferns."),
    3: ("Sparse orchids", "Masks for orchids, sparse ones."),
    4: ("Songs of birds", "Audio of bird songs."),
    **{n: (f"Harbour{n} lights", f"Lights{n} of a harbour{n} by night.") for n in range(5, 25)},
}


def key(number: int) -> str:
    return f"2601.{number:05}"


def authors(number: int) -> list[str]:
    return ["Ada Birch"] if number in (1, 2, 4) else [f"Writer {number}"]


@pytest.fixture(autouse=True)
async def papers(app: object, client: httpx.AsyncClient) -> None:
    await take_in(
        *(
            source(key(n), title, abstract=abstract, authors=authors(n))
            for n, (title, abstract) in TEXTS.items()
        )
    )
    await put(client, f"papers/{key(1)}/entry", status="read")


async def put(client: httpx.AsyncClient, path: str, **body: object) -> Any:
    headers = {"if-match": "*"}
    reply = await client.put(f"/api/v1/{path}", json=body, headers=headers)
    await Refresher().refresh()
    return reply.raise_for_status().json()


async def get_ranking(client: httpx.AsyncClient) -> Any:
    return (await client.get("/api/v1/ranking")).raise_for_status().json()


async def names(client: httpx.AsyncClient, kind: str) -> list[str]:
    return [each["name"] for each in (await get_ranking(client))["pros"] if each["kind"] == kind]


async def score(client: httpx.AsyncClient, number: int) -> Any:
    asked = {"papers": [{"id": key(number)}]}
    reply = (await client.post("/api/v1/overlay", json=asked)).raise_for_status().json()
    return reply["cards"][0]["for_you"]


async def test_the_strongest_signals_are_words_and_authors_of_the_list(
    client: httpx.AsyncClient,
) -> None:
    assert {"moss", "ferns", "moss masks"} <= {*await names(client, "word")}
    assert await names(client, "author") == ["Ada Birch"]
    ranking = await get_ranking(client)
    assert ranking["papers"] == 1
    [author] = [each for each in ranking["pros"] if each["kind"] == "author"]
    assert (author["effect"], author["papers"]) == (0.5, 1)


async def test_an_author_of_a_paper_that_was_read_is_a_signal_of_its_own(
    client: httpx.AsyncClient,
) -> None:
    by_author = (await score(client, 4))["score"]
    await put(client, "ranking/author/ada%20birch", choice="muted")
    assert by_author - (await score(client, 4))["score"] == pytest.approx(0.5, abs=0.01)
    assert await names(client, "author") == []


async def test_a_card_that_stands_out_says_why(client: httpx.AsyncClient) -> None:
    found = await score(client, 2)
    assert found["stands_out"]
    assert found["authors"] == ["Ada Birch"]
    assert [paper["key"] for paper in found["nearest"]] == [key(1)]
    other = await score(client, 7)
    assert (other["stands_out"], other["authors"], other["nearest"]) == (False, [], [])


async def test_a_muted_word_counts_no_more_not_even_in_pairs(client: httpx.AsyncClient) -> None:
    before = (await score(client, 2))["score"]
    await put(client, "ranking/word/moss", choice="muted")
    assert not [word for word in await names(client, "word") if "moss" in word]
    assert (await score(client, 2))["score"] < before
    [muted] = (await get_ranking(client))["preferences"]
    assert (muted["kind"], muted["name"], muted["choice"]) == ("word", "moss", "muted")


async def test_a_pinned_word_raises_its_papers_by_one(client: httpx.AsyncClient) -> None:
    before = (await score(client, 4))["score"]
    await put(client, "ranking/word/bird%20songs", choice="pinned")
    assert (await score(client, 4))["score"] == pytest.approx(before + 1, abs=0.01)
    reply = await client.delete("/api/v1/ranking/word/bird%20songs", headers={"if-match": "1"})
    assert reply.raise_for_status().json()["choice"] is None
    await Refresher().refresh()
    assert (await score(client, 4))["score"] == pytest.approx(before, abs=0.01)


async def test_a_user_sets_from_which_score_papers_stand_out(client: httpx.AsyncClient) -> None:
    await put(client, "ranking", least=9)
    assert not (await score(client, 2))["stands_out"]
    address = (await client.post("/api/v1/feed-address")).raise_for_status().json()["for_you"]
    assert "<entry>" not in (await client.get(address)).raise_for_status().text


async def test_without_the_ranking_nothing_has_a_score(client: httpx.AsyncClient) -> None:
    await put(client, "ranking", enabled=False)
    assert await score(client, 2) is None
    asked = {"all": "true", "sort": "for_you"}
    reply = (await client.get("/api/v1/papers", params=asked)).raise_for_status().json()
    assert reply["unranked"] == "off"
    assert reply["papers"][0]["key"] == key(24), "newest first"
    assert (await get_ranking(client))["pros"] == []
    await put(client, "ranking", enabled=True)
    assert (await score(client, 2))["stands_out"]


async def test_preferences_have_versions(client: httpx.AsyncClient) -> None:
    address = "/api/v1/ranking/term/LoRA"
    made = await client.put(address, json={"choice": "pinned"}, headers={"if-match": '"0"'})
    assert made.raise_for_status().json()["version"] == 1
    stale = await client.put(address, json={"choice": "muted"}, headers={"if-match": '"0"'})
    assert (stale.status_code, stale.json()["current"]["choice"]) == (412, "pinned")
    assert (await client.put(address, json={"choice": "muted"})).status_code == 428
    for headers, status in (({"if-match": '"0"'}, 412), ({}, 428)):
        kept = await client.delete(address, headers=headers)
        assert (kept.status_code, kept.json()["current"]["choice"]) == (status, "pinned")
    assert (await client.put(f"{address}%07", json={"choice": "muted"})).status_code == 422
