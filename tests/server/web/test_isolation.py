"""Attempts of one user to read or change the data of another."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar

from server.accounts.tokens import issue
from server.accounts.users import add_user
from tests.server.material import FERN, MOSS, take_in_two

pytestmark = pytest.mark.anyio

SECRET = "zebracorn"
NOTE, VERDICT = str(uuid4()), str(uuid4())
ENTRY = f"/api/v1/papers/{MOSS}/entry"
SEARCH = f"/api/v1/searches/{SECRET}"
PREFERENCE = f"/api/v1/ranking/word/{SECRET}"
CORRECTION = f"/api/v1/papers/{MOSS}/corrections/{VERDICT}"


@pytest.fixture
async def ada(app: Litestar, client: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """Another user, after `me` wrote one of everything and deleted some of it."""
    await take_in_two()
    wrong = {"verdict": "wrong", "surface": SECRET, "label": "METHOD", "everywhere": True}
    for path, body in (
        (ENTRY, {"status": "read", "rating": 5, "tags": [SECRET, f"{SECRET}/gone"], "queue": 1}),
        (f"/api/v1/notes/{NOTE}", {"paper": MOSS, "text": f"- [ ] {SECRET}"}),
        (CORRECTION, wrong),
        (f"/api/v1/notes/{uuid4()}", {"paper": FERN, "text": SECRET}),
        (SEARCH, {"query": SECRET, "digest": True}),
        (f"{SEARCH}/gone", {"query": SECRET}),
        (PREFERENCE, {"choice": "pinned"}),
        ("/api/v1/ranking", {"enabled": False}),
    ):
        (await client.put(path, json=body)).raise_for_status()
    await client.put("/api/v1/seen", json={"papers": [MOSS]})
    await client.delete(f"/api/v1/tags/{SECRET}/gone", headers={"If-Match": "*"})
    await client.delete(f"{SEARCH}/gone", headers={"If-Match": "*"})
    await client.delete(f"/api/v1/papers/{FERN}/entry", headers={"If-Match": "*"})
    now = datetime.now(UTC)
    token = await issue((await add_user("ada", now)).id, "device", now)
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1:8620", headers=headers
    ) as ada:
        yield ada


async def everything_of(client: httpx.AsyncClient) -> dict[str, Any]:
    """Everything that the API shows to a user."""
    paths = [
        "papers",
        f"papers/{MOSS}",
        "papers?q=is:queued&sort=queue",
        "notes",
        f"notes/{NOTE}",
        "tasks",
        "tags",
        "searches",
        "ranking",
        "trash",
        "changes?since=0",
    ]
    return {path: (await client.get(f"/api/v1/{path}")).json() for path in paths}


READS = [
    "/api/v1/papers",
    "/api/v1/papers?all=true&facets=true",
    f"/api/v1/papers/{MOSS}",
    f"/api/v1/papers/{MOSS}/versions",
    f"/api/v1/papers/{FERN}",
    f"/api/v1/papers?all=true&q={SECRET}",
    f"/api/v1/papers?all=true&facets=true&q=tag:{SECRET}",
    "/api/v1/papers?all=true&facets=true&q=is:queued or has:due",
    "/api/v1/tasks",
    f"/api/v1/tasks?q={SECRET}",
    "/api/v1/notes",
    f"/api/v1/notes?q={SECRET}",
    "/api/v1/tags",
    "/api/v1/searches",
    "/api/v1/ranking",
    "/api/v1/trash",
    "/api/v1/changes?since=0",
    "/api/v1/devices",
    f"/api/v1/suggestions?prefix={SECRET[:4]}",
    f"/api/v1/suggestions?prefix=tag:{SECRET[:4]}",
    "/api/v1/me",
    "/api/v1/export?format=json",
]


async def test_no_response_contains_another_user_s_words(ada: httpx.AsyncClient) -> None:
    for path in READS:
        reply = await ada.get(path)
        assert reply.status_code == 200, path
        for secret in (SECRET, NOTE, VERDICT):
            assert secret not in reply.text, path


async def test_an_overlay_shows_nothing_of_another_user(ada: httpx.AsyncClient) -> None:
    body = {"papers": [{"id": MOSS}, {"id": FERN}]}
    for card in (await ada.post("/api/v1/overlay", json=body)).json()["cards"]:
        assert (card["entry"], card["notes"], card["seen"]) == (None, [], False)


HIDDEN = [
    ("GET", ENTRY),
    ("GET", f"/api/v1/notes/{NOTE}"),
    ("GET", f"/api/v1/notes/{NOTE}/revisions"),
    ("GET", f"/api/v1/tags/{SECRET}"),
    ("GET", f"/api/v1/tag-suggestions?tag={SECRET}"),
    ("DELETE", ENTRY),
    ("DELETE", f"/api/v1/notes/{NOTE}"),
    ("DELETE", CORRECTION),
    ("GET", SEARCH),
    ("DELETE", SEARCH),
    ("DELETE", f"{SEARCH}/gone"),
    ("DELETE", f"/api/v1/tags/{SECRET}"),
    ("DELETE", f"/api/v1/tags/{SECRET}/gone"),
    ("DELETE", "/api/v1/devices/1"),
]


async def test_things_of_another_user_are_not_found(
    ada: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    before = await everything_of(client)
    for method, path in HIDDEN:
        reply = await ada.request(method, path, headers={"If-Match": "*"})
        assert reply.status_code == 404, path
        assert "current" not in reply.json()
    assert await everything_of(client) == before


WRITES: list[tuple[str, str, dict[str, Any]]] = [
    ("PUT", f"/api/v1/notes/{NOTE}", {"paper": MOSS, "text": "hers"}),
    ("PUT", f"/api/v1/notes/{NOTE}", {"paper": FERN, "text": "hers"}),
    ("PUT", CORRECTION, {"verdict": "wrong", "surface": "x", "label": "TASK"}),
    ("PUT", ENTRY, {"status": "inbox", "tags": [SECRET]}),
    ("PUT", f"/api/v1/tags/{SECRET}", {"colour": "#000000"}),
    ("PUT", SEARCH, {"query": "hers"}),
    ("PUT", "/api/v1/seen", {"papers": [MOSS], "seen": False}),
    ("POST", "/api/v1/tag-merges", {"names": [SECRET], "into": "mine"}),
    ("POST", "/api/v1/trash/restore", {"kind": "entry", "ref": FERN}),
    ("POST", "/api/v1/trash/restore", {"kind": "tag", "ref": f"{SECRET}/gone"}),
    ("POST", "/api/v1/trash/restore", {"kind": "search", "ref": f"{SECRET}/gone"}),
    ("POST", "/api/v1/trash/restore", {"kind": "note", "ref": NOTE}),
    ("POST", "/api/v1/trash/restore", {"kind": "correction", "ref": VERDICT}),
    ("DELETE", "/api/v1/trash", {}),
]


async def test_no_write_changes_things_of_another_user(
    ada: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    before = await everything_of(client)
    for match in ("*", '"0"', '"1"'):
        for method, path, body in WRITES:
            reply = await ada.request(method, path, json=body, headers={"If-Match": match})
            assert reply.status_code < 500, path
            assert f'"text":"{SECRET}"' not in reply.text
    assert await everything_of(client) == before


async def test_edit_ids_are_separate_for_each_user(
    ada: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    key = {"Idempotency-Key": str(uuid4()), "If-Match": "*"}
    for user in (client, ada):
        reply = await user.put(ENTRY, json={"status": "skipped"}, headers=key)
        assert reply.json()["status"] == "skipped"


async def test_emptying_the_trash_keeps_that_of_another_user(
    ada: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    assert (await ada.request("DELETE", "/api/v1/trash")).json() == {"deleted": 0}
    trash = (await client.get("/api/v1/trash")).json()
    assert (len(trash["entries"]), len(trash["tags"])) == (1, 1)
