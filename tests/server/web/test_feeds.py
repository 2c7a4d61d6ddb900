"""Feeds over HTTP, parsed by a third-party feed reader."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

import feedparser
import httpx
import listparser
import pytest

from server.accounts.tokens import renew_feeds
from server.database.models.changes import Change
from server.identifiers import title_key
from server.logs import loggable
from server.papers.ingest import ingest
from server.schema.sources import Batch
from tests.server.material import MOSS, NOW, second_user, source, take_in, take_in_two

pytestmark = pytest.mark.anyio


@pytest.fixture
async def base(client: httpx.AsyncClient) -> str:
    """The address of my feeds; the store has two papers, one of them in my list with a note."""
    await take_in_two()
    entry = {"status": "reading", "rating": 4, "tags": ["wet/bog"]}
    (await client.put(f"/api/v1/papers/{MOSS}/entry", json=entry)).raise_for_status()
    note = {"paper": MOSS, "text": "See *this*: <script>alert(1)</script> [x](javascript:alert(1))"}
    (await client.put(f"/api/v1/notes/{uuid4()}", json=note)).raise_for_status()
    (await client.put("/api/v1/searches/Ferns", json={"query": "fern*"})).raise_for_status()
    reply = await client.post("/api/v1/feed-address")
    assert reply.status_code == 201
    return str(reply.json()["base"])


def read(reply: httpx.Response) -> Any:
    """Parse a feed strictly; anything malformed is an error."""
    assert reply.status_code == 200, reply.text
    parsed = feedparser.parse(
        reply.content, response_headers={"content-type": reply.headers["content-type"]}
    )
    assert not parsed.bozo, parsed.get("bozo_exception")
    assert parsed.version == "atom10"
    return parsed


async def test_the_feed_of_the_list_needs_no_token(anonymous: httpx.AsyncClient, base: str) -> None:
    del anonymous.headers["authorization"]
    parsed = read(await anonymous.get(base + "list.atom"))
    assert (parsed.feed.title, parsed.feed.author) == ("Reading list", "me")
    [entry] = parsed.entries
    assert (entry.title, entry.link) == ("Mossy Pruning", f"https://huggingface.co/papers/{MOSS}")
    assert {(tag.scheme, tag.term, tag.label) for tag in entry.tags} == {
        ("urn:papermargin:tag", "wet/bog", "#wet/bog")
    }
    [content] = entry.content
    assert "reading · 4 of 5" in content.value and "We prune ferns" in content.value
    assert "<em>this</em>" in content.value


async def test_scripts_in_a_note_are_removed(client: httpx.AsyncClient, base: str) -> None:
    raw = (await client.get(base + "list.atom")).text
    assert "<script" not in raw and "&lt;script" not in raw
    assert "javascript:" not in raw.replace("(javascript:alert(1))", "")


async def test_a_saved_search_has_two_feeds(client: httpx.AsyncClient, base: str) -> None:
    address = (await client.post("/api/v1/feed-address")).json()
    [search] = address["searches"]
    own, new = read(await client.get(search["own"])), read(await client.get(search["new"]))
    assert (own.feed.title, [entry.title for entry in own.entries]) == ("Ferns", ["Mossy Pruning"])
    assert (new.feed.title, [entry.title for entry in new.entries]) == (
        "New: Ferns", ["Fern Attention", "Mossy Pruning"],
    )  # fmt: skip
    assert len({entry.id for entry in own.entries + new.entries}) == 3
    assert {entry.id[:9] for entry in own.entries + new.entries} == {"urn:uuid:"}


async def test_all_feeds_are_listed_as_opml(client: httpx.AsyncClient, base: str) -> None:
    (await client.put("/api/v1/searches/A & <b>", json={"query": "moss*"})).raise_for_status()
    reply = await client.get(base + "feeds.opml")
    assert reply.headers["content-type"] == "text/x-opml; charset=utf-8"
    outlines = listparser.parse(reply.text).feeds
    assert [outline.title for outline in outlines] == [
        "Reading list", "For you", "A & <b>", "New: A & <b>", "Ferns", "New: Ferns",
    ]  # fmt: skip
    for outline in outlines:
        read(await client.get(outline.url))
    assert (await client.get("/feeds/wrong/feeds.opml")).status_code == 401


async def test_renewing_or_revoking_invalidates_the_old_address(
    client: httpx.AsyncClient, base: str
) -> None:
    renewed = (await client.post("/api/v1/feed-address")).json()["base"]
    assert renewed != base and (await client.get(base + "list.atom")).status_code == 401
    read(await client.get(renewed + "list.atom"))
    [feeds] = [
        device
        for device in (await client.get("/api/v1/devices")).json()
        if device["kind"] == "feed"
    ]
    assert feeds["used"] is not None
    assert (await client.delete(f"/api/v1/devices/{feeds['id']}")).status_code == 204
    refused = await client.get(renewed + "list.atom")
    assert (refused.status_code, refused.headers["content-type"]) == (
        401,
        "application/problem+json",
    )


async def test_the_feed_of_another_user_has_none_of_my_entries(
    client: httpx.AsyncClient, base: str
) -> None:
    hers = await renew_feeds(await second_user(), datetime.now(UTC))
    parsed = read(await client.get(f"/feeds/{hers}/list.atom"))
    assert (parsed.feed.author, parsed.entries) == ("ada", [])
    assert (await client.get(f"/feeds/{hers}/searches/Ferns.atom")).status_code == 404


async def test_a_token_is_not_accepted_as_a_feed_secret_or_vice_versa(
    client: httpx.AsyncClient, base: str
) -> None:
    device = client.headers["authorization"].removeprefix("Bearer ")
    assert (await client.get(f"/feeds/{device}/list.atom")).status_code == 401
    secret = base.rstrip("/").rpartition("/")[2]
    me = await client.get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"})
    assert me.status_code == 401


async def test_an_unchanged_feed_is_not_sent_again(client: httpx.AsyncClient, base: str) -> None:
    first = await client.get(base + "list.atom")
    for headers in (
        {"If-None-Match": first.headers["etag"]},
        {"If-None-Match": f'"x", W/{first.headers["etag"]}'},
        {"If-Modified-Since": first.headers["last-modified"]},
    ):
        again = await client.get(base + "list.atom", headers=headers)
        assert (again.status_code, again.content, again.headers["etag"]) == (
            304,
            b"",
            first.headers["etag"],
        )
    await client.delete(f"/api/v1/papers/{MOSS}/entry", headers={"If-Match": "*"})
    late = {
        "If-None-Match": first.headers["etag"],
        "If-Modified-Since": format_datetime(datetime.now(UTC), usegmt=True),
    }
    assert read(await client.get(base + "list.atom", headers=late)).entries == [], (
        "the tag counts, not the date"
    )
    assert (
        await client.get(base + "list.atom", headers={"If-Modified-Since": "yesterday"})
    ).status_code == 200


async def test_a_removed_entry_counts_as_a_modification_of_the_feed(
    client: httpx.AsyncClient, base: str
) -> None:
    await Change.all().update(at=NOW)
    since = {"If-Modified-Since": format_datetime(NOW, usegmt=True)}
    assert (await client.get(base + "list.atom", headers=since)).status_code == 304
    await client.delete(f"/api/v1/papers/{MOSS}/entry", headers={"If-Match": "*"})
    assert (await client.get(base + "list.atom", headers=since)).status_code == 200


async def test_feeds_allow_only_get_and_head(client: httpx.AsyncClient, base: str) -> None:
    head = await client.head(base + "list.atom")
    assert (head.status_code, head.headers["content-type"]) == (
        200,
        "application/atom+xml; charset=utf-8",
    )
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert (await client.request(method, base + "list.atom", json={})).status_code == 405


async def test_a_feed_has_at_most_limit_papers(client: httpx.AsyncClient, base: str) -> None:
    await client.put("/api/v1/searches/All", json={"query": ""})
    assert len(read(await client.get(base + "new/All.atom?limit=1")).entries) == 1
    for limit in ("0", "101", "x"):
        assert (await client.get(base + f"list.atom?limit={limit}")).status_code == 400


@pytest.mark.parametrize(
    "path", ["searches/None.atom", "searches/Ferns", "new/.atom", "new/%00.atom", "other.atom"]
)
async def test_an_unknown_feed_is_not_found(
    client: httpx.AsyncClient, base: str, path: str
) -> None:
    assert (await client.get(base + path)).status_code in (404, 422)


async def test_the_id_of_an_item_survives_a_change_of_the_paper_key(
    client: httpx.AsyncClient, base: str
) -> None:
    await take_in(source(None, "Known by Its Title"))
    await client.put(
        f"/api/v1/papers/{title_key('Known by Its Title')}/entry", json={"status": "inbox"}
    )
    before = read(await client.get(base + "list.atom")).entries[0]
    await ingest(
        Batch(kind="test", papers=[source("2601.00077", "Known by Its Title")]),
        NOW + timedelta(days=1),
    )
    after = read(await client.get(base + "list.atom")).entries[0]
    assert after.link == "https://huggingface.co/papers/2601.00077" and after.id == before.id
    assert before.link.startswith("http://127.0.0.1:8620/papers/t-"), (
        "a paper without an address is shown by us"
    )


async def test_a_changed_entry_is_updated_and_keeps_its_id(
    client: httpx.AsyncClient, base: str
) -> None:
    before = read(await client.get(base + "list.atom")).entries[0]
    await Change.all().update(at=NOW)
    note = {"paper": MOSS, "text": "later"}
    await client.put(f"/api/v1/notes/{uuid4()}", json=note)
    after = read(await client.get(base + "list.atom")).entries[0]
    assert (
        after.id == before.id
        and after.published == before.published
        and after.updated >= before.updated
    )


async def test_markup_in_texts_is_escaped(client: httpx.AsyncClient, base: str) -> None:
    nasty = "</title><script>alert(1)</script> & ]]> \u202e\u200b\ufffe\uffff\x0c '\""
    await take_in(
        source(
            "2601.00066",
            nasty,
            abstract=f"{nasty}\x0b",
            authors=[nasty],
            code_url="https://x.test/\"'<>",
        )
    )
    await client.put("/api/v1/papers/2601.00066/entry", json={"tags": ["<b>&amp;"]})
    entry = read(await client.get(base + "list.atom")).entries[0]
    assert entry.title == "</title><script>alert(1)</script> & ]]> \u202e\u200b '\""
    assert entry.authors[0].name == entry.title and entry.tags[0].term == "<b>&amp;"
    assert "<script" not in entry.content[0].value


async def test_feed_secrets_are_not_logged() -> None:
    assert loggable("/feeds/c2VjcmV0/new/Ferns.atom") == "/feeds/.../new/Ferns.atom"
    assert loggable("/api/v1/papers") == "/api/v1/papers"


async def test_feed_requests_are_rate_limited(client: httpx.AsyncClient, base: str) -> None:
    replies = [await client.get("/feeds/guess/list.atom") for _ in range(61)]
    assert {reply.status_code for reply in replies[:60]} == {401}
    assert replies[60].status_code == 429
    assert replies[60].headers["content-type"] == "application/problem+json"
