"""The API as a client meets it, on both engines."""

from io import BytesIO
from uuid import uuid4
from zipfile import ZipFile

import httpx
import pytest

pytestmark = pytest.mark.anyio

PAGE = {
    "papers": [
        {"id": "2601.00001", "title": "Mossy: Pruning Ferns", "abstract": "We prune ferns with LoRA on CIFAR-10."},
        {"title": "A Title Without an Id"},
        {"id": "hep-th/9901001", "title": "Old Strings"},
    ]
}


async def overlay(client: httpx.AsyncClient, page: dict = PAGE) -> list[dict]:
    reply = await client.post("/api/v1/overlay", json=page)
    assert reply.status_code == 200, reply.text
    return reply.json()["cards"]


async def test_health_needs_no_token(anonymous: httpx.AsyncClient) -> None:
    reply = await anonymous.get("/health")
    assert (reply.status_code, reply.json()["name"]) == (200, "papermargin")


async def test_everything_else_does(anonymous: httpx.AsyncClient) -> None:
    reply = await anonymous.get("/api/v1/papers")
    assert reply.status_code == 401
    assert reply.headers["content-type"] == "application/problem+json"


async def test_a_page_gets_a_card_for_each_paper(client: httpx.AsyncClient) -> None:
    cards = await overlay(client)
    assert [card["title"] for card in cards] == ["Mossy: Pruning Ferns", "A Title Without an Id", "Old Strings"]
    assert cards[0]["key"] == "2601.00001" and cards[1]["key"].startswith("t-")


async def test_an_entry_is_written_once_however_often_it_is_sent(client: httpx.AsyncClient) -> None:
    await overlay(client)
    headers = {"If-Match": '"0"', "Idempotency-Key": str(uuid4())}
    url = "/api/v1/papers/hep-th/9901001/entry"
    replies = [await client.put(url, json={"status": "reading", "tags": ["b", "a/x"]}, headers=headers) for _ in "123"]
    assert [reply.status_code for reply in replies] == [200, 200, 200]
    assert {reply.headers["etag"] for reply in replies} == {'"1"'}
    assert replies[2].json()["tags"] == ["a/x", "b"]


async def test_a_stale_write_is_told_how_things_stand(client: httpx.AsyncClient) -> None:
    await overlay(client)
    note = f"/api/v1/notes/{uuid4()}"
    body = {"paper": "2601.00001", "text": "first"}
    assert (await client.put(note, json=body, headers={"If-Match": '"0"'})).json()["version"] == 1
    assert (await client.put(note, json=body | {"text": "second"}, headers={"If-Match": '"1"'})).json()["version"] == 2
    stale = await client.put(note, json=body | {"text": "third"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["current"]["text"]) == (412, "second")
    unversioned = await client.put(note, json=body | {"text": "third"})
    assert (unversioned.status_code, unversioned.json()["current"]["text"]) == (428, "second")
    revisions = (await client.get(note + "/revisions")).json()
    assert [revision["text"] for revision in revisions] == ["first"]


async def test_a_paper_page_has_it_all(client: httpx.AsyncClient) -> None:
    await overlay(client)
    await client.put(f"/api/v1/notes/{uuid4()}", json={"paper": "2601.00001", "text": "moss"})
    page = (await client.get("/api/v1/papers/2601.00001")).json()
    assert page["entry"]["status"] == "inbox" and page["notes"][0]["text"] == "moss"


async def test_search_finds_words_of_abstract_note_and_tag(client: httpx.AsyncClient) -> None:
    await overlay(client)
    await client.put(f"/api/v1/notes/{uuid4()}", json={"paper": "2601.00001", "text": "compare with liverworts"})
    await client.put("/api/v1/papers/2601.00001/entry", json={"tags": ["botany"]}, headers={"If-Match": "*"})
    for query in ("ferns", "liverworts ferns", "botany", "tag:botany -strings", '"prune ferns" or zebra', "has:note"):
        found = (await client.get("/api/v1/papers", params={"q": query, "facets": "true"})).json()
        assert [paper["key"] for paper in found["papers"]] == ["2601.00001"], query
        assert found["total"] == 1
    assert found["facets"]["tag"] == [{"value": "botany", "count": 1}]


@pytest.mark.parametrize("form", ["json", "markdown", "bibtex", "ris", "csl", "csv", "jsonl", "html", "webannotation"])
async def test_the_list_is_given_in_every_format(client: httpx.AsyncClient, form: str) -> None:
    await overlay(client)
    await client.put(f"/api/v1/notes/{uuid4()}", json={"paper": "2601.00001", "text": "compare with liverworts"})
    reply = await client.get("/api/v1/export", params={"format": form})
    assert reply.status_code == 200 and "papermargin." in reply.headers["content-disposition"]
    assert form == "markdown" or b"Mossy" in reply.content or b"liverworts" in reply.content


@pytest.mark.parametrize(
    ("style", "mark"), [("logseq", b"\n\n- <!-- papermargin:"), ("plain", b"\n\n<!-- papermargin:")]
)
async def test_a_vault_comes_in_the_style_that_is_asked_for_and_goes_back(
    client: httpx.AsyncClient, style: str, mark: bytes
) -> None:
    await overlay(client)
    await client.put("/api/v1/papers/2601.00001/entry", json={"status": "read"})
    zipped = (await client.get("/api/v1/export", params={"format": "markdown", "style": style})).content
    with ZipFile(BytesIO(zipped)) as archive:
        [text] = [archive.read(name) for name in archive.namelist()]
    assert mark in text
    edited = text.replace(b": read", b": skipped")
    for preview, status in ((True, "read"), (False, "skipped")):
        reply = await client.post("/api/v1/import", params={"preview": preview}, content=edited)
        assert [line.partition(": ")[2] for line in reply.json()["changes"]] == [
            "Pruning Ferns”: status read → skipped"
        ]
        entry = (await client.get("/api/v1/papers/2601.00001/entry")).json()
        assert entry["status"] == status


async def test_an_export_is_taken_back_in(client: httpx.AsyncClient) -> None:
    await overlay(client)
    await client.put("/api/v1/papers/2601.00001/entry", json={"status": "read"})
    exported = (await client.get("/api/v1/export", params={"format": "json"})).content
    reply = await client.post("/api/v1/import", params={"name": "mine.json"}, content=exported)
    assert (reply.json()["kind"], reply.json()["new"], reply.json()["error"]) == ("papermargin export", 0, None)
