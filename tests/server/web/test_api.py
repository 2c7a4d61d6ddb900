"""The API as a client meets it, on both engines."""

from datetime import UTC, datetime
from io import BytesIO
from urllib.parse import quote
from uuid import uuid4
from zipfile import ZipFile

import httpx
import pytest

from nlp.spans import Extraction, Mention
from server.extraction.save import PaperExtraction, store_readings, unread

pytestmark = pytest.mark.anyio

PAGE = {
    "papers": [
        {
            "id": "2601.00001",
            "title": "Mossy: Pruning Ferns",
            "abstract": "We prune ferns with LoRA on CIFAR-10.",
        },
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


async def test_every_other_operation_needs_a_token(anonymous: httpx.AsyncClient) -> None:
    reply = await anonymous.get("/api/v1/papers")
    assert reply.status_code == 401
    assert reply.headers["content-type"] == "application/problem+json"


async def test_a_page_gets_a_card_for_each_paper(client: httpx.AsyncClient) -> None:
    cards = await overlay(client)
    assert [card["title"] for card in cards] == [
        "Mossy: Pruning Ferns",
        "A Title Without an Id",
        "Old Strings",
    ]
    assert cards[0]["key"] == "2601.00001" and cards[1]["key"].startswith("t-")


async def test_a_repeated_entry_write_is_applied_once(client: httpx.AsyncClient) -> None:
    await overlay(client)
    headers = {"If-Match": '"0"', "Idempotency-Key": str(uuid4())}
    url = "/api/v1/papers/hep-th/9901001/entry"
    replies = [
        await client.put(url, json={"status": "reading", "tags": ["b", "a/x"]}, headers=headers)
        for _ in "123"
    ]
    assert [reply.status_code for reply in replies] == [200, 200, 200]
    assert {reply.headers["etag"] for reply in replies} == {'"1"'}
    assert replies[2].json()["tags"] == ["a/x", "b"]


async def test_a_paper_is_moved_in_the_queue_by_its_entry_s_version(
    client: httpx.AsyncClient,
) -> None:
    await overlay(client)
    first, second = "2601.00001", "hep-th/9901001"
    place = {"to": "bottom"}
    for key in (first, second):
        reply = await client.put(f"/api/v1/papers/{key}/queue", json=place)
        assert (reply.status_code, reply.headers["etag"]) == (200, '"1"')
    url = f"/api/v1/papers/{second}/queue"
    stale = await client.put(url, json={"before": first}, headers={"If-Match": '"7"'})
    assert (stale.status_code, stale.json()["current"]["version"]) == (412, 1)
    moved = await client.put(url, json={"before": first}, headers={"If-Match": '"1"'})
    assert (moved.json()["version"], moved.json()["queue"]) == (2, -1.0)
    queue = (await client.get("/api/v1/papers?q=is:queued&sort=queue&facets=true")).json()
    assert [paper["key"] for paper in queue["papers"]] == [second, first]
    assert queue["facets"]["is"] == [{"value": "queued", "count": 2}]
    nowhere = await client.put(url, json={}, headers={"If-Match": "*"})
    assert (nowhere.status_code, nowhere.headers["content-type"]) == (
        422,
        "application/problem+json",
    )
    assert "one of `to`, `before` and `after`" in nowhere.json()["detail"]


async def test_a_task_is_ticked_by_its_note_s_version(client: httpx.AsyncClient) -> None:
    await overlay(client)
    note = f"/api/v1/notes/{uuid4()}"
    await client.put(note, json={"paper": "2601.00001", "text": "- [ ] run\n- [x] read"})
    [task] = (await client.get("/api/v1/tasks?q=mossy")).json()["tasks"]
    assert (task["text"], task["line"], task["done"], task["version"]) == ("run", 0, False, 1)
    body = {"line": 0, "text": "run", "done": True}
    ticked = await client.put(f"{note}/task", json=body, headers={"If-Match": '"1"'})
    assert (ticked.json()["text"], ticked.headers["etag"]) == ("- [x] run\n- [x] read", '"2"')
    assert (await client.get("/api/v1/tasks")).json() == {"tasks": [], "next": None}
    assert len((await client.get("/api/v1/tasks?done=true")).json()["tasks"]) == 2


async def test_a_stale_write_is_answered_with_the_current_state(client: httpx.AsyncClient) -> None:
    await overlay(client)
    note = f"/api/v1/notes/{uuid4()}"
    body = {"paper": "2601.00001", "text": "first"}
    assert (await client.put(note, json=body, headers={"If-Match": '"0"'})).json()["version"] == 1
    assert (
        await client.put(note, json=body | {"text": "second"}, headers={"If-Match": '"1"'})
    ).json()["version"] == 2
    stale = await client.put(note, json=body | {"text": "third"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["current"]["text"]) == (412, "second")
    unversioned = await client.put(note, json=body | {"text": "third"})
    assert (unversioned.status_code, unversioned.json()["current"]["text"]) == (428, "second")
    revisions = (await client.get(note + "/revisions")).json()
    assert [revision["text"] for revision in revisions] == ["first"]


async def test_a_paper_page_has_entry_notes_and_mentions(client: httpx.AsyncClient) -> None:
    await overlay(client)
    await client.put(f"/api/v1/notes/{uuid4()}", json={"paper": "2601.00001", "text": "moss"})
    page = (await client.get("/api/v1/papers/2601.00001")).json()
    assert page["entry"]["status"] == "inbox" and page["notes"][0]["text"] == "moss"


async def test_search_finds_words_of_abstract_note_and_tag(client: httpx.AsyncClient) -> None:
    await overlay(client)
    await client.put(
        f"/api/v1/notes/{uuid4()}", json={"paper": "2601.00001", "text": "compare with liverworts"}
    )
    await client.put(
        "/api/v1/papers/2601.00001/entry", json={"tags": ["botany"]}, headers={"If-Match": "*"}
    )
    for query in (
        "ferns",
        "liverworts ferns",
        "botany",
        "tag:botany -strings",
        '"prune ferns" or zebra',
        "has:note",
    ):
        found = (await client.get("/api/v1/papers", params={"q": query, "facets": "true"})).json()
        assert [paper["key"] for paper in found["papers"]] == ["2601.00001"], query
        assert found["total"] == 1
    assert found["facets"]["tag"] == [{"value": "botany", "count": 1}]


@pytest.mark.parametrize(
    "form",
    [
        "json", "markdown", "bibtex", "biblatex", "ris", "csl", "csv", "jsonl", "html",
        "webannotation", "zotero", "readwise", "bookmarks",
    ],
)  # fmt: skip
async def test_the_list_is_exported_in_every_format(client: httpx.AsyncClient, form: str) -> None:
    await overlay(client)
    await client.put(
        f"/api/v1/notes/{uuid4()}", json={"paper": "2601.00001", "text": "compare with liverworts"}
    )
    reply = await client.get("/api/v1/export", params={"format": form})
    assert reply.status_code == 200 and "papermargin." in reply.headers["content-disposition"]
    assert form == "markdown" or b"Mossy" in reply.content or b"liverworts" in reply.content


async def test_papers_get_citation_keys_by_a_pattern(client: httpx.AsyncClient) -> None:
    await overlay(client)
    await client.put("/api/v1/papers/2601.00001/entry", json={"status": "read"})
    keys = {"pattern": "'fern-' + veryshorttitle"}
    assert (await client.post("/api/v1/citation-keys", json=keys)).json() == {"assigned": 1}
    assert (await client.post("/api/v1/citation-keys", json=keys)).json() == {"assigned": 0}
    for form in ("bibtex", "biblatex", "ris", "csl"):
        written = (await client.get("/api/v1/export", params={"format": form})).text
        assert "fern-mossy" in written or "fern-pruning" in written
    reply = await client.post("/api/v1/citation-keys", json={"pattern": "author + year"})
    assert (reply.status_code, "no function “author”" in reply.json()["detail"]) == (422, True)


@pytest.mark.parametrize(
    ("style", "mark"), [("logseq", b"\n\n- <!-- papermargin:"), ("plain", b"\n\n<!-- papermargin:")]
)
async def test_a_vault_is_exported_in_the_requested_style_and_imported_again(
    client: httpx.AsyncClient, style: str, mark: bytes
) -> None:
    await overlay(client)
    await client.put("/api/v1/papers/2601.00001/entry", json={"status": "read"})
    zipped = (
        await client.get("/api/v1/export", params={"format": "markdown", "style": style})
    ).content
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


async def test_an_exported_archive_can_be_imported(client: httpx.AsyncClient) -> None:
    await overlay(client)
    await client.put("/api/v1/papers/2601.00001/entry", json={"status": "read"})
    exported = (await client.get("/api/v1/export", params={"format": "json"})).content
    reply = await client.post("/api/v1/import", params={"name": "mine.json"}, content=exported)
    assert (reply.json()["kind"], reply.json()["new"], reply.json()["error"]) == (
        "papermargin export",
        0,
        None,
    )


async def test_an_import_is_listed_and_undone(client: httpx.AsyncClient) -> None:
    data = b"@misc{k, title={Tea}, eprint={2401.00001}, keywords={hot}}"
    reply = await client.post("/api/v1/import", params={"name": "refs.bib"}, content=data)
    number = reply.json()["import_id"]
    [state] = (await client.get("/api/v1/imports")).json()
    assert (state["id"], state["files"], state["new"]) == (number, ["refs.bib"], 1)
    assert (await client.get("/api/v1/papers/2401.00001")).json()["sources"]["title"] == "BibTeX"
    reply = await client.post(f"/api/v1/imports/{number}/undo")
    assert (reply.status_code, reply.json()["kept"]) == (200, [])
    assert (await client.get("/api/v1/papers/2401.00001")).status_code == 404
    assert (await client.post(f"/api/v1/imports/{number}/undo")).status_code == 422


@pytest.mark.parametrize("name", ["q//b", "/q", "q/", "q.", ".q", "q/b."])
async def test_a_tag_with_slashes_or_dots_anywhere_is_reached_and_no_other(
    client: httpx.AsyncClient, name: str
) -> None:
    await overlay(client)
    tags = ["q", "q/b", name]
    entry = "/api/v1/papers/2601.00001/entry"
    await client.put(entry, json={"tags": tags}, headers={"If-Match": "*"})
    url = f"/api/v1/tags/{quote(name, safe='')}"
    assert (await client.get(url)).json()["name"] == name
    assert (await client.delete(url, headers={"If-Match": "*"})).json()["name"] == name
    left = [tag["name"] for tag in (await client.get("/api/v1/tags")).json()]
    assert left == ["q", "q/b"]


@pytest.mark.parametrize("name", ["q//b", "/q", "q/", "q/b."])
async def test_a_saved_search_with_slashes_anywhere_is_reached_and_no_other(
    client: httpx.AsyncClient, name: str
) -> None:
    for each in ("q", "q/b", name):
        url = f"/api/v1/searches/{quote(each, safe='')}"
        await client.put(url, json={"query": "moss"}, headers={"If-Match": '"0"'})
    assert (await client.get(url)).json()["name"] == name
    feeds = (await client.post("/api/v1/feed-address")).json()["searches"]
    [feed] = [each["own"] for each in feeds if each["name"] == name]
    assert (await client.get(feed)).status_code == 200
    assert (await client.delete(url, headers={"If-Match": "*"})).json()["name"] == name
    left = [search["name"] for search in (await client.get("/api/v1/searches")).json()]
    assert left == ["q", "q/b"]


@pytest.mark.parametrize("name", ["A//B", "/A", "A/"])
async def test_a_signal_of_the_ranking_with_slashes_anywhere_is_muted(
    client: httpx.AsyncClient, name: str
) -> None:
    url = f"/api/v1/ranking/term/{quote(name, safe='')}"
    muted = await client.put(url, json={"choice": "muted"}, headers={"If-Match": '"0"'})
    assert muted.json()["name"] == name
    forgotten = await client.delete(url, headers={"If-Match": "*"})
    assert (forgotten.json()["name"], forgotten.json()["choice"]) == (name, None)


@pytest.mark.parametrize("name", ["A//B", "/A", "A/"])
async def test_a_term_with_slashes_anywhere_is_reached(
    client: httpx.AsyncClient, name: str
) -> None:
    await overlay(client)
    [paper] = [paper for paper in await unread("1", limit=9) if paper.key == "2601.00001"]
    reading = Extraction([Mention(0, 2, "METHOD", name), Mention(3, 4, "METHOD", "A")], [])
    await store_readings([PaperExtraction(paper, reading)], "1", datetime.now(UTC))
    term = f"/terms/METHOD/{quote(name, safe='')}"
    assert (await client.get(f"/api/v1{term}")).json()["state"]["term"] == name
    page = await client.get(term, headers={"Accept": "text/html"})
    assert page.status_code == 200
